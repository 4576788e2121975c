//! The outbox: letters go out at least once, in bounded time and number, and are given up in the end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use vestibule_core::letter::{Letter, Says};
use vestibule_engine::{MailError, SignIn, TestLetterError, Visit};

use crate::house::{House, PASSWORD, address, hours, minutes};
use crate::postbox::Whim;

const ALICE: &str = "alice@example.test";

impl House {
    async fn ask(&self, email: &str) {
        let mut visit = self.visit();
        // From anywhere, so that no limit is in the way.
        let last = email.bytes().fold(1, u8::wrapping_add);
        visit.address = Some([198, 51, 100, last].into());
        let asked = self.engine.ask_recovery(email, None, &visit);
        asked.await.unwrap();
    }

    async fn waiting(&self) -> u64 {
        self.engine.mail_waiting().await.unwrap()
    }

    fn tries(&self) -> usize {
        self.postbox().tries.swap(0, Ordering::SeqCst)
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "it never came");
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_a_letter_is_tried_again_ever_more_rarely_until_it_is_taken() {
    let mut house = House::new().await;
    house.postbox().whim(ALICE, Some(Whim::Later));
    house.ask(ALICE).await;
    assert!(house.letters().await.is_empty());
    assert_eq!((house.tries(), house.waiting().await), (1, 1));
    for wait in [5, 10, 20, 40] {
        house.pass(seconds(wait - 1));
        house.chores.round().await;
        assert_eq!(house.tries(), 0, "before {wait} s are over");
        house.pass(seconds(1));
        house.chores.round().await;
        assert_eq!(house.tries(), 1, "after {wait} s");
    }
    // Others are not kept waiting by it.
    house.ask("bob@example.test").await;
    assert_eq!(house.letter().await.to, address("bob@example.test"));
    house.postbox().whim(ALICE, None);
    house.pass(hours(1));
    assert_eq!(house.letter().await.to, address(ALICE));
    assert_eq!(house.waiting().await, 0);
    house.pass(hours(1));
    assert!(house.letters().await.is_empty(), "once");
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up_and_told_of() {
    let mut house = House::new().await;
    let user = house.engine.user(&address(ALICE)).await.unwrap().unwrap();
    house.postbox().whim(ALICE, Some(Whim::Never));
    house.ask(ALICE).await;
    let position = house.position().await;
    assert!(house.letters().await.is_empty());
    let told = house.told_since(position).await;
    assert_eq!(told, ["recovery.offered", "mail.given_up"]);
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(event.event.user, Some(user.id));
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn what_becomes_of_letters_is_counted() {
    let mut house = House::new().await;
    house.ask(ALICE).await;
    house.chores.round().await;
    house.postbox().whim(ALICE, Some(Whim::Later));
    house.ask(ALICE).await;
    house.chores.round().await;
    house.chores.round().await;
    let mail = |outcome| house.counted(&format!("vestibule_mail_total{{outcome=\"{outcome}\"}}"));
    assert_eq!((mail("sent"), mail("deferred"), mail("gave_up")), (1, 1, 0));
    assert_eq!(house.counted("vestibule_mail_waiting"), 1);
    let asked = house.counted("vestibule_recoveries_total{step=\"asked\"}");
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn a_letter_that_nobody_takes_is_given_up_after_three_days() {
    let mut house = House::new().await;
    house.postbox().away.store(true, Ordering::SeqCst);
    house.ask(ALICE).await;
    house.chores.round().await;
    house.pass(hours(3 * 24 - 1));
    house.chores.round().await;
    assert_eq!(house.waiting().await, 1);
    let position = house.position().await;
    house.pass(hours(1));
    house.chores.round().await;
    assert_eq!(house.waiting().await, 0);
    assert_eq!(house.told_since(position).await, ["mail.given_up"]);
}

/// Holds: N01
#[tokio::test]
async fn n01_no_letter_is_lost_to_a_clock_that_is_wrong_for_a_while() {
    const YEARS: i64 = 300 * 24 * 3600 * 1000;
    let mut house = House::new().await;
    house.postbox().away.store(true, Ordering::SeqCst);
    house.ask(ALICE).await;
    house.chores.round().await;
    assert_eq!(house.waiting().await, 1);
    let position = house.position().await;
    house.plan.clock.step(YEARS);
    for _ in 0..3 {
        house.pass(seconds(10));
        house.chores.round().await;
    }
    assert_eq!(
        house.told_since(position).await,
        [""; 0],
        "none is given up"
    );
    house.plan.clock.step(-YEARS);
    house.postbox().away.store(false, Ordering::SeqCst);
    house.pass(seconds(10));
    assert_eq!(house.letter().await.to, address(ALICE), "nor late by years");
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn a_request_that_was_not_done_for_an_hour_is_dropped() {
    let mut house = House::new().await;
    house.ask(ALICE).await;
    house.pass(hours(1));
    assert!(house.letters().await.is_empty());
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn a_letter_outlives_a_crash_and_the_lease_of_the_one_who_died() {
    let house = House::new().await;
    house.ask(ALICE).await;
    let mut house = house.crashed(|_| ()).await;
    house.postbox().hands.forget_permits(1_000_000);
    // The request is done and its letter under way when everything dies.
    {
        let mut round = std::pin::pin!(house.chores.round());
        let postbox = house.plan.postbox.clone().unwrap();
        until(async || {
            tokio::select! {
                () = &mut round => panic!("nobody took it"),
                () = tokio::task::yield_now() => postbox.tries.load(Ordering::SeqCst) == 1,
            }
        })
        .await;
    }
    let mut house = house.crashed(|_| ()).await;
    house.postbox().hands.add_permits(1_000_000);
    assert!(house.letters().await.is_empty(), "somebody may be at it");
    house.pass(minutes(2));
    let letter: Letter = house.letter().await;
    assert!(matches!(letter.says, Says::Recover { .. }));
    assert_eq!(house.waiting().await, 0);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_four_letters_at_most_are_handed_over_at_once() {
    let mut house = House::empty().await;
    for number in 0..20 {
        house.ask(&format!("stranger{number}@example.test")).await;
    }
    house.postbox().hands.forget_permits(1_000_000);
    let postbox = house.plan.postbox.clone().unwrap();
    let watching = async {
        until(async || postbox.tries.load(Ordering::SeqCst) == 4).await;
        // Room for a fifth to come, were there one.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        postbox.hands.add_permits(1_000_000);
    };
    tokio::join!(watching, house.chores.round());
    assert_eq!(house.postbox().take().len(), 20);
    assert_eq!(house.postbox().most_under_way.load(Ordering::SeqCst), 4);
}

/// Holds: ASVS 16.5.4
#[tokio::test]
async fn asvs_16_5_4_a_mailer_that_panics_holds_up_no_other_letter() {
    let mut house = House::new().await;
    house.postbox().whim(ALICE, Some(Whim::Panics));
    house.ask(ALICE).await;
    house.ask("bob@example.test").await;
    assert_eq!(house.letter().await.to, address("bob@example.test"));
    house.postbox().whim(ALICE, None);
    house.pass(minutes(2));
    assert_eq!(house.letter().await.to, address(ALICE));
}

#[tokio::test]
async fn what_is_asked_for_goes_out_at_once_and_a_stop_leaves_the_rest_for_later() {
    let house = House::new().await;
    let postbox = house.plan.postbox.clone().unwrap();
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    house.ask(ALICE).await;
    until(async || house.waiting().await == 0).await;
    assert_eq!(postbox.take().len(), 1);
    stop.send(true).unwrap();
    chores.await.unwrap();
    house.ask(ALICE).await;
    let mut house = house.restarted().await;
    assert_eq!(house.letters().await.len(), 1);
}

#[tokio::test]
async fn a_stop_waits_for_a_letter_that_is_under_way() {
    let house = House::new().await;
    let postbox = house.plan.postbox.clone().unwrap();
    postbox.hands.forget_permits(1_000_000);
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    house.ask(ALICE).await;
    until(async || postbox.tries.load(Ordering::SeqCst) == 1).await;
    stop.send(true).unwrap();
    // What is due meanwhile waits for the next start.
    house.ask("bob@example.test").await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    postbox.hands.add_permits(1_000_000);
    chores.await.unwrap();
    assert_eq!(postbox.take().len(), 1);
    assert_eq!(house.waiting().await, 1, "once, and it was noted");
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_a_store_that_fails_loses_no_letter() {
    let mut house = House::new().await;
    house.ask(ALICE).await;
    house.store.set_full(true);
    assert!(house.letters().await.is_empty());
    house.store.set_away(true);
    assert!(house.letters().await.is_empty());
    house.store.set_away(false);
    assert_eq!(house.letters().await.len(), 1);
}

/// Holds: ASVS 14.2.4, R20
#[tokio::test]
async fn asvs_14_2_4_no_link_and_no_address_of_a_stranger_is_stored_in_the_clear() {
    let mut house = House::new().await;
    house.postbox().away.store(true, Ordering::SeqCst);
    house.ask("stranger@nowhere.test").await;
    house.ask(ALICE).await;
    house.chores.round().await;
    assert_eq!(house.waiting().await, 2);
    let files = std::fs::read_dir(&house.plan.directory).unwrap();
    for file in files {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["stranger@nowhere.test", "vst_recover_"] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}

#[tokio::test]
async fn an_operator_tries_whether_mail_arrives_and_learns_why_not() {
    let house = House::new().await;
    let (to, operator) = (address(ALICE), house.operator());
    let try_out = async |house: &House| house.engine.send_test_letter(&to, &operator).await;
    try_out(&house).await.unwrap();
    assert_eq!(house.postbox().take()[0].says, Says::Test);
    house.postbox().whim(ALICE, Some(Whim::Never));
    let refused = try_out(&house).await.unwrap_err();
    let TestLetterError::Mail(MailError::Never(why)) = refused else {
        panic!("{refused}");
    };
    assert!(!why.to_string().contains("alice"), "{why}");
    let house = house.crashed(|plan| plan.postbox = None).await;
    let refused = try_out(&house).await;
    assert!(matches!(refused, Err(TestLetterError::NoMail)));
}

#[tokio::test]
async fn the_letter_somebody_waits_for_goes_before_those_that_only_tell() {
    let mut house = House::new().await;
    let somewhere = house.visit();
    house.sign_in(ALICE).await;
    house.letters().await;
    house.postbox().away.store(true, Ordering::SeqCst);
    for _ in 0..6 {
        house.pass(hours(1));
        let visit = Visit {
            now: house.engine.now(),
            ..somewhere.clone()
        };
        let attempt = SignIn {
            identifier: ALICE,
            password: PASSWORD,
            remember: false,
            over: None,
        };
        house.engine.sign_in(attempt, &visit).await.unwrap();
    }
    house.ask("bob@example.test").await;
    house.chores.round().await;
    assert_eq!(house.waiting().await, 7);
    // All are due by now.
    house.pass(hours(2));
    house.postbox().away.store(false, Ordering::SeqCst);
    house.chores.round().await;
    let order = house.postbox().take_in_order();
    let bobs = order
        .iter()
        .position(|letter| letter.to == address("bob@example.test"));
    assert_eq!(order.len(), 7);
    // Four go out at once.
    assert!(bobs.is_some_and(|place| place < 4), "{bobs:?}");
}
