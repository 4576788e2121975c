//! App sessions: made by a handshake, under one session, and gone with it.

use std::slice;

use vestibule_core::app_session::{CODE_LIFE, Handshake};
use vestibule_core::audit::{Event, EventKind};
use vestibule_core::id::SessionId;
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;

use super::harness::Home;
use super::make::applications::{browser, origin};
use super::make::{NOON, noon_and};
use crate::{
    Change, ChangePassword, EndSession, OPEN_CODES, OfferHandshake, RedeemHandshake, Redemption,
    RemoveApplication, RenewSession,
};

pub async fn a_handshake_opens_an_app_session_told_and_audited(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let handshake = home.handshake(&session, &shop, NOON);
    let before = home.before().await;
    assert_eq!(home.offer_code(&handshake).await, OfferHandshake::Offered);
    home.assert_unchanged(&before).await;
    let (redemption, act) = (home.redemption(&handshake), home.act_of(&alice, NOON));
    let redeemed = home
        .store
        .redeem_handshake(redemption.clone(), act.clone())
        .await;
    let RedeemHandshake::Opened { app_session, next } = redeemed.unwrap() else {
        panic!("nothing stood in the way");
    };
    assert_eq!(next, handshake.next);
    assert_eq!(
        (app_session.id, app_session.session, app_session.application),
        (redemption.id, session.id, shop.id)
    );
    assert_eq!(app_session.secret, redemption.secret);
    assert_eq!(
        (&app_session.origin, app_session.opened_at),
        (&handshake.origin, NOON)
    );
    assert_eq!(
        home.published_since(&before),
        [Change::AppSessionOpened {
            app_session: app_session.clone(),
            replaced: None
        }]
    );
    let opened = Event::session(EventKind::AppSessionOpened, alice.id, session.id).at(shop.id);
    home.assert_audited(&before, &act, &[opened]).await;
    assert_eq!(home.app_sessions_of(&session).await, [*app_session]);
}

/// What a refused redemption answers, and that it leaves nothing behind but what the trail tells.
async fn refused(
    home: &Home,
    redemption: Redemption,
    at: UnixMillis,
    told: &[Event],
) -> RedeemHandshake {
    let before = home.before().await;
    let act = home.act(at);
    let answer = home.store.redeem_handshake(redemption, act.clone()).await;
    assert_eq!(home.published_since(&before), []);
    home.assert_audited(&before, &act, told).await;
    let after = home.snapshot().await;
    assert_eq!(after.app_sessions, before.snapshot.app_sessions);
    answer.unwrap()
}

/// Holds: ASVS 14.2.1, R23
pub async fn asvs_14_2_1_a_code_is_worth_nothing_twice(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let handshake = home.handshake(&session, &shop, NOON);
    home.offer_code(&handshake).await;
    let first = home.bring(home.redemption(&handshake), NOON).await;
    assert!(matches!(first, RedeemHandshake::Opened { .. }));
    let again = refused(&home, home.redemption(&handshake), NOON, &[]).await;
    assert_eq!(again, RedeemHandshake::Gone);
}

/// Holds: ASVS 14.2.1, ASVS 16.3.3, H03
pub async fn asvs_14_2_1_a_code_is_burnt_by_whoever_brings_it(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let told = Event::session(EventKind::HandshakeRefused, alice.id, session.id).at(shop.id);
    for stolen in [Some(browser("mallory")), None] {
        let handshake = home.handshake(&session, &shop, NOON);
        home.offer_code(&handshake).await;
        let redemption = Redemption {
            browser: stolen,
            ..home.redemption(&handshake)
        };
        let answer = refused(&home, redemption, NOON, &[told]).await;
        assert_eq!(answer, RedeemHandshake::OtherBrowser);
        let answer = refused(&home, home.redemption(&handshake), NOON, &[]).await;
        assert_eq!(answer, RedeemHandshake::Gone, "burnt for the owner too");
    }
    let handshake = home.handshake(&session, &shop, NOON);
    home.offer_code(&handshake).await;
    let redemption = Redemption {
        origin: origin("blog"),
        ..home.redemption(&handshake)
    };
    assert_eq!(
        refused(&home, redemption, NOON, &[]).await,
        RedeemHandshake::Gone
    );
    let answer = refused(&home, home.redemption(&handshake), NOON, &[]).await;
    assert_eq!(answer, RedeemHandshake::Gone, "on another origin too");
}

/// Holds: ASVS 14.2.1
pub async fn asvs_14_2_1_a_code_is_worth_nothing_after_ten_seconds(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let late = home.handshake(&session, &shop, NOON);
    home.offer_code(&late).await;
    let answer = refused(&home, home.redemption(&late), NOON.plus(CODE_LIFE), &[]).await;
    assert_eq!(answer, RedeemHandshake::Gone);
}

pub async fn a_code_is_worth_nothing_when_its_session_or_application_is_gone(home: Home) {
    let alice = home.user("alice").await;
    let shop = home.application("shop").await;
    let offered = async |home: &Home| -> Handshake {
        let session = home.session(&alice, NOON).await;
        let handshake = home.handshake(&session, &shop, NOON);
        assert_eq!(home.offer_code(&handshake).await, OfferHandshake::Offered);
        handshake
    };
    // Ended; struck; its user disabled; the application gone.
    let ended = offered(&home).await;
    assert_eq!(home.end(ended.session, NOON).await, EndSession::Ended);
    let struck = offered(&home).await;
    let reason = EndReason::EverywhereEnded;
    let all = home
        .store
        .end_user_sessions(alice.id, None, reason, home.act(NOON));
    assert_eq!(all.await.unwrap(), 1);
    let disabled = offered(&home).await;
    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    for dead in [&ended, &struck, &disabled] {
        let answer = refused(&home, home.redemption(dead), NOON, &[]).await;
        assert_eq!(answer, RedeemHandshake::Gone);
    }
    home.store
        .enable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let removed = offered(&home).await;
    let gone = home.store.remove_application(shop.id, home.act(NOON)).await;
    assert_eq!(gone.unwrap(), RemoveApplication::Removed);
    let answer = refused(&home, home.redemption(&removed), NOON, &[]).await;
    assert_eq!(answer, RedeemHandshake::Gone);
    let session = home.session(&alice, NOON).await;
    let orphan = home.handshake(&session, &shop, NOON);
    assert_eq!(home.offer_code(&orphan).await, OfferHandshake::NoSuchOrigin);
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_a_dead_session_offers_nothing(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let blog = home.application("blog").await;
    let elsewhere = Handshake {
        origin: blog.spec.origins[0].clone(),
        ..home.handshake(&session, &shop, NOON)
    };
    assert_eq!(
        home.offer_code(&elsewhere).await,
        OfferHandshake::NoSuchOrigin
    );
    home.end(session.id, NOON).await;
    let handshake = home.handshake(&session, &shop, NOON);
    assert_eq!(home.offer_code(&handshake).await, OfferHandshake::NotLive);
    let answer = refused(&home, home.redemption(&handshake), NOON, &[]).await;
    assert_eq!(answer, RedeemHandshake::Gone);
}

pub async fn a_second_handshake_takes_the_place_of_the_first(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let other = home.session(&alice, noon_and(1)).await;
    let shop = home.application("shop").await;
    let first = home.app_session(&session, &shop).await;
    let elsewhere = home.app_session(&other, &shop).await;
    let before = home.before().await;
    let second = home.app_session(&session, &shop).await;
    assert_eq!(
        home.published_since(&before),
        [Change::AppSessionOpened {
            app_session: Box::new(second.clone()),
            replaced: Some(first.id)
        }]
    );
    let mut left = home.app_sessions_of(&session).await;
    left.sort_by_key(|app| app.id);
    assert_eq!(left, [elsewhere.clone(), second.clone()]);
    home.snapshot().await.assert_told(&home.ledger.memory());
    let under = async |ids: &[SessionId]| {
        let found = home.store.app_sessions_under(ids.to_vec()).await;
        found.unwrap()
    };
    assert_eq!(under(&[]).await, []);
    assert_eq!(under(&[session.id]).await, slice::from_ref(&second));
    let both = under(&[session.id, other.id]).await;
    assert_eq!(both, [second, elsewhere.clone()]);
    let twice = under(&[other.id, session.id, other.id]).await;
    assert_eq!(twice, both, "each once, however often it is asked for");
    home.end(session.id, noon_and(2)).await;
    assert_eq!(under(&[session.id, other.id]).await, [elsewhere]);
}

/// Holds: ASVS 7.2.4, ASVS 7.4.3
pub async fn asvs_7_2_4_a_new_secret_leaves_nothing_under_the_old_one(home: Home) {
    let alice = home.user("alice").await;
    let other = home.session(&alice, NOON).await;
    let session = home.session(&alice, NOON).await;
    let (shop, blog) = (
        home.application("shop").await,
        home.application("blog").await,
    );
    let others = home.app_session(&other, &shop).await;
    let mut session = session;
    for minute in [1, 2] {
        home.app_session(&session, &shop).await;
        home.app_session(&session, &blog).await;
        let offered = home.handshake(&session, &shop, noon_and(minute));
        home.offer_code(&offered).await;
        if minute == 1 {
            let renewal = home.renewal(&session, noon_and(minute));
            let RenewSession::Renewed(renewed) = home.renew(renewal).await else {
                panic!("nothing stood in the way");
            };
            session = *renewed;
        } else {
            let change = home.password_change(&session, "new", noon_and(minute));
            assert_eq!(
                home.change(change).await,
                ChangePassword::Changed { ended: 1 }
            );
        }
        assert_eq!(
            home.app_sessions_of(&session).await.as_slice(),
            std::slice::from_ref(&others),
            "a renewal looks at its own alone"
        );
        let answer = refused(&home, home.redemption(&offered), noon_and(minute), &[]).await;
        assert_eq!(answer, RedeemHandshake::Gone, "nor what was on its way");
        home.snapshot().await.assert_told(&home.ledger.memory());
    }
    let again = home.app_session(&session, &shop).await;
    let home = home.reopen().await;
    assert_eq!(home.app_sessions_of(&session).await, [again, others]);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn of_more_codes_than_a_session_may_have_the_oldest_are_gone(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let other = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let elsewhere = home.handshake(&other, &shop, NOON);
    home.offer_code(&elsewhere).await;
    let mut codes = Vec::new();
    for n in 0..OPEN_CODES + 2 {
        let at = NOON.plus(std::time::Duration::from_millis(n.try_into().unwrap()));
        let handshake = home.handshake(&session, &shop, at);
        assert_eq!(home.offer_code(&handshake).await, OfferHandshake::Offered);
        codes.push(handshake);
    }
    codes.push(elsewhere);
    for (n, handshake) in codes.iter().enumerate() {
        let answer = home.bring(home.redemption(handshake), NOON).await;
        assert_eq!(
            matches!(answer, RedeemHandshake::Opened { .. }),
            n >= 2,
            "{n}"
        );
    }
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2
pub async fn an_app_session_goes_with_the_row_of_its_session(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let shop = home.application("shop").await;
    let hers = home.session(&alice, NOON).await;
    let his = home.session(&bob, NOON).await;
    home.app_session(&hers, &shop).await;
    home.app_session(&his, &shop).await;
    home.offer_code(&home.handshake(&hers, &shop, NOON)).await;
    home.end(hers.id, noon_and(1)).await;
    assert_eq!(
        home.app_sessions_of(&hers).await,
        [],
        "of open sessions alone"
    );
    let dropped = home.store.drop_dead_sessions(noon_and(2), 100).await;
    assert_eq!(dropped.unwrap(), 1);
    home.offer_code(&home.handshake(&his, &shop, NOON)).await;
    home.store
        .delete_user(bob.id, home.act(noon_and(3)))
        .await
        .unwrap();
    let home = home.reopen().await;
    assert!(home.ledger.memory().app_sessions.is_empty());
    let stale = home.store.drop_stale_app_sessions(noon_and(9), 100).await;
    assert_eq!(stale.unwrap(), 0, "codes went too");
}

pub async fn codes_that_are_over_and_orphans_are_dropped(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let (shop, blog) = (
        home.application("shop").await,
        home.application("blog").await,
    );
    let kept = home.app_session(&session, &shop).await;
    home.app_session(&session, &blog).await;
    for _ in 0..3 {
        home.offer_code(&home.handshake(&session, &shop, NOON))
            .await;
    }
    let good = home.handshake(&session, &shop, noon_and(1));
    home.offer_code(&good).await;
    home.store
        .remove_application(blog.id, home.act(NOON))
        .await
        .unwrap();
    let drop = async |limit| {
        let dropped = home.store.drop_stale_app_sessions(noon_and(1), limit).await;
        dropped.unwrap()
    };
    assert_eq!((drop(2).await, drop(100).await, drop(100).await), (2, 2, 0));
    assert_eq!(home.app_sessions_of(&session).await, [kept]);
    let redeemed = home.bring(home.redemption(&good), noon_and(1)).await;
    assert!(matches!(redeemed, RedeemHandshake::Opened { .. }));
}

pub async fn app_sessions_are_there_when_the_store_is_opened_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let app_session = home.app_session(&session, &shop).await;
    let handshake = home.handshake(&session, &shop, NOON);
    home.offer_code(&handshake).await;
    let home = home.reopen().await;
    let memory = home.ledger.memory();
    assert_eq!(memory.app_sessions[&app_session.id], app_session);
    home.snapshot().await.assert_told(&memory);
    let redeemed = home.bring(home.redemption(&handshake), NOON).await;
    assert!(matches!(redeemed, RedeemHandshake::Opened { .. }));
}
