//! `/account/devices/…`

mod end;
mod end_others;
