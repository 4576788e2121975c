//! The pages a person sees, one file each.

pub mod account;
pub mod assets;
pub mod home;
pub mod login;
pub mod logout;
pub mod setup;

mod pre_session;
