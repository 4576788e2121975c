//! Reads flags, environment and file into [`InForce`].

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use toml::{Table, Value};
use vestibule_engine::applications::Declarations;

use super::declared::{self, LISTS, List, Source};
use super::faults::place;
use super::table::{Kind, nearest, rows};
use super::{Fault, Faults, InForce, Origin, Row, Settings, rules};
use crate::regular;

/// Names the settings file in the environment.
const CONFIG: &str = "VESTIBULE_CONFIG";
const PREFIX: &str = "VESTIBULE_";
/// Longer than any settings file.
const MOST: u64 = 4 * 1024 * 1024;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`, once or more.
    pub listen: Vec<String>,
    /// `--issuer`.
    pub issuer: Option<String>,
    /// `--tls-cert`.
    pub tls_cert: Option<PathBuf>,
    /// `--tls-key`.
    pub tls_key: Option<PathBuf>,
}

/// One value and where it stands.
struct Given {
    row: &'static Row,
    value: Value,
    origin: Origin,
    /// As faults tell it.
    place: String,
    base: PathBuf,
}

/// The settings in force, or everything that is wrong with them.
pub fn load(
    flags: &Flags,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<InForce, Faults> {
    let environment: BTreeMap<String, String> = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    let mut faults = Vec::new();
    let mut over = from_environment(&environment, &mut faults);
    over.extend(from_flags(flags));

    let file = settings_file(flags, &environment, &over);
    let mut lists = Lists::default();
    let mut given = match &file {
        None => Vec::new(),
        Some(file) => from_file(file, &mut lists, &mut faults),
    };
    given.extend(over);
    lists.take_environment(&environment, &mut faults);

    let mut in_force = InForce {
        settings: Settings::default(),
        file: file.map(|file| file.path),
        origins: lists.origins,
        places: BTreeMap::new(),
    };
    in_force.settings.declarations = lists.declarations;
    for one in given {
        match (one.row.set)(&mut in_force.settings, &one.value, &one.base) {
            Ok(()) => {
                in_force.origins.insert(one.row.key, one.origin);
                in_force.places.insert(one.row.key, one.place);
            }
            Err(allowed) => {
                let value = tellable(one.row, one.value);
                faults.push(Fault::value(one.row.key, &value, &one.place, &allowed));
            }
        }
    }
    if faults.is_empty() {
        faults = rules::faults(&in_force.settings);
    }
    if faults.is_empty() {
        Ok(in_force)
    } else {
        Err(Faults(faults))
    }
}

/// The lists of tables, and where each stands.
#[derive(Default)]
struct Lists {
    declarations: Declarations,
    origins: BTreeMap<&'static str, Origin>,
}

impl Lists {
    fn take_environment(
        &mut self,
        environment: &BTreeMap<String, String>,
        faults: &mut Vec<Fault>,
    ) {
        for list in LISTS {
            let name = variable(list);
            let Some(text) = environment.get(&name) else {
                continue;
            };
            let (text, origin) = (format!("value = {text}"), Origin::Environment(name));
            let source = Source {
                text: &text,
                origin: &origin,
            };
            match DeTable::parse(&text) {
                Ok(table) => {
                    for value in table.get_ref().values() {
                        declared::take(
                            &mut self.declarations,
                            list,
                            value.get_ref(),
                            &source,
                            faults,
                        );
                    }
                }
                Err(error) => faults.push(Fault::new(format!(
                    "{} ({}) is no inline array of tables: {}",
                    list.key,
                    place(&origin),
                    error.message().trim_end().replace('\n', ", ")
                ))),
            }
            self.origins.insert(list.key, origin);
        }
    }
}

/// The environment variable of a list.
fn variable(list: &List) -> String {
    format!("{PREFIX}{}", list.key.to_uppercase())
}

/// The value as a fault tells it. ASVS 16.2.5: without a secret, nor a URL that might hold one.
fn tellable(row: &Row, value: Value) -> Value {
    let has_login = value
        .as_str()
        .is_some_and(|text| text.contains("://") && text.contains('@'));
    if row.kind == Kind::Secret || has_login {
        return Value::String("…".to_owned());
    }
    value
}

/// The settings file to read.
struct SettingsFile {
    path: PathBuf,
    /// It is the data directory's own, which nobody named.
    own: bool,
}

fn settings_file(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    over: &[Given],
) -> Option<SettingsFile> {
    let named = flags
        .config
        .clone()
        .or_else(|| environment.get(CONFIG).map(PathBuf::from));
    if let Some(path) = named {
        return Some(SettingsFile { path, own: false });
    }
    let mut settings = Settings::default();
    for one in over.iter().filter(|one| one.row.key == "server.data") {
        // A wrong one is told of when all are taken.
        let _ = (one.row.set)(&mut settings, &one.value, &one.base);
    }
    let path = settings.data.join("vestibule.toml");
    path.exists().then_some(SettingsFile { path, own: true })
}

fn from_file(file: &SettingsFile, lists: &mut Lists, faults: &mut Vec<Fault>) -> Vec<Given> {
    let path = &file.path;
    let (text, mode) = match read(path) {
        Ok(read) => read,
        Err(error) => {
            let what = if error.kind() == io::ErrorKind::NotFound {
                "does not exist: name another with --config".to_owned()
            } else {
                format!("cannot be read: {error}")
            };
            faults.push(Fault::new(format!(
                "the settings file {} {what}",
                path.display()
            )));
            return Vec::new();
        }
    };
    let read =
        DeTable::parse(&text).and_then(|spanned| Ok((toml::from_str::<Table>(&text)?, spanned)));
    let (table, spanned) = match read {
        Ok(read) => read,
        Err(error) => {
            faults.push(Fault::new(format!(
                "the settings file {} is not TOML: {}",
                path.display(),
                told(&error, &text)
            )));
            return Vec::new();
        }
    };
    let origin = Origin::File(path.clone());
    let source = Source {
        text: &text,
        origin: &origin,
    };
    let base = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut given = Vec::new();
    for (key, value) in flatten(table) {
        if let Some(list) = declared::list(&key) {
            if let Some(value) = spanned.get_ref().get(key.as_str()) {
                declared::take(
                    &mut lists.declarations,
                    list,
                    value.get_ref(),
                    &source,
                    faults,
                );
                lists.origins.insert(list.key, origin.clone());
            }
            continue;
        }
        let place = place_of(&key, spanned.get_ref(), &source);
        match rows().find(|row| row.key == key) {
            None => faults.push(unknown(&key, &place)),
            Some(row) if file.own && row.key == "server.data" => faults.push(Fault::new(format!(
                "server.data in {} would name another data directory than the one it lies in: give it by --data, or \
                 this file by --config",
                path.display()
            ))),
            // ASVS 13.3.1
            Some(row) if row.kind == Kind::Secret && mode & 0o077 != 0 => {
                let path = path.display();
                faults.push(Fault::new(format!(
                    "the settings file {path} holds {key}, and others than its owner can read it (mode {mode:04o}): run \
                     `chmod 600 {path}`, or put it into a file of its own that {key}_file names"
                )));
            }
            // ASVS 13.3.1
            Some(row)
                if row.key == "store.url"
                    && mode & 0o077 != 0
                    && value.as_str().is_some_and(vestibule_postgres::has_password) =>
            {
                let path = path.display();
                faults.push(Fault::new(format!(
                    "the settings file {path} holds the password of {key}, and others than its owner can read it (mode \
                     {mode:04o}): run `chmod 600 {path}`, or put it into a file of its own that store.password_file names"
                )));
            }
            Some(row) => given.push(Given {
                row,
                value,
                origin: origin.clone(),
                place,
                base: base.clone(),
            }),
        }
    }
    given
}

/// The line on which `section.name`, or a section, begins.
fn place_of(key: &str, table: &DeTable<'_>, source: &Source<'_>) -> String {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    let found = table.get_key_value(section).map(|(key, value)| {
        let table = value.get_ref().as_table();
        let below = table.and_then(|table| table.get_key_value(name));
        below.map_or_else(|| key.span(), |(key, _)| key.span())
    });
    found.map_or_else(|| place(source.origin), |span| source.place(&span))
}

/// The text, and who may read it: both of the file that was opened.
fn read(path: &Path) -> io::Result<(String, u32)> {
    let (file, metadata) = regular::open(path, MOST)?;
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text)?;
    Ok((text, metadata.mode() & 0o7777))
}

/// What is wrong with the text, and where. ASVS 16.2.5: never the line itself, which may hold a secret.
fn told(error: &toml::de::Error, text: &str) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let message = error.message().trim_end().replace('\n', ", ");
    format!("line {line}, column {column}: {message}")
}

/// `section.name` with its value, for each of the file's; what is no setting keeps its own name.
fn flatten(table: Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            // A list in single brackets is told as what it should be.
            Value::Table(_) if declared::list(&section).is_some() => flat.push((section, value)),
            Value::Table(names) => flat.extend(
                names
                    .into_iter()
                    .map(|(name, value)| (format!("{section}.{name}"), value)),
            ),
            value => flat.push((section, value)),
        }
    }
    flat
}

fn from_environment(environment: &BTreeMap<String, String>, faults: &mut Vec<Fault>) -> Vec<Given> {
    let mut given = Vec::new();
    for (name, text) in environment {
        let origin = Origin::Environment(name.clone());
        if let Some(row) = rows().find(|row| row.environment() == *name) {
            given.push(Given {
                row,
                value: typed(row.kind, text),
                place: place(&origin),
                origin,
                base: PathBuf::new(),
            });
        } else if LISTS.into_iter().any(|list| variable(list) == *name) {
            // Read with the file's, which they stand before.
        } else if let Some(meant) = misspelt(name) {
            faults.push(Fault::new(format!(
                "{name} in the environment is no setting; the nearest is {meant}"
            )));
        }
    }
    given
}

/// Whether a variable of ours that is no setting was meant to be one, and which. Other programs around Vestibule may have
/// variables of their own with our prefix: those have neither two underscores nor a setting's name, whole or its last part.
fn misspelt(name: &str) -> Option<String> {
    let rest = name.strip_prefix(PREFIX)?;
    let lists = LISTS.into_iter().map(variable);
    let names: Vec<String> = rows().map(Row::environment).chain(lists).collect();
    if rest.contains("__") {
        return nearest(name, names.iter().map(String::as_str)).map(ToOwned::to_owned);
    }
    names.into_iter().find(|known| {
        known.replace("__", "_") == name
            || known
                .rsplit_once("__")
                .is_some_and(|(_, last)| last == rest)
    })
}

fn typed(kind: Kind, text: &str) -> Value {
    let whole = || Value::String(text.to_owned());
    match kind {
        Kind::Text | Kind::Secret => whole(),
        Kind::Number => text.parse().map_or_else(|_| whole(), Value::Integer),
        Kind::Switch => text.parse().map_or_else(|_| whole(), Value::Boolean),
        Kind::List => Value::Array(
            text.split(',')
                .map(|part| Value::String(part.trim().to_owned()))
                .collect(),
        ),
        Kind::Tables => toml::from_str::<Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(whole),
    }
}

fn from_flags(flags: &Flags) -> Vec<Given> {
    let path = |path: &Option<PathBuf>| {
        let path = path.as_ref()?;
        Some(Value::String(path.display().to_string()))
    };
    let listen = (!flags.listen.is_empty())
        .then(|| Value::Array(flags.listen.iter().cloned().map(Value::String).collect()));
    let issuer = flags.issuer.clone().map(Value::String);
    [
        ("server.data", "--data", path(&flags.data)),
        ("server.listen", "--listen", listen),
        ("server.issuer", "--issuer", issuer),
        ("tls.cert_file", "--tls-cert", path(&flags.tls_cert)),
        ("tls.key_file", "--tls-key", path(&flags.tls_key)),
    ]
    .into_iter()
    .filter_map(|(key, flag, value)| {
        Some(Given {
            row: rows().find(|row| row.key == key)?,
            value: value?,
            place: place(&Origin::Flag(flag)),
            origin: Origin::Flag(flag),
            base: PathBuf::new(),
        })
    })
    .collect()
}

fn unknown(key: &str, place: &str) -> Fault {
    let known = || rows().map(|row| row.key).chain(LISTS.map(|list| list.key));
    // A setting without its section is nearer to itself than to any other word.
    let sectionless =
        known().find(|known| known.rsplit_once('.').is_some_and(|(_, name)| name == key));
    let nearest = sectionless
        .or_else(|| nearest(key, known()))
        .unwrap_or_default();
    Fault::unknown(key, nearest, place)
}

#[cfg(test)]
mod tests;
