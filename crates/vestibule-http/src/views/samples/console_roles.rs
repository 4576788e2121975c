//! Roles.

use super::{CSRF, Sample, administrator};
use crate::views::{
    AddRolePage, ConsoleAct, FreshFor, FreshPage, NameFault, RoleEntry, RoleFaults, RoleNameFault,
    RoleNotice, RoleVerb, RolesPage,
};

pub(super) fn roles() -> Vec<Sample> {
    let staff = RoleEntry {
        path: "/console/roles/staff".into(),
        name: "staff".into(),
        description: "Whoever works here".into(),
        permissions: vec!["orders:read".into(), "orders:write".into()],
        described: true,
        declared: false,
        holders: 12_418,
    };
    let of = |name: &str, described, declared, holders| RoleEntry {
        path: format!("/console/roles/{name}"),
        name: name.into(),
        described,
        declared,
        holders,
        ..RoleEntry::default()
    };
    let list = |notice| RolesPage {
        roles: vec![
            of("admin", false, false, 1),
            RoleEntry {
                declared: true,
                ..of("editors", true, true, 0)
            },
            staff.clone(),
        ],
        notice,
    };
    let notices = [
        ("console-roles", None),
        ("console-roles-added", Some(RoleNotice::Added)),
        ("console-roles-changed", Some(RoleNotice::Changed)),
        ("console-roles-nothing", Some(RoleNotice::Nothing)),
        ("console-roles-removed", Some(RoleNotice::Removed)),
        ("console-roles-declared", Some(RoleNotice::Declared)),
        ("console-roles-held", Some(RoleNotice::Held(1))),
        ("console-roles-held-by-many", Some(RoleNotice::Held(12_418))),
    ];
    let mut samples: Vec<Sample> = notices
        .into_iter()
        .map(|(name, notice)| administrator(name, list(notice)))
        .collect();
    samples.extend(adding());
    samples.extend(acts());
    samples
}

fn adding() -> Vec<Sample> {
    let page = AddRolePage {
        csrf: CSRF.into(),
        ..AddRolePage::default()
    };
    let change = AddRolePage {
        changes: true,
        name: "staff".into(),
        description: "Whoever works here".into(),
        permissions: "orders:read\norders:write".into(),
        ..page.clone()
    };
    let faulty = |fault, description, permissions| AddRolePage {
        changes: false,
        faults: RoleFaults {
            name: Some(fault),
            description,
            permissions,
        },
        ..change.clone()
    };
    vec![
        administrator("console-add-role", page),
        administrator(
            "console-add-role-faults",
            faulty(RoleNameFault::Malformed, Some(NameFault::TooLong), true),
        ),
        administrator(
            "console-add-role-taken",
            faulty(RoleNameFault::Taken, None, false),
        ),
        administrator(
            "console-add-role-gone",
            faulty(RoleNameFault::Gone, None, false),
        ),
        administrator("console-change-role", change),
    ]
}

fn acts() -> Vec<Sample> {
    let remove = |permissions, applications| RoleVerb::Remove {
        permissions,
        applications,
    };
    [
        ("console-describe-role", RoleVerb::Describe),
        ("console-remove-role", remove(2, 3)),
        ("console-remove-role-one", remove(1, 1)),
        ("console-remove-role-bare", remove(0, 0)),
    ]
    .into_iter()
    .map(|(name, verb)| {
        let page = FreshPage {
            csrf: CSRF.into(),
            action: "/console/roles/staff/remove".into(),
            fields: Vec::new(),
            cancel: "/console/roles".into(),
            purpose: FreshFor::Console(ConsoleAct::Role {
                verb,
                name: "staff".into(),
            }),
            proven: name != "console-describe-role",
            fault: None,
        };
        administrator(name, page)
    })
    .collect()
}
