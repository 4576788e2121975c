//! Every setting, one row each.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Value;
use tracing::Level;

use vestibule_http::{HeaderFamily, Issuer};

use super::values::{
    parse_duration, parse_kib, parse_listen, parse_network, show_duration, show_kib, show_network,
};
use super::{LogFormat, Proxy, Settings};

/// How a value is written where there are no types: in the environment and in flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, durations and sizes included.
    Text,
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

/// ASVS 7.3.2, N01, N02: every lifetime has an end, and none lies past 30 days.
const LIFETIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);
const LIFETIME_ALLOWED: &str = "a duration such as 30m, 12h or 14d, from 1s to 30d";
const FRESH: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// Every setting, in the order of the reference.
pub const ROWS: &[Row] = &[
    Row {
        key: "server.listen",
        kind: Kind::List,
        default: None,
        meaning: "Addresses and ports to listen on. `localhost:PORT` is both loopback addresses, a missing `[::1]` only warns, and port 0 takes a free port. Off loopback an https issuer and `trusted_proxies` are needed. Flag: `--listen`",
        set: |settings, value, _| {
            let allowed = "addresses such as \"127.0.0.1:8080\", \"[::1]:8080\" or \"localhost:8080\", each once";
            let mut listen = Vec::new();
            for text in texts(value).ok_or(allowed)? {
                listen.extend(parse_listen(text).ok_or(allowed)?);
            }
            let twice = (1..listen.len())
                .any(|n| listen[n].port() != 0 && listen[..n].contains(&listen[n]));
            if listen.is_empty() || twice {
                return Err(allowed.to_owned());
            }
            settings.listen = listen;
            Ok(())
        },
        show: |settings| list(settings.listen.iter().map(ToString::to_string)),
    },
    Row {
        key: "server.data",
        kind: Kind::Text,
        default: None,
        meaning: "The data directory. In a settings file, relative to that file; it cannot be set in the data directory's own `vestibule.toml`. Flag: `--data`",
        set: |settings, value, base| {
            settings.data = path(value, base)?;
            Ok(())
        },
        show: |settings| quoted(&settings.data.display().to_string()),
    },
    Row {
        key: "server.issuer",
        kind: Kind::Text,
        default: Some("follows `server.listen`: `http://localhost:PORT`"),
        meaning: "The URL under which browsers and applications reach this server: scheme, host and port, nothing more. Anything but loopback is https, with TLS ended by one of `trusted_proxies`. Flag: `--issuer`",
        set: |settings, value, _| {
            let allowed = "an origin such as \"https://id.example.com\"";
            let text = value.as_str().ok_or(allowed)?;
            Issuer::parse(text).map_err(|error| format!("{allowed}: {error}"))?;
            settings.issuer = Some(text.to_owned());
            Ok(())
        },
        show: |settings| match &settings.issuer {
            Some(issuer) => quoted(issuer),
            None => "follows server.listen".to_owned(),
        },
    },
    Row {
        key: "server.brand",
        kind: Kind::Text,
        default: None,
        meaning: "The name on the pages: 1 to 60 characters.",
        set: |settings, value, _| {
            let allowed = "a name of 1 to 60 characters, without control characters";
            let brand = value.as_str().ok_or(allowed)?.trim();
            if brand.is_empty() || brand.chars().count() > 60 || brand.chars().any(char::is_control)
            {
                return Err(allowed.to_owned());
            }
            brand.clone_into(&mut settings.brand);
            Ok(())
        },
        show: |settings| quoted(&settings.brand),
    },
    Row {
        key: "sessions.idle",
        kind: Kind::Text,
        default: None,
        meaning: "A session ends after so long without a request.",
        set: |settings, value, _| {
            settings.lifetime.idle = duration(value, &LIFETIME, LIFETIME_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.lifetime.idle)),
    },
    Row {
        key: "sessions.absolute",
        kind: Kind::Text,
        default: None,
        meaning: "A session ends so long after its login, used or not. Not below `sessions.idle`.",
        set: |settings, value, _| {
            settings.lifetime.absolute = duration(value, &LIFETIME, LIFETIME_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.lifetime.absolute)),
    },
    Row {
        key: "sessions.remembered_idle",
        kind: Kind::Text,
        default: None,
        meaning: "`sessions.idle` for a login with 'remember this device'.",
        set: |settings, value, _| {
            settings.remembered.idle = duration(value, &LIFETIME, LIFETIME_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.remembered.idle)),
    },
    Row {
        key: "sessions.remembered_absolute",
        kind: Kind::Text,
        default: None,
        meaning: "`sessions.absolute` for a login with 'remember this device'.",
        set: |settings, value, _| {
            settings.remembered.absolute = duration(value, &LIFETIME, LIFETIME_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.remembered.absolute)),
    },
    Row {
        key: "login.fresh",
        kind: Kind::Text,
        default: None,
        meaning: "For so long after a login, acts that need a fresh one do not ask for the password again. At most 1h.",
        set: |settings, value, _| {
            settings.fresh =
                duration(value, &FRESH, "a duration such as 90s or 5m, from 1s to 1h")?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.fresh)),
    },
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
        key: "edge.own_host_application",
        kind: Kind::Switch,
        default: None,
        meaning: "Allow `/verify` for an application on the issuer's own host, off loopback too. Such an application shares the account page's origin and can act as it: only for one that is fully trusted.",
        set: |settings, value, _| {
            settings.own_host_application = value.as_bool().ok_or("true or false")?;
            Ok(())
        },
        show: |settings| settings.own_host_application.to_string(),
    },
    Row {
        key: "trusted_proxies",
        kind: Kind::Tables,
        default: Some("none"),
        meaning: "Proxies whose forwarded headers are believed, each a `[[trusted_proxies]]` table: `address`, an IP address or a network such as `10.0.0.0/8`; `headers`, the one family that it sends: `\"x-forwarded\"` or `\"x-original\"`. In the environment an inline array: `VESTIBULE_TRUSTED_PROXIES='[{address = \"10.0.0.2\", headers = \"x-original\"}]'`",
        set: |settings, value, _| {
            settings.proxies = proxies(value)?;
            Ok(())
        },
        show: |settings| {
            let each = settings.proxies.iter().map(|proxy| {
                format!(
                    "{{ address = {}, headers = {} }}",
                    quoted(&show_network(&proxy.network)),
                    quoted(family_name(proxy.headers)),
                )
            });
            format!("[{}]", each.collect::<Vec<_>>().join(", "))
        },
    },
    Row {
        key: "keys.master_key_file",
        kind: Kind::Text,
        default: Some("`master.key` in the data directory, made at the first start"),
        meaning: "The file with the master key: 32 random bytes in base64, readable by its owner alone. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.master_key_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| match &settings.master_key_file {
            Some(path) => quoted(&path.display().to_string()),
            None => "master.key in server.data".to_owned(),
        },
    },
    Row {
        key: "ops.listen",
        kind: Kind::Text,
        default: None,
        meaning: "Where metrics are read (`/metrics`), with `/healthz` and `/readyz`: an address and port, or `off`. Never on the public listener; off loopback whoever reaches it can read them. Port 0 takes a free port. A default that is taken only warns.",
        set: |settings, value, _| {
            let allowed = "an address such as \"127.0.0.1:9464\", or \"off\"";
            settings.ops = match value.as_str().ok_or(allowed)? {
                "off" => None,
                text => Some(text.parse().map_err(|_| allowed)?),
            };
            Ok(())
        },
        show: |settings| match settings.ops {
            Some(address) => quoted(&address.to_string()),
            None => quoted("off"),
        },
    },
    Row {
        key: "log.level",
        kind: Kind::Text,
        default: None,
        meaning: "The least severe level that is logged: `error`, `warn`, `info`, `debug` or `trace`.",
        set: |settings, value, _| {
            let allowed = "one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"";
            settings.log_level = match value.as_str().ok_or(allowed)? {
                "error" => Level::ERROR,
                "warn" => Level::WARN,
                "info" => Level::INFO,
                "debug" => Level::DEBUG,
                "trace" => Level::TRACE,
                _ => return Err(allowed.to_owned()),
            };
            Ok(())
        },
        show: |settings| quoted(&settings.log_level.as_str().to_lowercase()),
    },
    Row {
        key: "log.format",
        kind: Kind::Text,
        default: None,
        meaning: "The form of the log, on standard error: `text`, `json`, or `auto` for text on a terminal and JSON elsewhere.",
        set: |settings, value, _| {
            let allowed = "one of \"auto\", \"text\", \"json\"";
            settings.log_format = match value.as_str().ok_or(allowed)? {
                "auto" => LogFormat::Auto,
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(allowed.to_owned()),
            };
            Ok(())
        },
        show: |settings| {
            quoted(match settings.log_format {
                LogFormat::Auto => "auto",
                LogFormat::Text => "text",
                LogFormat::Json => "json",
            })
        },
    },
];

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

const PROXY_KEYS: [&str; 2] = ["address", "headers"];

fn proxies(value: &Value) -> Result<Vec<Proxy>, String> {
    let allowed = "a list of tables with address and headers";
    let mut proxies: Vec<Proxy> = Vec::new();
    for table in value.as_array().ok_or(allowed)? {
        let table = table.as_table().ok_or(allowed)?;
        for key in table.keys() {
            if !PROXY_KEYS.contains(&key.as_str()) {
                let nearest = nearest(key, PROXY_KEYS.into_iter()).unwrap_or_default();
                return Err(format!(
                    "{allowed}; {key} is neither, the nearest is {nearest}"
                ));
            }
        }
        let address = table.get("address").and_then(Value::as_str);
        let network = address
            .and_then(parse_network)
            .ok_or("tables whose address is an IP address or a network such as \"10.0.0.0/8\"")?;
        let headers = table.get("headers").and_then(Value::as_str);
        let headers = headers
            .and_then(family)
            .ok_or("tables whose headers is \"x-forwarded\" or \"x-original\"")?;
        if proxies.iter().any(|proxy| proxy.network == network) {
            return Err(format!("a list that names {network} once"));
        }
        proxies.push(Proxy { network, headers });
    }
    Ok(proxies)
}

fn family(name: &str) -> Option<HeaderFamily> {
    [HeaderFamily::XForwarded, HeaderFamily::XOriginal]
        .into_iter()
        .find(|family| family_name(*family) == name)
}

const fn family_name(family: HeaderFamily) -> &'static str {
    match family {
        HeaderFamily::XForwarded => "x-forwarded",
        HeaderFamily::XOriginal => "x-original",
    }
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
