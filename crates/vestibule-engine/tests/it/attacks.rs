//! Attacks across accounts, recognised and answered (C23).

use vestibule_core::audit::{Attack, EventKind};
use vestibule_core::throttle::Scope;
use vestibule_engine::{SignInError, SignedIn, Visit};

use crate::house::{House, PASSWORD, Plan, hours};

/// Sprayed at accounts; nobody has it, but where a test says so.
const SPRAYED: &str = "spring-2026-spring";

impl House {
    /// The attacks told in the trail, each with the network address it is told to come from.
    async fn attacks(&self) -> Vec<(Attack, Option<String>)> {
        let events = self.engine.trail_after(0, 1000).await.unwrap().events;
        let attacks = events.into_iter().filter_map(|stored| {
            let EventKind::AttackRecognised(attack) = stored.event.kind else {
                return None;
            };
            Some((
                attack,
                stored.personal.and_then(|personal| personal.address),
            ))
        });
        attacks.collect()
    }

    async fn try_from(
        &self,
        number: u32,
        email: &str,
        password: &str,
    ) -> Result<SignedIn, SignInError> {
        self.try_at(&self.stranger(number), email, password).await
    }

    async fn try_once(&self, network: u32, account: u32, password: &str) -> Option<Scope> {
        let email = format!("user{account}@example.test");
        match self.try_from(network, &email, password).await {
            Err(SignInError::Refused) => None,
            Err(SignInError::Throttled { scope, .. }) => Some(scope),
            other => panic!("{other:?}"),
        }
    }
}

/// Holds: C23, ASVS 6.3.1, ASVS 16.3.3
#[tokio::test]
async fn stuffing_from_one_network_is_recognised_and_the_network_waits() {
    let house = House::new().await;
    let mut looked_at = 0;
    for n in 0..100 {
        let password = format!("from another leak {n}");
        match house.try_once(1, n, &password).await {
            None => looked_at += 1,
            Some(Scope::Network) => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(looked_at, 30, "twenty before its bucket is empty");
    let address = Some("10.0.0.1".to_owned());
    assert_eq!(house.attacks().await, [(Attack::Stuffing, address)]);
    house.pass(hours(2));
    assert_eq!(house.try_once(1, 500, "x").await, Some(Scope::Network));
    // Who lives there and has signed in before gets in; other networks know nothing of it.
    house.sign_in("alice@example.test").await;
    let at_home = Visit {
        address: house.stranger(1).address,
        ..house.visit_of("alice@example.test")
    };
    let owner = house.try_at(&at_home, "alice@example.test", PASSWORD).await;
    owner.unwrap();
    assert_eq!(house.try_once(2, 500, "x").await, None);
    house.pass(hours(5));
    assert_eq!(house.try_once(1, 500, "y").await, None, "not for ever");
}

/// Holds: C23, ASVS 6.3.1
#[tokio::test]
async fn a_sprayed_password_is_refused_everywhere_but_on_its_owners_device() {
    let house = House::empty().await;
    house.add_with("weak@example.test", Some(SPRAYED)).await;
    // The owner has signed in before, on a device of theirs.
    let owner = house.try_from(9, "weak@example.test", SPRAYED);
    let device = owner.await.unwrap().device;
    let mut looked_at = 0;
    for n in 0..40 {
        let scope = house.try_once(n, n, SPRAYED).await;
        looked_at += u32::from(scope.is_none());
    }
    assert_eq!(looked_at, 10);
    assert_eq!(house.attacks().await, [(Attack::Spraying, None)]);

    // From another network, on the account that has it: not looked at, and neither counted.
    house.store.calls();
    let entered = house.try_from(2, "weak@example.test", SPRAYED);
    let Err(SignInError::Throttled { scope, retry_after }) = entered.await else {
        panic!("it was looked at");
    };
    assert_eq!(scope, Scope::Everyone);
    assert_eq!(retry_after, hours(24));
    assert_eq!(house.store.calls(), ["begin_try", "take_back_try"]);
    // For an account that has it not, or that is none, it is the same.
    for email in ["user7@example.test", "nobody@example.test", "no address"] {
        house.store.calls();
        let refused = house.try_from(2, email, SPRAYED).await;
        assert!(matches!(
            refused,
            Err(SignInError::Throttled { scope: Scope::Everyone, retry_after: same }) if same == retry_after
        ));
        assert_eq!(house.store.calls(), ["begin_try", "take_back_try"]);
    }
    let known = Visit {
        device: Some(device),
        ..house.stranger(2)
    };
    let owner = house.try_at(&known, "weak@example.test", SPRAYED).await;
    owner.unwrap();
    assert_eq!(house.try_once(2, 3, "another").await, None);
    // A day after it was last wrong it is looked at again.
    house.pass(hours(24));
    let later = house.try_from(3, "weak@example.test", SPRAYED);
    later.await.unwrap();
}

/// Holds: C23, ASVS 6.3.1
#[tokio::test]
async fn stuffing_from_five_hundred_networks_raises_the_alarm() {
    let house = House::new().await;
    for n in 0..500 {
        let password = format!("from another leak {n}");
        house.try_once(n, n, &password).await;
    }
    assert_eq!(house.attacks().await, [(Attack::Stuffing, None)]);
    // Under alarm a stranger has one try at an account, and then waits.
    assert_eq!(house.try_once(5000, 9000, "wrong").await, None);
    let second = house.try_once(5000, 9000, "wrong").await;
    assert_eq!(second, Some(Scope::Account));
    house.sign_in("alice@example.test").await;
    // When it is over, it is as before.
    house.pass(hours(1));
    for _ in 0..5 {
        assert_eq!(house.try_once(5000, 9001, "wrong").await, None);
    }
}

/// Holds: C23, ASVS 6.3.5
#[tokio::test]
async fn one_account_hammered_is_told_though_most_of_it_is_not_looked_at() {
    let house = House::new().await;
    let mut looked_at = 0;
    for n in 0..99 {
        let tried = house.try_from(n, "alice@example.test", "wrong");
        looked_at += u32::from(matches!(tried.await, Err(SignInError::Refused)));
    }
    assert_eq!(looked_at, 5);
    assert_eq!(house.attacks().await, [(Attack::Guessing, None)]);
}

/// A form sent empty says nothing of its sender.
#[tokio::test]
async fn no_password_at_all_is_no_spraying() {
    let house = House::new().await;
    for n in 0..40 {
        assert_eq!(house.try_once(n, n, "").await, None);
    }
    assert_eq!(house.attacks().await, []);
}

/// What is remembered of an attack is lost at a start; what was counted is not.
#[tokio::test]
async fn a_network_waits_over_a_restart() {
    let house = House::new().await;
    for n in 0..40 {
        house.try_once(1, n, &n.to_string()).await;
    }
    let house = house.crashed(|_: &mut Plan| ()).await;
    assert_eq!(house.try_once(1, 50, "x").await, Some(Scope::Network));
}

/// The town of the attack corpus, at a tenth of its size: what gets through, and what its people notice, has bounds.
mod replayed {
    use std::time::Duration;

    use crate::corpus;
    use crate::town::{Raid, Report, Town};

    const PEOPLE: usize = 200;

    async fn replay(raid: &Raid) -> Report {
        let mut town = Town::new(PEOPLE, corpus::password).await.unwrap();
        town.suffer(raid).await.unwrap()
    }

    fn raid(name: &str, days: u32) -> Raid {
        let raids = corpus::raids(PEOPLE, days);
        raids.into_iter().find(|raid| raid.name == name).unwrap()
    }

    fn owners_noticed_nothing(report: &Report) {
        assert_eq!((report.known.1, report.new.1, report.shut_out), (0, 0, 0));
        assert!(report.known.0 > 0 && report.new.0 > 0);
        assert_eq!(report.disabled, 0);
    }

    #[tokio::test]
    async fn on_quiet_days_nobody_is_kept_waiting() {
        let report = replay(&raid("nobody attacks", 7)).await;
        owners_noticed_nothing(&report);
        assert!(report.recognised.is_empty());
        assert!(report.logins_told > 0, "their own new devices");
    }

    /// Holds: C23, ASVS 6.3.1
    #[tokio::test]
    async fn of_a_stuffing_from_one_network_a_twentieth_is_looked_at() {
        let raid = raid("stuffing, from one network", 7);
        let report = replay(&raid).await;
        assert_eq!(report.sent, 2000);
        assert_eq!(report.looked_at + report.turned_away, 2000);
        assert!(report.looked_at < 500, "{report:?}");
        assert!(report.recognised["stuffing"] <= 61, "{report:?}");
        assert!(report.entered.len() < report.in_reach, "{report:?}");
        owners_noticed_nothing(&report);
    }

    /// Holds: C23, ASVS 6.3.1
    #[tokio::test]
    async fn a_spraying_from_many_networks_enters_few_and_each_owner_is_told() {
        let report = replay(&raid("spraying, from 500 networks", 7)).await;
        assert!(report.looked_at < 250, "{report:?}");
        assert!(report.entered.len() * 2 <= report.in_reach, "{report:?}");
        assert_eq!(report.told, report.entered.len());
        assert!(report.recognised["spraying"] <= 20, "{report:?}");
        assert_eq!((report.known.1, report.shut_out), (0, 0));
    }

    /// Holds: C23, ASVS 6.3.5
    #[tokio::test]
    async fn a_stuffing_from_many_networks_gets_through_and_each_owner_is_told() {
        let report = replay(&raid("stuffing, from 500 networks", 7)).await;
        assert_eq!(report.looked_at, 2000);
        assert_eq!(report.entered.len(), report.in_reach);
        assert_eq!(report.told, report.entered.len());
        assert!(report.recognised["stuffing"] <= 120, "{report:?}");
        assert_eq!((report.known.1, report.shut_out), (0, 0));
    }

    /// Holds: C23, N40, N43
    #[tokio::test]
    async fn one_account_hammered_has_a_few_tries_a_day_looked_at() {
        for name in [
            "one account, from one network",
            "one account, from 500 networks",
        ] {
            let raid = raid(name, 7);
            assert_eq!(raid.every, Duration::from_mins(2));
            let report = replay(&raid).await;
            assert!(report.looked_at < 60, "{report:?}");
            assert!(report.entered.is_empty(), "{report:?}");
            assert!(report.recognised["guessing"] <= 100, "{report:?}");
            owners_noticed_nothing(&report);
        }
    }

    /// Holds: C23, N40
    #[tokio::test]
    async fn a_stolen_device_has_the_hundred_tries_of_n40_and_no_more() {
        let raid = raid("one account, with a stolen device cookie", 14);
        let report = replay(&raid).await;
        assert!(report.entered.is_empty(), "{report:?}");
        assert!(report.known.1 <= 10, "{report:?}");
        assert!(report.disabled <= 1 && report.shut_out <= report.disabled);
    }
}
