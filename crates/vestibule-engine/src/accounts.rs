//! What a signed-in user does with their own account.

mod activity;
mod devices;
pub(crate) mod password;
