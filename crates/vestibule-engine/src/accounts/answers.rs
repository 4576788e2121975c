//! What a person tells of themselves, judged by what the operator asks for.

use vestibule_core::user::{Details, DisplayName, ParseNameError};

use crate::policy::{NameAsked, RegistrationPolicy};

/// A person's name and answers that may be kept.
pub(crate) struct Told {
    pub(crate) name: DisplayName,
    pub(crate) details: Details,
}

/// What is wrong with them.
pub(crate) enum Fault {
    /// Not a name.
    Name(ParseNameError),
    /// Nothing, where something must be.
    Missing(&'static str),
    /// Not an answer, or none where one must be.
    Answer { field: String, missing: bool },
}

/// Lets `?` turn a fault into an error's own.
macro_rules! faults {
    ($error:ty) => {
        impl From<crate::accounts::answers::Fault> for $error {
            fn from(fault: crate::accounts::answers::Fault) -> Self {
                use crate::accounts::answers::Fault;
                match fault {
                    Fault::Name(error) => Self::Name(error),
                    Fault::Missing(field) => Self::Missing(field),
                    Fault::Answer { field, missing } => Self::Answer { field, missing },
                }
            }
        }
    };
}
pub(crate) use faults;

impl RegistrationPolicy {
    /// Judges what was typed. Answers to what is not asked for are dropped: a form keeps no field of its own making
    /// (ASVS 15.3.3).
    pub(crate) fn told(&self, name: &str, answers: &[(&str, &str)]) -> Result<Told, Fault> {
        let name = DisplayName::parse(name).map_err(Fault::Name)?;
        if self.name == NameAsked::Required && name.as_str().is_empty() {
            return Err(Fault::Missing("name"));
        }
        let mut details = Details::default();
        for field in &self.fields {
            let answer = answers.iter().find(|(id, _)| *id == field.id);
            let fault = |missing| Fault::Answer {
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
