//! The handshake: `/vestibule/*` on applications' hosts and on the issuer's.

pub mod town;

mod attacks;
mod finish;
mod hosts;
mod logout;
mod not_sent;
mod offer;
mod start;
mod whole;
