//! What a password hash costs, and what may not be a password.

use std::path::PathBuf;

use super::{Kind, Row, list, number, path, quoted, texts, within};
use crate::settings::values::{parse_kib, show_kib};

/// Most words that `passwords.site_words` holds.
const MOST_WORDS: usize = 1000;
/// Most peppers that still verify.
const MOST_PEPPERS: usize = 8;

pub const ROWS: &[Row] = &[
    Row {
        key: "passwords.memory",
        kind: Kind::Text,
        default: None,
        meaning: "Memory of one Argon2id hash. At least 46 MiB with one pass, 19 MiB with two, 12 MiB with more. Passwords are hashed anew at the next login after a change.",
        set: |settings, value, _| {
            let allowed = "a size such as \"19 MiB\", from 12 MiB to 4 GiB";
            let kib = value.as_str().and_then(parse_kib).ok_or(allowed)?;
            settings.cost.memory = within(kib, &(12 * 1024..=4 * 1024 * 1024), allowed)?;
            Ok(())
        },
        show: |settings| quoted(&show_kib(settings.cost.memory)),
    },
    Row {
        key: "passwords.passes",
        kind: Kind::Number,
        default: None,
        meaning: "Passes of one Argon2id hash over its memory.",
        set: |settings, value, _| {
            settings.cost.passes = number(value, &(1..=32), "a number from 1 to 32")?;
            Ok(())
        },
        show: |settings| settings.cost.passes.to_string(),
    },
    Row {
        key: "passwords.threads",
        kind: Kind::Number,
        default: Some("one for each core"),
        meaning: "Threads that hash passwords, at low priority. Each holds `passwords.memory` while it works.",
        set: |settings, value, _| {
            settings.threads = number(value, &(1..=256), "a number from 1 to 256")?;
            Ok(())
        },
        show: |settings| settings.threads.to_string(),
    },
    Row {
        key: "passwords.queue",
        kind: Kind::Number,
        default: None,
        meaning: "Logins that may wait for a hashing thread. Beyond it a login is answered 503 with `Retry-After`.",
        set: |settings, value, _| {
            settings.queue = number(value, &(1..=65_536), "a number from 1 to 65536")?;
            Ok(())
        },
        show: |settings| settings.queue.to_string(),
    },
    Row {
        key: "passwords.site_words",
        kind: Kind::List,
        default: Some("none"),
        meaning: "Words of this site that may not be a password, whole and in whatever case: product names, the organisation, its places. `vestibule`, `server.brand` and the labels of the issuer's host are refused besides. At most 1000, each of at most 64 characters.",
        set: |settings, value, _| {
            let allowed = "a list of at most 1000 words, each of 1 to 64 characters";
            let words = texts(value).ok_or(allowed)?;
            let fits = |word: &str| {
                (1..=64).contains(&word.trim().chars().count())
                    && !word.chars().any(char::is_control)
            };
            if words.len() > MOST_WORDS || !words.iter().all(|word| fits(word)) {
                return Err(allowed.to_owned());
            }
            settings.site_words = words.iter().map(|word| word.trim().to_owned()).collect();
            Ok(())
        },
        show: |settings| list(settings.site_words.iter().cloned()),
    },
    Row {
        key: "passwords.breached_file",
        kind: Kind::Text,
        default: Some("none: the list that is built in"),
        meaning: "A larger list of breached passwords than the built-in one: a text file with one SHA-1 in hexadecimal a line, sorted, each perhaps followed by `:COUNT`, as Have I Been Pwned offers it. It is asked on the disk, offline. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.breached_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| file(settings.breached_file.as_ref()),
    },
    Row {
        key: "passwords.pepper_file",
        kind: Kind::Text,
        default: Some("none"),
        meaning: "A secret that goes into every new password hash: 32 random bytes in base64, in a file readable by its owner alone, kept apart from the data. Lost, nobody can sign in with a password that was hashed with it. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.pepper_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| file(settings.pepper_file.as_ref()),
    },
    Row {
        key: "passwords.older_pepper_files",
        kind: Kind::List,
        default: Some("none"),
        meaning: "Former peppers, by which hashes made with them still verify; each hash is made anew at its next login. At most 8.",
        set: |settings, value, base| {
            let allowed = "a list of at most 8 paths";
            let files = texts(value).ok_or(allowed)?;
            if files.len() > MOST_PEPPERS || files.iter().any(|file| file.is_empty()) {
                return Err(allowed.to_owned());
            }
            settings.older_pepper_files = files.iter().map(|file| base.join(file)).collect();
            Ok(())
        },
        show: |settings| {
            let files = settings.older_pepper_files.iter();
            list(files.map(|file| file.display().to_string()))
        },
    },
];

fn file(path: Option<&PathBuf>) -> String {
    path.map_or_else(
        || "none".to_owned(),
        |path| quoted(&path.display().to_string()),
    )
}
