//! What went wrong, in words: what happened, why where that is safe to say, what to do, and a short id that the log line has too.

use std::borrow::Cow;
use std::time::Duration;

use super::{Frame, dates, page};
use crate::texts::{Msg, msg};

/// An error page. Show it in a signed-in frame where the session is known: an error signs nobody out.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// What happened.
    pub kind: ErrorKind,
    /// The short id that the log line carries.
    pub id: String,
    /// A local path to offer as the way on; the account if `None`.
    pub back: Option<String>,
    /// When it is worth trying again, if that is known.
    pub wait: Option<Duration>,
}

/// What happened. [`ErrorKind::status`] is the answer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request could not be read: malformed, incomplete, a field twice.
    BadRequest,
    /// The CSRF token does not fit: an old form, another browser, or another site's.
    FormExpired,
    /// The set-up link was used: the administrator exists.
    SetupUsed,
    /// The set-up link is too old, or of an earlier start of the server.
    SetupExpired,
    /// Nothing is here.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// The body is not of a type that is understood here.
    UnsupportedMediaType,
    /// The `Host` is none of ours.
    Misdirected,
    /// The browser sends more cookies along than are read.
    HeadersTooLarge,
    /// A defect.
    Internal,
    /// The server cannot do it just now: the store is away, the disk is full, too much is going on.
    Unavailable,
    /// The sign-out holds in memory, but is not written down.
    EndUnstored,
    /// The same of others' sign-outs.
    EndsUnstored,
    /// The same of somebody who is shut out, which nobody tries to write down again.
    ShutUnstored,
    /// As many exports are under way as may be.
    ExportsRunning,
    /// Address and password do not go together. A person sees the sign-in page instead.
    LoginRefused,
    /// Accounts are made by the operators.
    RegistrationClosed,
    /// Accounts are made through invitations.
    RegistrationByInvitation,
    /// No mail, no recovery by it.
    RecoveryClosed,
    /// The address of a mailed link has an account by now.
    AddressTaken,
    /// A mailed link was used, is too old, or never was.
    LinkGone,
    /// Tried too often.
    TooManyRequests,
    /// A frame, a script or a prefetch asks for what only a person's own page view gets.
    NotAPage,
    /// A handshake for an origin that no application is registered at.
    UnknownApplication,
    /// A handshake's code came from another browser than the one that asked.
    HandshakeElsewhere,
    /// The browser that brings a handshake's code keeps no cookie of it.
    NoCookieKept,
    /// A handshake's code was used, is too old, or never was.
    HandshakeGone,
    /// Signed in, but the proxy's questions do not show it.
    SignInLoop,
    /// Signed in, but not with the role that administers.
    NotAdministrator,
}

page!(ErrorPage, "error.html");

impl ErrorPage {
    fn status(&self) -> u16 {
        self.kind.status()
    }

    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(self.kind.words().0)
    }

    fn what<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(self.kind.words().1)
    }

    fn remedy<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        if self.kind == ErrorKind::TooManyRequests {
            let wait = self.wait.unwrap_or(Duration::from_mins(1));
            return dates::wait(frame.tongue, "error-429-do", wait);
        }
        frame.t(self.kind.words().2)
    }

    /// For a program's eyes: what happened in short, and at length.
    pub(crate) fn spoken(&self, frame: &Frame<'_>) -> (String, String) {
        let detail = format!("{} {}", self.what(frame), self.remedy(frame));
        (self.title(frame).into_owned(), detail)
    }

    fn way(&self) -> &str {
        self.back.as_deref().unwrap_or("/account")
    }

    fn way_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match (self.kind, &self.back) {
            (ErrorKind::SetupUsed, _) => msg("login-submit"),
            (
                ErrorKind::HandshakeElsewhere | ErrorKind::NoCookieKept | ErrorKind::HandshakeGone,
                Some(_),
            ) => msg("error-sign-in"),
            (_, Some(back)) if back == "/login" => msg("error-sign-in"),
            (
                ErrorKind::Unavailable | ErrorKind::EndUnstored | ErrorKind::ExportsRunning,
                Some(_),
            ) => msg("error-again"),
            (_, Some(_)) => msg("error-back"),
            (_, None) => msg("error-start"),
        })
    }

    /// A link of ours leads nowhere from a host that is not ours, nor with a set-up link that is spent before there is anybody.
    fn has_way(&self) -> bool {
        !matches!(self.kind, ErrorKind::Misdirected | ErrorKind::SetupExpired)
    }
}

impl ErrorKind {
    /// The HTTP status (RFC 9110 §15, RFC 6585 §4).
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::UnknownApplication => 400,
            Self::LoginRefused => 401,
            Self::FormExpired
            | Self::RegistrationByInvitation
            | Self::NotAPage
            | Self::HandshakeElsewhere
            | Self::NoCookieKept
            | Self::NotAdministrator => 403,
            Self::NotFound | Self::RegistrationClosed | Self::RecoveryClosed => 404,
            Self::MethodNotAllowed => 405,
            Self::AddressTaken => 409,
            Self::SetupUsed | Self::SetupExpired | Self::LinkGone | Self::HandshakeGone => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Misdirected => 421,
            Self::TooManyRequests => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable
            | Self::EndUnstored
            | Self::EndsUnstored
            | Self::ShutUnstored
            | Self::ExportsRunning => 503,
            Self::SignInLoop => 508,
        }
    }

    /// Title, what happened, what to do.
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn words(self) -> (Msg, Msg, Msg) {
        match self {
            Self::BadRequest => (msg("error-400"), msg("error-400-what"), msg("error-400-do")),
            Self::FormExpired => (
                msg("error-form"),
                msg("error-form-what"),
                msg("error-form-do"),
            ),
            Self::SetupUsed => (
                msg("error-setup-used"),
                msg("error-setup-used-what"),
                msg("error-setup-used-do"),
            ),
            Self::SetupExpired => (
                msg("error-setup-expired"),
                msg("error-setup-expired-what"),
                msg("error-setup-expired-do"),
            ),
            Self::LoginRefused => (msg("error-401"), msg("error-401-what"), msg("error-401-do")),
            Self::RegistrationClosed => (
                msg("error-closed"),
                msg("error-closed-what"),
                msg("error-closed-do"),
            ),
            Self::RegistrationByInvitation => (
                msg("error-invited"),
                msg("error-invited-what"),
                msg("error-invited-do"),
            ),
            Self::RecoveryClosed => (
                msg("error-recover"),
                msg("error-recover-what"),
                msg("error-recover-do"),
            ),
            Self::AddressTaken => (msg("error-409"), msg("error-409-what"), msg("error-409-do")),
            Self::LinkGone => (
                msg("error-link"),
                msg("error-link-what"),
                msg("error-link-do"),
            ),
            Self::NotAPage => (
                msg("error-not-a-page"),
                msg("error-not-a-page-what"),
                msg("error-not-a-page-do"),
            ),
            Self::UnknownApplication => (
                msg("error-unknown-application"),
                msg("error-unknown-application-what"),
                msg("error-unknown-application-do"),
            ),
            Self::HandshakeElsewhere => (
                msg("error-elsewhere"),
                msg("error-elsewhere-what"),
                msg("error-elsewhere-do"),
            ),
            Self::NoCookieKept => (
                msg("error-no-cookie"),
                msg("error-no-cookie-what"),
                msg("error-no-cookie-do"),
            ),
            Self::HandshakeGone => (
                msg("error-code-gone"),
                msg("error-code-gone-what"),
                msg("error-code-gone-do"),
            ),
            Self::NotAdministrator => (
                msg("error-administrator"),
                msg("error-administrator-what"),
                msg("error-administrator-do"),
            ),
            Self::SignInLoop => (
                msg("error-loop"),
                msg("error-loop-what"),
                msg("error-loop-do"),
            ),
            Self::TooManyRequests => (msg("error-429"), msg("error-429-what"), msg("error-429-do")),
            Self::NotFound => (msg("error-404"), msg("error-404-what"), msg("error-404-do")),
            Self::MethodNotAllowed => {
                (msg("error-405"), msg("error-405-what"), msg("error-405-do"))
            }
            Self::TooLarge => (msg("error-413"), msg("error-413-what"), msg("error-413-do")),
            Self::UnsupportedMediaType => {
                (msg("error-415"), msg("error-415-what"), msg("error-415-do"))
            }
            Self::Misdirected => (msg("error-421"), msg("error-421-what"), msg("error-421-do")),
            Self::HeadersTooLarge => (msg("error-431"), msg("error-431-what"), msg("error-431-do")),
            Self::Internal => (msg("error-500"), msg("error-500-what"), msg("error-500-do")),
            Self::Unavailable => (msg("error-503"), msg("error-503-what"), msg("error-503-do")),
            Self::EndUnstored => (
                msg("error-unstored"),
                msg("error-unstored-what"),
                msg("error-unstored-do"),
            ),
            Self::EndsUnstored => (
                msg("error-ends-unstored"),
                msg("error-ends-unstored-what"),
                msg("error-ends-unstored-do"),
            ),
            Self::ShutUnstored => (
                msg("error-shut-unstored"),
                msg("error-shut-unstored-what"),
                msg("error-shut-unstored-do"),
            ),
            Self::ExportsRunning => (
                msg("error-exports"),
                msg("error-exports-what"),
                msg("error-exports-do"),
            ),
        }
    }
}
