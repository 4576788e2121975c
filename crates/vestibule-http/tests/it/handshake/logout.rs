//! `/vestibule/logout` on an application's host.

use http::{Method, StatusCode};

use crate::house::PASSWORD;

use super::town::{APP, ISSUER, SIBLING, Town, UNRELATED};

const LOGOUT: &str = "/vestibule/logout";
const DONE: &str = "/vestibule/logout?done=1";

/// A cookie of the application dies with the session's secret; the login that goes on is not told as over.
///
/// Holds: ASVS 7.4.1, ASVS 7.4.4
#[tokio::test]
async fn asvs_7_4_1_nobody_is_told_that_they_are_signed_out_while_their_login_lives() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let told = |body: &str| {
        assert!(!body.contains("You are signed out"), "{body}");
        assert!(body.contains("href=\"/vestibule/logout?elsewhere=1\""));
    };
    // Never signed in at the shop; then signed in there, until the session got a new secret.
    told(&alice.at(SIBLING).get(LOGOUT).await.body);
    alice.visit(SIBLING, "/").await;
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "eleven green tandems"),
    ];
    let (page, issuer) = ("/account/security", alice.at(ISSUER));
    let changed = issuer.submit(page, page, &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    for page in [LOGOUT, DONE] {
        told(&alice.at(SIBLING).follow(page).await.body);
    }
    let (shop, elsewhere) = (alice.at(SIBLING), "/vestibule/logout?elsewhere=1");
    let on = shop.follow(elsewhere).await;
    assert_eq!(on.location(), format!("{ISSUER}/logout"));
    assert_eq!(
        alice.at(ISSUER).get("/account").await.status,
        StatusCode::OK
    );
}

/// Holds: ASVS 7.4.1, ASVS 14.3.1
#[tokio::test]
async fn asvs_7_4_1_signing_out_at_one_application_ends_the_whole_login() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    alice.visit(UNRELATED, "/").await;
    let page = alice.at(SIBLING).get(LOGOUT).await;
    assert!(page.body.contains("alice@example.test"));
    assert!(page.body.contains("Back to The shop"));
    let answer = alice.at(SIBLING).submit(LOGOUT, LOGOUT, &[]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, DONE)
    );
    assert_eq!(
        answer.set_cookies(),
        [format!(
            "{APP}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        )]
    );
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    let out = alice.at(SIBLING).follow(DONE).await;
    assert!(out.body.contains("You are signed out") && out.body.contains("href=\"/\""));
    // Whoever only links there is not believed.
    let linked = alice.at(SIBLING).get(DONE).await;
    assert!(!linked.body.contains("You are signed out"));
    assert!(!alice.is_in(UNRELATED).await);
    let account = alice.at(ISSUER).get("/account").await;
    assert!(account.location().starts_with("/login"));
    assert_eq!(
        town.house.trail().await.last().unwrap(),
        "session.ended (signed_out)"
    );
}

/// Holds: ASVS 3.5.1, ASVS 3.5.3, ASVS 10.6.2, N12
#[tokio::test]
async fn asvs_10_6_2_nobody_is_signed_out_by_a_link_a_script_or_another_site() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    alice.visit(UNRELATED, "/").await;
    let token = alice.at(SIBLING).get(LOGOUT).await.csrf();
    let others = alice.at(UNRELATED).get(LOGOUT).await.csrf();
    let fields = [("csrf", token.as_str())];
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", UNRELATED),
        ("origin", ISSUER),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut request = alice.at(SIBLING).form(LOGOUT, &fields);
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = alice.at(SIBLING).send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    for token in ["", "x", &others] {
        let answer = alice.at(SIBLING).post(LOGOUT, &[("csrf", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    for method in [Method::GET, Method::HEAD] {
        let request = alice.at(SIBLING).request(method, LOGOUT, "");
        alice.at(SIBLING).send(request).await;
    }
    assert!(alice.is_in(SIBLING).await && alice.is_in(UNRELATED).await);
    // The application's own pages may have a form's token only by showing ours: its Origin alone is not enough.
    let mut request = alice.at(SIBLING).form(LOGOUT, &fields);
    request
        .headers_mut()
        .insert("origin", SIBLING.parse().unwrap());
    let answer = alice.at(SIBLING).send(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_late_tab_of_a_login_that_is_over_erases_no_new_cookie() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    let old = alice.at(SIBLING).cookie(APP).unwrap();
    let token = alice.at(SIBLING).get(LOGOUT).await.csrf();
    town.house
        .engine
        .revoke_all(&town.house.operator())
        .await
        .unwrap();
    alice.at(SIBLING).set_cookie(APP, &old);
    let late = alice.at(SIBLING).post(LOGOUT, &[("csrf", &token)]).await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    assert!(late.set_cookies().is_empty());
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_an_end_that_cannot_be_stored_holds_and_is_not_told_as_done() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    let token = alice.at(SIBLING).get(LOGOUT).await.csrf();
    town.house.lose_the_store().await;
    let answer = alice.at(SIBLING).post(LOGOUT, &[("csrf", &token)]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookies().is_empty());
    assert!(answer.body.contains("href=\"/vestibule/logout\""));
    assert!(!alice.is_in(SIBLING).await);
    let again = alice.at(SIBLING).get(LOGOUT).await;
    assert_eq!(again.status, StatusCode::SERVICE_UNAVAILABLE);
}
