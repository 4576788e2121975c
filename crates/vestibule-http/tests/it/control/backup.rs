//! `/api/v1/admin/backup`.

use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use vestibule_store::archive::{Decoder, Record};

use super::caller::Caller;

const BACKUP: &str = "/api/v1/admin/backup";

/// Holds: ASVS 16.2.1
#[tokio::test]
async fn asvs_16_2_1_everything_leaves_in_order_and_the_taking_is_on_record_first() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let before = caller.position().await;
    let request = Caller::request("POST", BACKUP, "");
    let answer = caller.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers();
    assert_eq!(headers[header::CONTENT_TYPE], "application/octet-stream");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(caller.acts_since(before).await, ["backup.taken"]);

    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let mut decoder = Decoder::default();
    decoder.push(&bytes);
    let mut events = 0;
    let mut end = None;
    while let Some(record) = decoder.next_record().unwrap() {
        match record {
            Record::Begin(begin) => assert_eq!(begin.backend, "sqlite"),
            Record::Rows(chunk) if chunk.table().name == "audit_events" => {
                events += chunk.rows().len() as u64;
            }
            Record::Rows(_) => {}
            Record::End(told) => end = Some(told),
        }
    }
    decoder.finish().unwrap();
    let end = end.unwrap();
    assert_eq!((end.count("users"), end.count("addresses")), (1, 1));
    assert_eq!(events, before + 1, "the backup tells of itself");
}

/// Whoever asks may go away in the middle: nothing is held up, and the next backup is whole.
#[tokio::test]
async fn a_backup_that_nobody_reads_holds_up_nobody() {
    let caller = Caller::new().await;
    for _ in 0..3 {
        let request = Caller::request("POST", BACKUP, "");
        let answer = caller.router.clone().oneshot(request).await.unwrap();
        let mut body = answer.into_body();
        body.frame().await.unwrap().unwrap();
        caller.house.store.is_set_up().await.unwrap();
        drop(body);
    }
    let request = Caller::request("POST", BACKUP, "");
    let answer = caller.router.clone().oneshot(request).await.unwrap();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let mut decoder = Decoder::default();
    decoder.push(&bytes);
    while decoder.next_record().unwrap().is_some() {}
    decoder.finish().unwrap();
}
