//! `/api/v1/admin/invitations` and `/api/v1/admin/users/{email}/recover`, without a mail server: the links come back.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use crate::house::PASSWORD;

const INVITATIONS: &str = "/api/v1/admin/invitations";

/// The path and query of a link at the issuer.
fn at_the_issuer(link: &serde_json::Value) -> String {
    let link = link.as_str().unwrap();
    let path = link.strip_prefix("https://id.example.test").unwrap();
    path.to_owned()
}

/// Holds: ASVS 6.4.1, ASVS 16.2.1, H01
#[tokio::test]
async fn asvs_6_4_1_an_invitation_is_a_link_at_the_issuer_that_ends() {
    let caller = Caller::new().await;
    let bob =
        r#"{"email": "bob@example.test", "name": "Bob", "roles": ["staff"], "language": "de-AT"}"#;
    let told = caller.post(INVITATIONS, bob).await;
    assert_eq!(told.status, StatusCode::CREATED, "{told:?}");
    assert_eq!(told.body["email"], "bob@example.test");
    assert_eq!(told.body["mailed"], false);
    assert_eq!(told.body["expires_at"], "2026-01-08T00:00:00.000Z");
    let path = at_the_issuer(&told.body["link"]);
    assert!(
        path.starts_with("/register/finish?token=vst_register_"),
        "{path}"
    );
    assert_eq!(caller.acts_since(0).await, ["user.invited"]);
    let users = caller.get("/api/v1/admin/users").await;
    assert_eq!(users.body["users"], json!([]), "nothing is reserved");
}

#[tokio::test]
async fn the_answer_names_the_address_that_was_understood() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let typed = r#"{"email": "Bob@EXAMPLE.test"}"#;
    let told = caller.post(INVITATIONS, typed).await;
    assert_eq!(told.body["email"], "bob@example.test");
    for what in ["recover", "disable", "enable"] {
        let path = format!("/api/v1/admin/users/Alice@EXAMPLE.test/{what}");
        let told = caller.post(&path, "").await;
        assert_eq!(told.status, StatusCode::OK, "{told:?}");
        let of_user = &told.body["user"]["email"];
        let named = told.body.get("email").unwrap_or(of_user);
        assert_eq!(named, "alice@example.test", "{what}");
    }
}

#[tokio::test]
async fn what_invites_nobody_is_told_apart() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let before = caller.position().await;
    for (body, status, code) in [
        (json!({"email": "alice@EXAMPLE.test"}), 409, "address_taken"),
        (json!({"email": "bob"}), 400, "invalid_email"),
        (
            json!({"email": "b@example.test", "name": "a\nb"}),
            400,
            "invalid_name",
        ),
        (
            json!({"email": "b@example.test", "roles": ["A"]}),
            400,
            "invalid_role",
        ),
        (
            json!({"email": "b@example.test", "language": "xx"}),
            400,
            "invalid_language",
        ),
        (
            json!({"email": "b@example.test", "password": PASSWORD}),
            400,
            "invalid_body",
        ),
    ] {
        let told = caller.post(INVITATIONS, &body.to_string()).await;
        assert_eq!(told.status.as_u16(), status, "{body}: {told:?}");
        assert_eq!(told.problem(), code, "{body}");
    }
    assert_eq!(caller.position().await, before);
}

/// Holds: ASVS 6.4.6, ASVS 6.4.1, H01
#[tokio::test]
async fn asvs_6_4_6_an_operator_starts_a_reset_and_sets_no_password() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let before = caller.position().await;
    let path = "/api/v1/admin/users/alice%40example.test/recover";
    let told = caller.post(path, "").await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    assert_eq!(told.body["mailed"], false);
    assert_eq!(told.body["expires_at"], "2026-01-01T00:30:00.000Z");
    let link = at_the_issuer(&told.body["link"]);
    assert!(
        link.starts_with("/recover/finish?token=vst_recover_"),
        "{link}"
    );
    assert_eq!(caller.acts_since(before).await.len(), 1);
    // The old password is good until its owner sets another.
    caller.house.signed_in("alice@example.test").await;

    for (path, code) in [
        (
            "/api/v1/admin/users/nobody@example.test/recover",
            "user_not_found",
        ),
        ("/api/v1/admin/users/nobody/recover", "invalid_email"),
    ] {
        assert_eq!(caller.post(path, "").await.problem(), code);
    }
}
