//! A reader of our own well-formed pages, for the tests: elements with their attributes, and the text between them.

use std::collections::BTreeMap;

/// An element's start tag.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: BTreeMap<String, String>,
    /// The text in it, up to its end tag, white space kept.
    pub(super) text: String,
}

const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Reads a page; panics where it is not well formed, naming the place.
pub(super) fn elements(html: &str) -> Vec<Element> {
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rest = html
        .strip_prefix("<!doctype html>")
        .expect("a doctype first");
    while let Some((text, tail)) = rest.split_once('<') {
        assert!(!text.contains('>'), "a stray > in {text:?}");
        for index in &open {
            found[*index].text.push_str(&decode(text));
        }
        let (tag, after) = tail.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let index = open.pop().expect("an end tag has its start");
            assert_eq!(found[index].name, name, "nested wrongly before {after:.80}");
            continue;
        }
        let closed = tag.ends_with('/');
        let (name, attributes) = read_tag(tag.trim_end_matches('/'));
        found.push(Element {
            name: name.clone(),
            attributes,
            text: String::new(),
        });
        if !closed && !VOID.contains(&name.as_str()) {
            open.push(found.len() - 1);
        }
    }
    assert!(
        open.is_empty(),
        "left open: {:?}",
        open.iter()
            .map(|index| &found[*index].name)
            .collect::<Vec<_>>()
    );
    found
}

fn read_tag(tag: &str) -> (String, BTreeMap<String, String>) {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (name.to_owned(), attributes);
        }
        let end = rest
            .find(|character: char| character == '=' || character.is_whitespace())
            .unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        let value = if let Some(after) = after.strip_prefix("=\"") {
            let (value, after) = after.split_once('"').expect("a value ends");
            rest = after;
            decode(value)
        } else {
            rest = after;
            String::new()
        };
        assert!(
            attributes.insert(attribute.to_owned(), value).is_none(),
            "{attribute} twice in <{tag}>"
        );
    }
}

fn decode(text: &str) -> String {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    let text = text
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'");
    text.replace("&#38;", "&").replace("&amp;", "&")
}
