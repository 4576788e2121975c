//! `/account/devices/…`

mod end;
mod end_all;
mod end_others;
