//! The edge, the operator's files, what is watched and logged.

use toml::Value;
use tracing::Level;

use vestibule_http::HeaderFamily;

use super::{Kind, Row, nearest, path, quoted};
use crate::settings::values::{parse_network, show_network};
use crate::settings::{LogFormat, Proxy};
use crate::traces::Endpoint;

pub const ROWS: &[Row] = &[
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
        key: "places.file",
        kind: Kind::Text,
        default: Some("none: addresses are shown as they are"),
        meaning: "A list of networks and where they are, in MaxMind's format (`.mmdb`), with countries or cities: pages and mails then tell logins' places in words. Read once at the start; no address leaves the machine. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.places_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| match &settings.places_file {
            Some(path) => quoted(&path.display().to_string()),
            None => "none".to_owned(),
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
        key: "telemetry.otlp_endpoint",
        kind: Kind::Text,
        default: Some("none: nothing is traced"),
        meaning: "A collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318`: https, or http on this machine. For a `vestibule` that was built with `--features otlp`; any other refuses it.",
        set: |settings, value, _| {
            let text = value.as_str().unwrap_or_default();
            settings.otlp_endpoint = Some(Endpoint::parse(text)?);
            Ok(())
        },
        show: |settings| match &settings.otlp_endpoint {
            Some(endpoint) => quoted(&endpoint.to_string()),
            None => "none".to_owned(),
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
