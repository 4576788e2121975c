//! The forms under which a password is compared with words that may not be one (N28).
//!
//! A form is always of the whole password: `vestibule2026!!!` and `Vestibule-Vestibule` are the word 'vestibule' written
//! longer, `a vestibule of bricks` is not. What is stored and verified stays as typed.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Fewest code points of a word with its digits and signs stripped: what is left of `k4711` is no word.
const LEAST_BARE: usize = 4;
/// Most code points of a unit that is too little to repeat, whatever it is.
const TOO_LITTLE: usize = 4;

/// The forms of one password: each of them what a person might have begun with to make it long enough.
pub(super) struct Forms {
    forms: Vec<Zeroizing<String>>,
    repeats_little: bool,
}

impl Forms {
    pub(super) fn of(text: &str) -> Self {
        let joined = Zeroizing::new(joined(text));
        let edges = joined.trim_matches(|c: char| !c.is_alphanumeric());
        let bare = joined.trim_matches(|c: char| !c.is_alphabetic());
        let mut forms: Vec<Zeroizing<String>> = Vec::new();
        for whole in [&joined, edges, bare] {
            for form in [whole, unit(whole)] {
                if !form.is_empty() && !forms.iter().any(|known| **known == form) {
                    forms.push(Zeroizing::new(form.to_owned()));
                }
            }
        }
        let unit = unit(&joined);
        let repeats_little = unit.len() < joined.len() && unit.chars().count() <= TOO_LITTLE;
        Self {
            forms,
            repeats_little,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().map(|form| form.as_str())
    }

    /// Whether the password is four characters or fewer, over and over.
    pub(super) const fn repeats_little(&self) -> bool {
        self.repeats_little
    }

    /// Whether the password is `word`, written longer.
    pub(super) fn are(&self, word: &str) -> bool {
        let word = Word::of(word);
        self.iter().any(|form| word.is(form))
    }
}

/// A word in the forms under which a password may be it: written together, and without digits and signs around it.
pub(super) struct Word {
    joined: String,
    bare: String,
}

impl Word {
    pub(super) fn of(word: &str) -> Self {
        let joined = joined(word);
        let bare = joined.trim_matches(|c: char| !c.is_alphabetic());
        let bare = if bare.chars().count() < LEAST_BARE {
            ""
        } else {
            bare
        };
        Self {
            bare: bare.to_owned(),
            joined,
        }
    }

    /// No form is empty, so an empty word is none.
    pub(super) fn is(&self, form: &str) -> bool {
        form == self.joined || form == self.bare
    }
}

/// Lower case, NFC, written together: what stands between words is left out.
pub(super) fn joined(text: &str) -> String {
    let composed: Zeroizing<String> = Zeroizing::new(text.nfc().collect());
    let lower = Zeroizing::new(composed.to_lowercase());
    let between = |c: char| c.is_whitespace() || "-_.,+@/".contains(c);
    // Room for all of it, so that no copy of a password is left behind by growing.
    let mut joined = String::with_capacity(lower.len());
    joined.extend(lower.nfc().filter(|c| !between(*c)));
    if joined.is_empty() {
        joined.push_str(&lower);
    }
    joined
}

/// What `text` repeats, if it is nothing but a repetition; else all of it.
fn unit(text: &str) -> &str {
    let period = |end: usize| {
        text.len().is_multiple_of(end)
            && text
                .as_bytes()
                .chunks(end)
                .all(|chunk| chunk == &text.as_bytes()[..end])
    };
    text.char_indices()
        .map(|(at, _)| at)
        .find(|&at| at > 0 && period(at))
        .map_or(text, |end| &text[..end])
}
