//! What exactly is wrong with something that was sent, as a message: no error's own English reaches a caller.

use vestibule_core::application::SpecError;
use vestibule_core::email::ParseEmailError;
use vestibule_core::filter::ParseFilterError;
use vestibule_core::password::NewPasswordError;
use vestibule_core::user::{ParseNameError, ParseRoleError};
use vestibule_engine::ImportError;
use vestibule_engine::applications::DemandError;

use crate::pages::setup::password_fault;
use crate::texts::{Arg, Msg, msg};

/// A message, and what goes into it.
pub type Said = (Msg, Vec<(&'static str, Arg<'static>)>);

/// What a problem can say of itself in every language.
pub trait Reason {
    /// In a message of ours.
    fn said(&self) -> Said;
}

impl Reason for Msg {
    fn said(&self) -> Said {
        (*self, Vec::new())
    }
}

impl Reason for ParseEmailError {
    fn said(&self) -> Said {
        match self {
            Self::Shape => msg("problem-email-shape"),
            Self::TooLong => msg("problem-email-long"),
            Self::Character => msg("problem-email-character"),
            Self::Domain => msg("problem-email-domain"),
        }
        .said()
    }
}

impl Reason for ParseNameError {
    fn said(&self) -> Said {
        msg("problem-invalid-name-what").said()
    }
}

impl Reason for ParseRoleError {
    fn said(&self) -> Said {
        msg("problem-invalid-role-what").said()
    }
}

impl Reason for ImportError {
    fn said(&self) -> Said {
        match self {
            Self::Email(why) => why.said(),
            Self::Name(why) => why.said(),
            Self::Role(why) => why.said(),
            Self::Twice => msg("problem-import-twice").said(),
            Self::NotAllowed => msg("problem-import-not-allowed").said(),
            Self::LastAdministrator => msg("problem-import-last").said(),
            // ASVS 16.5.1: the cause is for the log.
            Self::Store(_) => msg("problem-import-store").said(),
            Self::BrokenOff => msg("problem-import-broken-off").said(),
        }
    }
}

impl Reason for NewPasswordError {
    fn said(&self) -> Said {
        password_fault(*self).said()
    }
}

impl Reason for ParseFilterError {
    fn said(&self) -> Said {
        match self {
            Self::TextTooLong => msg("problem-text-long"),
            Self::TextCharacter => msg("problem-text-character"),
            Self::UnknownKind => msg("problem-kind-unknown"),
        }
        .said()
    }
}

impl Reason for DemandError {
    fn said(&self) -> Said {
        demand(*self).said()
    }
}

/// The message alone, to stand within another.
pub const fn demand(error: DemandError) -> Msg {
    match error {
        DemandError::PublicWithRoles => msg("problem-public-roles"),
        DemandError::PublicWithAcr => msg("problem-public-acr"),
        DemandError::RolesDropped => msg("problem-roles-dropped"),
        DemandError::AcrDropped => msg("problem-acr-dropped"),
    }
}

impl Reason for SpecError {
    fn said(&self) -> Said {
        match self {
            Self::NoOrigin => msg("problem-origins-none").said(),
            Self::TooManyOrigins(most) => {
                (msg("problem-origins-most"), vec![("most", (*most).into())])
            }
            Self::TooManyRules(most) => (msg("problem-rules-most"), vec![("most", (*most).into())]),
            Self::Twice(authority) => {
                let authority = authority.clone();
                (
                    msg("problem-origin-twice"),
                    vec![("authority", authority.into())],
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_store::StoreError;

    use super::*;
    use crate::texts::Texts;

    #[test]
    fn every_reason_is_said_in_every_language() {
        let email = [
            ParseEmailError::Shape,
            ParseEmailError::TooLong,
            ParseEmailError::Character,
            ParseEmailError::Domain,
        ];
        let filter = [
            ParseFilterError::TextTooLong,
            ParseFilterError::TextCharacter,
            ParseFilterError::UnknownKind,
        ];
        let demand = [
            DemandError::PublicWithRoles,
            DemandError::PublicWithAcr,
            DemandError::RolesDropped,
            DemandError::AcrDropped,
        ];
        let spec = [
            SpecError::NoOrigin,
            SpecError::TooManyOrigins(20),
            SpecError::TooManyRules(100),
            SpecError::Twice("shop.example.test:443".to_owned()),
        ];
        let password = [
            NewPasswordError::TooShort(0),
            NewPasswordError::TooShort(3),
            NewPasswordError::TooLong,
            NewPasswordError::IsAddress,
            NewPasswordError::IsName,
            NewPasswordError::SiteWord,
            NewPasswordError::Common,
        ];
        let import = [
            ImportError::Twice,
            ImportError::NotAllowed,
            ImportError::LastAdministrator,
            ImportError::Store(StoreError::Full("no space left on device".into())),
            ImportError::BrokenOff,
        ];
        let mut all: Vec<Said> = vec![ParseNameError.said(), ParseRoleError.said()];
        all.extend(email.iter().map(Reason::said));
        all.extend(filter.iter().map(Reason::said));
        all.extend(demand.iter().map(Reason::said));
        all.extend(import.iter().map(Reason::said));
        all.extend(spec.iter().map(Reason::said));
        all.extend(password.iter().map(Reason::said));
        let texts = Texts::embedded();
        for (message, args) in all {
            let mut seen: Vec<String> = Vec::new();
            for tongue in texts.all() {
                let text = tongue.own(message, &args);
                let text = text.unwrap_or_else(|| panic!("{message:?} in {}", tongue.lang()));
                assert!(text.ends_with(['.', '?']), "{text}");
                assert!(!seen.contains(&text), "{text} in {}", tongue.lang());
                seen.push(text);
            }
        }
    }
}
