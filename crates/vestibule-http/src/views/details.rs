//! What a person is asked to tell of themselves: name, the fields of the settings, and the terms. A part of several pages.

use std::borrow::Cow;

use super::{Frame, NameFault};
use crate::texts::{Msg, msg};

/// The part of a form that asks for name, fields and terms.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// What was typed as name.
    pub name: String,
    /// It must be told.
    pub name_required: bool,
    /// What is wrong with it.
    pub name_fault: Option<NameFault>,
    /// What else is asked for.
    pub fields: Vec<AskedField>,
    /// The terms, if there are any to accept.
    pub terms: Option<Terms>,
}

/// A field of the settings.
#[derive(Clone, Debug)]
pub struct AskedField {
    /// The form field's name and id.
    pub id: String,
    /// The question, in the reader's language.
    pub label: String,
    /// What was typed.
    pub value: String,
    /// It must be answered.
    pub required: bool,
    /// What is wrong with the answer.
    pub fault: Option<AnswerFault>,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFault {
    /// There is none.
    Missing,
    /// It is too long, or has characters that cannot be shown.
    Malformed,
}

/// Terms to accept.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Where they are.
    pub url: String,
    /// Ticked.
    pub accepted: bool,
    /// Not ticked, and must be.
    pub missing: bool,
}

/// A field that the summary at the top links to; what is wrong stands at the field.
pub(super) struct Fault<'a> {
    pub(super) field: Cow<'a, str>,
    pub(super) label: Cow<'a, str>,
}

impl Details {
    /// The faulty fields, in the order of the form.
    pub(super) fn faults<'a>(&'a self, frame: &Frame<'a>) -> Vec<Fault<'a>> {
        let mut faults = Vec::new();
        if self.name_fault.is_some() {
            faults.push(Fault {
                field: "name".into(),
                label: frame.t("field-name"),
            });
        }
        let fields = self.fields.iter().filter(|field| field.fault.is_some());
        faults.extend(fields.map(|field| Fault {
            field: field.id.as_str().into(),
            label: field.label.as_str().into(),
        }));
        if self.terms.as_ref().is_some_and(|terms| terms.missing) {
            faults.push(Fault {
                field: "terms".into(),
                label: frame.t("terms-accept"),
            });
        }
        faults
    }

    pub(super) fn name_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.name_fault.map(|fault| frame.t(fault.message()))
    }
}

impl AskedField {
    pub(super) fn fault_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.fault.map(|fault| frame.t(fault.message()))
    }
}

impl AnswerFault {
    fn message(self) -> Msg {
        match self {
            Self::Missing => msg("answer-fault-missing"),
            Self::Malformed => msg("answer-fault-malformed"),
        }
    }
}
