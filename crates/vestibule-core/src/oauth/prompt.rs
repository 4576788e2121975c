//! `prompt` and `max_age`: what an application demands of the login behind an answer (OpenID Connect Core §3.1.2.1, O01).

use std::str::FromStr;
use std::time::Duration;

use crate::time::UnixMillis;

/// What the user is to be asked, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prompt {
    /// Nothing at all: an answer without a page, or an error.
    pub none: bool,
    /// To sign in, also where they are.
    pub login: bool,
    /// To consent, also where they have.
    pub consent: bool,
    /// Which account.
    pub select_account: bool,
}

/// Not a prompt: `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("prompt is none alone, or some of login, consent and select_account")]
pub struct ParsePromptError;

impl FromStr for Prompt {
    type Err = ParsePromptError;

    fn from_str(text: &str) -> Result<Self, ParsePromptError> {
        let mut prompt = Self::default();
        for word in text.split(' ') {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err(ParsePromptError),
            }
        }
        if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
            return Err(ParsePromptError);
        }
        Ok(prompt)
    }
}

/// How long a login that was made for a request serves it whatever its `max_age`: as long as its consent may take.
pub const GRACE: Duration = Duration::from_mins(5);

/// What a login was made for. Whoever led the user through it knows; clocks do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMade {
    /// Before the request, or beside it, in another tab.
    Otherwise,
    /// Because this request wanted it.
    ForThisRequest,
}

/// Whether a login serves a request, or the user must prove again who they are.
pub fn needs_login(
    prompt: Prompt,
    max_age: Option<Duration>,
    made: LoginMade,
    auth_time: UnixMillis,
    now: UnixMillis,
) -> bool {
    let age = now.since(auth_time);
    match made {
        LoginMade::Otherwise => {
            prompt.login || prompt.select_account || max_age.is_some_and(|most| age > most)
        }
        // It is as young as it can be, also for `max_age=0`; a request that lies about is not served by it for good.
        LoginMade::ForThisRequest => max_age.is_some_and(|most| age > most.max(GRACE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: O01
    #[test]
    fn o01_none_stands_alone() {
        let prompt = |text: &str| text.parse::<Prompt>();
        assert!(prompt("none").unwrap().none);
        let both = prompt("login consent").unwrap();
        assert!(both.login && both.consent && !both.none);
        assert!(prompt("select_account").unwrap().select_account);
        for wrong in [
            "none login",
            "consent none",
            "",
            "login  consent",
            "LOGIN",
            "create",
        ] {
            assert_eq!(prompt(wrong), Err(ParsePromptError), "{wrong}");
        }
    }

    /// Holds: O01
    #[test]
    fn o01_login_and_an_exceeded_max_age_ask_again_and_only_once() {
        use LoginMade::{ForThisRequest, Otherwise};
        let at = |seconds: i64| UnixMillis(1_800_000_000_000 + seconds * 1000);
        let needs = |prompt, max_age: Option<u64>, made, age| {
            let max_age = max_age.map(Duration::from_secs);
            needs_login(prompt, max_age, made, at(0), at(age))
        };
        let plain = Prompt::default();
        assert!(!needs(plain, None, Otherwise, 100_000));
        for chosen in ["login", "select_account"] {
            let chosen = chosen.parse().unwrap();
            // One of another tab in the same instant, or under a clock that was set back, is not what is asked for.
            assert!(needs(chosen, None, Otherwise, 0) && needs(chosen, None, Otherwise, -99));
            assert!(!needs(chosen, None, ForThisRequest, 100_000));
        }
        assert!(!needs(plain, Some(100), Otherwise, 100));
        assert!(needs(plain, Some(99), Otherwise, 100) && needs(plain, Some(0), Otherwise, 1));
        // A consent may take its time, and no more than that.
        let (grace, longer) = (300, Some(400));
        assert!(!needs(plain, Some(0), ForThisRequest, grace));
        assert!(needs(plain, Some(0), ForThisRequest, grace + 1));
        assert!(!needs(plain, longer, ForThisRequest, 400));
        assert!(needs(plain, longer, ForThisRequest, 401));
    }
}
