//! Rules that concern more than one setting.

use std::net::IpAddr;

use vestibule_core::origin::Origin;
use vestibule_core::password::Cost;
use vestibule_core::session::Lifetime;
use vestibule_engine::RegistrationMode;
use vestibule_http::Issuer;

use super::values::{show_duration, show_kib};
use super::{Fault, Settings, Store, Tls};

/// What does not go together.
pub fn faults(settings: &Settings) -> Vec<Fault> {
    let mut faults = Vec::new();
    lifetime(
        &mut faults,
        "sessions.idle",
        "sessions.absolute",
        settings.lifetime,
    );
    lifetime(
        &mut faults,
        "sessions.remembered_idle",
        "sessions.remembered_absolute",
        settings.remembered,
    );
    cost(&mut faults, settings.cost);
    reach(&mut faults, settings);
    tls(&mut faults, &settings.tls);
    mail(&mut faults, settings);
    registration(&mut faults, settings);
    waits(&mut faults, settings);
    store(&mut faults, &settings.store);
    applications(&mut faults, settings);
    faults
}

/// One password. Beside SQLite, which takes none, a file is no fault: it may be for the other end of a move.
fn store(faults: &mut Vec<Fault>, store: &Store) {
    if let (Some(url), Some(file)) = (&store.postgres, &store.password_file)
        && vestibule_postgres::has_password(url.expose())
    {
        faults.push(Fault::new(format!(
            "store.url has a password in it, and store.password_file ({}) another: take one of them away",
            file.display()
        )));
    }
}

fn lifetime(faults: &mut Vec<Fault>, idle: &str, absolute: &str, lifetime: Lifetime) {
    if lifetime.idle > lifetime.absolute {
        faults.push(Fault::new(format!(
            "{idle} ({}) is longer than {absolute} ({}): lower the one or raise the other",
            show_duration(lifetime.idle),
            show_duration(lifetime.absolute)
        )));
    }
}

/// ASVS 11.4.2, appendix C: the least memory for so many passes.
fn cost(faults: &mut Vec<Fault>, cost: Cost) {
    let least = match cost.passes {
        1 => 46 * 1024,
        2 => 19 * 1024,
        _ => 12 * 1024,
    };
    if cost.memory < least {
        faults.push(Fault::new(format!(
            "passwords.memory ({}) is too little for passwords.passes = {}: at least {}",
            show_kib(cost.memory),
            cost.passes,
            show_kib(least)
        )));
    }
}

/// Passwords and cookies never cross a network in the clear (ASVS 12.2.1, N11): off loopback the issuer is https, and
/// somebody ends TLS.
fn reach(faults: &mut Vec<Fault>, settings: &Settings) {
    let issuer = issuer(settings);
    let abroad = settings
        .listen
        .iter()
        .find(|address| !address.ip().is_loopback());
    let tls_in_front = "end TLS here (tls.cert_file and tls.key_file; flags --tls-cert and --tls-key), or put a proxy that \
                        ends TLS in front and name it in trusted_proxies";
    let ends_tls = settings.tls.pair().is_some();
    match (&issuer, abroad) {
        (None, Some(address)) => faults.push(Fault::new(format!(
            "server.listen {address} is not loopback, and no server.issuer is set: set server.issuer (--issuer) to the \
             https URL that browsers will use and {tls_in_front}, or listen on 127.0.0.1 only"
        ))),
        (Some(issuer), Some(address)) if !issuer.https() => faults.push(Fault::new(format!(
            "server.listen {address} is not loopback, and server.issuer {} is plain http: set server.issuer (--issuer) \
             to an https URL and {tls_in_front}, or listen on 127.0.0.1 only",
            issuer.origin()
        ))),
        (Some(issuer), abroad)
            if !ends_tls && settings.proxies.is_empty() && (abroad.is_some() || !issuer.is_loopback()) =>
        {
            faults.push(Fault::new(format!(
                "server.issuer {} is https, and nothing ends TLS for it: {tls_in_front} ([[trusted_proxies]] address = \
                 \"127.0.0.1\", headers = \"x-forwarded\" for one on this machine)",
                issuer.origin()
            )));
        }
        (Some(issuer), None) if ends_tls && !issuer.https() => faults.push(Fault::new(format!(
            "server.issuer {} is plain http, and tls.cert_file is set: set server.issuer (--issuer) to https://{}, or take \
             tls.cert_file and tls.key_file away",
            issuer.origin(),
            issuer.host()
        ))),
        _ => {}
    }
}

/// A certificate has its key, and there is an https to send people on to.
fn tls(faults: &mut Vec<Fault>, tls: &Tls) {
    match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => faults.push(Fault::new(
            "tls.cert_file is set without tls.key_file: set tls.key_file (--tls-key) to the certificate's private key",
        )),
        (None, Some(_)) => faults.push(Fault::new(
            "tls.key_file is set without tls.cert_file: set tls.cert_file (--tls-cert) to the key's certificate",
        )),
        (None, None) if !tls.redirect_listen.is_empty() => faults.push(Fault::new(
            "tls.redirect_listen is set, and TLS is not ended here: set tls.cert_file and tls.key_file, or leave plain http \
             to the proxy that ends TLS and take tls.redirect_listen away",
        )),
        _ => {}
    }
}

/// A login with the mail server is whole, and there is a server to log in to.
fn mail(faults: &mut Vec<Fault>, settings: &Settings) {
    let mail = &settings.mail;
    let has_password = mail.password.is_some() || mail.password_file.is_some();
    if mail.password.is_some() && mail.password_file.is_some() {
        faults.push(Fault::new(
            "mail.password and mail.password_file are both set: take the one away",
        ));
    }
    match (&mail.username, has_password) {
        (Some(_), false) => faults.push(Fault::new(
            "mail.username is set without a password: set mail.password_file (or mail.password), or take the name away",
        )),
        (None, true) => faults.push(Fault::new(
            "mail.password is set without a name: set mail.username, or take the password away",
        )),
        _ => {}
    }
    if mail.server.is_none() {
        let settings = [
            ("mail.username", mail.username.is_some()),
            ("mail.from", mail.from.is_some()),
            ("mail.authority_file", mail.authority_file.is_some()),
        ];
        for (key, _) in settings.iter().filter(|(_, is_set)| *is_set) {
            faults.push(Fault::new(format!(
                "{key} is set, and no mail.server is: set mail.server, or take {key} away"
            )));
        }
    } else if mail.from.is_none()
        && let Some(issuer) = issuer(settings).filter(is_address)
        && !issuer.is_loopback()
    {
        faults.push(Fault::new(format!(
            "mails would come from vestibule@{}, which is no address: set mail.from",
            issuer.name()
        )));
    }
}

/// Whoever registers proves their address by mail; in development the mailbox is enough.
fn registration(faults: &mut Vec<Fault>, settings: &Settings) {
    if settings.registration.mode == RegistrationMode::Open
        && settings.mail.server.is_none()
        && issuer(settings).is_some_and(|issuer| !is_development(&issuer))
    {
        faults.push(Fault::new(
            "registration.mode is \"open\", and without mail nobody can prove their address: set mail.server (such as \
             \"smtps://mail.example.com\"), or registration.mode to \"invited\" or \"off\"",
        ));
    }
}

fn waits(faults: &mut Vec<Fault>, settings: &Settings) {
    let account = settings.limits.account;
    if account.first > account.longest {
        faults.push(Fault::new(format!(
            "throttle.first_wait ({}) is longer than throttle.longest_wait ({}): lower the one or raise the other",
            show_duration(account.first),
            show_duration(account.longest)
        )));
    }
}

/// C24, ASVS 3.5.4: an application on the issuer's own host is sent the issuer's cookies and can act as the account page.
fn applications(faults: &mut Vec<Fault>, settings: &Settings) {
    let Some(issuer) = issuer(settings).filter(|_| !settings.own_host_application) else {
        return;
    };
    for spec in &settings.declarations.applications {
        let shared = |origin: &&Origin| issuer.shares_its_host_with(origin);
        if let Some(origin) = spec.origins.iter().find(shared) {
            faults.push(Fault::new(format!(
                "[[applications]] \"{}\": {origin} is on the issuer's own host ({issuer}), and so could act as the account \
                 page: give it a host name of its own, or set edge.own_host_application if it is fully trusted",
                spec.name
            )));
        }
    }
}

fn issuer(settings: &Settings) -> Option<Issuer> {
    let issuer = settings.issuer.as_deref()?;
    Issuer::parse(issuer).ok()
}

/// Whether the issuer's host is an IP address.
fn is_address(issuer: &Issuer) -> bool {
    let name = issuer.name().trim_start_matches('[').trim_end_matches(']');
    name.parse::<IpAddr>().is_ok()
}

/// Whether mail may stay in a mailbox that is read in the browser: where browsers come without TLS, so from this machine.
/// An https issuer named `localhost` has a proxy in front, and whoever that lets in.
pub fn is_development(issuer: &Issuer) -> bool {
    issuer.is_loopback() && !issuer.https()
}

/// The issuer when none is set: it follows the port that is really listened on, and what is spoken there.
pub fn issuer_on(port: u16, tls: &Tls) -> String {
    let scheme = if tls.pair().is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://localhost:{port}")
}

#[cfg(test)]
mod tests {
    use vestibule_core::email::EmailAddress;

    use super::super::{Mail, MailServer, Secret};
    use super::*;

    fn told(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        let faults: Vec<_> = faults(&settings).iter().map(ToString::to_string).collect();
        faults.join("\n")
    }

    fn proxy() -> super::super::Proxy {
        super::super::Proxy {
            network: "127.0.0.1/32".parse().unwrap(),
            headers: vestibule_http::HeaderFamily::XForwarded,
        }
    }

    #[test]
    fn the_defaults_are_good() {
        assert_eq!(told(|_| ()), "");
    }

    /// Holds: N11, ASVS 12.2.1
    #[test]
    fn n11_plain_http_never_leaves_loopback() {
        let listen = told(|s| s.listen = vec!["0.0.0.0:8080".parse().unwrap()]);
        assert!(
            listen.contains("server.listen 0.0.0.0:8080") && listen.contains("--issuer"),
            "{listen}"
        );
        let both = told(|s| {
            s.listen = vec!["192.0.2.1:8080".parse().unwrap()];
            s.issuer = Some("http://localhost:8080".to_owned());
        });
        assert!(both.contains("plain http"), "{both}");
        let unproxied = told(|s| s.issuer = Some("https://id.example.test".to_owned()));
        assert!(unproxied.contains("trusted_proxies"), "{unproxied}");
        let abroad = told(|s| {
            s.listen = vec!["0.0.0.0:8080".parse().unwrap()];
            s.issuer = Some("https://localhost:8443".to_owned());
        });
        assert!(abroad.contains("trusted_proxies"), "{abroad}");
    }

    #[test]
    fn https_with_a_proxy_in_front_is_good_anywhere() {
        for listen in ["127.0.0.1:8080", "0.0.0.0:8080"] {
            let told = told(|s| {
                s.listen = vec![listen.parse().unwrap()];
                s.issuer = Some("https://id.example.test".to_owned());
                s.proxies = vec![proxy()];
            });
            assert_eq!(told, "");
        }
        assert_eq!(
            told(|s| s.issuer = Some("https://localhost:8443".to_owned())),
            ""
        );
    }

    fn with_tls(settings: &mut Settings) {
        settings.tls.cert_file = Some("cert.pem".into());
        settings.tls.key_file = Some("key.pem".into());
    }

    /// Holds: N11, ASVS 12.2.1
    #[test]
    fn n11_tls_ended_here_is_good_anywhere_with_an_https_issuer() {
        for listen in ["127.0.0.1:8443", "0.0.0.0:443"] {
            let told = told(|s| {
                with_tls(s);
                s.listen = vec![listen.parse().unwrap()];
                s.issuer = Some("https://id.example.test".to_owned());
                s.tls.redirect_listen = vec!["0.0.0.0:80".parse().unwrap()];
            });
            assert_eq!(told, "");
        }
        assert_eq!(told(with_tls), "", "the issuer follows, and is https");
        let plain = told(|s| {
            with_tls(s);
            s.issuer = Some("http://localhost:8080".to_owned());
        });
        assert!(plain.contains("https://localhost:8080"), "{plain}");
        let nameless = told(|s| {
            with_tls(s);
            s.listen = vec!["0.0.0.0:443".parse().unwrap()];
        });
        assert!(nameless.contains("no server.issuer is set"), "{nameless}");
    }

    #[test]
    fn a_certificate_has_its_key_and_a_redirect_somewhere_to_lead() {
        let cert = told(|s| s.tls.cert_file = Some("cert.pem".into()));
        assert!(cert.contains("set tls.key_file"), "{cert}");
        let key = told(|s| s.tls.key_file = Some("key.pem".into()));
        assert!(key.contains("set tls.cert_file"), "{key}");
        let redirect = told(|s| s.tls.redirect_listen = vec!["127.0.0.1:80".parse().unwrap()]);
        assert!(
            redirect.contains("tls.redirect_listen is set"),
            "{redirect}"
        );
    }

    /// Holds: ASVS 11.4.2
    #[test]
    fn asvs_11_4_2_a_password_hash_is_never_cheap() {
        let cost = |memory: u32, passes| {
            told(|s| {
                s.cost = Cost {
                    memory: memory * 1024,
                    passes,
                }
            })
        };
        for (memory, passes) in [(46, 1), (19, 2), (12, 3), (64, 1)] {
            assert_eq!(cost(memory, passes), "");
        }
        for (memory, passes) in [(45, 1), (18, 2), (11, 3)] {
            assert!(
                cost(memory, passes).contains("passwords.memory"),
                "{memory} {passes}"
            );
        }
    }

    #[test]
    fn idle_is_not_longer_than_absolute() {
        let told = told(|s| s.remembered.idle = s.remembered.absolute * 2);
        assert!(told.contains("sessions.remembered_idle (60d)"), "{told}");
    }

    /// Off loopback, with TLS ended in front.
    fn abroad(settings: &mut Settings, issuer: &str) {
        settings.issuer = Some(issuer.to_owned());
        settings.proxies = vec![proxy()];
    }

    #[test]
    fn open_registration_needs_mail_off_loopback() {
        let open = told(|s| {
            abroad(s, "https://id.example.test");
            s.registration.mode = RegistrationMode::Open;
        });
        for part in ["registration.mode", "mail.server", "\"invited\"", "\"off\""] {
            assert!(open.contains(part), "{open}");
        }
        assert_eq!(
            told(|s| s.registration.mode = RegistrationMode::Open),
            "",
            "on loopback mails are read in the browser"
        );
        let behind_a_proxy = told(|s| {
            abroad(s, "https://localhost:8443");
            s.registration.mode = RegistrationMode::Open;
        });
        assert!(
            behind_a_proxy.contains("set mail.server"),
            "{behind_a_proxy}"
        );
        let mailed = told(|s| {
            abroad(s, "https://id.example.test");
            s.registration.mode = RegistrationMode::Open;
            s.mail.server = MailServer::parse("smtps://mail.example.test");
        });
        assert_eq!(mailed, "");
        assert_eq!(told(|s| abroad(s, "https://id.example.test")), "");
    }

    #[test]
    fn a_login_with_the_mail_server_is_whole() {
        let mail = |change: fn(&mut Mail)| {
            told(|s| {
                s.mail.server = MailServer::parse("smtps://mail.example.test");
                change(&mut s.mail);
            })
        };
        assert_eq!(mail(|_| ()), "");
        let nameless = mail(|mail| mail.password = Secret::password("swordfish"));
        assert!(nameless.contains("mail.username"), "{nameless}");
        assert!(!nameless.contains("swordfish"), "{nameless}");
        let without = mail(|mail| mail.username = Some("vestibule".to_owned()));
        assert!(without.contains("mail.password_file"), "{without}");
        let twice = mail(|mail| {
            mail.username = Some("vestibule".to_owned());
            mail.password = Secret::password("swordfish");
            mail.password_file = Some("password".into());
        });
        assert!(twice.contains("both set"), "{twice}");
        let alone = told(|s| s.mail.authority_file = Some("authority.pem".into()));
        assert!(
            alone.contains("mail.authority_file is set") && alone.contains("set mail.server"),
            "{alone}"
        );
    }

    #[test]
    fn an_issuer_without_a_name_needs_an_address_for_its_mails() {
        let from = |from: Option<&str>| {
            told(|s| {
                abroad(s, "https://192.0.2.1");
                s.mail.server = MailServer::parse("smtps://mail.example.test");
                s.mail.from = from.map(|from| EmailAddress::parse(from).unwrap());
            })
        };
        assert!(from(None).contains("mail.from"), "{}", from(None));
        assert_eq!(from(Some("accounts@example.test")), "");
    }

    #[test]
    fn the_first_wait_is_not_longer_than_the_longest() {
        let told = told(|s| s.limits.account.first = s.limits.account.longest * 2);
        assert!(told.contains("throttle.first_wait (8h)"), "{told}");
    }
}
