//! The control socket's JSON, asked as the commands ask.

mod applications;
mod audit;
mod backup;
mod bad_input;
mod caller;
mod doctor;
mod invitations;
mod mail;
mod roles;
mod sessions;
mod settings;
mod users;
