//! What is counted when somebody logs in, and what is measured.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use vestibule_engine::{ReauthenticateError, SignIn, SignInError};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, Plan, address, hours, minutes};
use crate::postbox::Whim;

impl House {
    /// The value of this series, as a whole number.
    pub fn counted(&self, series: &str) -> u64 {
        self.read(series).parse().unwrap()
    }

    /// The value of this series, which is a time.
    fn seconds(&self, series: &str) -> Duration {
        Duration::from_secs_f64(self.read(series).parse().unwrap())
    }

    fn read(&self, series: &str) -> String {
        let mut registry = Registry::default();
        self.engine.metrics().register(&mut registry);
        self.engine.measure();
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let value = value.unwrap_or_else(|| panic!("no {series} in\n{text}"));
        value.to_owned()
    }

    fn live_and_ended(&self) -> (u64, u64) {
        (
            self.counted("vestibule_live_sessions"),
            self.counted("vestibule_sessions_ended_total"),
        )
    }
}

const NEW_PASSWORD: &str = "a dozen red bicycles";
const SUCCEEDED: &str = "vestibule_logins_total{outcome=\"succeeded\"}";
const REFUSED: &str = "vestibule_logins_total{outcome=\"refused\"}";
const FAILED: &str = "vestibule_logins_total{outcome=\"failed\"}";

#[tokio::test]
async fn logins_are_counted_by_how_they_went() {
    let house = House::new().await;
    house.sign_in("alice@example.test").await;
    house.sign_in("bob@example.test").await;
    for (email, password) in [
        ("alice@example.test", OTHER_PASSWORD),
        ("nobody@example.test", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let refused = house.try_sign_in(email, password).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
    }
    assert_eq!(house.counted(SUCCEEDED), 2);
    assert_eq!(house.counted(REFUSED), 3);

    house.store.inner.close().await;
    let lost = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(lost, Err(SignInError::NotNow(_))));
    assert_eq!(house.counted(FAILED), 1);
}

#[tokio::test]
async fn a_login_that_finds_the_queue_full_is_counted_as_busy() {
    let directory = tempfile::TempDir::new().unwrap();
    let mut plan = Plan::new(&directory);
    plan.queue = 0;
    let house = plan.start().await.unwrap();
    let busy = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(busy, Err(SignInError::NotNow(_))));
    assert_eq!(house.counted("vestibule_logins_total{outcome=\"busy\"}"), 1);
}

#[tokio::test]
async fn reauthentications_are_counted_apart_from_logins_and_so_are_password_changes() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await.session;
    let visit = house.visit();
    let wrong = house.engine.reauthenticate(&alice, OTHER_PASSWORD, &visit);
    assert!(matches!(wrong.await, Err(ReauthenticateError::Refused)));
    let right = house.engine.reauthenticate(&alice, PASSWORD, &visit);
    let alice = right.await.unwrap().1.session().clone();
    let change = |current, new| house.engine.change_password(&alice, current, new, &visit);
    // A new one that is too short is nobody's guess at the current one.
    change(PASSWORD, "short").await.unwrap_err();
    change(OTHER_PASSWORD, NEW_PASSWORD).await.unwrap_err();
    change(PASSWORD, NEW_PASSWORD).await.unwrap();
    for outcome in ["succeeded", "refused"] {
        let series = format!("vestibule_reauthentications_total{{outcome=\"{outcome}\"}}");
        assert_eq!(house.counted(&series), 2, "{outcome}");
    }
    assert_eq!((house.counted(SUCCEEDED), house.counted(REFUSED)), (1, 0));
}

#[tokio::test]
async fn live_and_ended_sessions_add_up_however_they_end() {
    let mut house = House::new().await;
    let (visit, operator) = (house.visit(), house.operator());
    let alice = house.sign_in("alice@example.test").await.session;
    let over = SignIn {
        identifier: "alice@example.test",
        password: PASSWORD,
        remember: false,
        over: Some(&alice),
    };
    let alice = house.engine.sign_in(over, &visit).await.unwrap().session;
    assert_eq!(house.live_and_ended(), (1, 1), "replaced");

    house.engine.sign_out(&alice, &visit).await.unwrap();
    house.engine.sign_out(&alice, &visit).await.unwrap();
    assert_eq!(house.live_and_ended(), (0, 2), "signed out, twice is once");

    house.sign_in("alice@example.test").await;
    house.sign_in("alice@example.test").await;
    let email = address("alice@example.test");
    house.engine.revoke_user(&email, &operator).await.unwrap();
    house.sign_in("bob@example.test").await;
    house.engine.revoke_all(&operator).await.unwrap();
    house.sign_in("bob@example.test").await;
    house.pass(hours(13));
    // What ended by a cutoff, or by time alone, leaves memory when it is swept.
    house.chores.round().await;
    assert_eq!(house.live_and_ended(), (0, 6));
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn the_memory_of_hashing_is_measured() {
    let house = House::new().await;
    house.sign_in("alice@example.test").await;
    assert!(house.counted("vestibule_hashing_memory_bytes") > 0);
    assert_eq!(house.counted("vestibule_hashing_waiting"), 0);
}

const STUCK: &str = "vestibule_mail_stuck_seconds";

#[tokio::test]
async fn an_outbox_that_hands_nothing_over_is_seen_to_be_stuck() {
    let alice = "alice@example.test";
    let mut house = House::new().await;
    house.pass(hours(1));
    house.chores.round().await;
    assert_eq!(house.seconds(STUCK), Duration::ZERO, "nothing waits");

    house.postbox().whim(alice, Some(Whim::Later));
    let visit = house.visit();
    let asked = house.engine.ask_recovery(alice, None, &visit);
    asked.await.unwrap();
    house.chores.round().await;
    for wait in [10, 20] {
        house.pass(minutes(10));
        house.chores.round().await;
        assert_eq!(house.seconds(STUCK), minutes(wait));
    }
    assert_eq!(house.counted("vestibule_mail_waiting"), 1);

    house.postbox().whim(alice, None);
    house.pass(hours(1));
    house.chores.round().await;
    assert_eq!(house.seconds(STUCK), Duration::ZERO, "it is on its way");
    house.chores.round().await;
    assert_eq!(house.counted("vestibule_mail_waiting"), 0);
}

const SEALED: &str = "vestibule_seal_age_seconds";
const OWED: &str = "vestibule_owed_ends";

#[tokio::test]
async fn what_the_store_does_not_take_is_seen_to_be_behind() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await.session;
    house.chores.round().await;
    assert_eq!(house.seconds(SEALED), Duration::ZERO);
    assert_eq!(house.counted(OWED), 0);

    house.store.set_full(true);
    let out = house.engine.sign_out(&alice, &house.visit()).await;
    assert!(out.is_err(), "it is not stored");
    house.pass(minutes(5));
    house.chores.round().await;
    assert_eq!(house.seconds(SEALED), minutes(5));
    assert_eq!(house.counted(OWED), 1);

    house.store.set_full(false);
    house.chores.round().await;
    assert_eq!(house.seconds(SEALED), Duration::ZERO);
    assert_eq!(house.counted(OWED), 0);
}

#[tokio::test]
async fn a_clock_that_is_set_back_is_seen_to_be_behind_its_mark() {
    let mut house = House::new().await;
    house.chores.round().await;
    assert_eq!(
        house.seconds("vestibule_clock_behind_seconds"),
        Duration::ZERO
    );
    let mark = house.seconds("vestibule_clock_mark_seconds");
    assert!(mark > Duration::ZERO);

    house.plan.clock.step(-30 * 60 * 1000);
    house.chores.round().await;
    assert_eq!(house.seconds("vestibule_clock_behind_seconds"), minutes(30));
    assert_eq!(house.seconds("vestibule_clock_mark_seconds"), mark);
    assert_eq!(house.counted("vestibule_clock_stepped"), 1);
}
