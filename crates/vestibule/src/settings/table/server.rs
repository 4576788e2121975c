//! Where it listens, how it is known, how long sessions live.

use std::ops::RangeInclusive;
use std::time::Duration;

use vestibule_http::Issuer;

use super::{Kind, Row, duration, list, path, quoted, texts};
use crate::settings::values::{parse_listen, show_duration};

/// ASVS 7.3.2, N01, N02: every lifetime has an end, and none lies past 30 days.
const LIFETIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);
const LIFETIME_ALLOWED: &str = "a duration such as 30m, 12h or 14d, from 1s to 30d";
const FRESH: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

pub const ROWS: &[Row] = &[
    Row {
        key: "server.listen",
        kind: Kind::List,
        default: None,
        meaning: "Addresses and ports to listen on. `localhost:PORT` is both loopback addresses, a missing `[::1]` only warns, and port 0 takes a free port. Off loopback an https issuer is needed, and `tls.cert_file` or `trusted_proxies`. Flag: `--listen`",
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
        default: Some(
            "follows `server.listen`: `http://localhost:PORT`, with `tls.cert_file` `https://localhost:PORT`",
        ),
        meaning: "The URL under which browsers and applications reach this server: scheme, host and port, nothing more. Anything but loopback is https, with TLS ended here (`tls.cert_file`) or by one of `trusted_proxies`. Flag: `--issuer`",
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
];
