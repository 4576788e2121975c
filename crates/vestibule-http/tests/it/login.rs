//! `/login`

mod get;
mod post;
