//! Where the truth is kept.

use super::{Kind, Row, number, path, quoted};
use crate::settings::Secret;

pub const ROWS: &[Row] = &[
    Row {
        key: "store.url",
        kind: Kind::Text,
        default: None,
        meaning: "Where users, sessions and the audit trail are kept: `sqlite:` is a file in the data directory; `postgres://ROLE@HOST/DATABASE` a PostgreSQL database of Vestibule's own, which makes its tables there. Off this machine the way there is encrypted and the server's name verified (`sslmode=verify-full`, always; `sslrootcert=FILE` for an authority of your own). The data directory keeps the keys in either case.",
        set: |settings, value, _| {
            let allowed =
                "\"sqlite:\" or a URL such as \"postgres://vestibule@db.example.com/vestibule\"";
            let text = value.as_str().ok_or(allowed)?;
            if ["sqlite", "sqlite:"].contains(&text) {
                settings.store.postgres = None;
                return Ok(());
            }
            if !text.starts_with("postgres") {
                return Err(allowed.to_owned());
            }
            vestibule_postgres::check_url(text).map_err(|error| match error {
                vestibule_postgres::OpenError::Setting(why) => format!("{allowed}: {why}"),
                error => error.to_string(),
            })?;
            settings.store.postgres = Some(Secret::password(text).ok_or(allowed)?);
            Ok(())
        },
        show: |settings| match &settings.store.postgres {
            None => quoted("sqlite:"),
            Some(url) => {
                let shown = vestibule_postgres::check_url(url.expose());
                quoted(&shown.unwrap_or_else(|_| "…".to_owned()))
            }
        },
    },
    Row {
        key: "store.password_file",
        kind: Kind::Text,
        default: Some("none"),
        meaning: "The file that holds the password to `store.url`, on one line, readable by its owner alone. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.store.password_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| match &settings.store.password_file {
            Some(path) => quoted(&path.display().to_string()),
            None => "none".to_owned(),
        },
    },
    Row {
        key: "store.connections",
        kind: Kind::Number,
        default: None,
        meaning: "Connections to a PostgreSQL database, at most.",
        set: |settings, value, _| {
            settings.store.connections = number(value, &(2..=512), "a number from 2 to 512")?;
            Ok(())
        },
        show: |settings| settings.store.connections.to_string(),
    },
];
