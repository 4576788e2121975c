//! How mail leaves.

use std::path::PathBuf;

use vestibule_core::email::EmailAddress;

use super::{Kind, Row, path, quoted};
use crate::settings::{MailServer, Secret};

pub const ROWS: &[Row] = &[
    Row {
        key: "mail.server",
        kind: Kind::Text,
        default: Some(
            "none: no mail leaves; with an http issuer, so on loopback, mails are read at `/dev/mail`",
        ),
        meaning: "The mail server: `smtps://HOST[:465]` speaks TLS from the first byte, `smtp://HOST[:587]` begins it with STARTTLS and sends nothing without it. Only to a loopback host (`localhost` or an address), and only without `mail.authority_file`, `smtp://` stays plain. The certificate must be for HOST. Or `none`.",
        set: |settings, value, _| {
            let allowed = "a server such as \"smtps://mail.example.com\" or \"smtp://mail.example.com:587\", or \"none\"; \
                           the login goes into mail.username and mail.password_file";
            settings.mail.server = match value.as_str().ok_or(allowed)? {
                "none" => None,
                text => Some(MailServer::parse(text).ok_or(allowed)?),
            };
            Ok(())
        },
        show: |settings| match &settings.mail.server {
            Some(server) => quoted(&server.to_string()),
            None => quoted("none"),
        },
    },
    Row {
        key: "mail.username",
        kind: Kind::Text,
        default: Some("none: no login"),
        meaning: "Who Vestibule is to the mail server. Told over TLS or to a loopback host only.",
        set: |settings, value, _| {
            let allowed = "a name of 1 to 320 characters, without control characters";
            let name = value.as_str().ok_or(allowed)?;
            if !(1..=320).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err(allowed.to_owned());
            }
            settings.mail.username = Some(name.to_owned());
            Ok(())
        },
        show: |settings| {
            let name = settings.mail.username.as_deref();
            name.map_or_else(|| "none".to_owned(), quoted)
        },
    },
    Row {
        key: "mail.password",
        kind: Kind::Secret,
        default: Some("none"),
        meaning: "The password to `mail.username`. A settings file that holds it must be readable by its owner alone. Better in a file of its own: `mail.password_file`.",
        set: |settings, value, _| {
            let allowed = "a text of 1 to 1024 characters, without control characters";
            let password = value.as_str().ok_or(allowed)?;
            settings.mail.password = Some(Secret::password(password).ok_or(allowed)?);
            Ok(())
        },
        show: |settings| match settings.mail.password {
            Some(_) => "set, and not shown".to_owned(),
            None => "none".to_owned(),
        },
    },
    Row {
        key: "mail.password_file",
        kind: Kind::Text,
        default: Some("none"),
        meaning: "The file that holds it, on one line, readable by its owner alone. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.mail.password_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| file(settings.mail.password_file.as_ref()),
    },
    Row {
        key: "mail.from",
        kind: Kind::Text,
        default: Some("`vestibule@` and the issuer's host"),
        meaning: "The address that mails come from; `server.brand` is the name beside it. The mail server must let `mail.username` send from it.",
        set: |settings, value, _| {
            let allowed = "an address such as \"accounts@example.com\"";
            let text = value.as_str().ok_or(allowed)?;
            // ASVS 1.3.11: what goes into a header is an address and nothing more.
            let from = EmailAddress::parse(text).map_err(|error| format!("{allowed}: {error}"))?;
            settings.mail.from = Some(from);
            Ok(())
        },
        show: |settings| match &settings.mail.from {
            Some(from) => quoted(from.as_str()),
            None => "vestibule@ and the issuer's host".to_owned(),
        },
    },
    Row {
        key: "mail.authority_file",
        kind: Kind::Text,
        default: Some("none: the authorities that this machine trusts"),
        meaning: "Certificates (PEM) of authorities that the mail server's certificate may be signed by besides those that this machine trusts: for a server with an authority of your own. In a settings file, relative to that file.",
        set: |settings, value, base| {
            settings.mail.authority_file = Some(path(value, base)?);
            Ok(())
        },
        show: |settings| file(settings.mail.authority_file.as_ref()),
    },
];

fn file(path: Option<&PathBuf>) -> String {
    path.map_or_else(
        || "none".to_owned(),
        |path| quoted(&path.display().to_string()),
    )
}
