use http::{Method, StatusCode};

use super::routes::pages;
use crate::house::{Answer, House, Plan};

/// Every header of the set, on this answer.
pub fn assert_dressed(answer: &Answer, of: &str) {
    let csp = answer.header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ] {
        assert!(
            csp.split("; ").any(|one| one == directive),
            "{of}: {directive}"
        );
    }
    assert!(!csp.contains("unsafe") && !csp.contains('*'), "{of}: {csp}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
    ] {
        assert_eq!(answer.header(name), value, "{of}: {name}");
    }
    assert!(
        answer.header("permissions-policy").contains("camera=()"),
        "{of}"
    );
    // ASVS 13.4.6: no banner.
    assert!(
        !answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by"),
        "{of}"
    );
    // ASVS 3.4.2: nobody else reads it.
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "{of}"
    );
    if !answer.body.is_empty() {
        assert!(
            answer.header("content-type").ends_with("; charset=utf-8"),
            "{of}"
        );
    }
}

/// Holds: ASVS 3.4.1, ASVS 3.4.2, ASVS 3.4.3, ASVS 3.4.4, ASVS 3.4.5, ASVS 3.4.6, ASVS 3.4.8, ASVS 3.5.8, ASVS 4.1.1, ASVS 13.4.6, ASVS 14.3.2, R07, R32
#[tokio::test]
async fn asvs_3_4_every_route_answers_with_the_whole_set_whatever_the_method_and_the_person() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let signed_in = house.signed_in("alice@example.test").await;
    let mut paths: Vec<_> = pages().into_iter().map(|(path, _)| path).collect();
    paths.extend(["/nothing-here".to_owned(), "/login?next=%zz".to_owned()]);
    for browser in [&house.browser(), &signed_in] {
        for path in &paths {
            for method in [
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::OPTIONS,
            ] {
                let of = format!("{method} {path}");
                let answer = browser
                    .send(browser.request(method.clone(), path, ""))
                    .await;
                assert_dressed(&answer, &of);
                let asset = path.starts_with("/assets/") && answer.status == StatusCode::OK;
                let kept = if asset {
                    "public, max-age=31536000, immutable"
                } else {
                    "no-store"
                };
                assert_eq!(answer.header("cache-control"), kept, "{of}");
            }
        }
    }
}

/// Holds: ASVS 3.4.6, R32
#[tokio::test]
async fn asvs_3_4_6_refusals_carry_the_set_too() {
    let house = House::new().await;
    let browser = house.browser();
    let mut foreign = browser.request(Method::GET, "/login", "");
    foreign
        .headers_mut()
        .insert("host", "evil.test".parse().unwrap());
    let mut nameless = browser.request(Method::GET, "/login", "");
    nameless.headers_mut().remove("host");
    let mut typed = browser.form("/login", &[("a", "b")]);
    typed
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    let mut cross_site = browser.form("/login", &[("a", "b")]);
    cross_site
        .headers_mut()
        .insert("origin", "https://evil.test".parse().unwrap());
    let mut laden = browser.request(Method::GET, "/login", "");
    laden
        .headers_mut()
        .insert("cookie", "x".repeat(20_000).parse().unwrap());
    let large = browser.form("/login", &[("a", &"x".repeat(70_000))]);
    for (request, status) in [
        (foreign, StatusCode::MISDIRECTED_REQUEST),
        (nameless, StatusCode::BAD_REQUEST),
        (typed, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (cross_site, StatusCode::FORBIDDEN),
        (laden, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.contains("<h1>"), "a page: {}", answer.body);
        assert_dressed(&answer, status.as_str());
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.set_cookies().is_empty());
    }
}

/// Holds: ASVS 3.6.1, ASVS 3.4.3, R07
#[tokio::test]
async fn asvs_3_6_1_pages_load_nothing_from_elsewhere_and_carry_no_inline_script_or_style() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let mut answers = vec![
        house.browser().get("/login").await,
        house.browser().get("/nothing-here").await,
    ];
    for path in [
        "/account",
        "/account/security",
        "/account/activity",
        "/logout",
    ] {
        answers.push(browser.get(path).await);
    }
    for answer in answers {
        for start in ["src=\"", "href=\"", "action=\""] {
            for rest in answer.body.split(start).skip(1) {
                assert!(
                    rest.starts_with(['/', '#']) && !rest.starts_with("//"),
                    "{start}{}",
                    &rest[..40]
                );
            }
        }
        for inline in [" style=", "<style", " onclick", " onload", "javascript:"] {
            assert!(!answer.body.contains(inline), "{inline}");
        }
        assert_eq!(answer.body.matches("<script").count(), 1);
        let linked = answer
            .body
            .split("href=\"/assets/")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert_eq!(
            browser.get(&format!("/assets/{linked}")).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn on_http_loopback_there_is_no_hsts() {
    let house = House::planned(Plan {
        issuer: "http://localhost:8080",
        ..Plan::default()
    })
    .await;
    let answer = house.browser().get("/login").await;
    assert_eq!(answer.header("strict-transport-security"), "");
    assert_eq!(answer.header("x-frame-options"), "DENY");
}
