//! What the contract suite cannot see from outside: batches, savepoints, a full disk, damage, the schema's history.

mod make;
mod opening;
mod reading;
mod rules;
mod trail;
mod writing;
