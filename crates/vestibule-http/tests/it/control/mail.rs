//! `/api/v1/admin/mail`.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;

#[tokio::test]
async fn without_a_mail_server_nothing_is_sent_and_nothing_waits() {
    let caller = Caller::new().await;
    let told = caller.get("/api/v1/admin/mail").await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(
        told.body,
        json!({ "mails": false, "waiting": 0, "mailbox": null })
    );

    let to = r#"{"email": "alice@example.test"}"#;
    let told = caller.post("/api/v1/admin/mail/test", to).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.problem(), "no_mail");
    assert!(
        told.body["detail"]
            .as_str()
            .unwrap()
            .contains("mail.server")
    );
    let nobody = caller
        .post("/api/v1/admin/mail/test", r#"{"email": "alice"}"#)
        .await;
    assert_eq!(nobody.problem(), "invalid_email");
}
