//! Attacks on tokens by their numbers, and tokens that must pass.

#![expect(
    clippy::unwrap_used,
    reason = "what a test makes for itself is there or the test fails"
)]

mod algorithm;
mod claims;
mod encoding;
mod header;
mod key_source;
mod kinds;
mod maker;
mod robustness;
mod signature;
mod standards;
mod time;
mod unverified;
