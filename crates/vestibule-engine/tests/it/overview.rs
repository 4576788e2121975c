//! What an overview and the lists of an operator ask.

use vestibule_core::filter::{EventFilter, SessionFilter, UserFilter};
use vestibule_core::id::SessionId;
use vestibule_core::user::{Role, UserStatus};
use vestibule_engine::{Live, MINUTES, Population, Reach};
use vestibule_store::{DeleteUser, SetRoles};

use crate::house::{House, address, minutes};

#[tokio::test]
async fn the_population_is_counted_as_people_come_and_go() {
    let house = House::empty().await;
    let engine = &house.engine;
    assert_eq!(engine.population(), Population::default());
    let alice = house.add("alice@example.test").await;
    house.add("bob@example.test").await;
    house.add("carol@example.test").await;
    let operator = house.operator();
    let admin = async |roles: Vec<Role>| {
        let set = engine.set_roles(&alice.email, roles, &operator).await;
        assert!(matches!(set, Ok(SetRoles::Set(_))), "{set:?}");
    };
    let counted = |users, disabled, administrators| Population {
        users,
        disabled,
        administrators,
    };
    assert_eq!(engine.population(), counted(3, 0, 0));
    admin(vec![Role::admin()]).await;
    admin(vec![Role::admin(), "staff".parse().unwrap()]).await;
    assert_eq!(engine.population(), counted(3, 0, 1));
    let bob = address("bob@example.test");
    engine.disable_user(&bob, &operator).await.unwrap();
    engine.disable_user(&bob, &operator).await.unwrap();
    assert_eq!(engine.population(), counted(3, 1, 1));
    engine.enable_user(&bob, &operator).await.unwrap();
    assert_eq!(engine.population(), counted(3, 0, 1));
    engine.disable_user(&bob, &operator).await.unwrap();
    let deleted = engine.delete_user(&bob, &operator).await.unwrap();
    assert!(matches!(deleted, DeleteUser::Deleted { .. }));
    assert_eq!(engine.population(), counted(2, 0, 1));
    let house = house.restarted().await;
    assert_eq!(house.engine.population(), counted(2, 0, 1));
}

#[tokio::test]
async fn a_population_costs_the_store_nothing() {
    let house = House::new().await;
    house.sign_in("alice@example.test").await;
    house.store.calls();
    for _ in 0..100 {
        assert_eq!(house.engine.population().users, 2);
        assert_eq!(house.engine.live().sessions, 1);
        assert_eq!(house.engine.history().len(), 1);
    }
    assert!(house.store.calls().is_empty());
}

#[tokio::test]
async fn a_session_is_shown_in_full_while_it_lives() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(10));
    assert!(house.is_live(&alice.cookie));
    let shown = house.engine.session(alice.cookie.id).await.unwrap();
    let shown = shown.unwrap();
    assert_eq!(shown.session.id, alice.cookie.id);
    assert_eq!(shown.session.last_seen, house.now(), "as memory knows");
    assert_eq!(shown.email.as_str(), "alice@example.test");
    assert!(shown.applications.is_empty());

    let nobodys = SessionId::new(house.now(), [9; 10]);
    assert_eq!(house.engine.session(nobodys).await.unwrap(), None);
    house.pass(minutes(31));
    assert_eq!(house.engine.session(alice.cookie.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_an_ending_would_end_is_told_before() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    house.sign_in("alice@example.test").await;
    house.sign_in("bob@example.test").await;
    let devices = |devices| Reach {
        devices,
        ..Reach::default()
    };
    let alice = here.session.user_id();
    let engine = &house.engine;
    assert_eq!(engine.reach_of_user(alice).await.unwrap(), devices(2));
    let one = engine.reach_of_session(here.cookie.id).await.unwrap();
    assert_eq!(one, devices(1));
    assert_eq!(engine.reach_of_all().await, devices(3));
    let ended = engine
        .revoke_session(here.cookie.id, &house.operator())
        .await;
    ended.unwrap();
    let one = engine.reach_of_session(here.cookie.id).await.unwrap();
    assert_eq!(one, devices(0));
    assert_eq!(engine.reach_of_user(alice).await.unwrap(), devices(1));
    assert_eq!(engine.reach_of_all().await, devices(2));
}

#[tokio::test]
async fn the_last_day_is_told_minute_by_minute() {
    let mut house = House::new().await;
    let first = house.engine.history();
    assert_eq!(first.len(), 1);
    let alice = house.sign_in("alice@example.test").await;
    house.sign_in("bob@example.test").await;
    let wrong = house
        .try_sign_in("alice@example.test", "not the password")
        .await;
    assert!(wrong.is_err());
    house.chores.round().await;
    house.pass(minutes(1));
    house.chores.round().await;
    let ended = house.engine.sign_out(&alice.session, &house.visit()).await;
    ended.unwrap();
    let told = house.engine.history();
    let counts = |n: usize| (told[n].logins, told[n].refusals, told[n].ends, told[n].live);
    assert_eq!(told.len(), 2);
    assert_eq!(counts(0), (2, 1, 0, 2));
    assert_eq!(counts(1), (0, 0, 1, 1));
    assert_eq!(told[1].at.0 - told[0].at.0, 60_000);
    assert_eq!(
        house.engine.live(),
        Live {
            sessions: 1,
            app_sessions: 0
        }
    );

    house.pass(minutes(3 * 24 * 60));
    assert_eq!(house.engine.history().len(), MINUTES);
}

/// Set back by an hour: time stands still, and the minutes go on.
#[tokio::test]
async fn a_clock_that_is_set_back_takes_no_minute_away() {
    let mut house = House::new().await;
    for _ in 0..5 {
        house.chores.round().await;
        house.pass(minutes(1));
    }
    house.plan.clock.step(-3_600_000);
    house.chores.round().await;
    house.pass(minutes(1));
    let told = house.engine.history();
    assert_eq!(told.len(), 7);
    assert!(
        told.windows(2)
            .all(|two| two[1].at.0 - two[0].at.0 == 60_000)
    );
}

#[tokio::test]
async fn lists_are_narrowed_as_asked() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    let bob = house.remembered("bob@example.test").await;
    let disabled = address("bob@example.test");
    let engine = &house.engine;
    let found = engine
        .sessions(
            SessionFilter {
                remembered: Some(true),
                ..SessionFilter::default()
            },
            None,
            10,
            house.now(),
        )
        .await
        .unwrap();
    assert_eq!(found.sessions.len(), 1);
    assert_eq!(found.sessions[0].session.id, bob.cookie.id);
    engine
        .disable_user(&disabled, &house.operator())
        .await
        .unwrap();
    let filter = UserFilter {
        text: Some("example".to_owned()),
        status: Some(UserStatus::Disabled),
        role: None,
    };
    let found = engine.users(filter, None, 10).await.unwrap();
    assert_eq!(found.users.len(), 1);
    assert_eq!(found.users[0].email, disabled);
    let filter = EventFilter {
        kind: Some("login.".to_owned()),
        user: Some(alice.session.user_id()),
        ..EventFilter::default()
    };
    let found = engine.events(filter, None, 10).await.unwrap();
    let codes: Vec<_> = found
        .events
        .iter()
        .map(|event| event.event.kind.code())
        .collect();
    assert_eq!(codes, ["login.succeeded"]);
}
