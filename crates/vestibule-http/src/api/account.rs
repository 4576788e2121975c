//! A person's own account: devices, profile, password.

pub mod password;
pub mod profile;
pub mod sessions;
