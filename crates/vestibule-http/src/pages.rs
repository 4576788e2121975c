//! The pages a person sees, one file each.

pub mod account;
pub mod assets;
pub mod dev_mail;
pub mod home;
pub mod login;
pub mod logout;
pub mod recover;
pub mod register;
pub mod setup;

mod details;
pub(crate) mod pre_session;
