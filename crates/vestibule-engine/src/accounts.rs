//! What a signed-in user does with their own account.

pub(crate) mod activity;
mod devices;
pub(crate) mod password;
