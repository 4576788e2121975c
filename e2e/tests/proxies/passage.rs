//! Which requests pass, and how.

use std::io::{Read as _, Write as _};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Answer;
use vestibule_e2e::proxies::{Kind, SHOP};
use vestibule_e2e::visitor::{Asked, Visitor, read_answer};

use crate::street::{ALICE, BOB, Street, issuer, own, url};

/// A large upload.
const LARGE: usize = 64 << 20;

pub fn roles_and_rules_decide(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    let mut bob = street.signed_in(BOB)?;
    // Editors alone, by the book's rule.
    for path in [
        "/articles",
        "/articles/7",
        "/articles/7?x=1",
        "/%61rticles/7",
    ] {
        let answer = alice.view(&url(path))?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        let answer = bob.view(&url(path))?;
        ensure!(answer.status == 403, "{path}: {}", answer.status);
    }
    // Everybody, by another.
    let mut nobody = street.visitor()?;
    let answer = nobody.view(&url("/public/news?mark=public"))?;
    ensure!(answer.status == 200, "{}", answer.status);
    let heard = street.shop.wait_for("mark=public")?;
    ensure!(heard.header("remote-user").is_empty(), "{}", heard.head);
    // Who has signed in is told there too.
    let answer = bob.view(&url("/public/news?mark=known"))?;
    ensure!(answer.status == 200, "{}", answer.status);
    // A preflight carries no cookie, and passes where a rule says so.
    let preflight = |visitor: &mut Visitor, path: &str| {
        visitor.send(Asked {
            method: "OPTIONS",
            url: &url(path),
            headers: &[
                ("Origin", "https://partner.example.net"),
                ("Access-Control-Request-Method", "PUT"),
                ("Sec-Fetch-Mode", "cors"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
            body: "",
        })
    };
    let answer = preflight(&mut nobody, "/open-api/orders?mark=preflight")?;
    ensure!(answer.status == 200, "{}", answer.status);
    let heard = street.shop.wait_for("mark=preflight")?;
    ensure!(heard.method() == "OPTIONS", "{}", heard.head);
    let answer = preflight(&mut nobody, "/orders?mark=no-preflight")?;
    ensure!(answer.status == 401, "{}", answer.status);
    ensure!(!street.reached("mark=no-preflight"));
    Ok(())
}

pub fn only_the_application_s_own_pages_change_something(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    for (at, headers) in [
        &[
            ("Origin", "https://evil.example.net"),
            ("Sec-Fetch-Site", "cross-site"),
        ][..],
        &[
            ("Origin", "https://id.example.com"),
            ("Sec-Fetch-Site", "same-site"),
        ],
        &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "http://shop.example.com")],
        &[],
    ]
    .into_iter()
    .enumerate()
    {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = alice.send(Asked {
                method,
                url: &url(&format!("/orders?mark=foreign-{at}")),
                headers,
                body: "item=7",
            })?;
            ensure!(answer.status == 403, "{headers:?}: {}", answer.status);
        }
        ensure!(
            !street.reached(&format!("mark=foreign-{at}")),
            "{headers:?} reached the shop"
        );
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let mark = format!("mark=own-{method}");
        let answer = own(&mut alice, method, &format!("/orders?{mark}"), "item=7")?;
        ensure!(answer.status == 200, "{method}: {}", answer.status);
        let heard = street.shop.wait_for(&mark)?;
        ensure!(heard.method() == method && heard.body == 6, "{heard:?}");
        ensure!(heard.header("remote-email") == ALICE, "{}", heard.head);
    }
    Ok(())
}

pub fn large_uploads_stream_through_and_refusals_wait_for_none(
    street: &Street,
) -> anyhow::Result<()> {
    let alice = street.signed_in(ALICE)?;
    for (mark, chunked) in [("mark=large", false), ("mark=chunked", true)] {
        let answer = upload(&alice, &format!("/upload?{mark}"), chunked)?;
        ensure!(answer.status == 200, "{mark}: {}", answer.status);
        let heard = street.shop.wait_for(mark)?;
        ensure!(heard.body == LARGE as u64, "{mark}: {}", heard.body);
    }
    // Apache takes a body to its end before it refuses.
    if street.proxy.kind == Kind::Apache {
        return Ok(());
    }
    // Not a byte of it is sent, and the answer comes.
    let nobody = street.visitor()?;
    for (visitor, origin) in [(&nobody, SHOP), (&alice, "https://evil.example.net")] {
        let asked = Asked {
            method: "POST",
            url: &url("/upload?mark=refused"),
            headers: &[("Accept", "application/json"), ("Origin", origin)],
            body: "",
        };
        let mut connection = visitor.connect("shop.example.com")?;
        let head = visitor.head(asked, Some(LARGE), "Connection: close\r\n")?;
        connection.write_all(head.as_bytes())?;
        let answer = read_answer(&mut connection, "POST")?;
        ensure!(
            matches!(answer.status, 302 | 303 | 401 | 403),
            "{origin}: {}",
            answer.status
        );
    }
    ensure!(!street.reached("mark=refused"));
    Ok(())
}

fn upload(visitor: &Visitor, path: &str, chunked: bool) -> anyhow::Result<Answer> {
    let asked = Asked {
        method: "POST",
        url: &url(path),
        headers: &[
            ("Accept", "*/*"),
            ("Origin", SHOP),
            ("Sec-Fetch-Site", "same-origin"),
        ],
        body: "",
    };
    let (length, more) = if chunked {
        (None, "Transfer-Encoding: chunked\r\nConnection: close\r\n")
    } else {
        (Some(LARGE), "Connection: close\r\n")
    };
    let mut connection = visitor.connect("shop.example.com")?;
    connection.write_all(visitor.head(asked, length, more)?.as_bytes())?;
    let block = vec![b'x'; 1 << 18];
    for _ in 0..LARGE / block.len() {
        if chunked {
            connection.write_all(format!("{:x}\r\n", block.len()).as_bytes())?;
        }
        connection.write_all(&block)?;
        if chunked {
            connection.write_all(b"\r\n")?;
        }
    }
    if chunked {
        connection.write_all(b"0\r\n\r\n")?;
    }
    read_answer(&mut connection, "POST")
}

pub fn a_websocket_passes_for_whom_it_is(street: &Street) -> anyhow::Result<()> {
    let alice = street.signed_in(ALICE)?;
    let nobody = street.visitor()?;
    let (head, mut connection) = upgrade(&alice, SHOP, "websocket", "mark=socket")?;
    ensure!(head.starts_with("HTTP/1.1 101"), "{head}");
    connection.write_all(b"are you there?")?;
    let mut echo = [0; 14];
    connection.read_exact(&mut echo)?;
    ensure!(&echo == b"are you there?");
    let arrived = street.shop.wait_for("mark=socket")?;
    ensure!(arrived.header("remote-email") == ALICE, "{}", arrived.head);

    let (head, _) = upgrade(
        &alice,
        "https://evil.example.net",
        "websocket",
        "mark=no-socket",
    )?;
    ensure!(head.starts_with("HTTP/1.1 403"), "{head}");
    let (head, _) = upgrade(&nobody, SHOP, "websocket", "mark=no-socket")?;
    ensure!(head.starts_with("HTTP/1.1 401"), "{head}");
    ensure!(!street.reached("mark=no-socket"));
    // A tunnel of HTTP/2 would carry requests about which nobody was asked. Refused, or an ordinary request.
    let (head, _) = upgrade(&alice, SHOP, "h2c", "mark=tunnel")?;
    ensure!(!head.starts_with("HTTP/1.1 101"), "{head}");
    Ok(())
}

/// The answer's head, and the connection as it is from there on.
fn upgrade(
    visitor: &Visitor,
    origin: &str,
    to: &str,
    mark: &str,
) -> anyhow::Result<(String, vestibule_e2e::visitor::Connection)> {
    let url = url(&format!("/live?{mark}"));
    let asked = Asked {
        method: "GET",
        url: &url,
        headers: &[
            ("Connection", "Upgrade"),
            ("Upgrade", to),
            ("Origin", origin),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
        body: "",
    };
    let mut connection = visitor.connect("shop.example.com")?;
    connection.write_all(visitor.head(asked, None, "")?.as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        let n = connection
            .read(&mut byte)
            .with_context(|| mark.to_owned())?;
        ensure!(n == 1, "cut off: {}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    Ok((String::from_utf8_lossy(&head).into_owned(), connection))
}

pub fn head_and_options_stay_what_they_are(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    for method in ["HEAD", "OPTIONS"] {
        let mark = format!("mark=method-{method}");
        let answer = own(&mut alice, method, &format!("/orders?{mark}"), "")?;
        ensure!(answer.status == 200, "{method}: {}", answer.status);
        ensure!(method != "HEAD" || answer.body.is_empty());
        let heard = street.shop.wait_for(&mark)?;
        ensure!(heard.method() == method, "{}", heard.head);
        let answer = own(
            &mut street.visitor()?,
            method,
            &format!("/orders?no-{mark}"),
            "",
        )?;
        ensure!(answer.status == 401, "{method}: {}", answer.status);
        ensure!(!street.reached(&format!("no-{mark}")));
    }
    Ok(())
}

pub fn what_could_be_read_two_ways_never_arrives(street: &Street) -> anyhow::Result<()> {
    let mut bob = street.signed_in(BOB)?;
    for path in [
        "/x//articles",
        "//articles/7",
        "/x/../articles/7",
        "/x/%2e%2e/articles/7",
        "/x/..%2farticles/7",
        "/x%2farticles",
        "/articles;x=1/7",
        "/articles%3b/7",
        "/x\\..\\articles",
        "/%2561rticles",
        "/./articles",
        "/vestibule/../articles/7",
        "/vestibule/%2e%2e/articles/7",
        "/vestibule/..%2farticles/7",
        "/vestibule/..;/articles/7",
        "/articles/%00",
        "/articles%c0%af7",
        "/Vestibule//../articles",
        "/articles#x",
    ] {
        // A client may send what it likes.
        let answer = bob.send(Asked {
            method: "GET",
            url: &url(path),
            headers: &[("Accept", "text/html")],
            body: "",
        });
        // Refused, sent on to a clean one, cleaned, or hung up on: what counts is what arrives.
        drop(answer);
    }
    for request in street.shop.received() {
        let path = request.target().split('?').next().unwrap_or_default();
        for fault in [
            "//", "..", "/./", ";", "\\", "%2e", "%2f", "%25", "%3b", "%5c", "%c0", "%00", "#",
        ] {
            ensure!(
                !path.to_ascii_lowercase().contains(fault),
                "{path} reached the shop"
            );
        }
        ensure!(
            !(path == "/articles" || path.starts_with("/articles/"))
                || request.header("remote-email") == ALICE,
            "{path} reached the shop without the role:\n{}",
            request.head
        );
    }
    // Named whole, as to a proxy, it is the same request, or none at all.
    let asked = Asked {
        method: "GET",
        url: &url("/articles/7"),
        headers: &[("Accept", "text/html")],
        body: "",
    };
    let head = bob.head(asked, None, "Connection: close\r\n")?;
    let whole = head.replacen("GET /", "GET https://shop.example.com/", 1);
    let mut connection = bob.connect("shop.example.com")?;
    connection.write_all(whole.as_bytes())?;
    let answer = read_answer(&mut connection, "GET")?;
    ensure!(answer.status >= 400, "absolute: {}", answer.status);
    Ok(())
}

pub fn nobody_outside_can_ask(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    for outside in [
        issuer("/verify"),
        issuer("/verify/auth-request"),
        issuer("/verify?role=editors"),
        url("/vestibule/verify"),
    ] {
        let answer = alice.send(Asked {
            method: "GET",
            url: &outside,
            headers: &[
                ("X-Forwarded-Method", "GET"),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "shop.example.com"),
                ("X-Forwarded-Uri", "/"),
            ],
            body: "",
        })?;
        ensure!(
            matches!(answer.status, 400..500),
            "{outside}: {}",
            answer.status
        );
        ensure!(answer.header("remote-user").is_none(), "{outside} tells");
    }
    Ok(())
}
