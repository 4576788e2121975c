//! What a person sees of the handshake.

use super::{CSRF, Sample, stranger};
use crate::views::{AppLogoutPage, AppSignedOutPage, ErrorKind, ErrorPage, GoOnPage, NotSentPage};

pub(super) fn pages() -> Vec<Sample> {
    let title = || "The shop".to_owned();
    let refused = |kind, back: Option<&str>| ErrorPage {
        kind,
        id: "7F3K-Q2MX".into(),
        back: back.map(Into::into),
        wait: None,
    };
    let start = Some("/vestibule/start?next=/");
    vec![
        stranger(
            "handshake-go-on",
            GoOnPage {
                title: title(),
                back: "https://shop.example.test/vestibule/start?round=1&next=/cart".into(),
            },
        ),
        stranger(
            "handshake-logout",
            AppLogoutPage {
                csrf: CSRF.into(),
                address: "alice@example.test".into(),
                title: title(),
            },
        ),
        stranger(
            "handshake-signed-out",
            AppSignedOutPage {
                title: title(),
                done: true,
            },
        ),
        stranger(
            "handshake-signed-out-here",
            AppSignedOutPage {
                title: title(),
                done: false,
            },
        ),
        stranger(
            "handshake-not-sent",
            NotSentPage {
                next: "/orders/new".into(),
            },
        ),
        stranger("error-not-a-page", refused(ErrorKind::NotAPage, Some("/"))),
        stranger(
            "error-unknown-application",
            refused(ErrorKind::UnknownApplication, None),
        ),
        stranger(
            "error-elsewhere",
            refused(ErrorKind::HandshakeElsewhere, start),
        ),
        stranger("error-no-cookie", refused(ErrorKind::NoCookieKept, start)),
        stranger("error-code-gone", refused(ErrorKind::HandshakeGone, start)),
        stranger("error-loop", refused(ErrorKind::SignInLoop, Some("/"))),
    ]
}
