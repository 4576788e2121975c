//! What an operator does with accounts, and what refuses to start.

use vestibule_core::audit::Actor;
use vestibule_core::user::UserStatus;
use vestibule_engine::{
    AddUserError, ImportError, ImportPlan, Imported, ImportedUser, NewAccount, Operator,
    SignInError, StartError,
};
use vestibule_store::SetStatus;

use crate::house::{House, PASSWORD, UID, address, hours};

#[tokio::test]
async fn an_operator_makes_accounts() {
    let house = House::empty().await;
    let roles = ["shop".to_owned(), "admin".to_owned(), "shop".to_owned()];
    let account = NewAccount {
        email: "Carol@example.test",
        name: "Carol",
        roles: &roles,
        password: Some(PASSWORD),
        verified: true,
    };
    let add = async |account| house.engine.add_user(account, &house.operator()).await;
    let user = add(account).await.unwrap();
    assert_eq!(user.email.as_str(), "carol@example.test");
    let names: Vec<_> = user.roles.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["admin", "shop"]);
    assert!(user.email_verified);
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(event.actor, Actor::Operator(UID));

    assert!(matches!(
        add(account).await,
        Err(AddUserError::AddressTaken)
    ));
    let wrong = ["Admin".to_owned()];
    let role = NewAccount {
        roles: &wrong,
        ..account
    };
    assert!(matches!(add(role).await, Err(AddUserError::Role(_))));
    let email = NewAccount {
        email: "carol",
        ..account
    };
    assert!(matches!(add(email).await, Err(AddUserError::Email(_))));
    let password = NewAccount {
        email: "dave@example.test",
        password: Some("short"),
        ..account
    };
    assert!(matches!(
        add(password).await,
        Err(AddUserError::Password(_))
    ));
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_a_disabled_user_is_out_at_once_and_cannot_come_in() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    let email = address("alice@example.test");
    let operator = house.operator();
    let set = house.engine.disable_user(&email, &operator).await.unwrap();
    let SetStatus::Set { user, ended } = set else {
        panic!("{set:?}");
    };
    assert_eq!((user.status, ended), (UserStatus::Disabled, 1));
    assert!(!house.is_live(&alice.cookie) && house.is_live(&bob.cookie));
    let refused = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    let again = house.engine.disable_user(&email, &operator).await.unwrap();
    assert!(matches!(again, SetStatus::Already));

    let set = house.engine.enable_user(&email, &operator).await.unwrap();
    assert!(matches!(set, SetStatus::Set { .. }));
    assert!(!house.is_live(&alice.cookie), "what died stays dead");
    house.sign_in("alice@example.test").await;
    let nobody = address("nobody@example.test");
    let unknown = house.engine.disable_user(&nobody, &operator).await.unwrap();
    assert!(matches!(unknown, SetStatus::Unknown));
}

#[tokio::test]
async fn another_master_key_does_not_start() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.store.inner.close().await;
    let mut plan = house.plan.clone();
    plan.master = [8; 32];
    let House {
        directory: _keep, ..
    } = house;
    let refused = plan.clone().start().await.err();
    assert!(matches!(refused, Some(StartError::KeyMismatch)));
    plan.master = [7; 32];
    assert!(plan.start().await.unwrap().is_live(&alice.cookie));
}

#[tokio::test]
async fn a_clock_far_behind_does_not_start_unless_it_is_accepted() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    house.pass(hours(3));
    house.chores.round().await;
    let late = house.sign_in("alice@example.test").await;
    house.store.inner.close().await;

    let mut plan = house.plan.clone();
    let House {
        directory: _keep, ..
    } = house;
    let two_hours = 2 * 60 * 60 * 1000;
    plan.clock.step(-two_hours);
    let refused = plan.clone().start().await.err().unwrap();
    let StartError::ClockBehind { behind } = refused else {
        panic!("{refused}");
    };
    assert_eq!(behind, hours(2));
    assert!(refused.to_string().contains("--accept-clock"));

    plan.accept_clock = Some(UID);
    let mut house = plan.start().await.unwrap();
    // N01: by the clock that was accepted, this login lies two hours ahead.
    assert!(!house.is_live(&late.cookie));
    assert!(!house.is_live(&alice.cookie) || house.now() < alice.session.expires_at());
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(event.event.kind.code(), "clock.accepted");
    assert_eq!(event.actor, Actor::Operator(UID));
    // The operator may have been mistaken: nothing is ended for good by it at once.
    house.chores.round().await;
    house.plan.clock.step(two_hours);
    assert!(house.is_live(&late.cookie));
}

/// An import that takes long ends where its administrator is none any more.
///
/// Holds: ASVS 8.3.2, ASVS 7.4.1
#[tokio::test]
async fn asvs_8_3_2_an_import_goes_no_further_than_its_administrator() {
    let house = House::new().await;
    let (alice, machine) = (address("alice@example.test"), house.operator());
    let roles = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    house.add("root@example.test").await;
    for email in [&alice, &address("root@example.test")] {
        let set = house
            .engine
            .set_roles(email, roles(&["admin"]), &machine)
            .await;
        set.unwrap();
    }
    let import = async |email: &str, name: &str, operator: &Operator| {
        let user = ImportedUser {
            email: email.to_owned(),
            name: Some(name.to_owned()),
            ..ImportedUser::default()
        };
        let plan = ImportPlan {
            update: true,
            dry_run: false,
        };
        let engine = &house.engine;
        let mut done = engine.import_users(vec![user], plan, operator).await;
        done.remove(0)
    };
    let signed_in = house.sign_in("alice@example.test").await;
    let fresh = house.engine.fresh(&signed_in.session, house.now()).unwrap();
    let operator = Operator::administrator(&fresh, &house.visit()).unwrap();
    let made = import("carol@example.test", "Carol", &operator).await;
    assert!(matches!(made, Ok(Imported::Added)));
    let before = house.position().await;
    for away in [true, false] {
        if away {
            let set = house.engine.set_roles(&alice, roles(&[]), &machine).await;
            set.unwrap();
        } else {
            let set = house.engine.set_roles(&alice, roles(&["admin"]), &machine);
            set.await.unwrap();
            let ended = house.engine.revoke_user(&alice, &machine).await;
            assert_eq!(ended.unwrap(), Some(1));
        }
        for email in ["carol@example.test", "dave@example.test"] {
            let refused = import(email, "Mallory", &operator).await;
            assert!(matches!(refused, Err(ImportError::NotAllowed)), "{email}");
        }
    }
    let told = house.told_since(before).await;
    assert!(
        !told
            .iter()
            .any(|what| what.starts_with("user.created") || what.starts_with("profile")),
        "{told:?}"
    );
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_the_only_administrator_is_not_disabled_and_stays_signed_in() {
    let house = House::new().await;
    let (alice, machine) = (address("alice@example.test"), house.operator());
    let roles = vec!["admin".parse().unwrap()];
    house
        .engine
        .set_roles(&alice, roles, &machine)
        .await
        .unwrap();
    let session = house.sign_in("alice@example.test").await;
    let set = house.engine.disable_user(&alice, &machine).await;
    assert_eq!(set.unwrap(), SetStatus::LastAdministrator);
    assert!(house.is_live(&session.cookie));
    house.sign_in("alice@example.test").await;
}

/// Whoever imports stops administering after all the others, as the dry run says.
///
/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_who_takes_the_role_from_themselves_in_a_list_does_so_last() {
    let house = House::new().await;
    house.add("carol@example.test").await;
    let machine = house.operator();
    for email in [
        "alice@example.test",
        "bob@example.test",
        "carol@example.test",
    ] {
        let roles = vec!["admin".parse().unwrap()];
        let email = address(email);
        let set = house.engine.set_roles(&email, roles, &machine).await;
        set.unwrap();
    }
    let signed_in = house.sign_in("alice@example.test").await;
    let fresh = house.engine.fresh(&signed_in.session, house.now()).unwrap();
    let operator = Operator::administrator(&fresh, &house.visit()).unwrap();
    for dry_run in [true, false] {
        let list = ["alice@example.test", "bob@example.test"].map(|email| ImportedUser {
            email: email.to_owned(),
            roles: Some(Vec::new()),
            ..ImportedUser::default()
        });
        let plan = ImportPlan {
            update: true,
            dry_run,
        };
        let engine = &house.engine;
        let done = engine.import_users(list.to_vec(), plan, &operator).await;
        assert!(
            matches!(done[..], [Ok(Imported::Updated), Ok(Imported::Updated)]),
            "{dry_run}: {done:?}"
        );
    }
}
