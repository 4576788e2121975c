//! Which of our paths is on which host.

use http::{Method, StatusCode};

use super::town::{ISSUER, SIBLING, Town, UNRELATED};
use crate::browser::routes;
use crate::edge::not_ready::starting;

const OURS: [(&str, &[Method]); 6] = [
    ("/vestibule/start", &[Method::GET]),
    ("/vestibule/finish", &[Method::GET]),
    ("/vestibule/logout", &[Method::GET, Method::POST]),
    ("/vestibule/not-sent", &[Method::GET]),
    ("/vestibule/handshake", &[Method::GET]),
    ("/vestibule/assets/x", &[Method::GET]),
];

#[tokio::test]
async fn an_application_s_host_has_our_few_paths_and_nothing_else_of_ours() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let pages = routes::pages().into_iter().map(|(path, _)| path);
    let others = [
        "/",
        "/nothing",
        "/vestibule",
        "/vestibule/",
        "/vestibule/x",
        "/VESTIBULE/start",
    ];
    let others = others.map(str::to_owned);
    for path in pages
        .chain(others)
        .chain(["/vestibule/handshake".to_owned()])
    {
        for method in [Method::GET, Method::POST] {
            for origin in [SIBLING, UNRELATED] {
                let request = alice.at(origin).request(method.clone(), &path, "");
                let answer = alice.at(origin).send(request).await;
                assert_eq!(
                    answer.status,
                    StatusCode::MISDIRECTED_REQUEST,
                    "{method} {origin}{path}"
                );
                assert!(answer.set_cookies().is_empty() && answer.location().is_empty());
            }
        }
    }
    for path in ["/vestibule/start", "/vestibule/finish", "/vestibule/logout"] {
        let answer = alice.at(ISSUER).get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut nobody = town.person();
    for (path, _) in OURS {
        let answer = nobody.at("https://evil.test").get(path).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

/// Holds: ASVS 3.4.1, ASVS 3.4.3, ASVS 3.4.4, ASVS 3.4.5, ASVS 3.4.6, ASVS 4.1.4, ASVS 14.3.2, R32
#[tokio::test]
async fn asvs_3_4_every_answer_on_an_application_s_host_carries_the_whole_set() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    for (path, methods) in OURS {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ] {
            let request = alice.at(SIBLING).request(method.clone(), path, "");
            let answer = alice.at(SIBLING).send(request).await;
            let of = format!("{method} {path}");
            let csp = answer.header("content-security-policy");
            for directive in [
                "default-src 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ] {
                assert!(csp.contains(directive), "{of}");
            }
            assert_eq!(answer.header("x-frame-options"), "DENY", "{of}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{of}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{of}");
            assert_eq!(answer.header("cache-control"), "no-store", "{of}");
            // Of the application's own subdomains nothing is said: they are none of ours.
            assert_eq!(
                answer.header("strict-transport-security"),
                "max-age=31536000",
                "{of}"
            );
            let there = path != "/vestibule/handshake";
            if there && !methods.contains(&method) && method != Method::HEAD {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{of}");
                assert!(answer.header("allow").starts_with("GET"), "{of}");
            }
        }
    }
}

/// Holds: ASVS 3.6.1
#[tokio::test]
async fn asvs_3_6_1_pages_on_an_application_s_host_load_from_that_host_alone() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    let mut pages = Vec::new();
    for path in [
        "/vestibule/logout",
        "/vestibule/not-sent?next=/cart",
        "/vestibule/finish?code=x",
        "/nothing",
    ] {
        pages.push(alice.at(SIBLING).get(path).await);
    }
    pages.push(town.person().at(SIBLING).get("/vestibule/logout").await);
    for page in pages {
        for start in ["src=\"", "href=\"", "action=\""] {
            for rest in page.body.split(start).skip(1) {
                let target = &rest[..rest.find('"').unwrap()];
                assert!(
                    target == "/"
                        || target == "/cart"
                        || target.starts_with("/vestibule/")
                        || target.starts_with('#'),
                    "{target}"
                );
                if target.starts_with("/vestibule/assets/") {
                    let asset = alice.at(SIBLING).get(target).await;
                    assert_eq!(asset.status, StatusCode::OK, "{target}");
                    assert!(asset.header("cache-control").contains("immutable"));
                }
            }
        }
    }
}

/// Holds: ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_while_applications_are_being_read_no_host_is_sent_away() {
    let town = Town::new().await;
    let mut alice = town.person();
    let router = starting(&town.house).await;
    for (origin, path) in [
        (SIBLING, "/vestibule/start?next=/"),
        (SIBLING, "/vestibule/finish?code=x"),
        (
            ISSUER,
            "/vestibule/handshake?origin=https://shop.example.test&browser=x&next=/",
        ),
    ] {
        let request = alice.at(origin).request(Method::GET, path, "");
        let answer = crate::house::send(&router, request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("retry-after"), "1");
    }
}
