use http::HeaderName;

use super::*;

const X_FORWARDED: ProxyPeer = ProxyPeer::Configured(HeaderFamily::XForwarded);
const X_ORIGINAL: ProxyPeer = ProxyPeer::Configured(HeaderFamily::XOriginal);

const FORWARDED: [(&str, &str); 4] = [
    ("x-forwarded-method", "GET"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "id.example.com"),
    ("x-forwarded-uri", "/app?x=1"),
];
const ORIGINAL: [(&str, &str); 3] = [
    ("x-original-method", "GET"),
    ("x-original-url", "https://id.example.com/app?x=1"),
    ("x-original-uri", "/app?x=1"),
];

fn sent(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(
            HeaderName::try_from(*name).unwrap(),
            http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

/// `lines` with one header replaced.
fn with<'a>(lines: &[(&'a str, &'a str)], name: &str, value: &'a str) -> HeaderMap {
    let replaced: Vec<_> = lines
        .iter()
        .map(|(n, v)| if *n == name { (*n, value) } else { (*n, *v) })
        .collect();
    sent(&replaced)
}

/// The forwarded request for this path and query, in both families.
fn target(target: &str) -> [Result<(), ForwardedError>; 2] {
    let url = format!("https://id.example.com{target}");
    let forwarded = with(&FORWARDED, "x-forwarded-uri", target);
    let mut original = with(&ORIGINAL, "x-original-url", &url);
    original.remove("x-original-uri");
    [
        Forwarded::read(&forwarded, X_FORWARDED).map(|_| ()),
        Forwarded::read(&original, X_ORIGINAL).map(|_| ()),
    ]
}

#[test]
fn both_families_tell_the_same_request() {
    let told = Forwarded {
        method: "GET",
        https: true,
        host: "id.example.com",
        target: "/app?x=1",
    };
    assert_eq!(told.path(), "/app");
    let (forwarded, original) = (sent(&FORWARDED), sent(&ORIGINAL));
    assert_eq!(Forwarded::read(&forwarded, X_FORWARDED), Ok(told));
    assert_eq!(Forwarded::read(&original, X_ORIGINAL), Ok(told));
    assert_eq!(Forwarded::read(&forwarded, ProxyPeer::Loopback), Ok(told));
    assert_eq!(Forwarded::read(&original, ProxyPeer::Loopback), Ok(told));
    // X-Original-URI says nothing that X-Original-URL does not.
    assert_eq!(Forwarded::read(&sent(&ORIGINAL[..2]), X_ORIGINAL), Ok(told));
}

/// Holds: ASVS 4.1.3, R25
#[test]
fn asvs_4_1_3_another_family_is_the_client_s_and_refused() {
    for one in FORWARDED {
        let mut lines = ORIGINAL.to_vec();
        lines.push(one);
        for proxy in [X_ORIGINAL, X_FORWARDED, ProxyPeer::Loopback] {
            let read = Forwarded::read(&sent(&lines), proxy).map(|_| ());
            assert!(
                matches!(read, Err(ForwardedError::OtherFamily(_))),
                "{one:?} {proxy:?}"
            );
        }
    }
    for one in ORIGINAL {
        let mut lines = FORWARDED.to_vec();
        lines.push(one);
        for proxy in [X_ORIGINAL, X_FORWARDED, ProxyPeer::Loopback] {
            let read = Forwarded::read(&sent(&lines), proxy).map(|_| ());
            assert!(
                matches!(read, Err(ForwardedError::OtherFamily(_))),
                "{one:?} {proxy:?}"
            );
        }
    }
    for (lines, proxy) in [(&FORWARDED[..], X_ORIGINAL), (&ORIGINAL[..], X_FORWARDED)] {
        assert!(Forwarded::read(&sent(lines), proxy).is_err());
    }
}

/// Holds: ASVS 4.1.3, R25
#[test]
fn asvs_4_1_3_each_header_comes_once_and_only_once() {
    for (at, (name, value)) in FORWARDED.into_iter().enumerate() {
        let mut lines = FORWARDED.to_vec();
        lines.remove(at);
        let headers = sent(&lines);
        let missing = Forwarded::read(&headers, X_FORWARDED);
        assert!(matches!(missing, Err(ForwardedError::Missing(_))), "{name}");
        let mut lines = FORWARDED.to_vec();
        lines.push((name, value));
        let headers = sent(&lines);
        let repeated = Forwarded::read(&headers, X_FORWARDED);
        assert!(
            matches!(repeated, Err(ForwardedError::Repeated(_))),
            "{name}"
        );
    }
    for (name, value) in ORIGINAL {
        let mut lines = ORIGINAL.to_vec();
        lines.push((name, value));
        let headers = sent(&lines);
        let repeated = Forwarded::read(&headers, X_ORIGINAL);
        assert!(
            matches!(repeated, Err(ForwardedError::Repeated(_))),
            "{name}"
        );
    }
    for name in ["x-original-method", "x-original-url"] {
        let mut headers = sent(&ORIGINAL);
        headers.remove(name);
        let missing = Forwarded::read(&headers, X_ORIGINAL);
        assert!(matches!(missing, Err(ForwardedError::Missing(_))), "{name}");
    }
    for proxy in [X_FORWARDED, X_ORIGINAL, ProxyPeer::Loopback] {
        assert_eq!(
            Forwarded::read(&HeaderMap::new(), proxy),
            Err(ForwardedError::Nothing)
        );
    }
}

#[test]
fn the_two_original_headers_must_agree() {
    for uri in [
        "/app",
        "/other?x=1",
        "/app?x=1&y",
        "https://id.example.com/app?x=1",
        "",
    ] {
        let headers = with(&ORIGINAL, "x-original-uri", uri);
        assert_eq!(
            Forwarded::read(&headers, X_ORIGINAL),
            Err(ForwardedError::Disagree),
            "{uri}"
        );
    }
}

#[test]
fn what_is_not_in_the_header_s_form_is_refused() {
    for (name, value) in [
        ("x-forwarded-method", ""),
        ("x-forwarded-method", "GET POST"),
        ("x-forwarded-method", "GET,POST"),
        ("x-forwarded-method", "GÉT"),
        ("x-forwarded-method", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("x-forwarded-proto", ""),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-proto", "ftp"),
        ("x-forwarded-host", ""),
        ("x-forwarded-host", "id.example.com, evil.test"),
        ("x-forwarded-host", "me@id.example.com"),
        ("x-forwarded-host", "id.example.com/"),
        ("x-forwarded-host", "id.example.com\\evil.test"),
        ("x-forwarded-host", "b\u{fc}cher.example"),
    ] {
        let headers = with(&FORWARDED, name, value);
        let read = Forwarded::read(&headers, X_FORWARDED);
        assert!(
            matches!(read, Err(ForwardedError::Malformed(_))),
            "{name}: {value:?} gave {read:?}"
        );
    }
    for url in [
        "",
        "/app",
        "//id.example.com/app",
        "HTTPS://id.example.com/app",
        "ftp://id.example.com/app",
        "https:id.example.com/app",
        "https:///app",
        "https://id.example.com",
        "https://id.example.com?x=/",
        "https://me@id.example.com/app",
        "https://id.example.com\\/app",
        "https://id.example.com /app",
    ] {
        let mut headers = with(&ORIGINAL, "x-original-url", url);
        headers.remove("x-original-uri");
        let read = Forwarded::read(&headers, X_ORIGINAL);
        assert!(
            matches!(read, Err(ForwardedError::Malformed(_))),
            "{url:?} gave {read:?}"
        );
    }
}

/// Holds: ASVS 4.1.3, ASVS 1.5.3
#[test]
fn asvs_1_5_3_a_path_that_could_be_read_two_ways_is_refused() {
    for path in [
        "/app//admin",
        "//admin",
        "/app//",
        "/app/../admin",
        "/..",
        "/./admin",
        "/app/.",
        "/app/%2e%2e/admin",
        "/app/%2E./admin",
        "/app/..%3Fx",
        "/app/..%23/admin",
        "/app/.%3f",
        "/app/%3F/admin",
        "/app%2fadmin",
        "/app%2Fadmin",
        "/app;x=1/admin",
        "/app/..;/admin",
        "/app%3B/admin",
        "/app\\admin",
        "/app%5cadmin",
        "/app%5Cadmin",
        "/app%00",
        "/app%0d%0aX:y",
        "/app%7F",
        "/app/%252e%252e/admin",
        "/app%252fadmin",
        "/%2561dmin",
        "/app%c0%afadmin",
        "/app/%C0%AE%C0%AE/admin",
        "/app#/admin",
        "/app%",
        "/app%2",
        "/app%zz",
        "/app%+1",
        "/a b",
        "/a\tb",
        "/\u{e9}",
        "/app?x=#y",
        "/app?x=\u{e9}",
        "/app?a b",
    ] {
        for read in target(path) {
            let unreadable = ForwardedError::Malformed("X-Forwarded-Uri");
            let unreadable_url = ForwardedError::Malformed("X-Original-URL");
            assert!(
                matches!(read, Err(ForwardedError::Ambiguous(_)))
                    || read == Err(unreadable)
                    || read == Err(unreadable_url),
                "{path:?} gave {read:?}"
            );
        }
    }
    // Only in the header that has no host in front of it.
    for path in [
        "app",
        "*",
        "",
        "http://evil.test/app",
        "id.example.com:443",
        "?x",
    ] {
        let headers = with(&FORWARDED, "x-forwarded-uri", path);
        let read = Forwarded::read(&headers, X_FORWARDED);
        assert!(
            matches!(read, Err(ForwardedError::Ambiguous(_))),
            "{path:?} gave {read:?}"
        );
    }
}

#[test]
fn ordinary_paths_pass() {
    for path in [
        "/",
        "/app",
        "/app/",
        "/app/orders.json",
        "/.hidden",
        "/..a/b..",
        "/~alice/a_b-c",
        "/a+b,c:d@e!$&'()*",
        "/b%C3%BCcher",
        "/100%25",
        "/What%3F",
        "/What%3F/C%23",
        "/a%20b",
        "/app?next=//x/../y;z&a=%2e%2F\\",
        "/app?",
    ] {
        for read in target(path) {
            assert_eq!(read, Ok(()), "{path}");
        }
    }
}

/// Holds: ASVS 4.1.3, ASVS 1.5.3
#[test]
fn asvs_4_1_3_a_method_in_small_letters_is_refused() {
    for method in ["get", "Get", "GEt", "post", "x-OWN"] {
        for (lines, proxy) in [(&FORWARDED[..], X_FORWARDED), (&ORIGINAL[..], X_ORIGINAL)] {
            let name = lines[0].0;
            let headers = with(lines, name, method);
            let read = Forwarded::read(&headers, proxy);
            assert_eq!(read, Err(ForwardedError::AmbiguousMethod), "{method}");
        }
    }
    let headers = with(&FORWARDED, "x-forwarded-method", "M-SEARCH");
    assert_eq!(
        Forwarded::read(&headers, X_FORWARDED).unwrap().method,
        "M-SEARCH"
    );
}

/// Holds: ASVS 4.1.3
#[test]
fn asvs_4_1_3_nothing_but_one_websocket_is_upgraded() {
    let upgrading = |told: &[&str]| {
        let mut headers = sent(&FORWARDED);
        for value in told {
            headers.append(header::UPGRADE, value.parse().unwrap());
        }
        Forwarded::read(&headers, X_FORWARDED).map(|_| ())
    };
    for fine in [&[][..], &["websocket"], &["WebSocket"]] {
        assert_eq!(upgrading(fine), Ok(()), "{fine:?}");
    }
    for tunnel in [
        &["h2c"][..],
        &["websocket, h2c"],
        &["h2c,websocket"],
        &["websocket", "h2c"],
        &["websocket", "websocket"],
        &["websocket/13"],
        &["TLS/1.0"],
        &[""],
    ] {
        assert_eq!(
            upgrading(tunnel),
            Err(ForwardedError::Upgrade),
            "{tunnel:?}"
        );
    }
}

mod soup {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 7] = [
        "x-forwarded-method",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-uri",
        "x-original-method",
        "x-original-url",
        "x-original-uri",
    ];

    proptest! {
        /// Holds: ASVS 1.5.3
        #[test]
        fn whatever_is_read_has_one_reading(
            path in "[/.;%a-f0-9A-F?\\\\#~ -]{0,24}",
        ) {
            let headers = with(&FORWARDED, "x-forwarded-uri", &path);
            if let Ok(read) = Forwarded::read(&headers, X_FORWARDED) {
                let path = read.path();
                let once = percent_encoding::percent_decode_str(path).collect::<Vec<u8>>();
                let twice = percent_encoding::percent_decode(&once).collect::<Vec<u8>>();
                for decoded in [path.as_bytes(), &once, &twice] {
                    // However often it is decoded, it has the same segments and none that moves.
                    let segments: Vec<_> = decoded.split(|c| *c == b'/').collect();
                    prop_assert_eq!(segments.len(), path.split('/').count());
                    prop_assert!(!segments.iter().any(|s| *s == b"." || *s == b".."));
                    prop_assert!(!decoded.windows(2).any(|two| two == b"//"));
                    prop_assert!(!decoded.iter().any(|c| matches!(c, b';' | b'\\' | 0..=31)));
                }
            }
        }

        #[test]
        fn nothing_makes_it_panic(
            lines in proptest::collection::vec(
                (0..NAMES.len(), proptest::collection::vec(any::<u8>(), 0..64)),
                0..8,
            ),
        ) {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                    headers.append(HeaderName::from_static(NAMES[name]), value);
                }
            }
            for proxy in [X_FORWARDED, X_ORIGINAL, ProxyPeer::Loopback] {
                let _ = Forwarded::read(&headers, proxy);
            }
        }
    }
}
