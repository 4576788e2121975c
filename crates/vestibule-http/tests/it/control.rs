//! The control socket's JSON, asked as the commands ask.

mod audit;
mod backup;
mod bad_input;
mod caller;
mod invitations;
mod mail;
mod sessions;
mod users;
