//! The built binary on data directories of its own: starts, stops, commands, and everything that may be wrong with a start.

mod browser;
mod commands;
mod faults;
mod process;
mod secrets;
mod serve;
mod settings;
