//! Applications: each known by its name and its origins, which are nobody else's.

use vestibule_core::application::{ApplicationSpec, Demand, Rule};
use vestibule_core::audit::{Event, EventKind};
use vestibule_core::session::Acr;

use super::harness::Home;
use super::make::applications::{origin, spec};
use super::make::{NOON, noon_and};
use crate::{Change, PutApplication, RemoveApplication};

pub async fn an_application_is_made_known_told_and_audited(home: Home) {
    let before = home.before().await;
    let (id, act) = (home.application_id(), home.act(NOON));
    let added = home
        .store
        .add_application(id, spec("shop"), act.clone())
        .await;
    let PutApplication::Put(shop) = added.unwrap() else {
        panic!("nothing stood in the way");
    };
    assert_eq!((shop.id, &shop.spec), (id, &spec("shop")));
    assert!(!shop.declared);
    assert_eq!(shop.created_at, NOON);
    assert_eq!(
        home.published_since(&before),
        [Change::Application(shop.clone())]
    );
    home.assert_audited(
        &before,
        &act,
        &[Event::application(EventKind::ApplicationAdded, id)],
    )
    .await;
    home.application("blog").await;
    let names = home.store.applications().await.unwrap();
    let names: Vec<_> = names.iter().map(|app| app.spec.name.as_str()).collect();
    assert_eq!(names, ["blog", "shop"], "by name");
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
    assert_eq!(home.ledger.memory().applications[&id], *shop);
}

pub async fn what_is_asked_reads_back_whole(home: Home) {
    let demand = Demand {
        public: false,
        roles: vec!["staff".parse().unwrap(), "admin".parse().unwrap()],
        acr: Some(Acr::Aal2),
        cross_site: true,
        origins: vec![origin("partner")],
        preflight: true,
    };
    let wanted = ApplicationSpec {
        origins: vec![
            "http://[::1]:8081".parse().unwrap(),
            "https://shop.example.test".parse().unwrap(),
            "https://shop.example.test:8443".parse().unwrap(),
        ],
        demand: demand.clone(),
        rules: vec![
            Rule {
                paths: vec!["/caf\u{e9}/*".parse().unwrap(), "/x".parse().unwrap()],
                methods: vec!["PROPFIND".parse().unwrap()],
                demand,
            },
            Rule {
                paths: vec![],
                methods: vec![],
                demand: Demand::default(),
            },
        ],
        ..spec("shop")
    };
    let id = home.application_id();
    let added = home
        .store
        .add_application(id, wanted.clone(), home.act(NOON))
        .await;
    assert!(matches!(added.unwrap(), PutApplication::Put(_)));
    let home = home.reopen().await;
    assert_eq!(home.store.applications().await.unwrap()[0].spec, wanted);
}

pub async fn a_name_and_an_authority_belong_to_one_application(home: Home) {
    let shop = home.application("shop").await;
    let blog = home.application("blog").await;
    let before = home.before().await;
    let add = async |spec| {
        home.store
            .add_application(home.application_id(), spec, home.act(NOON))
            .await
            .unwrap()
    };
    let change = async |spec| {
        home.store
            .change_application(blog.id, spec, home.act(NOON))
            .await
            .unwrap()
    };
    let named = ApplicationSpec {
        origins: vec![origin("other")],
        ..spec("shop")
    };
    assert_eq!(add(named.clone()).await, PutApplication::NameTaken);
    assert_eq!(change(named).await, PutApplication::NameTaken);
    let reached = ApplicationSpec {
        origins: vec![origin("blog"), origin("shop")],
        ..spec("other")
    };
    let taken = |by: &str| PutApplication::OriginTaken {
        authority: format!("{by}.example.test"),
        by: by.parse().unwrap(),
    };
    assert_eq!(add(reached.clone()).await, taken("blog"));
    assert_eq!(change(reached).await, taken("shop"));
    home.assert_unchanged(&before).await;
    assert_eq!(home.snapshot().await.applications[&shop.id], shop);
}

pub async fn an_application_changes_and_its_old_origins_are_free(home: Home) {
    let shop = home.application("shop").await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let moved = ApplicationSpec {
        origins: vec![origin("market")],
        ..spec("market")
    };
    let changed = home
        .store
        .change_application(shop.id, moved.clone(), act.clone())
        .await;
    let PutApplication::Put(market) = changed.unwrap() else {
        panic!("nothing stood in the way");
    };
    assert_eq!((market.id, &market.spec), (shop.id, &moved));
    assert_eq!(market.created_at, NOON);
    assert_eq!(
        home.published_since(&before),
        [Change::Application(market.clone())]
    );
    home.assert_audited(
        &before,
        &act,
        &[Event::application(EventKind::ApplicationChanged, shop.id)],
    )
    .await;
    let before = home.before().await;
    let again = home
        .store
        .change_application(shop.id, moved, home.act(noon_and(2)))
        .await;
    assert_eq!(again.unwrap(), PutApplication::Already);
    home.assert_unchanged(&before).await;
    home.application("shop").await;
    home.snapshot().await.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_a_removed_application_leaves_no_app_session_alive(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let (shop, blog) = (
        home.application("shop").await,
        home.application("blog").await,
    );
    home.app_session(&session, &shop).await;
    let kept = home.app_session(&session, &blog).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let removed = home.store.remove_application(shop.id, act.clone()).await;
    assert_eq!(removed.unwrap(), RemoveApplication::Removed);
    assert_eq!(
        home.published_since(&before),
        [Change::ApplicationRemoved(shop.id)]
    );
    home.assert_audited(
        &before,
        &act,
        &[Event::application(EventKind::ApplicationRemoved, shop.id)],
    )
    .await;
    let dropped = home.store.drop_stale_app_sessions(noon_and(1), 100).await;
    assert_eq!(dropped.unwrap(), 1);
    assert_eq!(home.app_sessions_of(&session).await, [kept]);
    // Its name and its origin are free, and what comes in its place is another.
    let other = home.application("shop").await;
    assert_ne!(other.id, shop.id);
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_an_origin_that_comes_back_brings_no_app_session_back(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let (shop, blog) = (
        home.application("shop").await,
        home.application("blog").await,
    );
    let other = home.app_session(&session, &blog).await;
    home.app_session(&session, &shop).await;
    let both = ApplicationSpec {
        origins: vec![origin("market"), origin("shop")],
        ..spec("shop")
    };
    let market = ApplicationSpec {
        origins: vec![origin("market")],
        ..spec("shop")
    };
    let change = async |spec: &ApplicationSpec| {
        let changed = home
            .store
            .change_application(shop.id, spec.clone(), home.act(noon_and(1)));
        assert!(matches!(changed.await.unwrap(), PutApplication::Put(_)));
        home.snapshot().await.assert_told(&home.ledger.memory());
    };
    change(&both).await;
    assert_eq!(
        home.app_sessions_of(&session).await.len(),
        2,
        "where it is still reached, it stays"
    );
    change(&market).await;
    assert_eq!(
        home.app_sessions_of(&session).await.as_slice(),
        std::slice::from_ref(&other)
    );
    change(&both).await;
    assert_eq!(
        home.app_sessions_of(&session).await.as_slice(),
        std::slice::from_ref(&other)
    );
    let home = home.reopen().await;
    assert!(home.ledger.memory().app_sessions.keys().eq([&other.id]));
}

pub async fn what_is_unknown_is_neither_changed_nor_removed(home: Home) {
    let before = home.before().await;
    let id = home.application_id();
    let changed = home
        .store
        .change_application(id, spec("shop"), home.act(NOON))
        .await;
    assert_eq!(changed.unwrap(), PutApplication::Unknown);
    let removed = home.store.remove_application(id, home.act(NOON)).await;
    assert_eq!(removed.unwrap(), RemoveApplication::Unknown);
    home.assert_unchanged(&before).await;
}
