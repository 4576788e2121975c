//! `/register`

mod ask;
mod finish;
