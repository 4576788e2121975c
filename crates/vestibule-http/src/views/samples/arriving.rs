//! Registration, recovery, and mail in development.

use std::time::Duration;

use super::{CSRF, NOW, Sample, person, stranger};
use crate::views::{
    AddressFault, AnswerFault, AskedField, CodeFault, Details, DevLetter, DevLetterPage,
    DevMailPage, EndLoginPage, FinishRecoverPage, FinishRegisterPage, LoginEndedPage, NameFault,
    PasswordFault, RecoverAskedPage, RecoverPage, RecoveredPage, RegisterAskedPage, RegisterPage,
    Terms, TextPart,
};

const TOKEN: &str = "vst_register_b7Qm0pYx3vLk9sTz2cWf6nHd1gRj5aEuXo4iPqVbKyN";
const ALICE: &str = "alice@example.test";

fn asked() -> Details {
    Details {
        name: "Alice".into(),
        name_required: true,
        name_fault: None,
        fields: vec![
            AskedField {
                id: "field-company".into(),
                label: "Company".into(),
                value: "Example & Sons".into(),
                required: true,
                fault: None,
            },
            AskedField {
                id: "field-town".into(),
                label: "Town".into(),
                value: String::new(),
                required: false,
                fault: None,
            },
        ],
        terms: Some(Terms {
            url: "/terms".into(),
            ..Terms::default()
        }),
    }
}

fn faulty() -> Details {
    let mut details = asked();
    details.name_fault = Some(NameFault::Missing);
    details.fields[0].fault = Some(AnswerFault::Missing);
    details.fields[1].fault = Some(AnswerFault::Malformed);
    if let Some(terms) = &mut details.terms {
        terms.missing = true;
    }
    details
}

pub(super) fn register() -> Vec<Sample> {
    let page = RegisterPage {
        csrf: CSRF.into(),
        ..RegisterPage::default()
    };
    let finish = FinishRegisterPage {
        csrf: CSRF.into(),
        token: TOKEN.into(),
        address: ALICE.into(),
        ..FinishRegisterPage::default()
    };
    vec![
        stranger("register", page.clone()),
        stranger(
            "register-fields",
            RegisterPage {
                identifier: ALICE.into(),
                details: asked(),
                ..page.clone()
            },
        ),
        stranger(
            "register-faults",
            RegisterPage {
                identifier: "alice".into(),
                identifier_fault: Some(AddressFault::Malformed),
                details: faulty(),
                ..page.clone()
            },
        ),
        stranger(
            "register-throttled",
            RegisterPage {
                identifier: ALICE.into(),
                wait: Some(Duration::from_mins(5)),
                ..page
            },
        ),
        stranger(
            "register-asked",
            RegisterAskedPage {
                address: ALICE.into(),
            },
        ),
        stranger("register-finish", finish.clone()),
        stranger(
            "register-finish-invited",
            FinishRegisterPage {
                invited: true,
                details: asked(),
                ..finish.clone()
            },
        ),
        stranger(
            "register-finish-faults",
            FinishRegisterPage {
                details: faulty(),
                password_fault: Some(PasswordFault::Common),
                ..finish.clone()
            },
        ),
        stranger(
            "register-finish-busy",
            FinishRegisterPage {
                busy: true,
                ..finish
            },
        ),
    ]
}

pub(super) fn recover() -> Vec<Sample> {
    let page = RecoverPage {
        csrf: CSRF.into(),
        ..RecoverPage::default()
    };
    let finish = FinishRecoverPage {
        csrf: CSRF.into(),
        token: TOKEN.into(),
        address: ALICE.into(),
        ..FinishRecoverPage::default()
    };
    let elsewhere = |code_fault, password_fault| FinishRecoverPage {
        asks_code: true,
        code_fault,
        password_fault,
        ..finish.clone()
    };
    vec![
        stranger("recover", page.clone()),
        stranger(
            "recover-faults",
            RecoverPage {
                identifier: "alice".into(),
                identifier_fault: Some(AddressFault::Malformed),
                ..page.clone()
            },
        ),
        stranger(
            "recover-throttled",
            RecoverPage {
                identifier: ALICE.into(),
                wait: Some(Duration::from_secs(20)),
                ..page
            },
        ),
        stranger(
            "recover-asked",
            RecoverAskedPage {
                address: ALICE.into(),
                code: "0471 1299".into(),
            },
        ),
        stranger("recover-finish", finish.clone()),
        stranger("recover-finish-elsewhere", elsewhere(None, None)),
        stranger(
            "recover-finish-code",
            elsewhere(Some(CodeFault::Wrong), None),
        ),
        stranger(
            "recover-finish-no-code",
            elsewhere(Some(CodeFault::Missing), None),
        ),
        stranger(
            "recover-finish-common",
            elsewhere(None, Some(PasswordFault::Common)),
        ),
        stranger(
            "recover-finish-busy",
            FinishRecoverPage {
                busy: true,
                ..finish
            },
        ),
        stranger(
            "end-login",
            EndLoginPage {
                csrf: CSRF.into(),
                token: TOKEN.into(),
            },
        ),
        stranger(
            "recover-done",
            RecoveredPage {
                address: ALICE.into(),
            },
        ),
        stranger("end-login-done", LoginEndedPage { already: false }),
        stranger("end-login-already", LoginEndedPage { already: true }),
    ]
}

pub(super) fn dev_mail() -> Vec<Sample> {
    let letter = DevLetter {
        id: 2,
        at: NOW,
        to: ALICE.into(),
        subject: "Set a new password · Vestibule".into(),
    };
    let text = format!("Hello\n\nGo on:\nhttp://localhost:8080/recover/finish?token={TOKEN}\n");
    vec![
        stranger("dev-mail-empty", DevMailPage::default()),
        person(
            "dev-mail",
            DevMailPage {
                letters: vec![letter.clone(), letter.clone()],
            },
        ),
        stranger(
            "dev-mail-letter",
            DevLetterPage {
                letter,
                parts: TextPart::cut(&text, "http://localhost:8080"),
            },
        ),
    ]
}
