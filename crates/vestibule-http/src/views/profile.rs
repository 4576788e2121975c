//! `/account/profile`: what a person tells of themselves.

use super::details::{Details, Fault};
use super::{Frame, page};

/// The form of name, language and the settings' fields.
#[derive(Clone, Debug, Default)]
pub struct ProfilePage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// Name and fields; no terms.
    pub details: Details,
    /// Each language there is.
    pub languages: Vec<LanguageChoice>,
    /// It was just changed.
    pub changed: bool,
}

/// A language that mails can be written in.
#[derive(Clone, Debug)]
pub struct LanguageChoice {
    /// Its tag (BCP 47).
    pub tag: &'static str,
    /// What its readers call it.
    pub name: String,
    /// The person's.
    pub chosen: bool,
}

page!(ProfilePage, "profile.html");

impl ProfilePage {
    fn faults<'a>(&'a self, frame: &Frame<'a>) -> Vec<Fault<'a>> {
        self.details.faults(frame)
    }
}
