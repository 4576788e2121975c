//! What people do with their accounts: from the first link to the last letter.

pub(crate) mod activity;
pub(crate) mod addresses;
pub(crate) mod answers;
mod delete;
mod devices;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod recover;
pub(crate) mod register;
