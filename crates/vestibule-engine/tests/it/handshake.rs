//! Handshakes: codes from live sessions, app sessions from codes.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::app_session::{AppSessionCookie, PlainBrowserSecret, PlainHandshakeCode};
use vestibule_core::application::{ApplicationSpec, Demand, Kind};
use vestibule_core::audit::{Act, Actor};
use vestibule_core::id::{ActId, ApplicationId};
use vestibule_core::local_path::LocalPath;
use vestibule_core::user::DisplayName;
use vestibule_engine::{AskedHandshake, Check, Doorway, Finish, LiveSession, Offer, Reach};
use vestibule_store::{AppSessions as _, Applications as _};

use crate::house::{House, PASSWORD, minutes};

const HOST: &str = "shop.example.test";

struct Shop {
    house: House,
    doorway: Arc<Doorway>,
    browser: PlainBrowserSecret,
}

impl Shop {
    async fn new() -> Self {
        Self::with([HOST]).await
    }

    async fn with(hosts: impl IntoIterator<Item = &str>) -> Self {
        let origin = |host| format!("https://{host}").parse().unwrap();
        let house = House::new().await;
        let id = ApplicationId::new(house.now(), house.engine.random().unwrap());
        let spec = ApplicationSpec {
            name: "shop".parse().unwrap(),
            title: DisplayName::default(),
            kind: Kind::Proxy,
            origins: hosts.into_iter().map(origin).collect(),
            demand: Demand::default(),
            rules: Vec::new(),
        };
        let act = Act {
            id: ActId::new(house.now(), [1; 10]),
            at: house.now(),
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        };
        house
            .store
            .inner
            .add_application(id, spec, act)
            .await
            .unwrap();
        let doorway = Arc::clone(house.engine.doorways().at(HOST).unwrap());
        Self {
            house,
            doorway,
            browser: PlainBrowserSecret::new([7; 32]),
        }
    }

    async fn offer(&self, session: &LiveSession) -> PlainHandshakeCode {
        self.offer_at(session, &self.doorway).await
    }

    async fn offer_at(&self, session: &LiveSession, doorway: &Arc<Doorway>) -> PlainHandshakeCode {
        let asked = AskedHandshake {
            doorway: Arc::clone(doorway),
            browser: self.browser.hashed(),
            next: LocalPath::root(),
        };
        let engine = &self.house.engine;
        let offered = engine.offer_handshake(session, asked, self.house.now());
        match offered.await.unwrap() {
            Offer::Offered(code) => code,
            other => panic!("{other:?}"),
        }
    }

    async fn finish(&self, code: &PlainHandshakeCode) -> Finish {
        self.finish_at(code, &self.doorway).await
    }

    async fn finish_at(&self, code: &PlainHandshakeCode, doorway: &Arc<Doorway>) -> Finish {
        let (engine, visit) = (&self.house.engine, self.house.visit());
        let finished = engine.finish_handshake(code, Some(&self.browser), doorway, &visit);
        finished.await.unwrap()
    }

    async fn open(&self, session: &LiveSession) -> AppSessionCookie {
        self.open_at(session, &self.doorway).await
    }

    async fn open_at(&self, session: &LiveSession, doorway: &Arc<Doorway>) -> AppSessionCookie {
        let code = self.offer_at(session, doorway).await;
        match self.finish_at(&code, doorway).await {
            Finish::Opened { cookie, .. } => cookie,
            other => panic!("{other:?}"),
        }
    }

    fn is_live(&self, cookie: &AppSessionCookie) -> bool {
        let checked = self
            .house
            .engine
            .check_app(cookie, &self.doorway, self.house.now());
        matches!(checked, Check::Live(_))
    }
}

/// Holds: ASVS 7.3.1
#[tokio::test]
async fn a_session_in_use_offers_codes_beyond_its_written_idle_end_and_an_idle_one_does_not() {
    let shop = Shop::new().await;
    let alice = shop.house.sign_in("alice@example.test").await;
    for _ in 0..4 {
        shop.house.pass(minutes(20));
        assert!(shop.house.is_live(&alice.cookie));
    }
    let cookie = shop.open(&alice.session).await;
    // Used at the application alone, the login goes on.
    for _ in 0..4 {
        shop.house.pass(minutes(20));
        assert!(shop.is_live(&cookie));
    }
    assert!(shop.house.is_live(&alice.cookie));
    shop.house.pass(minutes(31));
    assert!(!shop.is_live(&cookie) && !shop.house.is_live(&alice.cookie));
}

/// The one that is overtaken is told to go on, not that it came too late.
#[tokio::test]
async fn tabs_that_finish_at_the_same_moment_all_go_on() {
    let shop = Shop::new().await;
    let alice = shop.house.sign_in("alice@example.test").await;
    let mut overtaken = 0;
    for _ in 0..50 {
        let (one, other) = (
            shop.offer(&alice.session).await,
            shop.offer(&alice.session).await,
        );
        let finished = tokio::join!(shop.finish(&one), shop.finish(&other));
        let mut live = 0;
        for finish in [finished.0, finished.1] {
            match finish {
                Finish::Opened { cookie, .. } => live += usize::from(shop.is_live(&cookie)),
                Finish::Overtaken { .. } => overtaken += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(live, 1);
    }
    assert!(overtaken > 0, "it never happened");
}

/// What was acknowledged is there after a crash; what had ended is not.
#[tokio::test]
async fn app_sessions_outlive_a_restart_and_die_with_their_login() {
    let mut shop = Shop::new().await;
    let (alice, bob) = (
        shop.house.sign_in("alice@example.test").await,
        shop.house.sign_in("bob@example.test").await,
    );
    let (hers, his) = (
        shop.open(&alice.session).await,
        shop.open(&bob.session).await,
    );
    let engine = &shop.house.engine;
    engine
        .sign_out(&bob.session, &shop.house.visit())
        .await
        .unwrap();
    shop.house = shop.house.crashed(|_| ()).await;
    shop.doorway = Arc::clone(shop.house.engine.doorways().at(HOST).unwrap());
    assert!(shop.is_live(&hers));
    assert!(!shop.is_live(&his));
}

/// Holds: ASVS 7.4.1, ASVS 16.5.3
#[tokio::test]
async fn asvs_7_4_1_an_end_that_cannot_be_stored_ends_the_application_too_and_no_code_gets_past_it()
{
    let shop = Shop::new().await;
    let alice = shop.house.sign_in("alice@example.test").await;
    let cookie = shop.open(&alice.session).await;
    let code = shop.offer(&alice.session).await;
    shop.house.store.set_full(true);
    let engine = &shop.house.engine;
    let ended = engine.sign_out(&alice.session, &shop.house.visit()).await;
    assert!(ended.is_err());
    assert!(!shop.is_live(&cookie));
    assert!(engine.owes_end_above(&cookie));
    shop.house.store.set_full(false);
    // The store does not know of the end yet.
    assert!(matches!(shop.finish(&code).await, Finish::Gone));
    assert!(!shop.is_live(&cookie));
}

/// A caller who hangs up anywhere loses a code and nothing else: what is in memory is what is stored.
#[tokio::test]
async fn whoever_hangs_up_leaves_memory_and_store_agreed() {
    let shop = Shop::new().await;
    let alice = shop.house.sign_in("alice@example.test").await;
    for polls in 0..8 {
        let code = shop.offer(&alice.session).await;
        let visit = shop.house.visit();
        let engine = &shop.house.engine;
        let mut finishing =
            Box::pin(engine.finish_handshake(&code, Some(&shop.browser), &shop.doorway, &visit));
        for _ in 0..polls {
            let mut done = false;
            std::future::poll_fn(|context| {
                done = finishing.as_mut().poll(context).is_ready();
                std::task::Poll::Ready(())
            })
            .await;
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(finishing);
        // One of the two redeems the code, and the other changes nothing: once this one is answered, all is done.
        shop.finish(&code).await;
        let user = alice.session.user_id();
        let stored = shop.house.store.inner.app_sessions_of(user).await.unwrap();
        assert_eq!(shop.house.index.app_sessions(), stored.len(), "{polls}");
    }
    assert!(shop.is_live(&shop.open(&alice.session).await));
}

#[tokio::test]
async fn the_chores_drop_codes_that_nobody_redeemed() {
    let mut shop = Shop::new().await;
    let alice = shop.house.sign_in("alice@example.test").await;
    shop.offer(&alice.session).await;
    shop.house.pass(Duration::from_secs(70));
    assert!(shop.house.is_live(&alice.cookie));
    shop.house.chores.round().await;
    let left = shop
        .house
        .store
        .inner
        .drop_stale_app_sessions(shop.house.now(), 10);
    assert_eq!(left.await.unwrap(), 0);
}

#[tokio::test]
async fn what_hangs_on_a_session_is_told_before_it_ends() {
    let shop = Shop::new().await;
    let (house, engine) = (&shop.house, &shop.house.engine);
    let here = house.sign_in("alice@example.test").await;
    let there = house.sign_in("alice@example.test").await;
    shop.open(&here.session).await;
    shop.open(&there.session).await;
    let shown = engine.session(here.cookie.id).await.unwrap().unwrap();
    let [reached] = &shown.applications[..] else {
        panic!("one application: {shown:?}");
    };
    assert_eq!(reached.id, shop.doorway.application().id);
    assert_eq!(reached.origin, *shop.doorway.origin());
    assert_eq!(reached.title, shop.doorway.application().spec.title());

    let reach = |devices, app_sessions| Reach {
        devices,
        applications: 1,
        app_sessions,
    };
    let user = here.session.user_id();
    assert_eq!(engine.reach_of_user(user).await.unwrap(), reach(2, 2));
    assert_eq!(engine.reach_of_all().await, reach(2, 2));
    let one = engine.reach_of_session(here.cookie.id).await.unwrap();
    assert_eq!(one, reach(1, 1));
    // However many are asked about: one question.
    house.store.calls();
    let ids = [here.cookie.id, there.cookie.id];
    let (both, applications) = engine.reach_of_sessions(&ids).await.unwrap();
    assert_eq!(both, reach(2, 2));
    assert_eq!(applications, [reached.id].into());
    assert_eq!(house.store.calls(), ["app_sessions_under"]);
    let own = engine.device_of(&here.session, house.now()).await.unwrap();
    assert_eq!(own.map(|own| own.id), Some(here.cookie.id));
    assert_eq!(house.store.calls(), ["session"]);
    engine
        .sign_out(&here.session, &house.visit())
        .await
        .unwrap();
    assert_eq!(engine.reach_of_user(user).await.unwrap(), reach(1, 1));
    assert_eq!(engine.live().sessions, 1);
}

/// What removing the application would end is what is good there: nothing that died with an old secret.
///
/// Holds: ASVS 7.2.4
#[tokio::test]
async fn asvs_7_2_4_who_is_signed_in_at_an_application_is_counted_without_the_dead() {
    let shop = Shop::with([HOST, "www.shop.example.test"]).await;
    let (house, engine) = (&shop.house, &shop.house.engine);
    let here = house.sign_in("alice@example.test").await;
    let there = house.sign_in("alice@example.test").await;
    for session in [&here.session, &there.session] {
        shop.open(session).await;
    }
    let www = Arc::clone(engine.doorways().at("www.shop.example.test").unwrap());
    shop.open_at(&there.session, &www).await;
    let id = shop.doorway.application().id;
    let reach = |devices, app_sessions| Reach {
        devices,
        applications: 1,
        app_sessions,
    };
    assert_eq!(engine.reach_of_application(id).await, reach(2, 3));
    let visit = house.visit();
    let proven = engine.reauthenticate(&here.session, PASSWORD, &visit).await;
    let (_, fresh) = proven.unwrap();
    assert_eq!(engine.reach_of_application(id).await, reach(1, 2));
    shop.open(fresh.session()).await;
    assert_eq!(engine.reach_of_application(id).await, reach(2, 3));
}
