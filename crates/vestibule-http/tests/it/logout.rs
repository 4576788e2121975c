//! `/logout`

mod get;
mod post;
