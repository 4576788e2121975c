//! What of an answer is counted.

use super::label::LoginOutcome;
use crate::accounts::password::ChangePasswordError;
use crate::login::credential::NotNow;
use crate::login::password::{SignInError, SignedIn};
use crate::sessions::renew::ReauthenticateError;

impl LoginOutcome {
    pub(crate) const fn of_sign_in(result: &Result<SignedIn, SignInError>) -> Self {
        match result {
            Ok(_) => Self::Succeeded,
            Err(SignInError::Refused) => Self::Refused,
            Err(SignInError::Throttled { .. }) => Self::Throttled,
            Err(SignInError::NotNow(cause)) => Self::not_now(cause),
        }
    }

    pub(crate) const fn of_reauthentication<T>(result: &Result<T, ReauthenticateError>) -> Self {
        match result {
            Ok(_) => Self::Succeeded,
            Err(ReauthenticateError::Refused | ReauthenticateError::Ended) => Self::Refused,
            Err(ReauthenticateError::Throttled { .. }) => Self::Throttled,
            Err(ReauthenticateError::NotNow(cause)) => Self::not_now(cause),
        }
    }

    /// What the current password was worth; `None` where it is the new one that was not good enough.
    pub(crate) const fn of_password_change<T>(
        result: &Result<T, ChangePasswordError>,
    ) -> Option<Self> {
        Some(match result {
            Ok(_) => Self::Succeeded,
            Err(ChangePasswordError::Policy(_)) => return None,
            Err(ChangePasswordError::Refused | ChangePasswordError::Ended) => Self::Refused,
            Err(ChangePasswordError::Throttled { .. }) => Self::Throttled,
            Err(ChangePasswordError::NotNow(cause)) => Self::not_now(cause),
        })
    }

    const fn not_now(cause: &NotNow) -> Self {
        match cause {
            NotNow::Busy(_) => Self::Busy,
            NotNow::Store(_) | NotNow::Entropy(_) | NotNow::Breached(_) => Self::Failed,
        }
    }
}
