//! `/account/security`

mod post;
