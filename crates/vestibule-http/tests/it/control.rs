//! The control socket's JSON, asked as the commands ask.

mod applications;
mod audit;
mod backup;
mod bad_input;
mod caller;
mod doctor;
mod import;
mod invitations;
mod mail;
mod roles;
mod secrets;
mod sessions;
mod settings;
mod users;
mod whole;
