//! TLS ended here.

use super::{Kind, Row, list, path, quoted, texts};
use crate::settings::Settings;
use crate::settings::values::parse_listen;

pub const ROWS: &[Row] = &[
    Row {
        key: "tls.cert_file",
        kind: Kind::Text,
        default: Some("none: TLS is ended by a proxy, or the issuer is loopback"),
        meaning: "The certificate for the issuer's host in PEM, with its intermediates after it (certbot's `fullchain.pem`). With it every address of `server.listen` speaks https. Read anew when it changes. In a settings file, relative to that file. Flag: `--tls-cert`",
        set: |settings, value, base| {
            settings.tls.cert_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| shown(settings.tls.cert_file.as_ref()),
    },
    Row {
        key: "tls.key_file",
        kind: Kind::Text,
        default: Some("none"),
        meaning: "The certificate's private key in PEM (certbot's `privkey.pem`), readable by the server's user, its group at most, and nobody else. Read anew when it changes. Flag: `--tls-key`",
        set: |settings, value, base| {
            settings.tls.key_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| shown(settings.tls.key_file.as_ref()),
    },
    Row {
        key: "tls.redirect_listen",
        kind: Kind::List,
        default: Some("none"),
        meaning: "Addresses and ports, such as `0.0.0.0:80`, where page views over plain http are sent on to the issuer's https. Everything else there is refused, interfaces for programs above all: what was sent in the clear would go unnoticed. Needs `tls.cert_file`.",
        set: |settings, value, _| {
            let allowed = "addresses such as \"0.0.0.0:80\" or \"[::]:80\"";
            let mut listen = Vec::new();
            for text in texts(value).ok_or(allowed)? {
                listen.extend(parse_listen(text).ok_or(allowed)?);
            }
            settings.tls.redirect_listen = listen;
            Ok(())
        },
        show: |settings| {
            let addresses = &settings.tls.redirect_listen;
            list(addresses.iter().map(ToString::to_string))
        },
    },
    Row {
        key: "tls.hsts_subdomains",
        kind: Kind::Switch,
        default: None,
        meaning: "With an https issuer every answer tells browsers to come back by https alone, for a year (Strict-Transport-Security); so, too, to all names below the issuer's host. Set it to false if one of those has to be reached by plain http.",
        set: |settings, value, _| {
            settings.tls.hsts_subdomains = value.as_bool().ok_or("true or false")?;
            Ok(())
        },
        show: |settings: &Settings| settings.tls.hsts_subdomains.to_string(),
    },
];

fn shown(file: Option<&std::path::PathBuf>) -> String {
    file.map_or("none".to_owned(), |file| {
        quoted(&file.display().to_string())
    })
}
