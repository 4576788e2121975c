//! `/console` and what is below it.

mod frame;

/// Who administers in these tests.
pub const ROOT: &str = "root@example.test";
