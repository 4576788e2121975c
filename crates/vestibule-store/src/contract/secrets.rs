//! What applications prove themselves with: one secret, and two while their operator changes over.

use vestibule_core::application::Application;
use vestibule_core::audit::{Event, EventKind};
use vestibule_core::declaration::Declaration;
use vestibule_core::secret::HashedSecret;

use super::archive::{exported, rows};
use super::harness::Home;
use super::make::applications::{browser, origin, spec};
use super::make::{NOON, noon_and};
use super::race::{race, racer};
use crate::{Change, Declare, PutApplication, RemoveApplication, RotateSecret};

impl Home {
    /// Gives an application another secret.
    pub async fn rotate(&self, application: &Application, name: &str, keep: bool) -> Application {
        let (hash, act) = (browser(name), self.act(noon_and(1)));
        let rotated = self.store.rotate_secret(application.id, hash, keep, act);
        match rotated.await.expect("the store works") {
            RotateSecret::Rotated(application) => *application,
            RotateSecret::Unknown => panic!("it is known"),
        }
    }
}

fn hashes(application: &Application) -> Vec<HashedSecret> {
    let secrets = application.secrets.iter();
    secrets.map(|secret| secret.hash).collect()
}

pub async fn a_new_secret_is_kept_told_and_audited(home: Home) {
    let shop = home.application("shop").await;
    let blog = home
        .rotate(&home.application("blog").await, "blog", false)
        .await;
    assert_eq!(shop.secrets, []);
    let before = home.before().await;
    let act = home.act(noon_and(2));
    let rotated = home
        .store
        .rotate_secret(shop.id, browser("one"), false, act.clone())
        .await;
    let RotateSecret::Rotated(rotated) = rotated.unwrap() else {
        panic!("it is known");
    };
    assert_eq!(hashes(&rotated), [browser("one")]);
    assert_eq!(rotated.secrets[0].created_at, noon_and(2));
    assert_eq!((rotated.id, &rotated.spec), (shop.id, &shop.spec));
    assert_eq!(
        home.published_since(&before),
        [Change::Application(rotated.clone())]
    );
    let event = Event::application(EventKind::ApplicationSecretRotated, shop.id);
    home.assert_audited(&before, &act, &[event]).await;
    let home = home.reopen().await;
    let snapshot = home.snapshot().await;
    snapshot.assert_told(&home.ledger.memory());
    assert_eq!(snapshot.applications[&shop.id], *rotated);
    assert_eq!(snapshot.applications[&blog.id], blog, "each its own");
}

pub async fn two_secrets_are_good_while_an_operator_changes_over(home: Home) {
    let shop = home.application("shop").await;
    let shop = home.rotate(&shop, "one", true).await;
    assert_eq!(hashes(&shop), [browser("one")]);
    let shop = home.rotate(&shop, "two", true).await;
    assert_eq!(hashes(&shop), [browser("two"), browser("one")]);
    let shop = home.rotate(&shop, "three", true).await;
    let home = home.reopen().await;
    assert_eq!(hashes(&shop), [browser("three"), browser("two")]);
    assert_eq!(home.snapshot().await.applications[&shop.id], shop);
    let shop = home.rotate(&shop, "four", false).await;
    assert_eq!(
        hashes(&shop),
        [browser("four")],
        "the leaked are gone at once"
    );
    home.snapshot().await.assert_told(&home.ledger.memory());
    assert_eq!(home.snapshot().await.applications[&shop.id], shop);
}

pub async fn what_is_said_of_an_application_leaves_its_secrets(home: Home) {
    let shop = home.application("shop").await;
    let shop = home.rotate(&shop, "one", false).await;
    let shop = home.rotate(&shop, "two", true).await;
    let mut moved = spec("market");
    moved.origins = vec![origin("market")];
    let act = home.act(noon_and(2));
    let changed = home.store.change_application(shop.id, moved.clone(), act);
    let PutApplication::Put(changed) = changed.await.unwrap() else {
        panic!("nothing stood in the way");
    };
    assert_eq!(changed.secrets, shop.secrets);
    home.snapshot().await.assert_told(&home.ledger.memory());

    // Declared, and declared otherwise; no file holds a secret.
    let declare = async |origins: &[&str]| {
        let mut spec = moved.clone();
        spec.origins = origins.iter().map(|name| origin(name)).collect();
        let declaration = Declaration {
            applications: vec![(home.application_id(), spec)],
            ..Declaration::default()
        };
        let declared = home.store.declare(declaration, home.act(noon_and(3)));
        assert!(matches!(declared.await.unwrap(), Declare::Declared(_)));
        let applications = home.snapshot().await.applications;
        assert!(applications[&shop.id].declared);
        applications[&shop.id].secrets.clone()
    };
    assert_eq!(declare(&["market"]).await, shop.secrets);
    let rotated = home.rotate(&shop, "three", true).await;
    assert_eq!(hashes(&rotated), [browser("three"), browser("two")]);
    assert!(rotated.declared, "a declared one is rotated like any other");
    assert_eq!(declare(&["market", "shop"]).await, rotated.secrets);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn secrets_go_with_their_application(home: Home) {
    let shop = home.application("shop").await;
    let shop = home.rotate(&shop, "one", false).await;
    let act = home.act(noon_and(2));
    let removed = home.store.remove_application(shop.id, act).await;
    assert_eq!(removed.unwrap(), RemoveApplication::Removed);
    let left = exported(&home).await;
    assert_eq!(rows(&left, "application_secrets").len(), 0);
    assert_eq!(home.application("shop").await.secrets, []);
    let before = home.before().await;
    let (hash, act) = (browser("two"), home.act(noon_and(3)));
    let unknown = home.store.rotate_secret(shop.id, hash, true, act).await;
    assert_eq!(unknown.unwrap(), RotateSecret::Unknown);
    home.assert_unchanged(&before).await;
}

pub async fn of_many_that_rotate_at_once_the_last_is_good(home: Home) {
    let shop = home.application("shop").await;
    let racers = (0..16).map(|n| {
        let (id, hash) = (shop.id, browser(&format!("secret-{n}")));
        let act = home.act(NOON);
        racer(&home, move |store| async move {
            store
                .rotate_secret(id, hash, n % 2 == 0, act)
                .await
                .unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let snapshot = home.snapshot().await;
    snapshot.assert_told(&home.ledger.memory());
    let shop = &snapshot.applications[&shop.id];
    let last = answers.iter().any(|answer| match answer {
        RotateSecret::Rotated(told) => told.as_ref() == shop,
        RotateSecret::Unknown => panic!("it is known"),
    });
    assert!(last, "what is stored is what one of them was told");
}
