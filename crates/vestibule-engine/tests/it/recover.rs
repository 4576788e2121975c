//! Passwords set anew by mail, and logins ended by it.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::letter::{Letter, Says};
use vestibule_core::password::NewPasswordError;
use vestibule_core::ticket::{PlainTicket, Purpose, RecoveryCode};
use vestibule_core::user::Language;
use vestibule_engine::{
    AskRecoveryError, FinishRecovery, FinishRecoveryError, Recoverable, Recovered, SignInError,
    SignedIn,
};
use vestibule_store::EndLogin;

use crate::house::{House, OTHER_PASSWORD, PASSWORD, address, minutes};
use crate::login::cut_off;
use crate::postbox::ticket;

const ALICE: &str = "alice@example.test";
const NEW_PASSWORD: &str = "a third horse's battery";
/// The form cookies of two browsers.
const HERE: Option<[u8; 32]> = Some([1; 32]);
const THERE: Option<[u8; 32]> = Some([2; 32]);

fn finished(ticket: &PlainTicket) -> FinishRecovery<'_> {
    FinishRecovery {
        ticket,
        browser: HERE,
        code: None,
        password: NEW_PASSWORD,
    }
}

impl House {
    async fn ask_recovery(&self, email: &str) -> Result<RecoveryCode, AskRecoveryError> {
        let visit = self.visit();
        self.engine.ask_recovery(email, HERE, &visit).await
    }

    async fn finish_recovery(
        &self,
        finish: FinishRecovery<'_>,
    ) -> Result<Recovered, FinishRecoveryError> {
        let visit = self.visit();
        self.engine.finish_recovery(finish, &visit).await
    }

    /// The link that alice gets when she asks here, and the code that is shown.
    async fn recovery_link(&mut self) -> (PlainTicket, RecoveryCode) {
        let code = self.ask_recovery(ALICE).await.unwrap();
        (ticket(&self.letter().await), code)
    }

    async fn recovery(&self, link: &PlainTicket, browser: Option<[u8; 32]>) -> Recoverable {
        self.engine
            .recovery(link, browser, self.now())
            .await
            .unwrap()
    }
}

/// Holds: N60, N62, N64, C13, ASVS 6.3.6, ASVS 7.4.3, ASVS 6.3.7
#[tokio::test]
async fn n62_a_password_is_set_anew_and_everything_before_it_ends() {
    let mut house = House::new().await;
    let device = house.sign_in(ALICE).await;
    let bob = house.sign_in("bob@example.test").await;
    house.letters().await;
    let position = house.position().await;
    house.ask_recovery(ALICE).await.unwrap();
    let letter = house.letter().await;
    assert_eq!(letter.to, address(ALICE));
    let Says::Recover {
        expires_at, from, ..
    } = &letter.says
    else {
        panic!("{:?}", letter.says);
    };
    assert_eq!(*expires_at, house.now().plus(minutes(30)));
    let from = from.as_ref().unwrap();
    assert_eq!(from.address.as_deref(), Some("192.0.2.7"));
    let link = ticket(&letter);
    let email = address(ALICE);
    assert_eq!(
        house.recovery(&link, HERE).await,
        Recoverable::Here { email }
    );
    assert!(house.is_live(&device.cookie), "asking ends nothing");
    let recovered = house.finish_recovery(finished(&link)).await.unwrap();
    assert_eq!(recovered.ended, 1);
    assert!(!house.is_live(&device.cookie) && house.is_live(&bob.cookie));
    assert_eq!(house.index.len(), 2, "nobody was signed in by it");
    assert_eq!(
        house.told_since(position).await,
        [
            "recovery.asked",
            "recovery.offered",
            "password.reset",
            "user_sessions.ended (password_reset)",
            "address.verified",
            "device.known"
        ]
    );
    let told = house.letter().await;
    assert_eq!(told.to, address(ALICE));
    assert!(matches!(told.says, Says::PasswordReset { .. }));
    let old = house.try_sign_in(ALICE, PASSWORD).await;
    assert!(matches!(old, Err(SignInError::Refused)));
    let new = house.try_sign_in(ALICE, NEW_PASSWORD).await.unwrap();
    assert!(new.session.profile().email_verified(), "its mail was read");
    assert_eq!(house.recovery(&link, HERE).await, Recoverable::Gone);
    let again = house.finish_recovery(finished(&link)).await;
    assert!(matches!(again, Err(FinishRecoveryError::Gone)));
}

/// Holds: N62
#[tokio::test]
async fn n62_every_address_of_the_account_is_told() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    house.add_confirmed(&alice, "alice@home.test").await;
    house.letters().await;
    let visit = house.visit();
    let asked = house.engine.ask_recovery("alice@home.test", HERE, &visit);
    asked.await.unwrap();
    let letter = house.letter().await;
    assert_eq!(
        letter.to,
        address("alice@home.test"),
        "where it was asked for"
    );
    let done = house.finish_recovery(finished(&ticket(&letter))).await;
    done.unwrap();
    let told = house.letters().await;
    let to: Vec<_> = told.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, [ALICE, "alice@home.test"]);
    for letter in told {
        assert!(matches!(letter.says, Says::PasswordReset { .. }));
    }
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_an_ask_for_a_known_address_is_like_any_other() {
    let mut house = House::new().await;
    let operator = house.operator();
    let bob = address("bob@example.test");
    house.engine.disable_user(&bob, &operator).await.unwrap();
    let position = house.position().await;
    house.store.calls();
    let mut visit = house.visit();
    visit.language = Language::of("de");
    for email in [ALICE, "bob@example.test", "nobody@example.test"] {
        let code = house
            .engine
            .ask_recovery(email, HERE, &visit)
            .await
            .unwrap();
        assert_eq!(code.shown().len(), 9);
        assert_eq!(house.store.calls(), ["post_errand"], "{email}");
    }
    let told = house.told_since(position).await;
    assert_eq!(told, ["recovery.asked"; 3]);
    let events = house.engine.trail_after(position, 10).await.unwrap().events;
    for event in events {
        assert_eq!(event.event.user, None);
        assert_eq!(event.personal.unwrap().email, None);
    }
    let [alice, nobody] = house.letters().await.try_into().unwrap();
    assert!(matches!(alice.says, Says::Recover { .. }));
    assert_eq!(alice.language.as_str(), "en", "hers");
    assert_eq!(nobody.to, address("nobody@example.test"));
    assert_eq!(nobody.says, Says::NoAccount);
    assert_eq!(nobody.language.as_str(), "de", "the visitor's");
    // The one who is disabled is told nothing, and the operator finds that it was asked for.
    let mut told = house.told_since(position + 3).await;
    told.sort();
    assert_eq!(told, ["recovery.asked", "recovery.offered"]);
    let refused = house.ask_recovery("nobody").await;
    assert!(matches!(refused, Err(AskRecoveryError::Email(_))));
}

/// Holds: ASVS 2.4.1
#[tokio::test]
async fn asvs_2_4_1_recoveries_have_limits() {
    let house = House::new().await;
    for _ in 0..3 {
        house.ask_recovery(ALICE).await.unwrap();
    }
    let refused = house.ask_recovery(ALICE).await;
    assert!(matches!(refused, Err(AskRecoveryError::Throttled { .. })));
    house.ask_recovery("bob@example.test").await.unwrap();
}

/// Holds: C23, ASVS 2.4.1
#[tokio::test]
async fn c23_no_stranger_keeps_an_owner_from_recovery_on_a_known_device() {
    let mut house = House::new().await;
    house.sign_in(ALICE).await;
    let mut asked = 0;
    for minute in 0..240 {
        for network in 0..6 {
            let visit = house.stranger(network);
            let _ = house.engine.ask_recovery(ALICE, None, &visit).await;
        }
        if minute % 60 == 59 {
            house.letters().await;
            let visit = house.stranger(99);
            let stranger = house.engine.ask_recovery(ALICE, None, &visit).await;
            assert!(matches!(stranger, Err(AskRecoveryError::Throttled { .. })));
            let visit = house.visit_of(ALICE);
            let owner = house.engine.ask_recovery(ALICE, HERE, &visit).await;
            asked += usize::from(owner.is_ok());
            assert_eq!(house.letters().await.len(), 1, "in minute {minute}");
        }
        house.pass(Duration::from_mins(1));
    }
    assert_eq!(asked, 4);
    // Whoever copied the cookie cannot fill the mailbox with it.
    let mut more = 0;
    for _ in 0..20 {
        let visit = house.visit_of(ALICE);
        let asked = house.engine.ask_recovery(ALICE, HERE, &visit).await;
        more += usize::from(asked.is_ok());
    }
    assert!(more <= 3, "{more}");
}

/// Holds: N01
#[tokio::test]
async fn n01_a_link_from_a_clock_ahead_is_over_once_the_clock_is_right() {
    const YEARS: i64 = 300 * 24 * 3600 * 1000;
    let mut house = House::new().await;
    house.plan.clock.step(YEARS);
    let (link, _) = house.recovery_link().await;
    assert_ne!(house.recovery(&link, HERE).await, Recoverable::Gone);
    house.plan.clock.step(-YEARS);
    assert_eq!(house.recovery(&link, HERE).await, Recoverable::Gone);
}

/// Holds: ASVS 6.6.2, ASVS 6.5.4
#[tokio::test]
async fn asvs_6_6_2_another_browser_needs_the_code_of_the_one_that_asked() {
    let mut house = House::new().await;
    let (link, code) = house.recovery_link().await;
    let (other_link, other_code) = house.recovery_link().await;
    assert_ne!(code, other_code);
    for browser in [THERE, None] {
        let email = address(ALICE);
        let recoverable = house.recovery(&link, browser).await;
        assert_eq!(recoverable, Recoverable::OtherBrowser { email });
        let finish = FinishRecovery {
            browser,
            ..finished(&link)
        };
        let refused = house.finish_recovery(finish).await;
        assert!(matches!(refused, Err(FinishRecoveryError::CodeNeeded)));
    }
    let position = house.position().await;
    let shown = other_code.shown();
    let elsewhere = FinishRecovery {
        browser: THERE,
        code: Some(&shown),
        ..finished(&link)
    };
    let refused = house.finish_recovery(elsewhere).await;
    assert!(matches!(refused, Err(FinishRecoveryError::WrongCode)));
    assert_eq!(
        house.told_since(position).await,
        ["recovery.code_refused"],
        "the code of another request"
    );
    let shown = code.shown();
    let right = FinishRecovery {
        code: Some(&shown),
        ..elsewhere
    };
    house.finish_recovery(right).await.unwrap();
    let spent = house.finish_recovery(finished(&other_link)).await;
    assert!(
        matches!(spent, Err(FinishRecoveryError::Gone)),
        "a recovery ends every other link"
    );
}

/// Holds: ASVS 6.6.3, N45
#[tokio::test]
async fn asvs_6_6_3_five_wrong_codes_and_the_link_is_gone() {
    let mut house = House::new().await;
    let (link, code) = house.recovery_link().await;
    let wrong = FinishRecovery {
        browser: THERE,
        code: Some("0000 0000"),
        ..finished(&link)
    };
    // What is wrong with the password costs no try of the code.
    for _ in 0..10 {
        let short = FinishRecovery {
            password: "short",
            ..wrong
        };
        let refused = house.finish_recovery(short).await.unwrap_err();
        let FinishRecoveryError::Password(error) = refused else {
            panic!("{refused}");
        };
        assert_eq!(error, NewPasswordError::TooShort(5));
    }
    for _ in 0..5 {
        let refused = house.finish_recovery(wrong).await;
        assert!(matches!(refused, Err(FinishRecoveryError::WrongCode)));
    }
    let shown = code.shown();
    for finish in [
        FinishRecovery {
            code: Some(&shown),
            ..wrong
        },
        finished(&link),
    ] {
        let refused = house.finish_recovery(finish).await;
        assert!(matches!(refused, Err(FinishRecoveryError::Gone)));
    }
}

/// Holds: N45, ASVS 15.4.2
#[tokio::test(flavor = "multi_thread")]
async fn n45_of_a_hundred_parallel_codes_five_are_looked_at() {
    let mut house = House::new().await;
    let (link, _) = house.recovery_link().await;
    let position = house.position().await;
    let house = Arc::new(house);
    let tries: Vec<_> = (0..100)
        .map(|number| {
            let (house, link) = (house.clone(), link.clone());
            tokio::spawn(async move {
                let code = format!("{number:08}");
                let finish = FinishRecovery {
                    browser: THERE,
                    code: Some(&code),
                    ..finished(&link)
                };
                match house.finish_recovery(finish).await.unwrap_err() {
                    FinishRecoveryError::WrongCode => true,
                    FinishRecoveryError::Gone => false,
                    other => panic!("{other}"),
                }
            })
        })
        .collect();
    let mut looked_at = 0;
    for one in tries {
        looked_at += usize::from(one.await.unwrap());
    }
    assert_eq!(looked_at, 5);
    let told = house.told_since(position).await;
    assert_eq!(told, ["recovery.code_refused"; 5]);
}

/// Holds: H04, ASVS 15.4.2, ASVS 6.5.1
#[tokio::test(flavor = "multi_thread")]
async fn h04_a_hundred_parallel_uses_set_one_password() {
    let mut house = House::new().await;
    let (link, _) = house.recovery_link().await;
    let house = Arc::new(house);
    let tries: Vec<_> = (0..100)
        .map(|number| {
            let (house, link) = (house.clone(), link.clone());
            tokio::spawn(async move {
                let password = format!("horse number {number} of many");
                let finish = FinishRecovery {
                    password: &password,
                    ..finished(&link)
                };
                let done = house.finish_recovery(finish).await;
                done.is_ok().then_some(password)
            })
        })
        .collect();
    let mut set = Vec::new();
    for one in tries {
        set.extend(one.await.unwrap());
    }
    assert_eq!(set.len(), 1);
    house.try_sign_in(ALICE, &set[0]).await.unwrap();
}

/// Holds: ASVS 7.4.3
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_3_a_login_racing_a_recovery_leaves_no_survivor() {
    let mut house = House::new().await;
    let (link, _) = house.recovery_link().await;
    let house = Arc::new(house);
    let logins: Vec<_> = (0..4)
        .map(|_| {
            let house = house.clone();
            tokio::spawn(async move { house.try_sign_in(ALICE, PASSWORD).await.ok() })
        })
        .collect();
    house.finish_recovery(finished(&link)).await.unwrap();
    for login in logins {
        if let Some(signed_in) = login.await.unwrap() {
            assert!(!house.is_live(&signed_in.cookie));
        }
    }
    let late = house.try_sign_in(ALICE, PASSWORD).await;
    assert!(late.is_err());
}

#[tokio::test]
async fn a_link_is_good_for_half_an_hour_and_until_the_password_changes() {
    let mut house = House::new().await;
    let (link, _) = house.recovery_link().await;
    house.pass(minutes(30));
    assert_eq!(house.recovery(&link, HERE).await, Recoverable::Gone);
    let late = house.finish_recovery(finished(&link)).await;
    assert!(matches!(late, Err(FinishRecoveryError::Gone)));

    let (link, _) = house.recovery_link().await;
    let alice = house.sign_in(ALICE).await;
    let visit = house.visit();
    let changed = house
        .engine
        .change_password(&alice.session, PASSWORD, OTHER_PASSWORD, &visit);
    changed.await.unwrap();
    let overtaken = house.finish_recovery(finished(&link)).await;
    assert!(matches!(overtaken, Err(FinishRecoveryError::Gone)));

    house.letters().await;
    let (link, _) = house.recovery_link().await;
    let (email, operator) = (address(ALICE), house.operator());
    let disabled = house.engine.disable_user(&email, &operator);
    disabled.await.unwrap();
    let disabled = house.finish_recovery(finished(&link)).await;
    assert!(matches!(disabled, Err(FinishRecoveryError::Gone)));
}

/// Holds: C23
#[tokio::test]
async fn c23_an_owner_who_recovers_is_not_kept_waiting() {
    let mut house = House::new().await;
    for _ in 0..5 {
        let refused = house.try_sign_in(ALICE, OTHER_PASSWORD).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
    }
    let refused = house.try_sign_in(ALICE, PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Throttled { .. })));
    house.letters().await;
    let (link, _) = house.recovery_link().await;
    let recovered = house.finish_recovery(finished(&link)).await.unwrap();
    house.letters().await;
    // And from then on strangers do not reach the browser that did it.
    for number in 0..5 {
        let stranger = house.stranger(number);
        let refused = house.try_at(&stranger, ALICE, OTHER_PASSWORD).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
    }
    let stranger = house.stranger(9);
    let refused = house.try_at(&stranger, ALICE, NEW_PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Throttled { .. })));
    let mut here = house.visit();
    here.device = Some(recovered.device);
    house.try_at(&here, ALICE, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_account_without_a_password_gets_its_first_one() {
    let mut house = House::empty().await;
    house.add_with(ALICE, None).await;
    let (link, _) = house.recovery_link().await;
    house.finish_recovery(finished(&link)).await.unwrap();
    house.try_sign_in(ALICE, NEW_PASSWORD).await.unwrap();
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_what_cannot_be_stored_did_not_happen() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let (link, _) = house.recovery_link().await;
    house.store.set_full(true);
    let refused = house.ask_recovery(ALICE).await;
    assert!(matches!(refused, Err(AskRecoveryError::NotNow(_))));
    let refused = house.finish_recovery(finished(&link)).await;
    assert!(matches!(refused, Err(FinishRecoveryError::NotNow(_))));
    house.store.set_full(false);
    assert!(house.is_live(&alice.cookie));
    house.finish_recovery(finished(&link)).await.unwrap();
    assert!(!house.is_live(&alice.cookie));
}

/// Holds: ASVS 6.4.6
#[tokio::test]
async fn asvs_6_4_6_an_operator_starts_a_recovery_and_sets_no_password() {
    let mut house = House::new().await;
    let position = house.position().await;
    let (email, operator) = (address(ALICE), house.operator());
    let offered = house.engine.offer_recovery(&email, &operator).await;
    let offered = offered.unwrap().unwrap();
    assert!(offered.mailed && offered.token.is_none(), "for alice alone");
    assert_eq!(house.told_since(position).await, ["recovery.offered"]);
    let letter = house.letter().await;
    assert!(matches!(letter.says, Says::Recover { from: None, .. }));
    let link = ticket(&letter);
    let anywhere = FinishRecovery {
        browser: THERE,
        ..finished(&link)
    };
    house.finish_recovery(anywhere).await.unwrap();
    let nobody = address("nobody@example.test");
    let offered = house.engine.offer_recovery(&nobody, &operator).await;
    assert!(offered.unwrap().is_none());

    let house = house.crashed(|plan| plan.postbox = None).await;
    let refused = house.ask_recovery(ALICE).await;
    assert!(matches!(refused, Err(AskRecoveryError::NoMail)));
    let offered = house.engine.offer_recovery(&email, &operator).await;
    let token = offered.unwrap().unwrap().token.unwrap();
    let link = PlainTicket::parse(Purpose::Recover, &token).unwrap();
    house.finish_recovery(finished(&link)).await.unwrap();
}

/// A login on a device that is new to alice, and the link in the letter that tells of it.
async fn told_of_a_login(house: &mut House) -> (SignedIn, PlainTicket) {
    house.sign_in(ALICE).await;
    house.letters().await;
    let elsewhere = house.stranger(1);
    let stranger = house.try_at(&elsewhere, ALICE, PASSWORD).await.unwrap();
    let letters: Vec<Letter> = house.letters().await;
    let new_login = letters
        .iter()
        .find(|letter| matches!(letter.says, Says::NewLogin { .. }));
    (stranger, ticket(new_login.unwrap()))
}

/// Holds: ASVS 6.3.5
#[tokio::test]
async fn asvs_6_3_5_the_link_of_a_login_that_was_told_ends_it() {
    let mut house = House::new().await;
    let (stranger, link) = told_of_a_login(&mut house).await;
    let position = house.position().await;
    let visit = house.visit();
    assert!(house.is_live(&stranger.cookie));
    let ended = house.engine.end_login(&link, &visit).await.unwrap();
    assert!(matches!(ended, EndLogin::Ended { session, .. } if session == stranger.cookie.id));
    assert!(!house.is_live(&stranger.cookie));
    let told = house.told_since(position).await;
    assert_eq!(told, ["session.ended (ended_by_mail)"]);
    let again = house.engine.end_login(&link, &visit).await.unwrap();
    assert_eq!(again, EndLogin::Gone);
}

/// Holds: ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_an_end_by_mail_that_cannot_be_stored_is_enforced_and_owed() {
    let mut house = House::new().await;
    let (stranger, link) = told_of_a_login(&mut house).await;
    let visit = house.visit();
    house.store.set_full(true);
    house.engine.end_login(&link, &visit).await.unwrap_err();
    assert!(!house.is_live(&stranger.cookie));
    assert!(house.engine.owes_end(stranger.cookie.id));
    house.store.set_full(false);
    house.chores.round().await;
    assert!(!house.engine.owes_end(stranger.cookie.id));
    let house = house.crashed(|_| ()).await;
    assert!(!house.is_live(&stranger.cookie));
    let late = house.engine.end_login(&link, &visit).await.unwrap();
    assert_eq!(late, EndLogin::NotLive);
}

/// Holds: H04
#[tokio::test(flavor = "multi_thread")]
async fn h04_a_hundred_parallel_uses_end_one_login_once() {
    let mut house = House::new().await;
    let (stranger, link) = told_of_a_login(&mut house).await;
    let house = Arc::new(house);
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (house, link) = (house.clone(), link.clone());
            tokio::spawn(async move {
                let visit = house.visit();
                let ended = house.engine.end_login(&link, &visit).await.unwrap();
                matches!(ended, EndLogin::Ended { .. })
            })
        })
        .collect();
    let mut ended = 0;
    for one in tries {
        ended += usize::from(one.await.unwrap());
    }
    assert_eq!(ended, 1);
    assert!(!house.is_live(&stranger.cookie));
}

#[tokio::test]
async fn a_link_of_one_kind_is_none_of_another() {
    let mut house = House::new().await;
    let (link, _) = house.recovery_link().await;
    let visit = house.visit();
    let ended = house.engine.end_login(&link, &visit).await.unwrap();
    assert_eq!(ended, EndLogin::Gone);
    let shown = house.engine.ticket(&link, house.now()).await.unwrap();
    assert!(shown.is_some_and(|ticket| ticket.grant.purpose() == Purpose::Recover));
    house.finish_recovery(finished(&link)).await.unwrap();
}

/// Holds: ASVS 2.3.3, ASVS 7.4.3
#[tokio::test]
async fn asvs_2_3_3_a_recovery_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let mut house = House::new().await;
        let alice = house.sign_in(ALICE).await;
        house.letters().await;
        let (link, _) = house.recovery_link().await;
        let answered = cut_off(house.finish_recovery(finished(&link)), pauses).await;
        // Everything queued before this is done when this is.
        house.sign_in("bob@example.test").await;
        let new = house.try_sign_in(ALICE, NEW_PASSWORD).await.is_ok();
        let old = house.try_sign_in(ALICE, PASSWORD).await.is_ok();
        let good = house.recovery(&link, HERE).await != Recoverable::Gone;
        let house = house.crashed(|_| ()).await;
        let lives = house.is_live(&alice.cookie);
        assert_eq!((old, good, lives), (!new, !new, !new), "after {pauses}");
        if answered.is_some() {
            assert!(new);
            // It reads twice, hashes and writes.
            if pauses > 3 {
                return;
            }
        }
    }
}
