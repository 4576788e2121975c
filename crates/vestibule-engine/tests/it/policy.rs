//! A policy that another takes the place of while it is used.

use std::time::Duration;

use vestibule_core::session::Lifetime;
use vestibule_engine::Policy;

use crate::house::{House, hours};

const ALICE: &str = "alice@example.test";

/// Holds: ASVS 7.3.1, ASVS 7.5.2
#[tokio::test]
async fn asvs_7_3_1_another_policy_is_for_the_logins_after_it() {
    let house = House::new().await;
    let long = house.remembered(ALICE).await;
    house.engine.adopt(Policy {
        remembered: Lifetime {
            idle: Duration::from_hours(1),
            absolute: Duration::from_hours(24),
        },
        ..Policy::default()
    });
    let short = house.remembered(ALICE).await;
    // A use that is too small a step to be written, of a fortnight's idle life.
    house.pass(hours(16));
    assert!(house.request(&long.cookie).is_some());
    assert!(!house.is_live(&short.cookie));
    house.pass(hours(14 * 24 - 8));
    assert!(house.is_live(&long.cookie));
    let devices = house.engine.devices(&long.session, house.now()).await;
    assert_eq!(devices.unwrap().len(), 1, "what is live is listed");
}
