use std::fs;

use vestibule_core::session::Acr;

use crate::settings::{Flags, InForce, Origin, load};

/// Loads `text` as a file named `settings.toml`, with this environment; faults without the directory's name.
fn loaded_with(text: &str, environment: &[(&str, &str)]) -> Result<InForce, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let place = format!("{}/", directory.path().display());
    load(&flags, environment).map_err(|faults| faults.to_string().replace(&place, ""))
}

fn loaded(text: &str) -> InForce {
    loaded_with(text, &[]).unwrap()
}

/// Every fault, a line each.
fn refused(text: &str) -> Vec<String> {
    let told = loaded_with(text, &[]).unwrap_err();
    told.lines().map(ToOwned::to_owned).collect()
}

const ALL: &str = r#"
[[applications]]
name = "shop"
title = " The shop "
kind = "proxy"
origins = ["https://www.shop.example.test", "https://Shop.example.test:443/"]
roles = ["staff", "customers"]
acr = "aal2"
cross_site = true
allowed_origins = ["https://partner.example.test"]
preflight = true

[[applications.rules]]
paths = ["/assets/*", "/robots.txt"]
methods = ["GET", "HEAD"]
public = true

[[applications.rules]]
paths = ["/admin/*"]
roles = []
acr = "aal1"

[[applications]]
name = "wiki"
origins = ["http://wiki.localhost:8081"]
public = true

[[roles]]
name = "staff"
description = "Whoever works here"
permissions = ["orders:write", "orders:read"]

[[users]]
email = "Alice@Example.test"
name = "Alice"
roles = ["staff", "admin"]
verified = true

[[users]]
email = "bob@example.test"
disabled = true
"#;

#[test]
fn everything_that_can_be_declared_reads() {
    let declared = loaded(ALL).settings.declarations;
    let [shop, wiki] = &declared.applications[..] else {
        panic!("{declared:?}")
    };
    assert_eq!((shop.name.as_str(), shop.title()), ("shop", "The shop"));
    let origins: Vec<_> = shop.origins.iter().map(ToString::to_string).collect();
    assert_eq!(
        origins,
        ["https://shop.example.test", "https://www.shop.example.test"]
    );
    assert_eq!(shop.demand.roles.len(), 2);
    assert_eq!(shop.demand.acr, Some(Acr::Aal2));
    assert!(shop.demand.cross_site && shop.demand.preflight && !shop.demand.public);
    assert_eq!(shop.demand.origins.len(), 1);
    assert!(shop.demands_on("GET", "/assets/logo.png").written.public);
    assert!(!shop.demands_on("POST", "/assets/logo.png").written.public);
    let admin = shop.demands_on("POST", "/admin/users").written;
    assert_eq!(
        (admin.acr, admin.cross_site),
        (Some(Acr::Aal1), false),
        "a rule stands alone"
    );
    assert_eq!((wiki.title(), wiki.demand.public), ("wiki", true));

    let [staff] = &declared.roles[..] else {
        panic!("{declared:?}")
    };
    assert_eq!(staff.permissions[0].as_str(), "orders:read");
    let [alice, bob] = &declared.users[..] else {
        panic!("{declared:?}")
    };
    assert_eq!(alice.email.as_str(), "alice@example.test");
    assert_eq!(alice.roles[0].as_str(), "admin");
    assert!(alice.verified && !alice.disabled && alice.name.is_some());
    assert!(bob.disabled && !bob.verified && bob.name.is_none());
}

#[test]
fn nothing_declared_is_nothing() {
    let in_force = loaded("[server]\nbrand = \"Example\"");
    assert!(in_force.settings.declarations.is_empty());
    assert_eq!(in_force.origin("applications"), &Origin::Default);
}

#[test]
fn an_unknown_key_is_refused_at_every_level_with_its_line_and_the_nearest_one() {
    for (text, told) in [
        (
            "[[application]]\nname = \"shop\"",
            "there is no setting application (in settings.toml:1); the nearest is applications",
        ),
        (
            "[[applications]]\nname = \"shop\"\norigin = [\"https://shop.example.test\"]",
            "[[applications]] \"shop\" (in settings.toml:3) has no key origin; the nearest is origins",
        ),
        (
            "[[applications]]\nname = \"shop\"\norigins = [\"https://shop.example.test\"]\n[[applications.rule]]\npublic = true",
            "[[applications]] \"shop\" (in settings.toml:4) has no key rule; the nearest is rules",
        ),
        (
            "[[applications]]\nname = \"shop\"\norigins = [\"https://shop.example.test\"]\n\n[[applications.rules]]\npath = [\"/\"]\npublic = true",
            "rule 1 of [[applications]] \"shop\" (in settings.toml:6) has no key path; the nearest is paths",
        ),
        (
            "[[roles]]\nname = \"staff\"\npermission = [\"a\"]",
            "[[roles]] \"staff\" (in settings.toml:3) has no key permission; the nearest is permissions",
        ),
        (
            "[[users]]\nemail = \"a@example.test\"\nrole = [\"staff\"]",
            "[[users]] \"a@example.test\" (in settings.toml:3) has no key role; the nearest is roles",
        ),
        (
            "[sessions]\nidle = \"1h\"\nabsolut = \"2h\"",
            "there is no setting sessions.absolut (in settings.toml:3); the nearest is sessions.absolute",
        ),
    ] {
        assert_eq!(refused(text)[0], told);
    }
}

/// Holds: ASVS 6.3.2
#[test]
fn asvs_6_3_2_a_password_never_stands_in_the_settings() {
    let told =
        refused("[[users]]\nemail = \"a@example.test\"\npassword = \"correct horse battery\"");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("vestibule user recover"), "{told:?}");
    assert!(!told[0].contains("correct horse"), "{told:?}");
}

#[test]
fn each_wrong_value_is_told_with_its_line_and_what_is_right() {
    let text = r#"
[[applications]]
name = "The Shop"
origins = ["http://shop.example.test", "https://shop.example.test/cart"]
kind = "spa"
acr = "high"
public = "yes"
roles = ["Staff", "staff", "staff"]

[[applications.rules]]
paths = ["admin"]
methods = ["get"]
roles = "staff"
acr = "aal1"
"#;
    let told = refused(text);
    for (line, parts) in [
        (3, ["name = \"The Shop\"", "a-z, 0-9"]),
        (
            4,
            [
                "origins = \"http://shop.example.test\"",
                "write https://shop.example.test",
            ],
        ),
        (
            4,
            [
                "origins = \"https://shop.example.test/cart\"",
                "leave out what follows",
            ],
        ),
        (5, ["kind = \"spa\"", "come with tokens"]),
        (6, ["acr = \"high\"", "\"aal2\""]),
        (7, ["public = \"yes\"", "true or false"]),
        (8, ["roles = \"Staff\"", "a-z"]),
        (8, ["roles = \"staff\"", "twice"]),
        (11, ["rule 1 of [[applications]]", "/admin/*"]),
        (12, ["methods = \"get\"", "capitals"]),
        (13, ["roles = \"staff\"", "list of texts"]),
    ] {
        let place = format!("(in settings.toml:{line})");
        let told_of =
            |one: &String| one.contains(&place) && parts.iter().all(|part| one.contains(part));
        assert!(told.iter().any(told_of), "{place} {parts:?}: {told:#?}");
    }
    assert_eq!(told.len(), 11, "{told:#?}");
}

#[test]
fn what_must_be_there_is_asked_for() {
    assert_eq!(
        refused("[[applications]]\norigins = [\"https://shop.example.test\"]"),
        ["[[applications]] number 1 (in settings.toml:1) has no name: write name = \"shop\""]
    );
    let told = refused("[[applications]]\nname = \"shop\"");
    assert!(
        told[0].contains("needs an origin") && told[0].contains("settings.toml:1"),
        "{told:?}"
    );
    assert!(refused("[[users]]\nname = \"Alice\"")[0].contains("has no email"));
    assert!(refused("[[roles]]\ndescription = \"Staff\"")[0].contains("has no name"));
    assert_eq!(
        refused("[applications]\nname = \"shop\""),
        ["applications (in settings.toml): must be a list of tables, each under [[applications]]"]
    );
}

#[test]
fn what_is_there_twice_is_told_with_both_places() {
    let shop = |name: &str, origin: &str| {
        format!("[[applications]]\nname = \"{name}\"\norigins = [\"{origin}\"]\n")
    };
    let both = shop("shop", "https://a.example.test") + &shop("shop", "https://b.example.test");
    assert_eq!(
        refused(&both),
        [
            "[[applications]] \"shop\" (in settings.toml:4) has the name of another one (in settings.toml:1): a name is given once"
        ]
    );
    let both = shop("a", "https://shop.example.test") + &shop("b", "https://shop.example.test:443");
    assert_eq!(
        refused(&both),
        [
            "[[applications]] \"b\" (in settings.toml:4) has shop.example.test, which a (in settings.toml:1) has as well: it belongs to one of them"
        ]
    );
    let user = |email: &str| format!("[[users]]\nemail = \"{email}\"\n");
    let both = user("alice@example.test") + &user("Alice@Example.test");
    assert!(refused(&both)[0].contains("address of another one (in settings.toml:1)"));
    let role = "[[roles]]\nname = \"staff\"\n";
    assert!(
        refused(&format!("{role}{role}"))[0].contains("described twice (first in settings.toml:1)")
    );
}

/// Holds: ASVS 8.3.1
#[test]
fn asvs_8_3_1_a_rule_names_what_it_asks_instead_of_the_applications_roles() {
    let text = "[[applications]]\nname = \"shop\"\norigins = [\"https://shop.example.test\"]\nroles = [\"staff\"]\n\
                [[applications.rules]]\npaths = [\"/api/*\"]\n";
    let told = refused(&format!("{text}preflight = true\n"));
    assert!(
        told[0].contains("asks for no role") && told[0].contains("settings.toml:5"),
        "{told:?}"
    );
    for said in ["roles = [\"staff\"]", "roles = []", "public = true"] {
        loaded(&format!("{text}{said}\n"));
    }
    let told = refused(&format!("{text}roles = [\"staff\"]\npublic = true\n"));
    assert!(told[0].contains("roles would mean nothing"), "{told:?}");
}

/// Holds: ASVS 3.5.4
#[test]
fn asvs_3_5_4_only_a_fully_trusted_application_is_on_the_issuers_own_host() {
    let text = |issuer: &str, origin: &str, trusted: bool| {
        format!(
            "[server]\nissuer = \"{issuer}\"\n[edge]\nown_host_application = {trusted}\n\
             [[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-forwarded\"\n\
             [[applications]]\nname = \"shop\"\norigins = [\"{origin}\"]\n"
        )
    };
    let issuer = "https://id.example.test";
    for origin in ["https://id.example.test", "https://id.example.test:8443"] {
        let told = refused(&text(issuer, origin, false));
        assert!(
            told[0].contains("issuer's own host") && told[0].contains("edge.own_host_application"),
            "{told:?}"
        );
        loaded(&text(issuer, origin, true));
    }
    loaded(&text(issuer, "https://shop.example.test", false));
    loaded(&text(
        "http://localhost:8080",
        "http://localhost:8080",
        false,
    ));
}

#[test]
fn the_environment_declares_as_well_and_wins() {
    let file = "[[roles]]\nname = \"staff\"\n";
    let in_force = loaded_with(
        file,
        &[
            ("VESTIBULE_APPLICATIONS", r#"[{name = "shop", origins = ["https://shop.example.test"], rules = [{paths = ["/a"], public = true}]}]"#),
            ("VESTIBULE_ROLES", r#"[{name = "editors"}]"#),
        ],
    )
    .unwrap();
    let declared = &in_force.settings.declarations;
    assert_eq!(declared.applications[0].rules.len(), 1);
    assert_eq!(declared.roles[0].name.as_str(), "editors");
    assert_eq!(declared.roles.len(), 1);
    assert_eq!(
        in_force.origin("roles"),
        &Origin::Environment("VESTIBULE_ROLES".to_owned())
    );

    for (value, parts) in [
        (
            "[{name = \"shop\"}]",
            ["from VESTIBULE_APPLICATIONS in the environment", "origin"],
        ),
        (
            "shop",
            ["VESTIBULE_APPLICATIONS", "no inline array of tables"],
        ),
        ("\"shop\"", ["VESTIBULE_APPLICATIONS", "list of tables"]),
    ] {
        let told = loaded_with("", &[("VESTIBULE_APPLICATIONS", value)]).unwrap_err();
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
    let told = loaded_with("", &[("VESTIBULE_APPLICATIONS__SHOP", "[]")]).unwrap_err();
    assert!(
        told.contains("the nearest is VESTIBULE_APPLICATIONS"),
        "{told}"
    );
}

#[test]
fn every_fault_is_told_the_lists_and_the_settings() {
    let told =
        refused("[sessions]\nidle = 1\n[[users]]\nemail = \"nobody\"\n[[roles]]\nname = \"A\"\n");
    assert_eq!(told.len(), 3, "{told:?}");
}
