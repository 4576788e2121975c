//! What the settings ask a person to tell, as a form, and back.

use vestibule_engine::{NameAsked, ProfileFault, RegistrationPolicy};

use crate::browser::caller::Caller;
use crate::browser::form::Fields;
use crate::pages::setup::name_fault;
use crate::views::{AnswerFault, AskedField, Details, NameFault, Terms};

/// Before a field's id in a form, so that no field of the settings is taken for one of the page's own.
const PREFIX: &str = "field-";

/// What was typed.
pub struct Typed<'a> {
    /// May be empty.
    pub name: &'a str,
    /// By the field's id.
    pub answers: Vec<(&'a str, &'a str)>,
    /// Ticked.
    pub terms: bool,
}

/// What is wrong with it.
pub enum Fault {
    Name(NameFault),
    Answer { field: String, missing: bool },
    Terms,
}

impl Fault {
    /// In the page's words; `name` as typed.
    pub fn of(fault: ProfileFault, name: &str) -> Self {
        match fault {
            ProfileFault::Name(_) => Self::Name(name_fault(name)),
            ProfileFault::NoName => Self::Name(NameFault::Missing),
            ProfileFault::Answer { field, missing } => Self::Answer { field, missing },
        }
    }
}

/// Reads name, fields and terms out of a form.
pub fn typed<'a>(fields: &'a Fields, policy: &'a RegistrationPolicy) -> Typed<'a> {
    let answers = policy.fields.iter().filter_map(|field| {
        let answer = fields.optional(&format!("{PREFIX}{}", field.id))?;
        Some((field.id.as_str(), answer))
    });
    Typed {
        name: fields.optional("name").unwrap_or_default(),
        answers: answers.collect(),
        terms: fields.optional("terms").is_some(),
    }
}

/// The form, with what was typed or is known.
pub fn form(caller: &Caller, typed: &Typed<'_>) -> Details {
    let policy = &caller.context.engine.policy().registration;
    let language = caller.visit.language.as_str();
    let fields = policy.fields.iter().map(|field| {
        let label = field.labels.get(language).or(field.labels.get("en"));
        let label = label.or(field.labels.values().next()).unwrap_or(&field.id);
        let answer = typed.answers.iter().find(|(id, _)| *id == field.id);
        AskedField {
            id: format!("{PREFIX}{}", field.id),
            label: label.clone(),
            value: answer.map_or_else(String::new, |(_, text)| (*text).to_owned()),
            required: field.required,
            fault: None,
        }
    });
    Details {
        name: typed.name.to_owned(),
        name_required: policy.name == NameAsked::Required,
        name_fault: None,
        fields: fields.collect(),
        terms: policy.terms.as_ref().map(|url| Terms {
            url: url.clone(),
            accepted: typed.terms,
            missing: false,
        }),
    }
}

/// The same form with a fault at its field.
pub fn faulty(mut details: Details, fault: &Fault) -> Details {
    match fault {
        Fault::Name(fault) => details.name_fault = Some(*fault),
        Fault::Answer { field, missing } => {
            let id = format!("{PREFIX}{field}");
            if let Some(field) = details.fields.iter_mut().find(|field| field.id == id) {
                field.fault = Some(if *missing {
                    AnswerFault::Missing
                } else {
                    AnswerFault::Malformed
                });
            }
        }
        Fault::Terms => {
            if let Some(terms) = &mut details.terms {
                terms.missing = true;
            }
        }
    }
    details
}
