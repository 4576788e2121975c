//! The trail's positions, and what protects stored rows from code to come.

use vestibule_core::audit::{Act, Event, EventKind, Personal, RefusalReason};
use vestibule_core::session::EndReason;
use vestibule_store::{Audit as _, Installation as _, KeyCheck, Sessions as _, StoreError};

use super::make::{Home, NOON, polled};
use crate::Sqlite;

impl Sqlite {
    /// A transition that changes nothing a test looks at.
    pub(super) async fn raise(&self, mark: vestibule_core::time::UnixMillis) {
        self.raise_clock_mark(mark).await.unwrap();
    }
}

/// A transition that was undone gives its positions back: the trail has no gap.
#[tokio::test]
async fn positions_have_no_gap_after_a_transition_was_undone() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let held = home.hold().await;
    let mut answers = Vec::new();
    for n in 0..30 {
        let (login, act) = (home.login(user), home.act());
        let mut answer = home.sqlite.transition(move |tx| {
            crate::sessions::insert_session(tx, login, &act)?;
            // Every third fails after it has written its event.
            if n % 3 == 0 {
                return Err(crate::fault::Fault::Refused("on purpose"));
            }
            Ok(())
        });
        assert!(!polled(&mut answer).await);
        answers.push(answer);
    }
    held.let_go();
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.await.is_err(), n % 3 == 0);
    }
    home.sqlite.raise(NOON).await;
    let trail = home.sqlite.events_after(0, 100).await.unwrap().events;
    let positions: Vec<u64> = trail.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=21).collect::<Vec<_>>());
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_the_table_itself_keeps_an_ended_session_ended() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let login = home.login(user);
    home.sqlite
        .open_session(login.clone(), home.act())
        .await
        .unwrap();
    home.sqlite
        .end_session(login.id, None, EndReason::SignedOut, home.act())
        .await
        .unwrap();
    for sql in [
        "UPDATE sessions SET ended_at = NULL, end_reason = NULL, ended_number = NULL",
        "UPDATE sessions SET rev = 99",
    ] {
        let revived = home.execute(sql).await;
        assert!(matches!(revived, Err(StoreError::Failed(_))), "{sql}");
    }
}

/// Holds: R20
#[tokio::test]
async fn r20_what_is_stored_gives_no_usable_secret() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let secret = vestibule_core::secret::PlainSessionSecret::new([0x5a; 32]);
    let mut login = home.login(user);
    login.secret = secret.hashed();
    home.sqlite.open_session(login, home.act()).await.unwrap();
    home.sqlite.close().await;
    let file = std::fs::read(home.directory.path().join(crate::FILE_NAME)).unwrap();
    let holds = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
    assert!(
        holds(secret.hashed().as_bytes()),
        "the test looks where it is kept"
    );
    assert!(!holds(&[0x5a; 32]));
}

/// What a start asks for is settled once, so that it does not wait for a long fill.
#[tokio::test]
async fn what_is_settled_is_answered_while_the_writer_is_busy() {
    let home = Home::new().await;
    assert_eq!(
        home.sqlite.check_key([1; 32]).await.unwrap(),
        KeyCheck::Adopted
    );
    assert_eq!(home.sqlite.keep_seal_key(vec![1]).await.unwrap(), [1]);
    let held = home.hold().await;
    assert_eq!(
        home.sqlite.check_key([1; 32]).await.unwrap(),
        KeyCheck::Matches
    );
    assert_eq!(
        home.sqlite.check_key([2; 32]).await.unwrap(),
        KeyCheck::Mismatch
    );
    assert_eq!(home.sqlite.keep_seal_key(vec![2]).await.unwrap(), [1]);
    home.sqlite.clock_mark().await.unwrap();
    held.let_go();
}

/// Personal data can be dropped on its own: the event and its digest stay.
#[tokio::test]
async fn personal_data_is_kept_once_an_act_and_apart_from_its_events() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let personal = Personal {
        salt: [3; 16],
        email: Some("alice@example.test".to_owned()),
        ..Personal::default()
    };
    let act = Act {
        personal: Some(personal.clone()),
        ..home.act()
    };
    let event = Event::user(EventKind::LoginRefused(RefusalReason::WrongPassword), user);
    home.sqlite.record(vec![event, event], act).await.unwrap();
    assert_eq!(home.count("audit_personal").await, 1);
    home.execute("DELETE FROM audit_personal").await.unwrap();
    let trail = home.sqlite.events_after(1, 10).await.unwrap().events;
    assert_eq!(trail.len(), 2);
    for stored in trail {
        assert_eq!(stored.personal, None);
        assert_eq!(stored.personal_digest, Some(personal.digest()));
    }
}
