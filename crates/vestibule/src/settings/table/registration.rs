//! Who may make an account, and what they are asked for.

use std::collections::BTreeMap;

use toml::{Table, Value};

use vestibule_engine::{NameAsked, ProfileField, RegistrationMode};

use super::{Kind, Row, nearest, quoted};
use crate::settings::values::is_https_url;

/// Most fields that people are asked to fill in.
const MOST_FIELDS: usize = 8;
/// Most characters of a label.
const LONGEST_LABEL: usize = 100;

pub const ROWS: &[Row] = &[
    Row {
        key: "registration.mode",
        kind: Kind::Text,
        default: None,
        meaning: "Who may make an account: `open`, whoever reads the mail of an address; `invited`, whom an operator invites with `vestibule user invite`; `off`, nobody, and operators make accounts. `open` with an https issuer needs `mail.server`.",
        set: |settings, value, _| {
            let allowed = "one of \"open\", \"invited\", \"off\"";
            settings.registration.mode = match value.as_str().ok_or(allowed)? {
                "open" => RegistrationMode::Open,
                "invited" => RegistrationMode::Invited,
                "off" => RegistrationMode::Off,
                _ => return Err(allowed.to_owned()),
            };
            Ok(())
        },
        show: |settings| {
            quoted(match settings.registration.mode {
                RegistrationMode::Open => "open",
                RegistrationMode::Invited => "invited",
                RegistrationMode::Off => "off",
            })
        },
    },
    Row {
        key: "registration.name",
        kind: Kind::Text,
        default: None,
        meaning: "Whether whoever registers must tell a name: `required` or `optional`.",
        set: |settings, value, _| {
            let allowed = "one of \"required\", \"optional\"";
            settings.registration.name = match value.as_str().ok_or(allowed)? {
                "required" => NameAsked::Required,
                "optional" => NameAsked::Optional,
                _ => return Err(allowed.to_owned()),
            };
            Ok(())
        },
        show: |settings| {
            quoted(match settings.registration.name {
                NameAsked::Required => "required",
                NameAsked::Optional => "optional",
            })
        },
    },
    Row {
        key: "registration.terms",
        kind: Kind::Text,
        default: None,
        meaning: "The address (https) of the terms that whoever registers must accept, or `none`. When they were accepted is kept with the account.",
        set: |settings, value, _| {
            let allowed = "an address such as \"https://example.com/terms\", or \"none\"";
            settings.registration.terms = match value.as_str().ok_or(allowed)? {
                "none" => None,
                // ASVS 1.2.2: what becomes a link has a scheme that is safe to follow.
                url if is_https_url(url) => Some(url.to_owned()),
                _ => return Err(allowed.to_owned()),
            };
            Ok(())
        },
        show: |settings| quoted(settings.registration.terms.as_deref().unwrap_or("none")),
    },
    Row {
        key: "registration.fields",
        kind: Kind::Tables,
        default: Some("none"),
        meaning: "What else people are asked for, each a `[[registration.fields]]` table, at most 8: `id`, 1 to 32 characters out of `a-z`, `0-9` and `_`, under which the answer is kept; `label`, the question in English, and `label_de` and the like in other languages; `required`, `true` or `false` (the default). In the environment an inline array.",
        set: |settings, value, _| {
            settings.registration.fields = fields(value)?;
            Ok(())
        },
        show: |settings| {
            let each = settings.registration.fields.iter().map(shown);
            format!("[{}]", each.collect::<Vec<_>>().join(", "))
        },
    },
];

fn fields(value: &Value) -> Result<Vec<ProfileField>, String> {
    let allowed = "a list of at most 8 tables with id, label and required";
    let tables = value.as_array().ok_or(allowed)?;
    if tables.len() > MOST_FIELDS {
        return Err(allowed.to_owned());
    }
    let mut fields: Vec<ProfileField> = Vec::new();
    for table in tables {
        let field = field(table.as_table().ok_or(allowed)?)?;
        if fields.iter().any(|other| other.id == field.id) {
            return Err(format!("a list that names {} once", field.id));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn field(table: &Table) -> Result<ProfileField, String> {
    let id = table
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| is_id(id));
    let id = id.ok_or("tables whose id has 1 to 32 characters out of a-z, 0-9 and _")?;
    let mut field = ProfileField {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        required: false,
    };
    for (key, value) in table {
        match key.as_str() {
            "id" => {}
            "required" => {
                let required = value.as_bool();
                field.required = required.ok_or("tables whose required is true or false")?;
            }
            "label" => drop(field.labels.insert("en".to_owned(), label(value)?)),
            other => {
                let language = other.strip_prefix("label_").filter(|tag| is_language(tag));
                let Some(language) = language else {
                    let known = ["id", "label", "label_de", "required"];
                    let nearest = nearest(other, known.into_iter()).unwrap_or_default();
                    return Err(format!(
                        "tables with id, label and required; {other} is none of them, the nearest is {nearest}"
                    ));
                };
                field.labels.insert(language.to_owned(), label(value)?);
            }
        }
    }
    if !field.labels.contains_key("en") {
        return Err(format!(
            "tables with a label each; {id} has none (label is the English one, which readers of other languages see \
             where theirs is missing)"
        ));
    }
    Ok(field)
}

fn is_id(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

fn is_language(tag: &str) -> bool {
    (2..=3).contains(&tag.len()) && tag.bytes().all(|c| c.is_ascii_lowercase())
}

fn label(value: &Value) -> Result<String, String> {
    let label = value.as_str().map(str::trim).filter(|label| {
        (1..=LONGEST_LABEL).contains(&label.chars().count()) && !label.chars().any(char::is_control)
    });
    label
        .map(ToOwned::to_owned)
        .ok_or_else(|| "tables whose labels have 1 to 100 characters".to_owned())
}

fn shown(field: &ProfileField) -> String {
    let mut parts = vec![format!("id = {}", quoted(&field.id))];
    for (language, label) in &field.labels {
        let key = match language.as_str() {
            "en" => "label".to_owned(),
            other => format!("label_{other}"),
        };
        parts.push(format!("{key} = {}", quoted(label)));
    }
    parts.push(format!("required = {}", field.required));
    format!("{{ {} }}", parts.join(", "))
}
