//! What a mail says, in words: plain text that stands on its own, and the same as simple HTML.
//!
//! A letter says what happened, when and from where, what to do if it was not the reader, and why they get it. It loads
//! nothing and pictures nothing, and sets no colours but its button's, so that it reads in a dark mailbox as in a light one.
//!
//! Links are built from the issuer alone (H01): no request has a say in them.

use vestibule_core::letter::Letter;
use vestibule_engine::Places;

use crate::site::Issuer;
use crate::texts::{Arg, Texts, Tongue};

mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use self::words::Words;

/// A column that every mail program shows without wrapping once more (RFC 5322 §2.1.1).
const WIDTH: usize = 72;

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line, ours and the brand's words alone.
    pub subject: String,
    /// `text/plain; charset=utf-8`, lines ended by `\n`.
    pub text: String,
    /// `text/html; charset=utf-8`.
    pub html: String,
}

/// One piece of a letter, from top to bottom.
enum Block {
    Say(String),
    /// When, on what and from where.
    Facts(Vec<(String, String)>),
    /// What the letter is for.
    Button(Link),
    /// What else may be done.
    Link(Link),
}

struct Link {
    label: String,
    url: String,
}

#[derive(askama::Template)]
#[template(path = "letters/letter.html", whitespace = "minimize")]
struct View<'a> {
    lang: &'static str,
    brand: &'a str,
    title: &'a str,
    copy: &'a str,
    blocks: &'a [Block],
    why: &'a str,
}

/// Writes a letter in its reader's language. An error means a defect in a template, never bad data.
pub fn write(
    letter: &Letter,
    issuer: &Issuer,
    brand: &str,
    texts: &Texts,
    places: Option<&dyn Places>,
) -> Result<Written, askama::Error> {
    let tongue = texts.of(letter.language.as_str());
    let words = Words {
        tongue,
        issuer,
        brand,
        places,
        to: &letter.to,
    };
    let title = words.title(&letter.says);
    let blocks = words.blocks(&letter.says);
    let why = words.why(&letter.says);
    let copy = tongue.text("letter-copy");
    let html = askama::Template::render(&View {
        lang: tongue.lang(),
        brand,
        title: &title,
        copy: &copy,
        blocks: &blocks,
        why: &why,
    })?;
    Ok(Written {
        subject: subject(tongue, &title, brand),
        text: plain(&title, &blocks, &why),
        html,
    })
}

/// ASVS 1.3.11: one line, whatever the brand is; nothing that a stranger wrote is in it.
fn subject(tongue: Tongue<'_>, title: &str, brand: &str) -> String {
    let args = [
        ("title", Arg::Phrase(title.into())),
        ("brand", Arg::Phrase(brand.into())),
    ];
    let text = tongue.text_with("letter-subject", &args);
    text.chars().filter(|c| !c.is_control()).collect()
}

fn plain(title: &str, blocks: &[Block], why: &str) -> String {
    let mut pieces = vec![wrapped(title)];
    for block in blocks {
        pieces.push(match block {
            Block::Say(text) => wrapped(text),
            Block::Facts(facts) => {
                let lines = facts.iter().map(|(name, fact)| format!("{name}: {fact}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            // A line of its own and never broken: mail programs make it a link.
            Block::Button(link) | Block::Link(link) => format!("{}:\n{}", link.label, link.url),
        });
    }
    // RFC 3676 §4.3: what follows this line is no part of the message proper.
    pieces.push(format!("-- \n{}", wrapped(why)));
    pieces.join("\n\n") + "\n"
}

fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}
