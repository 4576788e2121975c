//! What the settings file declares, beside settings of one value: applications, roles, people.
//!
//! Each is a list of tables. Every fault is told, with the line it stands on; what has a fault is left out, and the file with
//! it is refused.

mod applications;
mod people;
mod tables;

use toml::de::DeValue;

use vestibule_engine::applications::Declarations;

use super::Fault;

pub use tables::Source;

/// One of the lists.
pub struct List {
    /// As a table's heading: `applications`.
    pub key: &'static str,
    /// What it is, for the reference.
    pub about: &'static str,
    /// What stands in each of its tables.
    pub keys: &'static [Key],
    /// A list within each of its tables.
    pub within: Option<&'static List>,
    /// For the reference.
    pub example: &'static str,
}

/// A key of a table in a list.
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it is if it is not written.
    pub default: &'static str,
    /// For the reference.
    pub meaning: &'static str,
}

/// The lists, in the order of the reference.
pub const LISTS: [&List; 3] = [&applications::LIST, &people::ROLES, &people::USERS];

/// The list with this key.
pub fn list(key: &str) -> Option<&'static List> {
    LISTS.into_iter().find(|list| list.key == key)
}

/// Takes a list's tables in; tells what is wrong with them.
pub fn take(
    into: &mut Declarations,
    list: &List,
    value: &DeValue<'_>,
    source: &Source<'_>,
    faults: &mut Vec<Fault>,
) {
    match list.key {
        "applications" => into.applications = applications::read(value, source, faults),
        "roles" => into.roles = people::roles(value, source, faults),
        _ => into.users = people::users(value, source, faults),
    }
}

#[cfg(test)]
mod tests;
