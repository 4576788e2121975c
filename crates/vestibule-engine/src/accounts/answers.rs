//! What a person tells of themselves, judged by what the operator asks for.

use vestibule_core::user::{Details, DisplayName, ParseNameError};

use crate::policy::{NameAsked, RegistrationPolicy};

/// A person's name and answers that may be kept.
pub(crate) struct Told {
    pub(crate) name: DisplayName,
    pub(crate) details: Details,
}

/// What is wrong with what a person tells of themselves.
#[derive(Debug, thiserror::Error)]
pub enum ProfileFault {
    /// Not a name.
    #[error(transparent)]
    Name(ParseNameError),
    /// No name, where one must be.
    #[error("the name is missing")]
    NoName,
    /// Not an answer, or none where one must be.
    #[error("the answer to {field} is not one")]
    Answer {
        /// The field's id.
        field: String,
        /// There is none.
        missing: bool,
    },
}

impl RegistrationPolicy {
    /// Judges what was typed. Answers to what is not asked for are dropped: a form keeps no field of its own making
    /// (ASVS 15.3.3).
    pub(crate) fn told(&self, name: &str, answers: &[(&str, &str)]) -> Result<Told, ProfileFault> {
        let name = DisplayName::parse(name).map_err(ProfileFault::Name)?;
        if self.name == NameAsked::Required && name.as_str().is_empty() {
            return Err(ProfileFault::NoName);
        }
        let mut details = Details::default();
        for field in &self.fields {
            let answer = answers.iter().find(|(id, _)| *id == field.id);
            let fault = |missing| ProfileFault::Answer {
                field: field.id.clone(),
                missing,
            };
            if let Some((_, text)) = answer {
                details
                    .answer(&field.id, text)
                    .map_err(|ParseNameError| fault(false))?;
            }
            if field.required && details.to(&field.id).is_none() {
                return Err(fault(true));
            }
        }
        Ok(Told { name, details })
    }
}
