//! What applications keep under sessions, as the engine answers for it: what is over in memory is over.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use vestibule_core::application::{ApplicationSpec, Demand, Kind};
use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{DataKey, DataVersion, Datum, Precondition};
use vestibule_core::user::DisplayName;
use vestibule_engine::SignedIn;
use vestibule_store::{DeleteDatum, PutApplication, PutDatum, StoreError};

use crate::house::{House, minutes};

struct Shop {
    house: House,
    id: ApplicationId,
    alice: SignedIn,
}

fn cart() -> DataKey {
    "cart".parse().unwrap()
}

impl Shop {
    async fn new() -> Self {
        let house = House::new().await;
        let id = application(&house, "shop").await;
        let alice = house.sign_in("alice@example.test").await;
        Self { house, id, alice }
    }

    fn session(&self) -> SessionId {
        self.alice.session.id()
    }

    async fn put(&self, value: &str, precondition: Precondition) -> Result<PutDatum, StoreError> {
        let value = value.as_bytes().to_vec();
        let engine = &self.house.engine;
        engine
            .put_session_datum(self.session(), self.id, cart(), value, precondition)
            .await
    }

    async fn keep(&self, value: &str) -> DataVersion {
        match self.put(value, Precondition::None).await.unwrap() {
            PutDatum::Put { version, .. } => version,
            refused => panic!("{refused:?}"),
        }
    }

    async fn read(&self) -> Result<Option<Datum>, StoreError> {
        let engine = &self.house.engine;
        engine.session_datum(self.session(), self.id, cart()).await
    }

    async fn delete(&self, precondition: Precondition) -> Result<DeleteDatum, StoreError> {
        let engine = &self.house.engine;
        engine
            .delete_session_datum(self.session(), self.id, cart(), precondition)
            .await
    }

    async fn keys(&self) -> usize {
        let engine = &self.house.engine;
        let keys = engine.session_data_keys(self.session(), self.id).await;
        keys.unwrap().len()
    }

    async fn assert_over(&self) {
        assert_eq!(self.read().await.unwrap(), None);
        assert_eq!(self.keys().await, 0);
        let put = self.put("{}", Precondition::None).await;
        assert_eq!(put.unwrap(), PutDatum::NotLive);
        let deleted = self.delete(Precondition::None).await;
        assert_eq!(deleted.unwrap(), DeleteDatum::NotLive);
    }
}

pub async fn application(house: &House, name: &str) -> ApplicationId {
    let spec = ApplicationSpec {
        name: name.parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec![format!("https://{name}.example.test").parse().unwrap()],
        demand: Demand::default(),
        rules: Vec::new(),
    };
    let added = house.engine.add_application(spec, &house.operator()).await;
    match added.unwrap() {
        PutApplication::Put(application) => application.id,
        refused => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn no_two_values_have_one_version_not_even_of_a_key_made_again() {
    let shop = Shop::new().await;
    let mut versions = Vec::new();
    for _ in 0..5 {
        versions.push(shop.keep("{}").await);
        versions.push(shop.keep("{}").await);
        assert_eq!(shop.keys().await, 1);
        let last = Precondition::Matches(versions[versions.len() - 1]);
        assert_eq!(shop.delete(last).await.unwrap(), DeleteDatum::Deleted);
    }
    shop.keep("{\"n\":1}").await;
    for version in &versions {
        let late = shop.put("{}", Precondition::Matches(*version)).await;
        assert_eq!(late.unwrap(), PutDatum::PreconditionFailed);
    }
    assert_eq!(shop.read().await.unwrap().unwrap().value, b"{\"n\":1}");
    versions.sort_by_key(|version| version.0);
    versions.dedup();
    assert_eq!(versions.len(), 10);
}

/// Holds: ASVS 7.3.1
#[tokio::test]
async fn asvs_7_3_1_what_is_kept_lives_as_long_as_its_session_and_keeps_nobody_signed_in() {
    let shop = Shop::new().await;
    shop.keep("{}").await;
    // In use beyond what is written of its idle clock.
    for _ in 0..4 {
        shop.house.pass(minutes(20));
        assert!(shop.house.is_live(&shop.alice.cookie));
    }
    let version = shop.keep("{}").await;
    shop.house.pass(minutes(29));
    assert_eq!(shop.read().await.unwrap().unwrap().version, version);
    shop.keep("{}").await;
    shop.house.pass(minutes(2));
    // Nothing has swept it yet.
    shop.assert_over().await;
    assert!(!shop.house.is_live(&shop.alice.cookie));
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_an_end_that_cannot_be_stored_ends_what_is_kept_too() {
    let shop = Shop::new().await;
    shop.keep("{}").await;
    shop.house.store.set_full(true);
    let visit = shop.house.visit();
    let ended = shop.house.engine.sign_out(&shop.alice.session, &visit);
    assert!(ended.await.is_err());
    shop.house.store.set_full(false);
    shop.assert_over().await;
}

#[tokio::test]
async fn a_store_that_is_away_is_no_empty_store() {
    let shop = Shop::new().await;
    shop.keep("{}").await;
    shop.house.store.set_away(true);
    assert!(shop.read().await.is_err());
    assert!(shop.put("[]", Precondition::None).await.is_err());
    assert!(shop.delete(Precondition::None).await.is_err());
    shop.house.store.set_away(false);
    assert_eq!(shop.read().await.unwrap().unwrap().value, b"{}");
}

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_whoever_hangs_up_has_written_all_or_nothing() {
    let shop = Shop::new().await;
    let mut written = 0;
    for polls in 0..6 {
        let before = shop.keep("\"before\"").await;
        let engine = Arc::clone(&shop.house.engine);
        let value = b"\"after\"".to_vec();
        let seen = Precondition::Matches(before);
        let mut putting =
            Box::pin(engine.put_session_datum(shop.session(), shop.id, cart(), value, seen));
        for _ in 0..polls {
            let mut done = false;
            poll_fn(|context| {
                done = putting.as_mut().poll(context).is_ready();
                Poll::Ready(())
            })
            .await;
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(putting);
        // Of the two one is first, and the other sees it: once this is answered, all is done.
        let mine = shop.put("\"mine\"", seen).await.unwrap();
        let kept = shop.read().await.unwrap().unwrap();
        match mine {
            PutDatum::Put { version, .. } => assert_eq!(kept.version, version),
            PutDatum::PreconditionFailed => {
                assert_eq!(kept.value, b"\"after\"");
                written += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(written > 0, "once begun, it is done");
}
