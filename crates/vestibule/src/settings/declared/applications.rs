//! `[[applications]]`.

use toml::de::DeValue;

use vestibule_core::application::{ApplicationSpec, Demand, Kind, Rule};
use vestibule_core::origin::Origin;
use vestibule_core::session::Acr;
use vestibule_core::user::DisplayName;
use vestibule_engine::applications::{Said, contradiction, dropped};

use super::tables::{Reader, Source, tables};
use super::{Key, List};
use crate::settings::Fault;

const ROLES: Key = Key {
    name: "roles",
    default: "`[]`: any login",
    meaning: "Who gets in holds one of these roles.",
};
const ACR: Key = Key {
    name: "acr",
    default: "any",
    meaning: "Who gets in signed in at least so surely: `\"aal1\"`, `\"aal2\"` or `\"aal3\"`.",
};
const PUBLIC: Key = Key {
    name: "public",
    default: "`false`",
    meaning: "Anybody gets in, signed in or not; who is signed in is still told to the application. Without `roles` and `acr`.",
};
const CROSS_SITE: Key = Key {
    name: "cross_site",
    default: "`false`",
    meaning: "Unsafe requests and WebSockets may come from any site's pages: the application defends itself against forged ones.",
};
const ALLOWED_ORIGINS: Key = Key {
    name: "allowed_origins",
    default: "`[]`",
    meaning: "They may come from these origins' pages besides the application's own.",
};
const PREFLIGHT: Key = Key {
    name: "preflight",
    default: "`false`",
    meaning: "CORS preflights, which carry no cookie, pass without a login, and the application answers them.",
};

const RULES: List = List {
    key: "applications.rules",
    about: "Exceptions by path and method: the first that covers a request counts, and what it asks stands alone. Where the \
            application asks for `roles` or `acr`, a rule says what it asks instead, or `public = true`.",
    keys: &[
        Key {
            name: "paths",
            default: "`[]`: every path",
            meaning: "Such as `\"/cart\"`, that path alone, or `\"/admin/*\"`, `/admin` and everything below it. Compared with \
                      the path as applications read it, percent-decoded.",
        },
        Key {
            name: "methods",
            default: "`[]`: every method",
            meaning: "Such as `\"GET\"`.",
        },
        ROLES,
        ACR,
        PUBLIC,
        CROSS_SITE,
        ALLOWED_ORIGINS,
        PREFLIGHT,
    ],
    within: None,
    example: "",
};

pub const LIST: List = List {
    key: "applications",
    about: "Applications behind a reverse proxy that asks Vestibule, each with what is asked of who wants in. What was declared \
            and is not any more is removed, and its cookies are worth nothing. See `vestibule app` for applications that no \
            file declares.",
    keys: &[
        Key {
            name: "name",
            default: "none: it must be there",
            meaning: "1 to 64 characters out of a-z, 0-9, _ and -. Unique.",
        },
        Key {
            name: "title",
            default: "the name",
            meaning: "What people are shown.",
        },
        Key {
            name: "kind",
            default: "`\"proxy\"`",
            meaning: "`\"proxy\"`, so far.",
        },
        Key {
            name: "origins",
            default: "none: one must be there",
            meaning: "Where browsers reach it: scheme, host and port, such as `\"https://shop.example.com\"`; `http` on loopback \
                      alone. A host and port belong to one application. On the issuer's own host only with \
                      `edge.own_host_application`, or on loopback.",
        },
        ROLES,
        ACR,
        PUBLIC,
        CROSS_SITE,
        ALLOWED_ORIGINS,
        PREFLIGHT,
    ],
    within: Some(&RULES),
    example: "\
[[applications]]
name = \"shop\"
title = \"The shop\"
origins = [\"https://shop.example.com\"]
roles = [\"staff\"]

[[applications.rules]]
paths = [\"/assets/*\", \"/robots.txt\"]
methods = [\"GET\", \"HEAD\"]
public = true

[[applications.rules]]
paths = [\"/admin/*\"]
roles = [\"shop-admin\"]
",
};

/// Reads every application.
pub fn read(
    value: &DeValue<'_>,
    source: &Source<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<ApplicationSpec> {
    let mut read: Vec<(ApplicationSpec, String)> = Vec::new();
    for reader in tables(&LIST, value, source, None, faults) {
        let Some(spec) = application(&reader, faults) else {
            continue;
        };
        for (other, place) in &read {
            if other.name == spec.name {
                reader.refuse(
                    &format!("has the name of another one ({place}): a name is given once"),
                    faults,
                );
            }
            let shared = spec.origins.iter().find(|origin| {
                let authority = origin.authority();
                other
                    .origins
                    .iter()
                    .any(|other| other.authority() == authority)
            });
            if let Some(shared) = shared {
                let authority = shared.authority();
                let other = &other.name;
                reader.refuse(
                    &format!("has {authority}, which {other} ({place}) has as well: it belongs to one of them"),
                    faults,
                );
            }
        }
        read.push((spec, reader.place()));
    }
    read.into_iter().map(|(spec, _)| spec).collect()
}

fn application(reader: &Reader<'_>, faults: &mut Vec<Fault>) -> Option<ApplicationSpec> {
    let before = faults.len();
    reader.refuse_unknown(faults);
    let name = reader.required("name", "\"shop\"", faults, |text| {
        text.parse()
            .map_err(|why: vestibule_core::application::ParseApplicationNameError| why.to_string())
    });
    let title = reader.read("title", faults, |text| {
        DisplayName::parse(text).map_err(|why| why.to_string())
    });
    let kind = reader.read("kind", faults, kind);
    let origins: Vec<Origin> = reader.list("origins", faults);
    let demand = demand(reader, faults);
    let rules = rules(reader, &demand, faults);
    // Whether it is whole can be said of what has no other fault.
    if faults.len() > before {
        return None;
    }
    let spec = ApplicationSpec {
        name: name?,
        title: title.unwrap_or_default(),
        kind: kind.unwrap_or(Kind::Proxy),
        origins,
        demand,
        rules,
    };
    spec.checked()
        .map_err(|why| reader.refuse(&format!(": {why}"), faults))
        .ok()
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| {
        if Kind::TO_COME.contains(&text) {
            "applications of this kind come with tokens; so far there is \"proxy\"".to_owned()
        } else {
            "must be \"proxy\"".to_owned()
        }
    })
}

fn demand(reader: &Reader<'_>, faults: &mut Vec<Fault>) -> Demand {
    let demand = Demand {
        public: reader.switch("public", faults),
        roles: reader.list("roles", faults),
        acr: reader.read("acr", faults, |text| {
            Acr::parse(text).ok_or_else(|| "must be \"aal1\", \"aal2\" or \"aal3\"".to_owned())
        }),
        cross_site: reader.switch("cross_site", faults),
        origins: reader.list("allowed_origins", faults),
        preflight: reader.switch("preflight", faults),
    };
    if let Some(why) = contradiction(&demand) {
        reader.refuse(&format!(": {why}"), faults);
    }
    demand
}

fn rules(reader: &Reader<'_>, own: &Demand, faults: &mut Vec<Fault>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for reader in reader.within(faults) {
        reader.refuse_unknown(faults);
        let rule = Rule {
            paths: reader.list("paths", faults),
            methods: reader.list("methods", faults),
            demand: demand(&reader, faults),
        };
        let said = Said {
            roles: reader.says("roles"),
            acr: reader.says("acr"),
        };
        if let Some(why) = dropped(own, &rule.demand, said) {
            reader.refuse(&format!(": {why}"), faults);
        }
        rules.push(rule);
    }
    rules
}
