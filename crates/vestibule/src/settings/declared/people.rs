//! `[[roles]]` and `[[users]]`.

use toml::de::DeValue;

use vestibule_core::email::EmailAddress;
use vestibule_core::role::RoleSpec;
use vestibule_core::user::{DisplayName, ParseRoleError, Role};
use vestibule_engine::applications::Person;

use super::tables::{Reader, Source, tables};
use super::{Key, List};
use crate::settings::Fault;

pub const ROLES: List = List {
    key: "roles",
    about: "What roles are for. A role is a name that people hold and applications ask for; it needs no description to be held.",
    keys: &[
        Key {
            name: "name",
            default: "none: it must be there",
            meaning: "1 to 64 characters out of a-z, 0-9, _ and -. Unique. `admin` administers Vestibule.",
        },
        Key {
            name: "description",
            default: "none",
            meaning: "What it is for, in a few words.",
        },
        Key {
            name: "permissions",
            default: "`[]`",
            meaning: "What it allows in applications' own words, such as `\"orders:read\"`. Tokens will carry them.",
        },
    ],
    within: None,
    example: "\
[[roles]]
name = \"staff\"
description = \"Whoever works here\"
permissions = [\"orders:read\"]
",
};

pub const USERS: List = List {
    key: "users",
    about: "People. Each has an account, made without a password: nothing is mailed by itself, `vestibule user recover EMAIL` lets \
            its owner set one. An account that had the address before becomes declared. Who was declared and is not any more is \
            disabled, and their sessions end; the last administrator is not.",
    keys: &[
        Key {
            name: "email",
            default: "none: it must be there",
            meaning: "The account's address. Unique.",
        },
        Key {
            name: "name",
            default: "what they chose",
            meaning: "What people call them.",
        },
        Key {
            name: "roles",
            default: "`[]`",
            meaning: "Exactly these, whatever commands gave them.",
        },
        Key {
            name: "verified",
            default: "`false`",
            meaning: "The address is known to be theirs. `false` takes nothing away that they proved.",
        },
        Key {
            name: "disabled",
            default: "`false`",
            meaning: "No login, and every session ended. `false` opens the account again.",
        },
    ],
    within: None,
    example: "\
[[users]]
email = \"alice@example.com\"
name = \"Alice\"
roles = [\"admin\", \"staff\"]
verified = true
",
};

/// Reads every role.
pub fn roles(value: &DeValue<'_>, source: &Source<'_>, faults: &mut Vec<Fault>) -> Vec<RoleSpec> {
    let mut read: Vec<(RoleSpec, String)> = Vec::new();
    for reader in tables(&ROLES, value, source, None, faults) {
        reader.refuse_unknown(faults);
        let name = reader.required("name", "\"staff\"", faults, |text| {
            text.parse::<Role>()
                .map_err(|why: ParseRoleError| why.to_string())
        });
        let description = name_in(&reader, "description", faults);
        let permissions = reader.list("permissions", faults);
        let Some(name) = name else { continue };
        if let Some((_, place)) = read.iter().find(|(other, _)| other.name == name) {
            reader.refuse(&format!("is described twice (first {place})"), faults);
        }
        let spec = RoleSpec::new(name, description.unwrap_or_default(), permissions);
        read.push((spec, reader.place()));
    }
    read.into_iter().map(|(spec, _)| spec).collect()
}

/// Reads everybody.
pub fn users(value: &DeValue<'_>, source: &Source<'_>, faults: &mut Vec<Fault>) -> Vec<Person> {
    let mut read: Vec<(Person, String)> = Vec::new();
    for reader in tables(&USERS, value, source, None, faults) {
        reader.refuse_unknown(faults);
        let email = reader.required("email", "\"alice@example.com\"", faults, |text| {
            EmailAddress::parse(text).map_err(|why| why.to_string())
        });
        let name = name_in(&reader, "name", faults);
        let mut roles: Vec<Role> = reader.list("roles", faults);
        roles.sort();
        let (verified, disabled) = (
            reader.switch("verified", faults),
            reader.switch("disabled", faults),
        );
        let Some(email) = email else { continue };
        if let Some((_, place)) = read.iter().find(|(other, _)| other.email == email) {
            reader.refuse(&format!("has the address of another one ({place})"), faults);
        }
        let person = Person {
            email,
            verified,
            name,
            roles,
            disabled,
        };
        read.push((person, reader.place()));
    }
    read.into_iter().map(|(person, _)| person).collect()
}

fn name_in(reader: &Reader<'_>, key: &str, faults: &mut Vec<Fault>) -> Option<DisplayName> {
    reader.read(key, faults, |text| {
        DisplayName::parse(text).map_err(|why| why.to_string())
    })
}
