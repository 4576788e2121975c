//! What is counted when somebody logs in, and what is measured.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use vestibule_engine::{ReauthenticateError, SignIn, SignInError};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, Plan, address, hours};

impl House {
    /// The value of this series.
    pub fn counted(&self, series: &str) -> u64 {
        let mut registry = Registry::default();
        self.engine.metrics().register(&mut registry);
        self.engine.measure();
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let value = value.unwrap_or_else(|| panic!("no {series} in\n{text}"));
        value.parse().unwrap()
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
