//! Devices known from earlier logins, and the letters that tell of a login that is new to its owner.

use std::time::Duration;

use vestibule_core::letter::{Letter, Says, Unusual};
use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_engine::{SignInError, Visit};
use vestibule_store::{EndLogin, EndOthers, EndSession};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, hours};

const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";

/// Why the only letter there is tells of a login, and the token of its link.
fn because(letters: &[Letter]) -> (Vec<Unusual>, PlainTicket) {
    let [letter] = letters else {
        panic!("{letters:?}");
    };
    let Says::NewLogin { token, because, .. } = &letter.says else {
        panic!("{letter:?}");
    };
    let ticket = PlainTicket::parse(Purpose::EndLogin, token).unwrap();
    (because.clone(), ticket)
}

/// Holds: ASVS 6.3.5
#[tokio::test]
async fn asvs_6_3_5_a_login_on_a_new_device_is_told_and_one_on_a_known_device_is_not() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    assert!(
        house.letters().await.is_empty(),
        "the first login is no news"
    );
    house.pass(hours(24));
    house.sign_in(ALICE).await;
    assert!(house.letters().await.is_empty());

    let visit = Visit {
        user_agent: Some("Mozilla/5.0 (Somewhere else)".to_owned()),
        ..house.stranger(1)
    };
    let thief = house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    let letters = house.letters().await;
    assert_eq!(letters[0].to.as_str(), ALICE);
    let Says::NewLogin { from, .. } = &letters[0].says else {
        panic!("{letters:?}");
    };
    assert_eq!(from.at, visit.now);
    assert_eq!(from.address.as_deref(), Some("10.0.0.1"));
    assert_eq!(from.user_agent, visit.user_agent);
    let (because, link) = because(&letters);
    assert_eq!(because, [Unusual::NewDevice]);

    // The one link ends it, and its device is a stranger's again.
    let owner = house.sign_in(ALICE).await;
    let ended = house.engine.end_login(&link, &house.visit()).await.unwrap();
    assert!(matches!(ended, EndLogin::Ended { session, .. } if session == thief.cookie.id));
    assert!(!house.is_live(&thief.cookie) && house.is_live(&owner.cookie));
    house.letters().await;
    let again = Visit {
        device: Some(thief.device),
        ..house.stranger(1)
    };
    house.try_at(&again, ALICE, PASSWORD).await.unwrap();
    assert_eq!(house.letters().await.len(), 1, "told again");
}

/// Holds: ASVS 6.3.5
#[tokio::test]
async fn asvs_6_3_5_a_success_after_failures_is_told() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    house.letters().await;
    for n in 0..4 {
        let _ = house.try_at(&house.stranger(n), ALICE, "wrong").await;
    }
    house.sign_in(ALICE).await;
    assert!(house.letters().await.is_empty(), "people mistype");
    for n in 0..5 {
        let _ = house.try_at(&house.stranger(n), ALICE, "wrong").await;
        house.pass(hours(24));
    }
    house.sign_in(ALICE).await;
    let (because, _) = because(&house.letters().await);
    assert_eq!(because, [Unusual::AfterFailures]);
}

/// Holds: ASVS 6.3.5
#[tokio::test]
async fn asvs_6_3_5_a_login_after_a_long_silence_is_told() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    house.letters().await;
    house.pass(hours(90 * 24));
    house.sign_in(ALICE).await;
    let (because, _) = because(&house.letters().await);
    assert_eq!(because, [Unusual::LongSilence]);
}

/// Who plants a cookie that they have too, learns no budget of the victim's by the victim's login, nor goes untold.
///
/// Holds: ASVS 6.3.1
#[tokio::test]
async fn a_planted_device_is_not_made_known() {
    let house = House::new().await;
    // A device that is known, but to another account.
    let planted = house.sign_in(BOB).await.device;
    let victim = Visit {
        device: Some(planted.clone()),
        ..house.visit()
    };
    let signed_in = house.try_at(&victim, ALICE, PASSWORD).await.unwrap();
    assert_ne!(signed_in.device.encode(), planted.encode());
    assert_ne!(signed_in.device.id, planted.id);

    let attacker = Visit {
        device: Some(planted),
        ..house.stranger(1)
    };
    let mut evaluated = 0;
    while let Err(SignInError::Refused) = house.try_at(&attacker, ALICE, "wrong").await {
        evaluated += 1;
    }
    assert_eq!(evaluated, 5, "a stranger's budget");
    // And bob is where he was.
    assert_eq!(
        house.sign_in(BOB).await.device.encode(),
        attacker.device.unwrap().encode()
    );
}

/// Holds: N15
#[tokio::test]
async fn n15_a_known_device_proves_nothing() {
    let house = House::new().await;
    house.sign_in(ALICE).await;
    let refused = house.try_sign_in(ALICE, "wrong").await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    let refused = house.try_sign_in(ALICE, "").await;
    assert!(matches!(refused, Err(SignInError::Refused)));
}

#[tokio::test]
async fn a_device_is_known_by_its_secret_and_for_400_days() {
    let mut house = House::new().await;
    let known = house.sign_in(ALICE).await.device;
    house.letters().await;
    let mut guessed = house.entropy_device();
    guessed.id = known.id;
    let visit = Visit {
        device: Some(guessed),
        ..house.visit()
    };
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    assert_eq!(house.letters().await.len(), 1, "an id alone is no device");

    house.pass(hours(400 * 24).saturating_sub(Duration::from_millis(1)));
    let signed_in = house.sign_in(ALICE).await;
    assert_eq!(signed_in.device.encode(), known.encode());
    house.pass(hours(400 * 24));
    let signed_in = house.sign_in(ALICE).await;
    assert_ne!(signed_in.device.encode(), known.encode());
}

impl House {
    /// A device's cookie that nobody was given.
    fn entropy_device(&self) -> vestibule_core::known_device::DeviceCookie {
        use vestibule_core::id::DeviceId;
        use vestibule_core::known_device::{DeviceCookie, PlainDeviceSecret};
        DeviceCookie {
            id: DeviceId::new(self.now(), [9; 10]),
            secret: PlainDeviceSecret::new([9; 32]),
        }
    }
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_told_and_everybody_gets_in() {
    let house = House::new().await;
    let house = house.crashed(|plan| plan.postbox = None).await;
    house.sign_in(ALICE).await;
    let visit = house.stranger(1);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    assert_eq!(house.engine.mail_waiting().await.unwrap(), 0);
}

/// The letter and what it offers are written with the login, or not at all.
///
/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_no_login_goes_untold_for_a_full_disk() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    house.letters().await;
    house.store.set_full(true);
    let visit = house.stranger(1);
    assert!(house.try_at(&visit, ALICE, PASSWORD).await.is_err());
    house.store.set_full(false);
    assert!(house.letters().await.is_empty());
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    assert_eq!(house.letters().await.len(), 1);
}

/// Holds: C23
#[tokio::test]
async fn c23_a_thief_who_is_put_out_is_a_stranger_again() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    let mut thief = Vec::new();
    let mut steal = async |house: &House, n| {
        let visit = house.stranger(n);
        let stolen = house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
        thief.push(stolen.device.clone());
        stolen
    };
    let fresh = |house: &House| house.engine.fresh(&alice.session, house.now()).unwrap();
    let visit = house.visit_of(ALICE);
    let stolen = steal(&house, 1).await;
    let (login, id) = (fresh(&house), stolen.session.id());
    let ended = house.engine.end_device(&login, id, &visit);
    assert_eq!(ended.await.unwrap(), EndSession::Ended);
    steal(&house, 2).await;
    let ended = house.engine.end_other_devices(&fresh(&house), &visit).await;
    assert_eq!(ended.unwrap(), EndOthers::Ended { ended: 1 });
    steal(&house, 3).await;
    let changed = house
        .engine
        .change_password(&alice.session, PASSWORD, OTHER_PASSWORD, &visit)
        .await
        .unwrap();
    assert_eq!(changed.ended, 1);
    let login = house.engine.fresh(&changed.session, house.now()).unwrap();
    house.engine.end_everywhere(&login, &visit).await.unwrap();
    house.letters().await;

    // Each of their devices is told of as a new one; hers is not.
    for device in thief {
        house.pass(hours(1));
        let visit = Visit {
            device: Some(device),
            ..house.stranger(9)
        };
        house.try_at(&visit, ALICE, OTHER_PASSWORD).await.unwrap();
        let (because, _) = because(&house.letters().await);
        assert_eq!(because, [Unusual::NewDevice]);
    }
    house.try_sign_in(ALICE, OTHER_PASSWORD).await.unwrap();
    assert!(house.letters().await.is_empty());
}

/// Holds: ASVS 2.4.1
#[tokio::test]
async fn asvs_2_4_1_forty_logins_send_twenty_letters() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    for n in 0..40 {
        let visit = house.stranger(n);
        house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    }
    assert_eq!(house.engine.mail_waiting().await.unwrap(), 20);
    house.letters().await;
    house.pass(hours(1));
    let visit = house.stranger(1);
    house.try_at(&visit, ALICE, PASSWORD).await.unwrap();
    assert_eq!(
        house.letters().await.len(),
        1,
        "they went, and it is told again"
    );
}
