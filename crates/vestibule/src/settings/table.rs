//! Every setting, one row each.

mod mail;
mod operation;
mod passwords;
mod registration;
mod server;
mod store;
mod throttle;
mod tls;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Value;

use super::Settings;
use super::values::parse_duration;

/// Every setting, in the order of the reference.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let sections = [
        server::ROWS,
        store::ROWS,
        tls::ROWS,
        passwords::ROWS,
        registration::ROWS,
        mail::ROWS,
        throttle::ROWS,
        operation::ROWS,
    ];
    sections.into_iter().flatten()
}

/// How a value is written where there are no types: in the environment and in flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, durations and sizes included.
    Text,
    /// Text that is shown to nobody.
    Secret,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// Texts, separated by commas in the environment.
    List,
    /// Tables; an inline TOML array in the environment.
    Tables,
}

/// Takes a value, or answers what is allowed. The path is what relative paths are relative to.
type Set = fn(&mut Settings, &Value, &Path) -> Result<(), String>;

/// One setting.
pub struct Row {
    /// `section.name`.
    pub key: &'static str,
    /// How it is written without types.
    pub kind: Kind,
    /// The default as the reference tells it, where showing the default settings would depend on the machine or say
    /// nothing.
    pub default: Option<&'static str>,
    /// What it does, for the reference.
    pub meaning: &'static str,
    /// Takes a value.
    pub set: Set,
    /// Writes the value in force, as TOML.
    pub show: fn(&Settings) -> String,
}

impl Row {
    /// The environment variable of this setting.
    pub fn environment(&self) -> String {
        format!("VESTIBULE_{}", self.key.to_uppercase().replace('.', "__"))
    }
}

/// The known name that is spelt most like `name`.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.min_by_key(|known| strsim::damerau_levenshtein(name, known))
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(values) => values.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn path(value: &Value, base: &Path) -> Result<PathBuf, String> {
    match value.as_str() {
        Some(text) if !text.is_empty() => Ok(base.join(text)),
        _ => Err("a path".to_owned()),
    }
}

fn duration(
    value: &Value,
    range: &RangeInclusive<Duration>,
    allowed: &str,
) -> Result<Duration, String> {
    let duration = value.as_str().and_then(parse_duration).ok_or(allowed)?;
    within(duration, range, allowed)
}

fn number<T: TryFrom<i64> + PartialOrd>(
    value: &Value,
    range: &RangeInclusive<T>,
    allowed: &str,
) -> Result<T, String> {
    let number = value.as_integer().ok_or(allowed)?;
    within(T::try_from(number).map_err(|_| allowed)?, range, allowed)
}

fn within<T: PartialOrd>(value: T, range: &RangeInclusive<T>, allowed: &str) -> Result<T, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(allowed.to_owned())
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn list(texts: impl Iterator<Item = String>) -> String {
    Value::Array(texts.map(Value::String).collect()).to_string()
}
