//! A list that is longer than a page: what is looked for, and from where on.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::browser::form::Fields;
use crate::errors::{Code, Failure};
use crate::views::Paging;

/// Most characters of a text that is looked for (ASVS 15.2.2).
const LONGEST: usize = 256;

/// The query of a list: filters by name, and `before`, the cursor.
pub struct Browse<'a> {
    path: &'static str,
    fields: &'a Fields,
    kept: Vec<(&'static str, String)>,
}

/// A cursor or a filter that no page of ours wrote.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} has no value that this list understands")]
struct Unreadable(&'static str);

impl<'a> Browse<'a> {
    /// The list at `path`.
    pub const fn new(path: &'static str, fields: &'a Fields) -> Self {
        Self {
            path,
            fields,
            kept: Vec::new(),
        }
    }

    /// A filter as it was typed, without white space around it; empty if it is not set. It is kept for the links to other pages.
    pub fn text(&mut self, name: &'static str) -> Result<String, Failure> {
        let text = self.fields.optional(name).unwrap_or_default().trim();
        if text.chars().count() > LONGEST {
            return Err(Failure::of(Code::BadRequest).because(Unreadable(name)));
        }
        if !text.is_empty() {
            self.kept.push((name, text.to_owned()));
        }
        Ok(text.to_owned())
    }

    /// A filter that is one of few words, read by `read`; 400 for any other word.
    pub fn word<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let text = self.text(name)?;
        if text.is_empty() {
            return Ok(None);
        }
        read(&text)
            .map(Some)
            .ok_or_else(|| Failure::of(Code::BadRequest).because(Unreadable(name)))
    }

    /// The cursor, read by `read`; 400 if it is none.
    pub fn before<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let unreadable = || Failure::of(Code::BadRequest).because(Unreadable("before"));
        let before = self.fields.optional("before");
        before
            .map(|cursor| read(cursor).ok_or_else(unreadable))
            .transpose()
    }

    /// Whether anything is looked for.
    pub fn is_narrowed(&self) -> bool {
        !self.kept.is_empty()
    }

    /// This part of the list, with every filter.
    pub fn here(&self) -> String {
        self.at(self.fields.optional("before"))
    }

    /// The links to the other parts: `next` is the cursor of what comes after this one.
    pub fn paging(&self, next: Option<String>) -> Paging {
        Paging {
            first: self
                .fields
                .optional("before")
                .is_some()
                .then(|| self.at(None)),
            next: next.map(|cursor| self.at(Some(&cursor))),
        }
    }

    /// The same filters at another path, perhaps with one thing more.
    pub fn elsewhere(&self, path: &str, more: Option<(&'static str, &str)>) -> String {
        let kept = self.kept.iter().map(|(name, text)| (*name, text.as_str()));
        let mut path = path.to_owned();
        for (at, (name, text)) in kept.chain(more).enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            let text = utf8_percent_encode(text, NON_ALPHANUMERIC);
            // Writing to a `String` does not fail.
            let _ = write!(path, "{mark}{name}={text}");
        }
        path
    }

    fn at(&self, before: Option<&str>) -> String {
        self.elsewhere(self.path, before.map(|cursor| ("before", cursor)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(query: &str) -> Fields {
        Fields::parse(query.as_bytes()).unwrap()
    }

    #[test]
    fn links_keep_what_is_looked_for_and_move_the_cursor() {
        let fields = fields("text=+a%26b%C3%BC+&kind=&before=7&strange=1");
        let mut browse = Browse::new("/console/x", &fields);
        assert!(!browse.is_narrowed());
        assert_eq!(browse.text("text").unwrap(), "a&bü");
        assert_eq!(browse.text("kind").unwrap(), "");
        assert!(browse.is_narrowed());
        assert_eq!(browse.here(), "/console/x?text=a%26b%C3%BC&before=7");
        let paging = browse.paging(Some("3".to_owned()));
        assert_eq!(paging.first.as_deref(), Some("/console/x?text=a%26b%C3%BC"));
        let next = "/console/x?text=a%26b%C3%BC&before=3";
        assert_eq!(paging.next.as_deref(), Some(next));
    }

    #[test]
    fn what_no_page_of_ours_wrote_is_refused() {
        let long = format!("text={}&kind=x&before=y", "x".repeat(LONGEST + 1));
        let fields = fields(&long);
        let mut browse = Browse::new("/console/x", &fields);
        assert!(browse.text("text").is_err());
        assert!(browse.word("kind", |_| None::<()>).is_err());
        assert!(browse.before(|cursor| cursor.parse::<u64>().ok()).is_err());
    }
}
