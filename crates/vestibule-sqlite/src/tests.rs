//! What the contract suite cannot see from outside: batches, savepoints, a full disk, damage, the schema's history.

mod archive;
mod leaving;
mod log;
mod make;
mod opening;
mod plans;
mod proving;
mod reading;
mod rules;
mod trail;
mod writing;
