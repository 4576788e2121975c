//! Numbers in the reader's form: '1,234,567', '1.234.567'.

use std::borrow::Cow;

use crate::texts::{Msg, Tongue};

/// Digits in groups of three.
pub(super) fn grouped(tongue: Tongue<'_>, number: u64) -> String {
    let digits = number.to_string();
    let mark = tongue.text("number-group");
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(&mark);
        }
        text.push(digit);
    }
    text
}

/// A sentence with a number in it: `count` chooses the plural form, `shown` is what is read.
pub(super) fn counted(tongue: Tongue<'_>, sentence: Msg, number: u64) -> Cow<'_, str> {
    let count = i64::try_from(number).unwrap_or(i64::MAX);
    let shown = grouped(tongue, number);
    tongue.text_with(
        sentence,
        &[("count", count.into()), ("shown", shown.into())],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Texts;

    #[test]
    fn digits_stand_in_threes() {
        let texts = Texts::embedded();
        for (number, english, german) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1000, "1,000", "1.000"),
            (1_234_567, "1,234,567", "1.234.567"),
        ] {
            assert_eq!(grouped(texts.of("en"), number), english);
            assert_eq!(grouped(texts.of("de"), number), german);
        }
    }
}
