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

/// Whether a login serves a request, or the user must prove again who they are. `asked_at` is when the request came: a login
/// since then is the one that `prompt=login` asks for.
pub fn needs_login(
    prompt: Prompt,
    max_age: Option<Duration>,
    asked_at: UnixMillis,
    auth_time: UnixMillis,
    now: UnixMillis,
) -> bool {
    let since_asked = auth_time >= asked_at;
    let chosen_anew = prompt.login || prompt.select_account;
    let too_old = max_age.is_some_and(|most| now.since(auth_time) > most);
    // A login that was made for this request is as young as it can be, also for `max_age=0`.
    !since_asked && (chosen_anew || too_old)
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
        let at = |seconds: i64| UnixMillis(1_800_000_000_000 + seconds * 1000);
        let login = "login".parse().unwrap();
        let needs = |prompt, max_age: Option<u64>, auth_time| {
            needs_login(
                prompt,
                max_age.map(Duration::from_secs),
                at(100),
                at(auth_time),
                at(100),
            )
        };
        let plain = Prompt::default();
        assert!(!needs(plain, None, 0));
        assert!(needs(login, None, 99) && !needs(login, None, 100));
        assert!(needs("select_account".parse().unwrap(), None, 0));
        assert!(!needs(plain, Some(100), 0) && needs(plain, Some(99), 0));
        assert!(needs(plain, Some(0), 99));
        let late =
            |auth_time| needs_login(plain, Some(Duration::ZERO), at(100), at(auth_time), at(200));
        assert!(late(99) && !late(130), "the login that the request led to");
    }
}
