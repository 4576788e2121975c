//! The languages hold each other: the same messages, the same variables, each used, none missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_bundle::FluentResource;
use http::{HeaderMap, HeaderValue, header};

use super::{Arg, LANGUAGES, Texts};

/// How ids are named in templates and in Rust: each of these with a literal after it.
const NAMES: [&str; 4] = ["t(", "text(", "text_with(", "msg("];
/// How the letters name them.
const LETTERS: [&str; 4] = ["say(", "say_with(", "button(", "link("];
/// Calls of the dates module take a message's id second.
const SENTENCES: [&str; 6] = [
    "dates::day(frame.tongue, ",
    "dates::wait(frame.tongue, ",
    "dates::wait(tongue, ",
    "dates::day(tongue, ",
    "dates::ago(tongue, ",
    "dates::until(tongue, ",
];

type Messages = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_language_parses_and_has_the_same_messages_with_the_same_variables() {
    let english = messages(LANGUAGES[0].1);
    for (tag, source) in LANGUAGES {
        assert!(
            FluentResource::try_new(source.to_owned()).is_ok(),
            "{tag}.ftl does not parse"
        );
        let others = messages(source);
        let ids = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = ids(&english).difference(&ids(&others)).cloned().collect();
        let surplus: Vec<_> = ids(&others).difference(&ids(&english)).cloned().collect();
        assert!(missing.is_empty(), "{tag}.ftl lacks {missing:?}");
        assert!(
            surplus.is_empty(),
            "{tag}.ftl has {surplus:?}, which English lacks"
        );
        for (id, variables) in &english {
            assert_eq!(variables, &others[id], "variables of {id} in {tag}.ftl");
        }
    }
}

#[test]
fn every_id_that_is_named_exists_and_every_message_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeMap::new();
    collect(&root.join("templates"), &mut named);
    collect(&root.join("src"), &mut named);
    let english = messages(LANGUAGES[0].1);
    for (id, place) in &named {
        assert!(
            english.contains_key(id),
            "{place} names {id}, which no language has"
        );
    }
    let unused: Vec<_> = english
        .keys()
        .filter(|id| !named.contains_key(*id))
        .collect();
    assert!(unused.is_empty(), "nothing names {unused:?}");
}

#[test]
fn no_file_of_texts_is_forgotten_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("texts");
    let files: BTreeSet<_> = fs::read_dir(folder)
        .expect("texts")
        .map(|entry| {
            entry
                .expect("read")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    let table: BTreeSet<_> = LANGUAGES
        .iter()
        .map(|(tag, _)| format!("{tag}.ftl"))
        .collect();
    assert_eq!(files, table);
}

#[test]
fn plural_forms_and_fallback() {
    let texts = Texts::embedded();
    let [english, german] = [0, 1].map(|index| texts.tongue(index));
    assert_eq!(german.lang(), "de");
    assert_eq!(
        english.text_with("devices-end-others", &[("count", 1_usize.into())]),
        "Sign out 1 other"
    );
    assert_eq!(
        english.text_with("devices-end-others", &[("count", 2_usize.into())]),
        "Sign out 2 others"
    );
    assert_eq!(
        german.text_with("date-days-ago", &[("count", 2_u32.into())]),
        "vor 2 Tagen"
    );
    assert_eq!(
        english.text(super::msg("nothing-has-this-id")),
        "nothing-has-this-id"
    );
}

#[test]
fn a_strangers_text_cannot_turn_the_sentence_around_it() {
    let texts = Texts::embedded();
    let english = texts.tongue(0);
    let with = |name: &str| {
        english
            .text_with("devices-end-label", &[("device", Arg::from(name))])
            .into_owned()
    };
    assert_eq!(with("Firefox"), "Sign out Firefox");
    assert_eq!(
        with("\u{2069}\u{202e}Fire\u{200f}fox"),
        "Sign out \u{2068}Firefox\u{2069}"
    );
    assert_eq!(with("{ $count }"), "Sign out { $count }");
}

#[test]
fn the_language_follows_the_browser() {
    let texts = Texts::embedded();
    let lang = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                header::ACCEPT_LANGUAGE,
                HeaderValue::from_bytes(value).expect("a header"),
            );
        }
        texts.language(&headers).lang()
    };
    assert_eq!(lang(&[]), "en");
    assert_eq!(lang(&[b"de-DE,de;q=0.9,en;q=0.8"]), "de");
    assert_eq!(lang(&[b"fr", b"de;q=0.1"]), "de");
    assert_eq!(lang(&[b"\xff\xfe", b"de"]), "de");
}

/// Ids and variables, read off the file's lines: an id starts its line, and what belongs to it is indented.
fn messages(source: &str) -> Messages {
    let mut messages = Messages::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" =").filter(|(id, _)| !id.starts_with(' ')) {
            id.clone_into(&mut current);
            assert!(
                messages.insert(current.clone(), BTreeSet::new()).is_none(),
                "{id} twice"
            );
        }
        for rest in line.split('$').skip(1) {
            let variable: String = rest
                .chars()
                .take_while(|character| character.is_alphanumeric() || *character == '_')
                .collect();
            messages
                .get_mut(&current)
                .expect("a message")
                .insert(variable);
        }
    }
    messages
}

fn collect(folder: &Path, named: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("read").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.is_dir() {
            if name != "tests" && name != "samples" {
                collect(&path, named);
            }
            continue;
        }
        // Tests are no use of a message.
        if ["tests.rs", "samples.rs", "gallery.rs", "markup.rs"].contains(&name.as_str()) {
            continue;
        }
        let source = fs::read_to_string(&path).expect("text");
        let source = source
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for call in NAMES.iter().chain(&LETTERS).chain(&SENTENCES) {
            for (at, _) in source.match_indices(call) {
                // `insert("…")` ends like a call of ours and is none.
                let joined = source[..at]
                    .ends_with(|character: char| character.is_alphanumeric() || character == '_');
                let Some(argument) = source[at + call.len()..].trim_start().strip_prefix('"')
                else {
                    continue;
                };
                let id = argument.split('"').next().unwrap_or_default();
                let shaped = !id.is_empty()
                    && id.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
                    });
                if !joined && shaped {
                    named.insert(id.to_owned(), name.clone());
                }
            }
        }
    }
}
