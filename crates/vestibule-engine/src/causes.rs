//! An error for the log.

use std::error::Error;

/// An error and what lies beneath it, on one line.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut beneath = error.source();
    while let Some(cause) = beneath {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        beneath = cause.source();
    }
    // ASVS 16.4.1: what a stranger's program answers breaks no line of the log, and moves no cursor.
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the store\nfailed")]
    struct Outer(#[source] std::fmt::Error);

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_the_causes_are_one_line() {
        let told = causes(&Outer(std::fmt::Error));
        assert_eq!(told, format!("the store failed: {}", std::fmt::Error));
    }
}
