//! What a login makes of rows, also of those that no transition leaves behind.

use vestibule_core::audit::EventKind;
use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::NewSession;
use vestibule_core::throttle::{Growing, Keyer, Limits, MOST_FAILURES, Scope};
use vestibule_core::time::UnixMillis;
use vestibule_store::{
    Audit as _, BeginTry, Sessions as _, StoreError, Throttles as _, Try, Users as _, Whose,
};

use super::make::{Home, NOON};

impl Home {
    /// The answer to a try from a device: whether it is known, and what was charged.
    async fn try_from(&self, name: &str, device: DeviceProof, now: UnixMillis) -> (bool, Scope) {
        let attempt = Try {
            whose: Whose::Address {
                email: Some(self.new_user(name).email),
                identifier: name.to_owned(),
                device: Some(device),
            },
            network: None,
            keyer: Keyer::new(&[1; 32]),
            limits: Limits::default(),
            now,
        };
        match self.sqlite.begin_try(attempt).await.unwrap() {
            BeginTry::Begun {
                tried,
                known_device,
                ..
            } => (known_device, tried.charged[0].scope),
            BeginTry::Throttled { .. } => panic!("the first from there"),
        }
    }

    /// What a login on a device told the trail.
    async fn login_on(&self, user: UserId, device: DeviceProof) -> Vec<EventKind> {
        let last = self.count("audit_events").await;
        let login = NewSession {
            known: Some(device),
            ..self.login(user)
        };
        self.sqlite.open_session(login, self.act()).await.unwrap();
        let last = u64::try_from(last).unwrap();
        let told = self.sqlite.events_after(last, 10).await.unwrap().events;
        told.iter().map(|stored| stored.event.kind).collect()
    }
}

fn device(secret: u8) -> DeviceProof {
    DeviceProof {
        id: DeviceId::from_bytes([1; 16]),
        secret: HashedSecret::from_bytes([secret; 32]),
    }
}

/// Nobody proved that it is theirs, so it names nobody's account; the primary one does, by an operator's word.
#[tokio::test]
async fn an_address_that_nobody_proved_names_no_account() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    let insert = "INSERT INTO addresses SELECT 'other@example.test', id, 0, 1 FROM users";
    home.execute(insert).await.unwrap();
    let mut other = home.new_user("other");
    let found = home.sqlite.sign_in_record(other.email.clone()).await;
    assert_eq!(found.unwrap(), None);
    other.email = home.new_user("alice").email;
    let found = home.sqlite.sign_in_record(other.email.clone()).await;
    let record = found.unwrap().unwrap();
    assert_eq!(record.user.id, alice);
    assert!(!record.user.email_verified);
    assert_eq!(record.addresses, [other.email], "and no letter goes there");
}

/// Holds: C23
#[tokio::test]
async fn c23_a_device_that_was_known_by_another_secret_is_a_new_one() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    let new = [EventKind::LoginSucceeded, EventKind::DeviceKnown];
    assert_eq!(home.login_on(alice, device(1)).await, new);
    assert_eq!(home.login_on(alice, device(1)).await, new[..1]);
    assert_eq!(home.login_on(alice, device(2)).await, new);
    assert_eq!(home.count("known_devices").await, 1);
    let known = home.try_from("alice", device(2), NOON).await;
    assert_eq!(known, (true, Scope::Device));
    let known = home.try_from("alice", device(1), NOON).await;
    assert_eq!(known, (false, Scope::Account), "the older secret is dead");
}

/// A clock that was set back makes no device older than it is.
#[tokio::test]
async fn a_device_is_last_seen_at_the_latest_login() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    for at in [NOON, UnixMillis(NOON.0 + 5), NOON] {
        let login = NewSession {
            known: Some(device(1)),
            ..home.login(alice)
        };
        let mut act = home.act();
        act.at = at;
        home.sqlite.open_session(login, act).await.unwrap();
    }
    let seen = home.count("known_devices WHERE last_seen = 1800000000005");
    assert_eq!(seen.await, 1);
}

/// Holds: N40
#[tokio::test]
async fn n40_a_passwords_failures_are_nobodys_to_drop() {
    let home = Home::new().await;
    home.user("alice").await;
    home.try_from("alice", device(1), NOON).await;
    home.try_from("nobody", device(1), NOON).await;
    let end = UnixMillis(i64::MAX);
    assert_eq!(home.sqlite.drop_idle_tallies(end, 100).await.unwrap(), 6);
    let left = home.count("tallies WHERE scope = 'password' AND user_id IS NOT NULL");
    assert_eq!(left.await, 1);
    assert_eq!(home.count("tallies").await, 1);
    let all = home.execute("UPDATE tallies SET count = 100").await;
    all.unwrap();
    let record = home
        .sqlite
        .sign_in_record(home.new_user("alice").email)
        .await;
    assert_eq!(record.unwrap().unwrap().failures, MOST_FAILURES);
}

#[tokio::test]
async fn what_cannot_have_been_told_is_not_read() {
    let home = Home::new().await;
    home.user("alice").await;
    home.execute("UPDATE users SET details = 'no answers'")
        .await
        .unwrap();
    let email = home.new_user("alice").email;
    let read = home.sqlite.sign_in_record(email).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
}

/// Holds: N40
#[tokio::test]
async fn n40_the_hundredth_that_is_the_ninety_ninth_by_now_disables_nothing() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    let begin = async || {
        let free = Growing {
            free: 1_000,
            ..Limits::default().device
        };
        let attempt = Try {
            whose: Whose::Session {
                session: SessionId::from_bytes([1; 16]),
                user: alice,
            },
            network: None,
            keyer: Keyer::new(&[1; 32]),
            limits: Limits {
                device: free,
                ..Limits::default()
            },
            now: NOON,
        };
        match home.sqlite.begin_try(attempt).await.unwrap() {
            BeginTry::Begun { tried, .. } => tried,
            BeginTry::Throttled { .. } => panic!("nothing throttles here"),
        }
    };
    let mut all = Vec::new();
    for _ in 0..MOST_FAILURES {
        all.push(begin().await);
    }
    let (hundredth, taken_back) = (all.pop().unwrap(), all.pop().unwrap());
    home.sqlite.take_back_try(taken_back).await.unwrap();
    let failed = home.sqlite.fail_try(hundredth, Vec::new(), home.act());
    let failed = failed.await.unwrap();
    assert_eq!(
        (failed.failures, failed.disabled),
        (MOST_FAILURES - 1, false)
    );
    let last = begin().await;
    let failed = home.sqlite.fail_try(last, Vec::new(), home.act());
    let failed = failed.await.unwrap();
    assert_eq!((failed.failures, failed.disabled), (MOST_FAILURES, true));
}
