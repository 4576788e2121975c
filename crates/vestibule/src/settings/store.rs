//! Where the truth is kept.

use std::path::PathBuf;

use super::mail::Secret;

/// Which store, and how it is reached.
#[derive(Debug, Clone)]
pub struct Store {
    /// A PostgreSQL database's url, perhaps with a password in it; `None` is SQLite in the data directory.
    pub postgres: Option<Secret>,
    /// The file that holds the password instead.
    pub password_file: Option<PathBuf>,
    /// Connections to the database, at most.
    pub connections: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            postgres: None,
            password_file: None,
            connections: 16,
        }
    }
}
