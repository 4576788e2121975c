//! Registration, recovery and letters: what strangers wrote there is text too, and a letter's text links to us alone.

use std::time::Duration;

use super::{each, named};
use crate::{
    texts::Texts,
    views::{
        AddressFault, AnswerFault, AskedField, Details, DevLetter, DevLetterPage, DevMailPage,
        FinishRecoverPage, FinishRegisterPage, Frame, Page, RecoverAskedPage, RecoverPage,
        RegisterAskedPage, RegisterPage, Terms, TextPart, markup, samples::NOW,
    },
};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;\u{202e}";

/// Holds: ASVS 3.2.2
#[test]
fn asvs_3_2_2_what_was_typed_on_the_way_in_is_text() {
    let hostile = || HOSTILE.to_owned();
    let details = Details {
        name: hostile(),
        fields: vec![AskedField {
            id: "field-x".into(),
            label: hostile(),
            value: hostile(),
            required: true,
            fault: Some(AnswerFault::Malformed),
        }],
        terms: Some(Terms {
            url: hostile(),
            ..Terms::default()
        }),
        ..Details::default()
    };
    let letter = DevLetter {
        id: 1,
        at: NOW,
        to: hostile(),
        subject: hostile(),
    };
    let pages: Vec<Box<dyn Page>> = vec![
        Box::new(RegisterPage {
            csrf: hostile(),
            identifier: hostile(),
            details: details.clone(),
            ..RegisterPage::default()
        }),
        Box::new(RegisterAskedPage { address: hostile() }),
        Box::new(FinishRegisterPage {
            token: hostile(),
            address: hostile(),
            details,
            ..FinishRegisterPage::default()
        }),
        Box::new(RecoverAskedPage {
            address: hostile(),
            code: hostile(),
        }),
        Box::new(FinishRecoverPage {
            token: hostile(),
            address: hostile(),
            ..FinishRecoverPage::default()
        }),
        Box::new(DevMailPage {
            letters: vec![letter.clone()],
        }),
        Box::new(DevLetterPage {
            letter,
            parts: TextPart::cut(HOSTILE, "http://localhost:8080"),
        }),
    ];
    let texts = Texts::embedded();
    for tongue in texts.all() {
        for page in &pages {
            let html = page
                .render(&Frame::new(tongue, HOSTILE, NOW))
                .expect("renders");
            let elements = markup::elements(&html);
            let mut scripts = named(&elements, "script");
            assert!(scripts.all(|script| script.text.is_empty() && script.has("src")));
            assert_eq!(named(&elements, "script").count(), 1);
            assert_eq!(named(&elements, "img").count(), 0);
        }
    }
}

#[test]
fn the_address_is_gone_back_to_only_where_it_is_wrong_or_missing() {
    let texts = Texts::embedded();
    let focused = |page: &RecoverPage| {
        let tongue = texts.all().next().expect("a language");
        let html = page.render(&Frame::new(tongue, "Shop", NOW));
        html.expect("renders").contains(" autofocus")
    };
    let typed = RecoverPage {
        identifier: "alice@example.test".into(),
        ..RecoverPage::default()
    };
    assert!(focused(&RecoverPage::default()));
    assert!(!focused(&RecoverPage {
        wait: Some(Duration::from_mins(1)),
        ..typed.clone()
    }));
    assert!(focused(&RecoverPage {
        identifier_fault: Some(AddressFault::Malformed),
        ..typed
    }));
}

// ARIA in HTML §4.1: a paragraph takes no name.
#[test]
fn no_paragraph_has_a_name() {
    each(|name, _, _, _, elements| {
        for paragraph in named(elements, "p") {
            let is_named = paragraph.has("aria-labelledby") || paragraph.has("aria-label");
            assert!(!is_named, "{name}");
        }
    });
}

#[test]
fn a_letter_s_text_links_to_this_origin_alone_and_loses_nothing() {
    let origin = "http://localhost:8080";
    let text = "Go on:\nhttp://localhost:8080/recover/finish?token=x\nhttp://localhost:8080.evil.test/\nhttp://localhost:8080@evil.test/\nsee http://localhost:8080/inside\nend\n";
    let parts = TextPart::cut(text, origin);
    let links: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            TextPart::Link { path, .. } => Some(path.as_str()),
            TextPart::Words(_) => None,
        })
        .collect();
    assert_eq!(links, ["/recover/finish?token=x"]);
    let whole: String = parts
        .iter()
        .map(|part| match part {
            TextPart::Words(words) => words.as_str(),
            TextPart::Link { url, .. } => url.as_str(),
        })
        .collect();
    assert_eq!(whole, text);
}
