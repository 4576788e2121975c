//! A person's own account.

pub mod activity;
pub mod devices;
pub mod security;
