//! What each answer carries.

use axum::body::HttpBody as _;
use http::{Method, Request, StatusCode};
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};
use vestibule_http::edge;

use super::asker::{ISSUER, Street, plan, sign_in};

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn a_live_session_s_identity_is_told_whole() {
    let street = Street::new().await;
    for family in [XForwarded, XOriginal] {
        let answer = street.ask_by(family, "GET", "/app?x=1").send().await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("remote-user"), street.alice.id.to_string());
        assert_eq!(answer.header("remote-email"), "alice@example.test");
        assert_eq!(
            answer.header("remote-name"),
            "Alice%20M%C3%BCller%2C%20Ph.D."
        );
        assert_eq!(answer.header("remote-groups"), "admin,editors");
        assert_eq!(
            answer.header("remote-session"),
            street.session.id().to_string()
        );
        assert_eq!(answer.body, "");
    }
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn what_there_is_nothing_to_say_of_is_said_to_be_empty() {
    let street = Street::new().await;
    street.house.add_with("bob@example.test", &[], false).await;
    let (_, cookie) = sign_in(&street.house, "bob@example.test").await;
    let answer = street.ask("/app").with("cookie", &cookie).send().await;
    assert_eq!(answer.status, StatusCode::OK);
    for name in ["remote-email", "remote-name", "remote-groups"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
    assert_ne!(answer.header("remote-user"), "");
}

/// Holds: ASVS 4.1.3, R25
#[tokio::test]
async fn r25_what_the_client_claims_to_be_has_no_influence() {
    let street = Street::new().await;
    let spoofed = |mut ask: super::asker::Ask| {
        for name in super::asker::IDENTITY {
            ask = ask.and(name, "root").and(&name.replace('-', "_"), "root");
        }
        for name in [
            "x-forwarded-user",
            "x-remote-user",
            "forwarded",
            "x-forwarded-for",
        ] {
            ask = ask.and(name, "root");
        }
        ask
    };
    let answer = spoofed(street.ask("/app")).send().await;
    assert_eq!(answer.header("remote-user"), street.alice.id.to_string());
    assert_eq!(answer.header("remote-groups"), "admin,editors");
    let answer = spoofed(street.ask("/app").of_nobody()).send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Holds: R23, ASVS 3.7.2
#[tokio::test]
async fn r23_a_person_is_sent_to_sign_in_and_back_to_the_page() {
    let street = Street::new().await;
    let page = |target: &str| {
        let ask = street.ask(target).of_nobody();
        ask.with("sec-fetch-mode", "navigate").send()
    };
    for (target, location) in [
        ("/", "/login?next=/"),
        (
            "/app/orders?id=7&sort=a%20b",
            "/login?next=/app/orders%3Fid%3D7%26sort%3Da%2520b",
        ),
        (
            "/app?next=//evil.test",
            "/login?next=/app%3Fnext%3D//evil.test",
        ),
        ("/a+b'c\"<>", "/login?next=/a%2Bb%27c%22%3C%3E"),
    ] {
        let answer = page(target).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        assert_eq!(answer.location(), format!("{ISSUER}{location}"));
        assert_eq!(answer.header("www-authenticate"), "");
    }
    // Sign-in would not go on to this one, so it is not asked to.
    for unfit in [format!("/{}", "a".repeat(2048)), "/app?x=\\".to_owned()] {
        assert_eq!(page(&unfit).await.location(), format!("{ISSUER}/login"));
    }
}

#[tokio::test]
async fn a_program_is_told_that_it_needs_a_login() {
    let street = Street::new().await;
    let answer = street.ask("/app").of_nobody().send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"vestibule\""
    );
    assert_eq!(answer.location(), "");
}

/// Holds: ASVS 3.2.1, ASVS 4.1.1
#[tokio::test]
async fn asvs_3_2_1_a_refusal_is_never_a_page() {
    let street = Street::new().await;
    for ask in [
        street.ask("/app").of_nobody(),
        street.ask("/app").query("role=nobody"),
        street.ask("/app").query("x"),
        street.ask("//app"),
        street.ask("/app").from("203.0.113.1:1"),
        street.ask("/app").by_method(Method::POST),
    ] {
        let answer = ask.send().await;
        assert_ne!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"));
        assert!(answer.body.ends_with('\n') && answer.body.len() > 10);
    }
}

/// Holds: ASVS 4.1.4
#[tokio::test]
async fn asvs_4_1_4_the_question_itself_is_put_by_get() {
    let street = Street::new().await;
    for method in [Method::GET, Method::HEAD] {
        let answer = street.ask("/app").by_method(method).send().await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let answer = street.ask("/app").by_method(method.clone()).send().await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "GET, HEAD");
        let answer = street.ask("/app").by_method(method).of_nginx().send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

/// Holds: ASVS 13.4.4
#[tokio::test]
async fn asvs_13_4_4_no_trace_passes() {
    let street = Street::new().await;
    for (method, plain) in [
        ("TRACE", StatusCode::FORBIDDEN),
        ("TRACK", StatusCode::FORBIDDEN),
        ("Trace", StatusCode::BAD_REQUEST),
        ("get", StatusCode::BAD_REQUEST),
    ] {
        for family in [XForwarded, XOriginal] {
            let ask = street.ask_by(family, method, "/app").with("origin", ISSUER);
            assert_eq!(ask.clone().send().await.status, plain, "{method}");
            let nginx = ask.of_nginx().send().await;
            assert_eq!(nginx.status, StatusCode::FORBIDDEN, "{method}");
        }
    }
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn asvs_4_1_3_only_a_websocket_is_upgraded() {
    let street = Street::new().await;
    for (told, plain, nginx) in [
        ("websocket", StatusCode::OK, StatusCode::OK),
        ("h2c", StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN),
        (
            "websocket, h2c",
            StatusCode::BAD_REQUEST,
            StatusCode::FORBIDDEN,
        ),
    ] {
        let ask = street
            .ask("/app")
            .with("origin", ISSUER)
            .with("upgrade", told);
        assert_eq!(ask.clone().send().await.status, plain, "{told}");
        assert_eq!(ask.of_nginx().send().await.status, nginx, "{told}");
    }
}

/// Envoy's ext_authz repeats the method of the request it asks about.
#[tokio::test]
async fn a_question_may_repeat_the_forwarded_request_s_method() {
    let street = Street::new().await;
    let own = |asked: Method, about: &str| {
        let ask = street.ask_by(XForwarded, about, "/app").by_method(asked);
        ask.with("origin", ISSUER).send()
    };
    for method in [Method::POST, Method::PATCH, Method::OPTIONS] {
        let answer = own(method.clone(), method.as_str()).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
    }
    for (asked, about) in [(Method::POST, "PUT"), (Method::OPTIONS, "GET")] {
        let answer = own(asked, about).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{about}");
    }
}

/// Holds: R25
#[tokio::test]
async fn a_proxy_that_cannot_take_our_cookies_out_is_told_what_is_left() {
    let street = Street::new().await;
    let mixed = format!("theme=dark; {}; cart=7", street.cookie);
    let ask = street.ask("/app").with("cookie", &mixed);
    let ask = ask.and("cookie", "__Host-vestibule-app=x; lang=de");
    let answer = ask.clone().query("cookies=application").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cookie"), "theme=dark; cart=7; lang=de");
    let answer = ask.send().await;
    assert!(!answer.headers.contains_key("cookie"), "nobody asked");
    // Empty rather than missing, so that it replaces the client's.
    let answer = street.ask("/app").query("cookies=application").send().await;
    assert_eq!(answer.headers.get("cookie").unwrap(), "");
    let refused = street.ask("/app").of_nobody().with("cookie", "a=b");
    let answer = refused.query("cookies=application").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!answer.headers.contains_key("cookie"));
}

/// RFC 9110 §9.3.2, without the router's help: the accept loop asks past it.
#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let street = Street::new().await;
    let ask = |method: Method| {
        let request = Request::builder().method(method).uri("/verify");
        let request = request.body(()).unwrap();
        edge::answer(&street.house.context, None, &request).unwrap()
    };
    let (get, head) = (ask(Method::GET), ask(Method::HEAD));
    assert_eq!(head.status(), get.status());
    assert!(head.body().is_end_stream() && !get.body().is_end_stream());
    let length = get.body().size_hint().exact().unwrap();
    assert_eq!(head.headers()["content-length"], length.to_string());
}

/// A broken token beside a good cookie is a broken token.
#[tokio::test]
async fn a_token_that_was_presented_is_never_passed_over_for_the_cookie() {
    let street = Street::new().await;
    for presented in [
        "Bearer abc",
        "bearer abc",
        "DPoP abc",
        "Bearer",
        "  BEARER\tabc",
    ] {
        for ask in [street.ask("/app"), street.ask("/app").of_nginx()] {
            let ask = ask.with("authorization", presented.trim_start());
            let answer = ask.with("sec-fetch-mode", "navigate").send().await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{presented}");
            assert!(
                answer
                    .header("www-authenticate")
                    .contains("error=\"invalid_token\"")
            );
            assert_eq!(answer.location(), "");
        }
    }
    let both = street.ask("/app").with("authorization", "Basic YTpi");
    let both = both.and("authorization", "Bearer abc");
    assert_eq!(both.send().await.status, StatusCode::UNAUTHORIZED);
    // The application's own business.
    for theirs in ["Basic YTpi", "Digest x", "Bearerish abc", ""] {
        let answer = street
            .ask("/app")
            .with("authorization", theirs)
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{theirs}");
        let nobody = street.ask("/app").of_nobody().with("authorization", theirs);
        assert_eq!(
            nobody.send().await.status,
            StatusCode::UNAUTHORIZED,
            "{theirs}"
        );
    }
}

/// Holds: ASVS 8.2.1, ASVS 8.3.1
#[tokio::test]
async fn asvs_8_2_1_what_a_route_asks_for_must_hold() {
    let street = Street::new().await;
    for (query, status) in [
        ("role=editors", StatusCode::OK),
        ("role=admin&acr=aal1", StatusCode::OK),
        ("role=editor", StatusCode::FORBIDDEN),
        ("role=owners", StatusCode::FORBIDDEN),
        ("acr=aal1", StatusCode::OK),
        ("acr=aal2", StatusCode::FORBIDDEN),
        ("acr=aal3", StatusCode::FORBIDDEN),
        ("role=admin&acr=aal2", StatusCode::FORBIDDEN),
        // A session's cookie carries no scope.
        ("scope=orders:read", StatusCode::FORBIDDEN),
        ("role=admin&scope=openid", StatusCode::FORBIDDEN),
    ] {
        for ask in [street.ask("/app"), street.ask("/app").of_nginx()] {
            assert_eq!(ask.query(query).send().await.status, status, "{query}");
        }
        let nobody = street.ask("/app").of_nobody().query(query).send().await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{query}");
    }
}

/// Holds: ASVS 1.5.3
#[tokio::test]
async fn asvs_1_5_3_a_parameter_that_is_not_understood_refuses_everybody() {
    let street = Street::new().await;
    for query in [
        "rol=admin",
        "role=admin&role=editors",
        "role=",
        "acr=high",
        "scope=%20",
        "x",
        "&",
    ] {
        let answer = street.ask("/app").query(query).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        let answer = street.ask("/app").of_nginx().query(query).send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{query}");
    }
    let answer = street.ask("/app").query("app=shop").send().await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer
            .body
            .contains("the application that app names is not reached")
    );
    let answer = street.ask("/app").query("app=Shop").send().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("no application's name"));
}

/// Holds: ASVS 4.1.3, R25
#[tokio::test]
async fn r25_nobody_but_a_configured_proxy_may_ask() {
    let street = Street::new().await;
    for peer in [
        "203.0.113.1:4000",
        "192.0.2.3:4000",
        "[2001:db8::1]:4000",
        "127.0.0.1:4000",
        "[::1]:4000",
    ] {
        for ask in [street.ask("/app"), street.ask("/app").of_nginx()] {
            let answer = ask.from(peer).send().await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{peer}");
            assert!(answer.body.contains("trusted_proxies"));
        }
    }
    let answer = street.ask("/app").of_unknown_peer().send().await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // A dual-stack listener's way of writing an IPv4 address.
    let answer = street
        .ask("/app")
        .from("[::ffff:192.0.2.1]:4000")
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// The asker names the issuer as it likes: it is known by its address.
#[tokio::test]
async fn the_proxy_s_own_host_header_does_not_matter() {
    let street = Street::new().await;
    for host in ["vestibule:8080", "10.0.0.5", "evil.test"] {
        let answer = street.ask("/app").with("host", host).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
    }
    assert_eq!(
        street.ask("/app").without("host").send().await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_cookie_under_another_name_is_not_ours() {
    let street = Street::planned(plan()).await;
    let value = street.cookie.split_once('=').unwrap().1;
    for cookie in [
        format!("vestibule-443={value}"),
        format!("__host-vestibule={value}"),
        format!("__Host-vestibule-form={value}"),
        format!("__Secure-vestibule={value}"),
        format!("x__Host-vestibule={value}"),
    ] {
        let answer = street.ask("/app").with("cookie", &cookie).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
}
