//! `/login`

mod get;
mod post;
mod throttled;
