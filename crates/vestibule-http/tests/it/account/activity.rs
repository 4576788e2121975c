//! `/account/activity`

mod get;
