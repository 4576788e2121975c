//! Roles as somebody types them.

use vestibule_core::user::{ParseRoleError, Role};

/// Names with white space or commas between them, each once.
pub fn read(text: &str) -> Result<Vec<Role>, ParseRoleError> {
    let names = text.split(|c: char| c.is_whitespace() || c == ',');
    let names = names.filter(|name| !name.is_empty());
    let mut roles: Vec<Role> = names.map(str::parse).collect::<Result<_, _>>()?;
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_people_write_lists() {
        let read =
            |text| read(text).map(|roles| roles.into_iter().map(String::from).collect::<Vec<_>>());
        let roles = read("  editors, admin editors\n").unwrap();
        assert_eq!(roles, ["admin", "editors"]);
        assert!(read("").unwrap().is_empty());
        assert!(read("Editors").is_err() && read("a;b").is_err());
    }
}
