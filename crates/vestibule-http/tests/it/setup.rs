//! `/setup`

mod get;
mod post;
