//! `/dev/mail`

use http::{Method, StatusCode, header};
use vestibule_core::email::EmailAddress;
use vestibule_core::letter::{Letter, Says};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;
use vestibule_http::letters;

use crate::house::{Browser, House, PASSWORD, Plan};

const LOOPBACK: &str = "http://localhost:8080";
const TOKEN: &str = "vst_recover_b7Qm0pYx3vLk9sTz2cWf6nHd1gRj5aEuXo4iPqVbKyN";

async fn house() -> House {
    let house = House::planned(Plan {
        issuer: LOOPBACK,
        dev_mail: true,
        ..Plan::default()
    })
    .await;
    let context = &house.context;
    let letter = Letter {
        to: EmailAddress::parse("alice@example.test").unwrap(),
        language: Language::of("en"),
        says: Says::Recover {
            token: TOKEN.to_owned(),
            expires_at: UnixMillis(1_767_227_400_000),
            from: None,
        },
    };
    let site = &context.site;
    let written = letters::write(&letter, &site.issuer, "Shop <b>", &context.texts, None).unwrap();
    let mailbox = context.mailbox.as_ref().unwrap();
    mailbox.put(house.engine.now(), letter.to, written);
    house
}

/// A browser on this machine.
fn local(house: &House) -> Browser {
    let mut browser = house.browser();
    browser.peer = "127.0.0.1:50000".parse().unwrap();
    browser
}

#[tokio::test]
async fn a_caller_from_nobody_knows_where_is_not_on_this_machine() {
    let house = house().await;
    let browser = with_key(&house).await;
    assert_eq!(browser.get("/dev/mail").await.status, StatusCode::OK);
    let mut request = browser.request(Method::GET, "/dev/mail", "");
    request.extensions_mut().clear();
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

async fn with_key(house: &House) -> Browser {
    let browser = local(house);
    let key = house.mail_key.as_deref().unwrap();
    let answer = browser.get(&format!("/dev/mail?key={key}")).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/dev/mail")
    );
    let set = &answer.set_cookies()[0];
    assert!(
        set.starts_with("vestibule-8080-mail=") && set.ends_with("; HttpOnly; SameSite=Strict")
    );
    browser
}

#[tokio::test]
async fn the_key_from_the_terminal_opens_the_list_and_each_letter() {
    let house = house().await;
    let browser = with_key(&house).await;
    let list = browser.get("/dev/mail").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.body.contains("alice@example.test") && list.body.contains("href=\"/dev/mail/1\""));
    assert!(!list.body.contains(house.mail_key.as_deref().unwrap()));
    let letter = browser.get("/dev/mail/1").await;
    assert_eq!(letter.status, StatusCode::OK);
    let link = format!(
        "<a href=\"/recover/finish?token={TOKEN}\">{LOOPBACK}/recover/finish?token={TOKEN}</a>"
    );
    assert!(letter.body.contains(&link), "{}", letter.body);
    for missing in [
        "/dev/mail/0",
        "/dev/mail/2",
        "/dev/mail/x",
        "/dev/mail/99999999999999999999",
    ] {
        assert_eq!(
            browser.get(missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
}

/// Holds: ASVS 3.2.1, ASVS 3.4.3
#[tokio::test]
async fn asvs_3_4_3_a_letter_s_html_runs_and_loads_nothing() {
    let house = house().await;
    let browser = with_key(&house).await;
    let html = browser.get("/dev/mail/1/html").await;
    assert_eq!(html.status, StatusCode::OK);
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    let policy = html.header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "sandbox allow-same-origin",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(
            policy.split("; ").any(|one| one == directive),
            "{directive} in {policy}"
        );
    }
    assert!(!policy.contains("allow-scripts") && !policy.contains("script-src"));
    assert_eq!(html.header("x-frame-options"), "DENY");
    assert_eq!(html.header("cache-control"), "no-store");
    assert!(html.body.contains("Shop &#60;b&#62;"), "{}", html.body);
}

#[tokio::test]
async fn an_administrator_reads_it_and_nobody_else_does() {
    let house = house().await;
    house.add_with("root@example.test", &["admin"], true).await;
    house.add("alice@example.test").await;
    let admin = local(&house);
    admin.sign_in("root@example.test", PASSWORD).await;
    for path in ["/dev/mail", "/dev/mail/1", "/dev/mail/1/html"] {
        assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path}");
    }
    let alice = local(&house);
    alice.sign_in("alice@example.test", PASSWORD).await;
    for browser in [alice, local(&house)] {
        for path in ["/dev/mail", "/dev/mail/1", "/dev/mail/1/html"] {
            let answer = browser.get(path).await;
            assert_ne!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.body.contains(TOKEN));
        }
        for key in ["", "x", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ"] {
            let answer = browser.get(&format!("/dev/mail?key={key}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{key}");
            assert!(answer.set_cookies().is_empty());
        }
        browser.set_cookie("vestibule-8080-mail", "x");
        assert_ne!(browser.get("/dev/mail").await.status, StatusCode::OK);
    }
}

/// Holds: R25
#[tokio::test]
async fn r25_it_is_not_there_for_whoever_comes_through_a_proxy_or_from_another_machine() {
    let house = house().await;
    let browser = with_key(&house).await;
    for name in [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-anything",
        "x-original-uri",
        "x-real-ip",
        "via",
    ] {
        for path in ["/dev/mail", "/dev/mail/1", "/dev/mail/1/html"] {
            let mut request = browser.request(Method::GET, path, "");
            request
                .headers_mut()
                .insert(name, "127.0.0.1".parse().unwrap());
            let answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name} {path}");
        }
    }
    let away = house.browser();
    away.set_cookie("vestibule-8080-mail", house.mail_key.as_deref().unwrap());
    assert_eq!(away.get("/dev/mail").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn where_there_is_a_mail_server_or_no_loopback_it_is_not_there() {
    let without = House::planned(Plan {
        issuer: LOOPBACK,
        ..Plan::default()
    })
    .await;
    let public = House::planned(Plan {
        dev_mail: true,
        ..Plan::default()
    })
    .await;
    for house in [without, public] {
        house.add_with("root@example.test", &["admin"], true).await;
        let admin = local(&house);
        admin.sign_in("root@example.test", PASSWORD).await;
        for path in [
            "/dev/mail",
            "/dev/mail?key=x",
            "/dev/mail/1",
            "/dev/mail/1/html",
        ] {
            let mut request = admin.request(Method::GET, path, "");
            let cookie = format!("__Host-vestibule-mail={}", "x".repeat(43));
            let all = format!("{}; {cookie}", admin.cookie_header());
            request
                .headers_mut()
                .insert(header::COOKIE, all.parse().unwrap());
            assert_eq!(
                admin.send(request).await.status,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
}
