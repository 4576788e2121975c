//! `/console` and what is below it.

mod applications;
mod frame;
mod people;
mod settings;

/// Who administers in these tests.
pub const ROOT: &str = "root@example.test";
