//! Requests that no decent client sends: of two hosts, of two upgrades, with a `Connection` that takes headers away.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::ensure;
use vestibule_e2e::http::Answer;
use vestibule_e2e::proxies::SHOP;
use vestibule_e2e::visitor::{Visitor, read_answer};

use crate::street::{ALICE, Street, own, url};

/// The application in front of which everybody passes.
pub const WIKI: &str = "
[[applications]]
name = \"wiki\"
title = \"The wiki\"
origins = [\"https://wiki.example.com\"]

[[applications.rules]]
paths = [\"/*\"]
public = true
";

/// Says it letter by letter to the shop's server.
fn say(visitor: &Visitor, target: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let mut head = format!("GET {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n")?;
    }
    let jar = visitor.jars.get("shop.example.com").into_iter().flatten();
    let cookies: Vec<String> = jar.map(|(name, value)| format!("{name}={value}")).collect();
    if !cookies.is_empty() {
        write!(head, "Cookie: {}\r\n", cookies.join("; "))?;
    }
    head.push_str("\r\n");
    let mut connection = visitor.connect("shop.example.com")?;
    connection.write_all(head.as_bytes())?;
    read_answer(&mut connection, "GET")
}

pub fn no_client_chooses_which_application_is_judged(street: &Street) -> anyhow::Result<()> {
    let nobody = street.visitor()?;
    let (shop, wiki) = ("shop.example.com", "wiki.example.com");
    for (at, (whole, hosts)) in [
        (SHOP, &[wiki][..]),
        ("http://shop.example.com", &[wiki]),
        ("https://wiki.example.com", &[shop]),
        ("", &["shop.example.com,wiki.example.com"]),
        ("", &["wiki.example.com,shop.example.com"]),
        ("", &["shop.example.com, wiki.example.com"]),
        ("", &["wiki.example.com, shop.example.com"]),
        ("", &[shop, wiki]),
        ("", &[wiki, shop]),
        ("", &[wiki]),
        ("", &["wiki.example.com:443"]),
    ]
    .into_iter()
    .enumerate()
    {
        let mark = format!("mark=crossed-{at}.");
        let mut headers: Vec<_> = hosts.iter().map(|host| ("Host", *host)).collect();
        headers.push(("Connection", "close"));
        // Refused or hung up on: what counts is what arrives.
        drop(say(&nobody, &format!("{whole}/orders?{mark}"), &headers));
        ensure!(
            !street.reached(&mark),
            "{whole} with {hosts:?} was judged as the wiki's"
        );
    }
    Ok(())
}

pub fn nothing_but_a_websocket_opens_a_tunnel(street: &Street) -> anyhow::Result<()> {
    let alice = street.signed_in(ALICE)?;
    for (at, upgrades) in [
        &["h2c"][..],
        &["h2c", "websocket"],
        &["websocket", "h2c"],
        &["h2c, websocket"],
        &["websocket, h2c"],
        &["websocket,h2c"],
        &["websocket", "websocket"],
        &["TLS/1.2, h2c"],
        &["websocket/13"],
    ]
    .into_iter()
    .enumerate()
    {
        let mark = format!("mark=tunnel-{at}.");
        let mut headers = vec![
            ("Host", "shop.example.com"),
            ("Connection", "Upgrade, HTTP2-Settings"),
            ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ("Origin", SHOP),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        headers.extend(upgrades.iter().map(|upgrade| ("Upgrade", *upgrade)));
        let answer = say(&alice, &format!("/live?{mark}"), &headers);
        // Refused, or another request: an ordinary one, or a WebSocket's.
        if answer.is_ok_and(|answer| matches!(answer.status, 101 | 200)) {
            let arrived = street.shop.wait_for(&mark)?;
            let upgrade = arrived.header("upgrade");
            ensure!(
                upgrade.is_empty() || upgrade.eq_ignore_ascii_case("websocket"),
                "{upgrades:?} arrived:\n{}",
                arrived.head
            );
        }
    }
    Ok(())
}

pub fn no_connection_header_takes_ours_away(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    let jar = alice.jars.entry("shop.example.com".to_owned()).or_default();
    jar.insert("a-cart".to_owned(), "7".to_owned());
    let all = "Remote-User, Remote-Email, Remote-Groups, Remote-Name, Remote-Session, X-Forwarded-For, X-Forwarded-Proto";
    let cookies = format!("Cookie, {all}");
    for (at, (connection, websocket)) in [
        (format!("close, {all}"), false),
        (format!("{}, close", all.to_lowercase()), false),
        (all.to_owned(), false),
        (format!("Upgrade, {all}"), true),
        (format!("{all}, Upgrade"), true),
        (format!("close, {cookies}"), false),
        (format!("Upgrade, {cookies}"), true),
    ]
    .into_iter()
    .enumerate()
    {
        let mark = format!("mark=taken-{at}.");
        let mut headers = vec![
            ("Host", "shop.example.com"),
            ("Connection", connection.as_str()),
            ("Origin", SHOP),
        ];
        if websocket {
            headers.extend([
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ]);
        }
        let answer = say(&alice, &format!("/who?{mark}"), &headers)?;
        // Refused is as good; and who takes the login away comes without.
        if answer.status == 400 || (answer.status == 401 && connection.contains("Cookie")) {
            ensure!(!street.reached(&mark), "refused, and it arrived");
            continue;
        }
        let expected = if websocket { 101 } else { 200 };
        ensure!(answer.status == expected, "{connection}: {}", answer.status);
        let heard = street.shop.wait_for(&mark)?;
        for (name, value) in [
            ("remote-email", ALICE),
            ("remote-groups", "editors"),
            ("cookie", "a-cart=7"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
        ] {
            let heard = heard.header(name);
            // Traefik says wss of a WebSocket.
            ensure!(
                heard == value || (websocket && heard == "wss"),
                "{connection} took {name}: {heard:?}"
            );
        }
        ensure!(heard.header("remote-user").len() == 36, "{}", heard.head);
        ensure!(heard.header("remote-session").len() == 36, "{}", heard.head);
    }
    Ok(())
}

/// An application that says a request back would say back the headers that are set for it.
pub fn nobody_traces_to_the_application(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    let mut nobody = street.visitor()?;
    for method in ["TRACE", "TRACK", "trace", "Trace"] {
        for visitor in [&mut alice, &mut nobody] {
            for path in ["/orders", "/public/news"] {
                let answer = own(visitor, method, &format!("{path}?mark=trace"), "");
                // Refused or hung up on.
                if let Ok(answer) = answer {
                    ensure!(answer.status >= 400, "{method} {path}: {}", answer.status);
                }
            }
        }
        ensure!(
            !street.reached("mark=trace"),
            "{method} reached {}",
            url("/")
        );
    }
    Ok(())
}
