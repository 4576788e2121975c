//! `/account/delete`

mod get;
mod post;

const ALICE: &str = "alice@example.test";
