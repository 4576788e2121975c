//! The nouns of Vestibule and their rules, pure.
//!
//! Everything here is a function of state, input and `now`: no runtime, no HTTP, no SQL, no clock read, no ambient
//! randomness. A store calls these rules inside its transactions, the engine calls them around its I/O, so that each
//! rule is written once.
//!
//! ```text
//! user ── session ─┬─ cookie           (a login of one user on one device; people call it a device)
//!                  ├─ app session      (a cookie on an application's own host)
//!                  ├─ grant            (what one application may do; codes and refresh tokens hang on it: [`oauth`])
//!                  └─ session data     (what an application keeps under it)
//! ```
//!
//! Revocation is a cutoff on a node of that tree ([`lineage`]): order is decided by store numbers, never by clocks.
//!
//! Beside it stand what is mailed and what is counted: a [`ticket`] is a secret that goes out in a mail and does one thing
//! once; an [`errand`] is done after the answer, a [`letter`] is one that is mailed; a tally ([`throttle`]) counts tries; a
//! [`known_device`] gives its owner tries of their own; [`attack`] is the pattern across accounts.

pub mod app_session;
pub mod application;
pub mod attack;
pub mod audit;
pub mod backup;
pub mod csrf;
pub mod declaration;
pub mod device;
pub mod email;
pub mod errand;
pub mod filter;
pub mod id;
pub mod keys;
pub mod known_device;
pub mod letter;
pub mod lineage;
pub mod local_path;
pub mod oauth;
pub mod origin;
pub mod password;
pub mod place;
pub mod role;
pub mod secret;
pub mod session;
pub mod session_data;
pub mod throttle;
pub mod ticket;
pub mod time;
pub mod user;
