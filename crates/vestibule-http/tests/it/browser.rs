//! What holds for every page: hosts, headers, cookies, forms, and what goes wrong.

mod cookies;
mod forms;
pub mod headers;
mod hosts;
mod last_resort;
mod origins;
mod programs;
pub mod routes;
mod secrets;
