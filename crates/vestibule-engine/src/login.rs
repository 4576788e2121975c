//! Logging in.

mod alert;
pub(crate) mod credential;
pub(crate) mod password;
pub(crate) mod tries;
pub(crate) mod watch;
