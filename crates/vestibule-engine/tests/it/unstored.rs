//! Revocations that cannot be stored: enforced in memory, answered with an error, stored when that is possible again.

use std::future::{Future as _, poll_fn};
use std::task::Poll;
use std::time::Duration;

use vestibule_engine::{
    FreshLogin, ImportError, ImportPlan, Imported, ImportedUser, SignInError, SignedIn,
};
use vestibule_store::{SetStatus, StoreError};

use crate::house::{House, PASSWORD, address};

struct Scene {
    house: House,
    here: SignedIn,
    there: SignedIn,
    bob: SignedIn,
    fresh: FreshLogin,
}

impl Scene {
    /// Alice on two devices, bob on one, and a full disk.
    async fn new() -> Self {
        let house = House::new().await;
        let here = house.sign_in("alice@example.test").await;
        let there = house.sign_in("alice@example.test").await;
        let bob = house.sign_in("bob@example.test").await;
        let fresh = house.engine.fresh(&here.session, house.now()).unwrap();
        house.store.set_full(true);
        Self {
            house,
            here,
            there,
            bob,
            fresh,
        }
    }

    fn live(&self) -> [bool; 3] {
        [&self.here, &self.there, &self.bob].map(|one| self.house.is_live(&one.cookie))
    }

    /// The disk has room again, a round of chores runs, and the server is started anew.
    async fn healed(mut self) -> Self {
        let before = self.live();
        self.house.chores.round().await;
        assert_eq!(self.live(), before);
        self.house.store.set_full(false);
        self.house.chores.round().await;
        self.house = self.house.crashed(|_| ()).await;
        self
    }
}

fn full<T>(result: Result<T, StoreError>) {
    assert!(matches!(result.err(), Some(StoreError::Full(_))));
}

/// Holds: ASVS 7.4.1, N10
#[tokio::test]
async fn asvs_7_4_1_a_sign_out_that_cannot_be_stored_bites_all_the_same() {
    let scene = Scene::new().await;
    let visit = scene.house.visit();
    full(
        scene
            .house
            .engine
            .sign_out(&scene.here.session, &visit)
            .await,
    );
    assert_eq!(scene.live(), [false, true, true]);
    let scene = scene.healed().await;
    assert_eq!(scene.live(), [false, true, true]);
    let told = scene.house.told_since(0).await;
    assert_eq!(told.last().unwrap(), "session.ended (signed_out)");
}

/// Holds: ASVS 7.5.2, ASVS 8.2.2
#[tokio::test]
async fn asvs_7_5_2_so_does_the_end_of_a_device_and_of_the_others() {
    let scene = Scene::new().await;
    let (engine, visit) = (&scene.house.engine, scene.house.visit());
    full(
        engine
            .end_device(&scene.fresh, scene.bob.cookie.id, &visit)
            .await,
    );
    assert_eq!(scene.live(), [true; 3], "nobody ends another's");
    let (alice, bob) = (scene.here.session.user_id(), scene.bob.session.user_id());
    full(
        engine
            .end_device(&scene.fresh, scene.there.cookie.id, &visit)
            .await,
    );
    assert_eq!(scene.live(), [true, false, true]);
    let there = scene.there.cookie.id;
    assert!(engine.owes_end_of(there, alice) && !engine.owes_end_of(there, bob));
    let scene = scene.healed().await;
    assert_eq!(scene.live(), [true, false, true]);

    let scene = Scene::new().await;
    let (engine, visit) = (&scene.house.engine, scene.house.visit());
    full(engine.end_other_devices(&scene.fresh, &visit).await);
    assert_eq!(scene.live(), [true, false, true]);
    assert_eq!(scene.healed().await.live(), [true, false, true]);

    let scene = Scene::new().await;
    let (engine, visit) = (&scene.house.engine, scene.house.visit());
    full(engine.end_everywhere(&scene.fresh, &visit).await);
    assert_eq!(scene.live(), [false, false, true]);
    assert_eq!(scene.healed().await.live(), [false, false, true]);
}

/// Holds: ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_so_does_what_an_operator_revokes() {
    let alice = address("alice@example.test");
    let scene = Scene::new().await;
    let (engine, operator) = (&scene.house.engine, scene.house.operator());
    full(engine.revoke_session(scene.bob.cookie.id, &operator).await);
    assert_eq!(scene.live(), [true, true, false]);
    scene.house.store.set_away(true);
    full(engine.revoke_user(&alice, &operator).await);
    assert_eq!(scene.live(), [false; 3]);
    scene.house.store.set_away(false);
    assert_eq!(scene.healed().await.live(), [false; 3]);

    let scene = Scene::new().await;
    let (engine, operator) = (&scene.house.engine, scene.house.operator());
    full(engine.revoke_all(&operator).await);
    assert_eq!(scene.live(), [false; 3]);
    scene.house.store.set_full(false);
    let after = scene.house.sign_in("alice@example.test").await;
    let scene = scene.healed().await;
    assert_eq!(scene.live(), [false; 3], "a restart brings nobody back");
    assert!(
        scene.house.is_live(&after.cookie),
        "a login after it lives on"
    );
}

/// What somebody asked for, with whom it leaves signed in: alice here, alice there, bob.
const ENDS: [(&str, [bool; 3]); 6] = [
    ("sign_out", [false, true, true]),
    ("end_device", [true, false, true]),
    ("end_other_devices", [true, false, true]),
    ("end_everywhere", [false, false, true]),
    ("disable_user", [false, false, true]),
    ("revoke_all", [false; 3]),
];

impl Scene {
    /// Whether it was stored.
    async fn end(&self, how: &str) -> bool {
        let (engine, visit, operator) = (
            &self.house.engine,
            &self.house.visit(),
            &self.house.operator(),
        );
        let (here, fresh) = (&self.here.session, &self.fresh);
        match how {
            "sign_out" => engine.sign_out(here, visit).await.is_ok(),
            "end_device" => {
                let there = self.there.cookie.id;
                engine.end_device(fresh, there, visit).await.is_ok()
            }
            "end_other_devices" => engine.end_other_devices(fresh, visit).await.is_ok(),
            "end_everywhere" => engine.end_everywhere(fresh, visit).await.is_ok(),
            "disable_user" => {
                let alice = address("alice@example.test");
                engine.disable_user(&alice, operator).await.is_ok()
            }
            _ => engine.revoke_all(operator).await.is_ok(),
        }
    }

    /// Whether what is over in memory is known to the store, or owed to it.
    fn is_settled(&self, left: [bool; 3], owed: bool) -> bool {
        let unstored = [&self.here, &self.there, &self.bob]
            .map(|one| self.house.engine.owes_end(one.cookie.id));
        self.live() == left && (!owed || unstored == left.map(|live| !live))
    }
}

/// The browser is closed before the answer: whether or not the end can be stored, it is one.
///
/// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 7.4.5, ASVS 7.5.2, N10
#[tokio::test]
async fn asvs_7_4_1_an_end_whose_caller_is_gone_bites_all_the_same() {
    for (how, left) in ENDS {
        for (has_room, polls) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
            let scene = Scene::new().await;
            scene.house.store.set_full(!has_room);
            let mut end = Box::pin(scene.end(how));
            for _ in 0..=polls {
                let answered = poll_fn(|context| Poll::Ready(end.as_mut().poll(context)));
                if answered.await.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(end);
            let bites = async {
                while !scene.is_settled(left, !has_room) {
                    tokio::task::yield_now().await;
                }
            };
            let bites = tokio::time::timeout(Duration::from_secs(20), bites).await;
            assert!(bites.is_ok(), "{how} with room {has_room}, {polls} polls");
            if how != "disable_user" {
                assert_eq!(scene.healed().await.live(), left, "{how}");
            }
        }
    }
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_a_disabling_that_cannot_be_stored_shuts_the_user_out() {
    let alice = address("alice@example.test");
    let scene = Scene::new().await;
    let house = &scene.house;
    full(house.engine.disable_user(&alice, &house.operator()).await);
    assert_eq!(scene.live(), [false, false, true]);
    house.store.set_full(false);
    let before = house.position().await;
    let refused = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    let told = house.told_since(before).await;
    assert_eq!(told, ["login.refused (disabled)"], "no session was opened");
    // Enabling lifts it, and brings nothing back.
    house
        .engine
        .enable_user(&alice, &house.operator())
        .await
        .unwrap();
    assert_eq!(scene.live(), [false, false, true]);
    house.sign_in("alice@example.test").await;
    assert_eq!(scene.healed().await.live(), [false, false, true]);
}

/// What is owed strikes no login made after it.
#[tokio::test]
async fn an_end_that_is_stored_late_strikes_no_later_login() {
    let mut scene = Scene::new().await;
    let visit = scene.house.visit();
    full(
        scene
            .house
            .engine
            .end_everywhere(&scene.fresh, &visit)
            .await,
    );
    scene.house.store.set_full(false);
    let later = scene.house.sign_in("alice@example.test").await;
    scene.house.chores.round().await;
    assert!(scene.house.is_live(&later.cookie));
    assert_eq!(scene.live(), [false, false, true]);
    let scene = scene.healed().await;
    assert!(scene.house.is_live(&later.cookie));
    assert_eq!(scene.live(), [false, false, true]);
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_slow_renewal_brings_no_session_back_that_memory_ended() {
    let scene = Scene::new().await;
    let house = &scene.house;
    full(
        house
            .engine
            .sign_out(&scene.here.session, &house.visit())
            .await,
    );
    house.store.set_full(false);
    // The store has not heard of it yet: a slow request's renewal succeeds there.
    let slow = house
        .engine
        .reauthenticate(&scene.here.session, PASSWORD, &house.visit())
        .await;
    assert!(slow.is_err());
    assert_eq!(scene.live(), [false, true, true]);
    assert_eq!(scene.healed().await.live(), [false, true, true]);
}

/// An import of alice's account alone, in which the list says this of it.
async fn imported(
    house: &House,
    says: ImportedUser,
    dry_run: bool,
) -> Result<Imported, ImportError> {
    let user = ImportedUser {
        email: "alice@example.test".to_owned(),
        ..says
    };
    let plan = ImportPlan {
        update: true,
        dry_run,
    };
    let operator = house.operator();
    let mut done = house.engine.import_users(vec![user], plan, &operator).await;
    done.remove(0)
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_a_list_lets_in_again_only_whom_it_says_so_of() {
    let alice = address("alice@example.test");
    let named = |name: &str| ImportedUser {
        name: Some(name.to_owned()),
        ..ImportedUser::default()
    };
    let open = || ImportedUser {
        disabled: Some(false),
        ..ImportedUser::default()
    };
    for other in [None, Some("A. Example")] {
        let scene = Scene::new().await;
        let house = &scene.house;
        full(house.engine.disable_user(&alice, &house.operator()).await);
        house.store.set_full(false);
        let shut = async || {
            let refused = house.try_sign_in("alice@example.test", PASSWORD).await;
            matches!(refused, Err(SignInError::Refused))
        };
        let done = imported(house, named("Alice"), false).await;
        assert!(matches!(done, Ok(Imported::Updated)), "{done:?}");
        assert!(shut().await, "the list says nothing of it");
        let says = ImportedUser {
            name: other.map(str::to_owned),
            ..open()
        };
        assert!(imported(house, says.clone(), true).await.is_ok());
        assert!(shut().await, "a dry run does nothing");
        assert!(imported(house, says, false).await.is_ok());
        house.sign_in("alice@example.test").await;
    }
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_the_only_administrator_is_not_shut_out_while_the_store_is_full_either() {
    let house = House::new().await;
    let operator = house.operator();
    let people = ["alice@example.test", "bob@example.test"].map(address);
    for email in &people {
        let roles = vec!["admin".parse().unwrap()];
        let set = house.engine.set_roles(email, roles, &operator).await;
        set.unwrap();
    }
    let alice = house.sign_in("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    house.store.set_full(true);
    full(house.engine.disable_user(&people[1], &operator).await);
    assert!(!house.is_live(&bob.cookie));
    let set = house.engine.disable_user(&people[0], &operator).await;
    assert!(matches!(set, Ok(SetStatus::LastAdministrator)), "{set:?}");
    let out = ImportedUser {
        disabled: Some(true),
        ..ImportedUser::default()
    };
    let done = imported(&house, out, false).await;
    assert!(
        matches!(done, Err(ImportError::Store(StoreError::Full(_)))),
        "{done:?}"
    );
    assert!(house.is_live(&alice.cookie), "nobody else administers");
    house.store.set_full(false);
    house.sign_in("alice@example.test").await;
}
