//! Tables read key by key: what is wrong with each value, what is no key, and on which line.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Key, List};
use crate::settings::table::nearest;
use crate::settings::{Fault, Origin, faults::place};

/// Where a text comes from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The text.
    pub text: &'a str,
    /// Whose it is.
    pub origin: &'a Origin,
}

impl Source<'_> {
    /// `in FILE:LINE`; the environment has no lines.
    pub fn place(&self, span: &Range<usize>) -> String {
        match self.origin {
            Origin::File(_) => format!("{}:{}", place(self.origin), self.line(span)),
            origin => place(origin),
        }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }
}

/// A table that is being read.
pub struct Reader<'a> {
    list: &'static List,
    /// As whose a fault is told.
    owner: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    source: &'a Source<'a>,
}

/// The tables of a list, each with what it is called in faults; a fault where there is no list of tables.
pub fn tables<'a>(
    list: &'static List,
    value: &'a DeValue<'a>,
    source: &'a Source<'a>,
    of: Option<&str>,
    faults: &mut Vec<Fault>,
) -> Vec<Reader<'a>> {
    let tables: Option<Vec<_>> = value.as_array().and_then(|tables| {
        let each = tables
            .iter()
            .map(|table| Some((table.span(), table.get_ref().as_table()?)));
        each.collect()
    });
    let Some(tables) = tables else {
        let key = of.map_or(list.key.to_owned(), |of| format!("{} of {of}", list.key));
        faults.push(Fault::new(format!(
            "{key} ({}): must be a list of tables, each under [[{}]]",
            place(source.origin),
            list.key
        )));
        return Vec::new();
    };
    let each = tables.into_iter().enumerate();
    each.map(|(n, (span, table))| {
        let own = ["name", "email"]
            .iter()
            .find_map(|key| table.get(*key)?.get_ref().as_str());
        let owner = match (own, of) {
            (Some(own), _) => format!("[[{}]] {own:?}", list.key),
            (None, Some(of)) => format!("rule {} of {of}", n + 1),
            (None, None) => format!("[[{}]] number {}", list.key, n + 1),
        };
        Reader {
            list,
            owner,
            table,
            span,
            source,
        }
    })
    .collect()
}

impl<'a> Reader<'a> {
    /// Where it begins.
    pub fn place(&self) -> String {
        self.source.place(&self.span)
    }

    /// Whether `key` is written.
    pub fn says(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A list of tables within it.
    pub fn within(&self, faults: &mut Vec<Fault>) -> Vec<Reader<'a>> {
        let Some(list) = self.list.within else {
            return Vec::new();
        };
        let (_, name) = list.key.rsplit_once('.').unwrap_or(("", list.key));
        self.value(name).map_or(Vec::new(), |value| {
            tables(
                list,
                value.get_ref(),
                self.source,
                Some(&self.owner),
                faults,
            )
        })
    }

    /// A text that must be there, read by `read`.
    pub fn required<T>(
        &self,
        key: &str,
        example: &str,
        faults: &mut Vec<Fault>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.says(key) {
            self.fault(
                &self.span,
                faults,
                &format!("has no {key}: write {key} = {example}"),
            );
        }
        self.read(key, faults, read)
    }

    /// A text, read by `read`.
    pub fn read<T>(
        &self,
        key: &str,
        faults: &mut Vec<Fault>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let read = value
            .get_ref()
            .as_str()
            .map_or_else(|| Err("must be a text in quotes".to_owned()), read);
        read.map_err(|why| self.wrong(key, value, &why, faults))
            .ok()
    }

    /// `true` or `false`; `false` where it is not written.
    pub fn switch(&self, key: &str, faults: &mut Vec<Fault>) -> bool {
        let Some(value) = self.value(key) else {
            return false;
        };
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong(key, value, "must be true or false", faults);
        }
        switch.unwrap_or_default()
    }

    /// Texts that are read as `T`s, each once.
    pub fn list<T: FromStr<Err: ToString> + PartialEq>(
        &self,
        key: &str,
        faults: &mut Vec<Fault>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(values) = value.get_ref().as_array() else {
            self.wrong(key, value, "must be a list of texts in quotes", faults);
            return Vec::new();
        };
        let mut read = Vec::new();
        for value in values {
            let text = value.get_ref().as_str();
            let one = text.map_or_else(
                || Err("must be a text in quotes".to_owned()),
                |text| text.parse().map_err(|why: T::Err| why.to_string()),
            );
            match one {
                Ok(one) if read.contains(&one) => {
                    self.wrong(key, value, "stands there twice", faults);
                }
                Ok(one) => read.push(one),
                Err(why) => self.wrong(key, value, &why, faults),
            }
        }
        read
    }

    /// Tells of every key that is none, with the nearest that is one.
    pub fn refuse_unknown(&self, faults: &mut Vec<Fault>) {
        let known = || {
            let within = self.list.within.and_then(|list| list.key.rsplit_once('.'));
            let keys = self.list.keys.iter().map(|key: &Key| key.name);
            keys.chain(within.map(|(_, name)| name))
        };
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if known().any(|known| known == name) {
                continue;
            }
            let why = if name == "password" {
                "has a password: none ever stands in the settings; `vestibule user recover` lets its owner set one".to_owned()
            } else {
                let nearest = nearest(name, known()).unwrap_or_default();
                format!("has no key {name}; the nearest is {nearest}")
            };
            self.fault(&key.span(), faults, &why);
        }
    }

    /// Something is wrong with the whole of it.
    pub fn refuse(&self, why: &str, faults: &mut Vec<Fault>) {
        self.fault(&self.span, faults, why);
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, why: &str, faults: &mut Vec<Fault>) {
        let written = self.source.text.get(value.span()).unwrap_or_default();
        // A list over many lines is told by its place alone.
        let written = match written.lines().next() {
            Some(line) if line.len() == written.len() && line.len() <= 80 => format!(" = {line}"),
            _ => String::new(),
        };
        let place = self.source.place(&value.span());
        faults.push(Fault::new(format!(
            "{}: {key}{written} ({place}): {why}",
            self.owner
        )));
    }

    fn fault(&self, span: &Range<usize>, faults: &mut Vec<Fault>, why: &str) {
        let place = self.source.place(span);
        faults.push(Fault::new(format!("{} ({place}) {why}", self.owner)));
    }
}
