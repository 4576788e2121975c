//! Sessions: the index in front of the store, the check on every request, and what renews, ends and sweeps them.

pub(crate) mod app;
mod by_id;
pub(crate) mod census;
pub(crate) mod check;
mod data;
pub(crate) mod end;
pub(crate) mod index;
pub(crate) mod live;
pub(crate) mod owed;
pub(crate) mod profile;
pub(crate) mod reach;
mod record;
pub(crate) mod renew;
pub(crate) mod sweep;
pub(crate) mod touch;
