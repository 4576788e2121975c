//! What a mail server says, fit for a log.

use std::error::Error as _;

use lettre::transport::smtp::Error;

/// Longest reply that is told.
const LONGEST: usize = 300;

/// The server's reply or the connection's failure: one line, without addresses, control characters or undue length. The
/// server may be anybody's, and repeats the recipient.
pub fn told(error: &Error) -> String {
    let text = match (error.status(), error.source()) {
        (Some(code), Some(text)) => format!("{code} {text}"),
        (Some(code), None) => code.to_string(),
        (None, _) => error.to_string(),
    };
    harmless(&text)
}

/// ASVS 16.2.5, 16.4.1.
fn harmless(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        if word.contains('@') {
            "…".to_owned()
        } else {
            word.replace(char::is_control, "\u{fffd}")
        }
    });
    let text = words.collect::<Vec<_>>().join(" ");
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 16.2.5, ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_a_servers_words_are_a_line_without_addresses() {
        assert_eq!(
            harmless("550 5.1.1 <alice@example.test>: no such\r\nuser \u{1b}[31mhere"),
            "550 5.1.1 … no such user \u{fffd}[31mhere"
        );
        assert!(harmless(&"ä ".repeat(5000)).len() <= LONGEST);
    }
}
