//! `/recover`

mod ask;
mod end_login;
mod finish;
