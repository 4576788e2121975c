//! What the pages say, in each language: Fluent files embedded in the binary, one a language.
//!
//! Adding a language is adding `texts/<tag>.ftl` and one row to [`LANGUAGES`]; the tests then name each message that it lacks.
//! A message missing at run time falls back to English, which is complete by the same tests.

use std::borrow::Cow;

use fluent_bundle::{
    FluentArgs, FluentError, FluentResource, FluentValue, concurrent::FluentBundle,
};
use http::{HeaderMap, header};

mod negotiation;

#[cfg(test)]
mod tests;

/// Tag and messages of each language; the first is the fallback.
const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../texts/en.ftl")),
    ("de", include_str!("../texts/de.ftl")),
];

/// Every language, parsed once at start.
pub struct Texts {
    languages: Vec<Language>,
}

/// One language. A handle that is copied freely; all a page needs to speak.
#[derive(Clone, Copy)]
pub struct Tongue<'a> {
    language: &'a Language,
    fallback: &'a Language,
}

/// The id of a message. Written with [`msg`], so that the tests find every id the code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msg(&'static str);

/// A value for a message's variable.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    /// Text, perhaps a stranger's. Directional marks are removed and non-ASCII text is isolated, so that a name cannot turn the
    /// sentence around it.
    Text(Cow<'a, str>),
    /// A phrase of our own, in the same language: goes in as it is.
    Phrase(Cow<'a, str>),
    /// A number, for plural forms too.
    Number(i64),
    /// Another message without variables, in the same language.
    Message(Msg),
}

struct Language {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// Names a message.
pub const fn msg(id: &'static str) -> Msg {
    Msg(id)
}

impl Texts {
    /// The languages embedded in the binary.
    pub fn embedded() -> Self {
        Self::of_sources(&LANGUAGES)
    }

    /// Tag and messages of each language of somebody else's pages; the first, of which there must be one, is the fallback.
    pub fn of_sources(sources: &[(&'static str, &'static str)]) -> Self {
        let languages = sources
            .iter()
            .map(|(tag, source)| Language::parse(tag, source));
        Self {
            languages: languages.collect(),
        }
    }

    /// The language the browser prefers by its `Accept-Language` (RFC 9110 §12.5.4) among those there are, or English.
    /// What is malformed in the header is passed over.
    pub fn language(&self, headers: &HeaderMap) -> Tongue<'_> {
        let tags: Vec<_> = self.languages.iter().map(|language| language.tag).collect();
        let values = headers
            .get_all(header::ACCEPT_LANGUAGE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        self.tongue(negotiation::preferred(values, &tags))
    }

    /// The language of this tag (BCP 47), or English.
    pub fn of(&self, tag: &str) -> Tongue<'_> {
        let tags: Vec<_> = self.languages.iter().map(|language| language.tag).collect();
        self.tongue(negotiation::preferred(std::iter::once(tag), &tags))
    }

    /// The tag of every language, the fallback first.
    pub fn tags(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.languages.iter().map(|language| language.tag)
    }

    /// One handle for each language.
    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = Tongue<'_>> {
        (0..self.languages.len()).map(|index| self.tongue(index))
    }

    fn tongue(&self, index: usize) -> Tongue<'_> {
        Tongue {
            language: &self.languages[index],
            fallback: &self.languages[0],
        }
    }
}

impl<'a> Tongue<'a> {
    /// For the `lang` attribute.
    pub fn lang(self) -> &'static str {
        self.language.tag
    }

    /// A message without variables.
    pub fn text(self, id: impl Into<Msg>) -> Cow<'a, str> {
        self.text_with(id, &[])
    }

    /// A message with its variables.
    pub fn text_with(self, id: impl Into<Msg>, args: &[(&'static str, Arg<'_>)]) -> Cow<'a, str> {
        let Msg(id) = id.into();
        self.language
            .format(id, args)
            .or_else(|| self.fallback.format(id, args))
            .unwrap_or_else(|| {
                tracing::error!(text.id = id, "a text is missing in every language");
                Cow::Borrowed(id)
            })
    }
}

#[cfg(test)]
impl Tongue<'_> {
    /// The message in this language alone, if it is there and nothing in it is left open.
    pub(crate) fn own(self, Msg(id): Msg, args: &[(&'static str, Arg<'_>)]) -> Option<String> {
        let (text, errors) = self.language.complete(id, args)?;
        errors.is_empty().then_some(text)
    }
}

impl Language {
    fn parse(tag: &'static str, source: &str) -> Self {
        // A fault in an embedded file costs only the entry it stands in; the tests let none pass.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap_or_default()]);
        // `Arg` isolates what needs it: marks around every number would be noise to a screen reader and to a search.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    fn format(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> Option<Cow<'_, str>> {
        let (text, errors) = self.complete(id, args)?;
        if !errors.is_empty() {
            tracing::error!(
                text.id = id,
                text.language = self.tag,
                ?errors,
                "a text could not be completed"
            );
        }
        Some(Cow::Owned(text))
    }

    /// The text, and what could not be put into it.
    fn complete(
        &self,
        id: &str,
        args: &[(&'static str, Arg<'_>)],
    ) -> Option<(String, Vec<FluentError>)> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let args: FluentArgs<'_> = args
            .iter()
            .map(|(name, arg)| (*name, arg.value(self)))
            .collect();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&args), &mut errors);
        Some((text.into_owned(), errors))
    }
}

impl Arg<'_> {
    fn value(&self, language: &Language) -> FluentValue<'static> {
        match self {
            Self::Message(Msg(id)) => {
                let text = language.format(id, &[]).unwrap_or_default();
                FluentValue::from(text.into_owned())
            }
            Self::Number(number) => FluentValue::from(*number),
            Self::Phrase(text) => FluentValue::from(text.clone().into_owned()),
            Self::Text(text) if text.is_ascii() => FluentValue::from(text.clone().into_owned()),
            Self::Text(text) => {
                let text: String = text
                    .chars()
                    .filter(|character| !is_directional(*character))
                    .collect();
                FluentValue::from(format!("\u{2068}{text}\u{2069}"))
            }
        }
    }
}

/// Unicode's explicit directional marks (UAX 9 §2), which could close our isolation or reverse what follows.
fn is_directional(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl From<&'static str> for Msg {
    fn from(id: &'static str) -> Self {
        Self(id)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<usize> for Arg<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
