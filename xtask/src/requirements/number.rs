//! A requirement's number: its shape and its place in the table.

use std::fmt;

/// `ASVS 7.2.4`, or a list's letters and the line, as in `N07`, `TA04` or `C21`.
///
/// The order is the table's: ASVS first, then by letters, numbers by their value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Number {
    Asvs {
        chapter: u16,
        section: u16,
        requirement: u16,
    },
    Listed {
        letters: String,
        line: String,
    },
}

/// The lists a number may belong to, and how many digits their lines have.
const LISTS: &[(&str, std::ops::RangeInclusive<usize>)] = &[
    // Where standards disagree and one was chosen.
    ("C", 1..=2),
    // Protocols beside OAuth: DPoP, PAR, introspection, revocation, device, registration, logout, sessions.
    ("D", 2..=2),
    ("G", 2..=2),
    ("H", 2..=2),
    ("I", 2..=2),
    ("L", 2..=2),
    ("O", 2..=2),
    ("P", 2..=2),
    ("V", 2..=2),
    ("X", 2..=2),
    // FAPI 2.0, RFC 8725, NIST SP 800-63B-4, RFC 9700 and its update.
    ("F", 2..=2),
    ("J", 2..=2),
    ("N", 2..=2),
    ("R", 2..=2),
    ("U", 2..=2),
    // Attacks on tokens, by family.
    ("TA", 2..=2),
    ("TB", 2..=2),
    ("TC", 2..=2),
    ("TD", 2..=2),
    ("TE", 2..=2),
    ("TF", 2..=2),
    ("TG", 2..=2),
    ("TH", 2..=2),
    ("TI", 2..=2),
    ("TK", 2..=2),
];

impl Number {
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(dotted) = text.strip_prefix("ASVS ") {
            let mut parts = dotted.split('.').map(number);
            let asvs = Self::Asvs {
                chapter: parts.next()??,
                section: parts.next()??,
                requirement: parts.next()??,
            };
            return parts.next().is_none().then_some(asvs);
        }
        let digits_at = text.find(|c: char| c.is_ascii_digit())?;
        let (letters, line) = text.split_at(digits_at);
        let (_, digits) = LISTS.iter().find(|(list, _)| *list == letters)?;
        let shaped = digits.contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_digit());
        shaped.then(|| Self::Listed {
            letters: letters.to_owned(),
            line: format!("{line:>3}"),
        })
    }
}

/// Digits without a leading zero.
fn number(text: &str) -> Option<u16> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asvs {
                chapter,
                section,
                requirement,
            } => write!(f, "ASVS {chapter}.{section}.{requirement}"),
            Self::Listed { letters, line } => write!(f, "{letters}{}", line.trim_start()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn a_number_prints_as_it_was_written() {
        for text in [
            "ASVS 7.2.4",
            "ASVS 16.3.1",
            "N07",
            "R23",
            "H02",
            "TA04",
            "C6",
            "C21",
        ] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn numbers_sort_by_value() {
        let mut numbers: Vec<Number> = ["N10", "C21", "C6", "ASVS 10.1.1", "N09", "ASVS 7.2.4"]
            .iter()
            .filter_map(|text| Number::parse(text))
            .collect();
        numbers.sort();
        let sorted: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        assert_eq!(
            sorted,
            ["ASVS 7.2.4", "ASVS 10.1.1", "C6", "C21", "N09", "N10"]
        );
    }
}
