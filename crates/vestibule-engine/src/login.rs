//! Logging in.

pub(crate) mod credential;
pub(crate) mod password;
