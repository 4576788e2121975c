//! Reads: bounded, apart, read-only.

use std::time::Duration;

use vestibule_core::id::AppSessionId;
use vestibule_core::secret::HashedSecret;
use vestibule_store::{AppSessions as _, RedeemHandshake, Redemption, StoreError};

use super::make::Home;
use crate::FILE_NAME;
use crate::reader::Readers;

#[tokio::test]
async fn a_read_that_takes_too_long_is_interrupted_and_the_next_is_well() {
    let home = Home::new().await;
    let readers = Readers::new(
        home.directory.path().join(FILE_NAME),
        Duration::from_secs(1),
    );
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT count(*) FROM n";
    let read = readers
        .call(move |conn| Ok(conn.query_row(endless, [], |row| row.get::<_, i64>(0))?))
        .await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let read = readers
        .call(|conn| Ok(conn.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?))
        .await;
    assert_eq!(read.unwrap(), 1);
}

#[tokio::test]
async fn reads_go_on_while_the_writer_is_busy() {
    let home = Home::new().await;
    home.user("alice").await;
    let held = home.hold().await;
    assert_eq!(home.count("users").await, 1);
    held.let_go();
}

#[tokio::test]
async fn a_read_cannot_write() {
    let home = Home::new().await;
    let wrote = home
        .sqlite
        .read(|conn| Ok(conn.execute("DELETE FROM users", [])?))
        .await;
    assert!(wrote.is_err());
}

/// Whoever has no code at all keeps nobody from signing in.
#[tokio::test]
async fn what_is_no_code_waits_for_no_writer() {
    let home = Home::new().await;
    let held = home.hold().await;
    let made_up = Redemption {
        code: HashedSecret::from_bytes([7; 32]),
        origin: "https://shop.example.test".parse().unwrap(),
        browser: None,
        id: AppSessionId::from_bytes([7; 16]),
        secret: HashedSecret::from_bytes([8; 32]),
    };
    let answer = home.sqlite.redeem_handshake(made_up, home.act()).await;
    assert_eq!(answer.unwrap(), RedeemHandshake::Gone);
    held.let_go();
}
