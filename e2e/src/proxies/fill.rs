//! The book's texts with this test's addresses, and what stands around them where they are part of a whole.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Addresses, Kind};

/// What the book's readers are told to replace, replaced.
pub fn fill(file: &str, book: &str, room: &Path, addresses: Addresses) -> anyhow::Result<String> {
    let mut all = upstreams(file, addresses);
    all.extend(places(file, room, addresses)?);
    let text = replaced(file, book, &all)?;
    certified(file, &text, room, &["id.example.com", "shop.example.com"])
}

/// A text that names its upstreams and hosts already: only where it listens, and what lies in this test's room.
pub fn settle(
    file: &str,
    text: &str,
    room: &Path,
    addresses: Addresses,
    hosts: &[&str],
) -> anyhow::Result<String> {
    let text = replaced(file, text, &places(file, room, addresses)?)?;
    certified(file, &text, room, hosts)
}

fn certified(file: &str, text: &str, room: &Path, hosts: &[&str]) -> anyhow::Result<String> {
    if !text.contains("/etc/ssl/") {
        return Ok(text.to_owned());
    }
    let mut text = text.to_owned();
    for host in hosts {
        for (theirs, ours) in [
            (format!("/etc/ssl/certs/{host}.pem"), "chain.pem"),
            (format!("/etc/ssl/private/{host}.key"), "key.pem"),
        ] {
            let ours = room.join(ours).display().to_string();
            text = replaced(file, &text, &[(&theirs, ours)])?;
        }
    }
    Ok(text)
}

/// Vestibule and the application.
fn upstreams(file: &str, addresses: Addresses) -> Vec<(&'static str, String)> {
    let Addresses {
        vestibule,
        application,
        ..
    } = addresses;
    let theirs = ("127.0.0.1:8080", format!("127.0.0.1:{vestibule}"));
    let shop = ("127.0.0.1:3000", format!("127.0.0.1:{application}"));
    match file {
        "traefik.yaml" => Vec::new(),
        "haproxy.lua" => vec![theirs],
        "apache.lua" => vec![(
            "ADDRESS, PORT = \"127.0.0.1\", 8080",
            format!("ADDRESS, PORT = \"127.0.0.1\", {vestibule}"),
        )],
        "envoy.yaml" => vec![
            (
                "address: 127.0.0.1, port_value: 8080",
                format!("address: 127.0.0.1, port_value: {vestibule}"),
            ),
            (
                "address: 127.0.0.1, port_value: 3000",
                format!("address: 127.0.0.1, port_value: {application}"),
            ),
        ],
        _ => vec![theirs, shop],
    }
}

/// Where it listens, and its other files.
fn places(
    file: &str,
    room: &Path,
    addresses: Addresses,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let Addresses { secure, plain, .. } = addresses;
    let place = |name: &str| room.join(name).display().to_string();
    Ok(match file {
        "nginx.conf" => vec![
            ("listen 80;", format!("listen 127.0.0.1:{plain};")),
            ("listen 443 ssl;", format!("listen 127.0.0.1:{secure} ssl;")),
        ],
        "haproxy.cfg" => {
            // HAProxy wants a certificate and its key in one file.
            let pair = ["chain.pem", "key.pem"].map(|name| std::fs::read(room.join(name)));
            let [chain, key] = pair;
            std::fs::write(room.join("pair.pem"), [chain?, key?].concat())?;
            let mut all = vec![
                ("bind :80", format!("bind 127.0.0.1:{plain}")),
                ("bind :443", format!("bind 127.0.0.1:{secure}")),
                ("/etc/haproxy/certs", place("pair.pem")),
                ("/etc/haproxy/vestibule.lua", place("haproxy.lua")),
            ];
            if !rustix::process::geteuid().is_root() {
                all.push(("    user haproxy\n    group haproxy\n", String::new()));
            }
            all
        }
        "apache.conf" => vec![
            (
                "<VirtualHost *:80>",
                format!("<VirtualHost 127.0.0.1:{plain}>"),
            ),
            (
                "<VirtualHost *:443>",
                format!("<VirtualHost 127.0.0.1:{secure}>"),
            ),
            ("/etc/apache2/vestibule.lua", place("apache.lua")),
        ],
        "traefik.yaml" => vec![
            ("\":80\"", format!("\"127.0.0.1:{plain}\"")),
            ("\":443\"", format!("\"127.0.0.1:{secure}\"")),
            (
                "/etc/traefik/traefik-dynamic.yaml",
                place("traefik-dynamic.yaml"),
            ),
        ],
        "envoy.yaml" => vec![
            (
                "address: 0.0.0.0, port_value: 80 ",
                format!("address: 127.0.0.1, port_value: {plain} "),
            ),
            (
                "address: 0.0.0.0, port_value: 443 ",
                format!("address: 127.0.0.1, port_value: {secure} "),
            ),
        ],
        "haproxy.lua" | "apache.lua" | "Caddyfile" | "traefik-dynamic.yaml" => Vec::new(),
        other => anyhow::bail!("nothing is known of {other}"),
    })
}

fn replaced(file: &str, book: &str, all: &[(&str, String)]) -> anyhow::Result<String> {
    let mut text = book.to_owned();
    for (theirs, ours) in all {
        ensure!(
            text.contains(theirs),
            "the book's {file} no longer says {theirs:?}"
        );
        text = text.replace(theirs, ours);
    }
    Ok(text)
}

/// nginx's text with the shop's part again, for other hosts.
pub fn with_hosts(text: &str, hosts: &[&str]) -> anyhow::Result<String> {
    let mut whole = text.to_owned();
    for host in hosts {
        let (_, part) = text
            .split_once("# The application, for everybody")
            .context("the book's text has no part for the application")?;
        whole.push_str("\n#");
        // The application has the first part of the host for its name.
        let name = host.split('.').next().unwrap_or_default();
        let part = part.replace("shop.example.com", host);
        whole.push_str(&part.replace("app=shop", &format!("app={name}")));
    }
    Ok(whole)
}

/// The same text without the question: what its cost is measured against.
pub fn unasking(kind: Kind, book: &str) -> anyhow::Result<String> {
    let cuts: &[(&str, &str, &str)] = match kind {
        Kind::Nginx => &[("auth_request     /", ";", "")],
        Kind::Haproxy => &[
            ("    http-request lua.vestibule shop\n", "", ""),
            ("unless { var(txn.vestibule)", "}", "if FALSE"),
        ],
        Kind::Apache => &[("    LuaHookAccessChecker", "\n", "")],
        Kind::Caddy => &[("\tforward_auth", "\n\t}\n", "")],
        Kind::Traefik => &[(", ask-vestibule", "", "")],
        Kind::Envoy => &[(
            "route: { cluster: shop, timeout: 0s }",
            "",
            "route: { cluster: shop, timeout: 0s }\n                          typed_per_filter_config: *open",
        )],
    };
    let mut text = book.to_owned();
    for (from, to, instead) in cuts {
        // A proxy's other files do not ask.
        let Some((before, rest)) = text.split_once(from) else {
            continue;
        };
        let (_, after) = rest
            .split_once(to)
            .with_context(|| format!("no {to:?} after {from:?}"))?;
        text = format!("{before}{instead}{after}");
    }
    Ok(text)
}

/// What stands around the book's text, with every path in the test's room, and the command that starts it.
pub fn surround(
    kind: Kind,
    room: &Path,
    addresses: Addresses,
    command: &mut Command,
) -> anyhow::Result<()> {
    let own = |name: &str| room.join(name);
    match kind {
        Kind::Nginx => {
            let whole = nginx(room);
            std::fs::write(own("whole.conf"), whole)?;
            command.arg("-p").arg(room).arg("-c").arg(own("whole.conf"));
        }
        Kind::Haproxy => drop(command.arg("-db").arg("-f").arg(own("haproxy.cfg"))),
        Kind::Apache => {
            std::fs::write(own("whole.conf"), apache(room, addresses))?;
            command.arg("-DFOREGROUND").arg("-f").arg(own("whole.conf"));
        }
        Kind::Caddy => {
            std::fs::write(own("whole"), caddy(addresses))?;
            command
                .args(["run", "--adapter", "caddyfile", "--config"])
                .arg(own("whole"))
                .env("XDG_DATA_HOME", room)
                .env("XDG_CONFIG_HOME", room)
                .env("HOME", room);
        }
        Kind::Traefik => {
            // Nobody is asked for news here.
            let text = std::fs::read_to_string(own("traefik.yaml"))?;
            let quiet = "global: { checkNewVersion: false, sendAnonymousUsage: false }\n";
            std::fs::write(own("traefik.yaml"), format!("{quiet}{text}"))?;
            let file = own("traefik.yaml");
            command.arg(format!("--configFile={}", file.display()));
        }
        Kind::Envoy => {
            command.arg("-c").arg(own("envoy.yaml")).args([
                "--use-dynamic-base-id",
                "--concurrency",
                "1",
                "-l",
                "warn",
            ]);
        }
    }
    Ok(())
}

/// What Debian's own `nginx.conf` is around a file of `conf.d`.
fn nginx(room: &Path) -> String {
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    let room = room.display();
    format!(
        "{user}\ndaemon off;\nworker_processes 1;\npid {room}/nginx.pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\nclient_body_temp_path {room}/body;\n\
         proxy_temp_path {room}/proxy;\nfastcgi_temp_path {room}/fastcgi;\nuwsgi_temp_path {room}/uwsgi;\n\
         scgi_temp_path {room}/scgi;\ninclude {room}/nginx.conf;\n}}\n"
    )
}

/// What Debian's own `apache2.conf` and `a2enmod` are around a file of `sites-enabled`.
fn apache(room: &Path, addresses: Addresses) -> String {
    let modules = [
        "mpm_event",
        "authz_core",
        "socache_shmcb",
        "ssl",
        "headers",
        "rewrite",
        "proxy",
        "proxy_http",
        "proxy_wstunnel",
        "lua",
    ];
    let loaded = modules
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
    let Addresses { secure, plain, .. } = addresses;
    let room = room.display();
    format!(
        "{}ServerRoot {room}\nServerName localhost\nPidFile {room}/apache.pid\nErrorLog /dev/stderr\nLogLevel warn\n\
         DefaultRuntimeDir {room}\nUser www-data\nGroup www-data\nListen 127.0.0.1:{secure}\nListen 127.0.0.1:{plain}\n\
         KeepAliveTimeout 5\nMaxKeepAliveRequests 0\n<Directory />\nRequire all denied\n</Directory>\n\
         Include {room}/apache.conf\n",
        loaded.concat()
    )
}

/// Caddy's own authority in place of a public one, and its ports.
fn caddy(addresses: Addresses) -> String {
    let Addresses { secure, plain, .. } = addresses;
    format!(
        "{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tpersist_config off\n\thttp_port {plain}\n\thttps_port {secure}\n\
         \tdefault_bind 127.0.0.1\n\tservers {{\n\t\tprotocols h1 h2\n\t}}\n}}\nimport Caddyfile\n"
    )
}
