//! `/dev/mail`: what would have been mailed, for a developer to look at.

use super::{
    Frame,
    dates::{self, When},
    page,
};

/// The letters, newest first.
#[derive(Clone, Debug, Default)]
pub struct DevMailPage {
    /// Newest first; may be empty.
    pub letters: Vec<DevLetter>,
}

/// A letter in the list.
#[derive(Clone, Debug)]
pub struct DevLetter {
    /// Its number.
    pub id: u64,
    /// When it was handed over.
    pub at: i64,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
}

/// One letter, as text whose links can be followed.
#[derive(Clone, Debug)]
pub struct DevLetterPage {
    /// Its place in the list.
    pub letter: DevLetter,
    /// The text, cut into its parts.
    pub parts: Vec<TextPart>,
}

/// A part of a letter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// Words.
    Words(String),
    /// A link to this installation: its path, and the whole of it as it stands in the letter.
    Link {
        /// With its query.
        path: String,
        /// The URL.
        url: String,
    },
}

page!(DevMailPage, "dev_mail.html");
page!(DevLetterPage, "dev_mail_letter.html");

impl DevLetter {
    fn when<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        dates::moment(frame.tongue, self.at, frame.now)
    }
}

impl TextPart {
    /// Cuts a text at the links to `origin`: a line that is one, as letters have them.
    pub fn cut(text: &str, origin: &str) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut words = String::new();
        for line in text.split_inclusive('\n') {
            let url = line.trim_end();
            match url
                .strip_prefix(origin)
                .filter(|path| path.starts_with('/'))
            {
                Some(path) => {
                    parts.push(Self::Words(std::mem::take(&mut words)));
                    parts.push(Self::Link {
                        path: path.to_owned(),
                        url: url.to_owned(),
                    });
                    words.push_str(&line[url.len()..]);
                }
                None => words.push_str(line),
            }
        }
        parts.push(Self::Words(words));
        parts
    }
}
