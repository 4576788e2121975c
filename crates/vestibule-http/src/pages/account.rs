//! A person's own account.

pub mod activity;
pub mod addresses;
pub mod delete;
pub mod devices;
pub mod profile;
pub mod security;
