//! The tables, and what is left out on purpose.

use super::{Row, Value};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Integer,
    /// Yes or no; 1 or 0 in a row.
    Boolean,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// One column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in every backend.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// One table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in every backend.
    pub name: &'static str,
    /// How many columns, from the first, are its key: rows come in their order, numbers by size, text and bytes by bytes.
    pub key: usize,
    /// Its columns.
    pub columns: &'static [Column],
}

impl Table {
    /// Whether a row is one of this table: its width, and the kind of each value. What else must hold of it, the backend's
    /// own schema says.
    pub fn takes(&self, row: &Row) -> bool {
        row.len() == self.columns.len()
            && self
                .columns
                .iter()
                .zip(row)
                .all(|(column, value)| match (column.kind, value) {
                    (_, Value::Null)
                    | (Kind::Integer, Value::Integer(_))
                    | (Kind::Boolean, Value::Integer(0 | 1))
                    | (Kind::Text, Value::Text(_))
                    | (Kind::Bytes, Value::Bytes(_)) => true,
                    (Kind::Integer | Kind::Boolean | Kind::Text | Kind::Bytes, _) => false,
                })
    }
}

/// What is in a backend's schema and in no archive.
#[derive(Debug)]
pub struct LeftOut {
    /// The table.
    pub table: &'static str,
    /// The column; none: all of it.
    pub column: Option<&'static str>,
    /// Why nobody misses it.
    pub why: &'static str,
}

/// Everything that is left out, of any backend.
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        table: "schema_migrations",
        column: None,
        why: "each backend has its own history; the layout's number stands for it",
    },
    LeftOut {
        table: "handshakes",
        column: None,
        why: "codes of one use and ten seconds: none is good by the time it is read again",
    },
    LeftOut {
        table: "holding",
        column: None,
        why: "who works on the database now",
    },
    LeftOut {
        table: "sealing",
        column: None,
        why: "a row to hold while sealing, which says nothing",
    },
    LeftOut {
        table: "users",
        column: Some("version"),
        why: "orders publication while a server runs; any number will do to begin with",
    },
    LeftOut {
        table: "audit_events",
        column: Some("entry"),
        why: "the order of what has no position yet; an archive gives every event one",
    },
];

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

const fn number(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Integer,
    }
}

const fn switch(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Boolean,
    }
}

const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
    }
}

const fn bytes(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Bytes,
    }
}

/// Every table, each after what it refers to.
pub const TABLES: &[Table] = &[
    Table {
        name: "installation",
        key: 1,
        columns: &[
            number("id"),
            number("number"),
            number("everything_cutoff"),
            bytes("key_check"),
            bytes("seal_key"),
            number("clock_mark"),
            bytes("setup_secret"),
            number("setup_expires_at"),
        ],
    },
    Table {
        name: "users",
        key: 1,
        columns: &[
            bytes("id"),
            text("email"),
            switch("email_verified"),
            text("name"),
            text("roles"),
            switch("disabled"),
            number("created_at"),
            number("cutoff"),
            text("password"),
            number("credential_version"),
            text("language"),
            text("details"),
            number("terms_accepted_at"),
            number("last_login"),
            switch("declared"),
        ],
    },
    Table {
        name: "addresses",
        key: 1,
        columns: &[
            text("email"),
            bytes("user_id"),
            switch("verified"),
            number("added_at"),
        ],
    },
    Table {
        name: "known_devices",
        key: 2,
        columns: &[
            bytes("user_id"),
            bytes("device_id"),
            bytes("secret"),
            number("first_seen"),
            number("last_seen"),
        ],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &[
            bytes("id"),
            bytes("user_id"),
            bytes("secret"),
            number("rev"),
            number("created_at"),
            number("auth_time"),
            number("last_seen"),
            number("idle"),
            number("expires_at"),
            switch("remembered"),
            text("acr"),
            number("amr"),
            text("user_agent"),
            text("address"),
            number("ended_at"),
            text("end_reason"),
            number("ended_number"),
            bytes("device_id"),
        ],
    },
    Table {
        name: "applications",
        key: 1,
        columns: &[
            bytes("id"),
            text("name"),
            text("title"),
            text("kind"),
            text("demand"),
            text("rules"),
            switch("declared"),
            number("created_at"),
        ],
    },
    Table {
        name: "application_origins",
        key: 1,
        columns: &[text("authority"), bytes("application_id"), text("origin")],
    },
    Table {
        name: "application_secrets",
        key: 2,
        columns: &[
            bytes("application_id"),
            number("place"),
            bytes("secret"),
            number("created_at"),
        ],
    },
    Table {
        name: "app_sessions",
        key: 1,
        columns: &[
            bytes("id"),
            bytes("session_id"),
            bytes("application_id"),
            text("origin"),
            bytes("secret"),
            number("opened_at"),
        ],
    },
    Table {
        name: "session_data",
        key: 3,
        columns: &[
            bytes("session_id"),
            bytes("application_id"),
            text("key"),
            bytes("value"),
            number("version"),
        ],
    },
    Table {
        name: "roles",
        key: 1,
        columns: &[
            text("name"),
            text("description"),
            text("permissions"),
            switch("declared"),
        ],
    },
    Table {
        name: "audit_events",
        key: 1,
        columns: &[
            number("position"),
            bytes("act_id"),
            number("at"),
            text("actor"),
            text("kind"),
            text("reason"),
            bytes("user_id"),
            bytes("session_id"),
            bytes("personal_digest"),
            bytes("application_id"),
        ],
    },
    Table {
        name: "audit_personal",
        key: 1,
        columns: &[
            bytes("act_id"),
            bytes("salt"),
            text("email"),
            text("address"),
            text("user_agent"),
        ],
    },
    Table {
        name: "audit_seals",
        key: 1,
        columns: &[
            number("last"),
            number("first"),
            bytes("head"),
            number("at"),
            bytes("signature"),
            bytes("key_id"),
        ],
    },
    Table {
        name: "tallies",
        key: 1,
        columns: &[
            bytes("key"),
            text("scope"),
            number("count"),
            number("free_at"),
            number("epoch"),
            number("idle_at"),
            bytes("user_id"),
        ],
    },
    Table {
        name: "tickets",
        key: 1,
        columns: &[
            bytes("secret"),
            text("purpose"),
            text("email"),
            bytes("user_id"),
            bytes("session_id"),
            number("credential"),
            bytes("asked"),
            bytes("browser"),
            text("name"),
            text("particulars"),
            text("roles"),
            switch("invited"),
            number("wrong_codes"),
            number("created_at"),
            number("expires_at"),
        ],
    },
    Table {
        name: "errands",
        key: 1,
        columns: &[
            bytes("id"),
            bytes("user_id"),
            bytes("sealed"),
            switch("request"),
            number("due_at"),
            number("expires_at"),
            number("attempts"),
        ],
    },
    Table {
        name: "deleted_users",
        key: 1,
        columns: &[bytes("user_id"), number("erase_after")],
    },
];
