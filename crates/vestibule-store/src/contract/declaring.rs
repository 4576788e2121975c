//! What the settings file declares: all of it at once, or nothing.

use vestibule_core::application::ApplicationSpec;
use vestibule_core::audit::EventKind;
use vestibule_core::declaration::{Declaration, DeclaredUser, Taken};
use vestibule_core::id::UserId;
use vestibule_core::user::{DisplayName, Role, User, UserStatus};

use super::harness::Home;
use super::make::applications::{origin, spec};
use super::make::{NOON, email, noon_and};
use super::roles::{described, role};
use crate::{
    CreateUser, Declare, Declared, DeleteUser, MakePrimary, PutApplication, PutRole, RemoveAddress,
    RemoveApplication, RemoveRole,
};

impl Home {
    fn declared_user(&self, name: &str, roles: &[Role]) -> DeclaredUser {
        DeclaredUser {
            id: UserId::new(NOON, self.bytes()),
            email: email(name),
            verified: true,
            name: Some(DisplayName::parse(name).unwrap()),
            roles: roles.to_vec(),
            disabled: false,
        }
    }

    fn declaration(&self, applications: &[&str]) -> Declaration {
        let own = |name: &&str| (self.application_id(), spec(name));
        Declaration {
            applications: applications.iter().map(own).collect(),
            roles: Vec::new(),
            users: Vec::new(),
        }
    }

    async fn declare(&self, declaration: Declaration, minute: u64) -> Declare {
        let declared = self
            .store
            .declare(declaration, self.act(noon_and(minute)))
            .await;
        declared.expect("the store works")
    }

    async fn kinds_since(&self, before: usize) -> Vec<EventKind> {
        let events = self.snapshot().await.events;
        events[before..]
            .iter()
            .map(|stored| stored.event.kind)
            .collect()
    }

    async fn user_at(&self, name: &str) -> User {
        let found = self
            .store
            .sign_in_record(email(name))
            .await
            .expect("a record");
        found.expect("there is one").user
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn told(added: &[&str], changed: &[&str], removed: &[&str]) -> Declare {
    Declare::Declared(Declared {
        added: names(added),
        changed: names(changed),
        removed: names(removed),
    })
}

pub async fn a_declaration_makes_everything_as_it_says(home: Home) {
    let mut wanted = home.declaration(&["shop"]);
    wanted.roles = vec![described("clerk", &["orders:read"])];
    wanted.users = vec![
        home.declared_user("alice", &[role("clerk"), Role::admin()]),
        DeclaredUser {
            disabled: true,
            ..home.declared_user("bob", &[])
        },
    ];
    let answer = home.declare(wanted.clone(), 1).await;
    assert_eq!(
        answer,
        told(
            &["shop", "clerk", "alice@example.test", "bob@example.test"],
            &[],
            &[]
        )
    );
    let kinds = home.kinds_since(0).await;
    for kind in [
        EventKind::ApplicationAdded,
        EventKind::RoleAdded,
        EventKind::UserCreated,
        EventKind::UserDisabled,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
    let applications = home.store.applications().await.unwrap();
    assert!(applications[0].declared && applications[0].id == wanted.applications[0].0);
    let alice = home.user_at("alice").await;
    assert_eq!(alice.id, wanted.users[0].id);
    assert_eq!(alice.roles, [Role::admin(), role("clerk")]);
    assert!(alice.email_verified && alice.status == UserStatus::Active);
    let record = home.store.sign_in_record(email("alice")).await.unwrap();
    assert!(
        record.unwrap().password.is_none(),
        "nobody chose one for her"
    );
    assert_eq!(home.user_at("bob").await.status, UserStatus::Disabled);
    let clerk = home.store.roles().await.unwrap();
    let clerk = clerk
        .iter()
        .find(|stored| stored.spec.name == role("clerk"))
        .unwrap();
    assert!(clerk.declared && clerk.described && clerk.holders == 1);
    home.snapshot().await.assert_told(&home.ledger.memory());
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn the_same_declaration_again_changes_nothing(home: Home) {
    let mut wanted = home.declaration(&["shop", "blog"]);
    wanted.roles = vec![described("clerk", &[])];
    wanted.users = vec![home.declared_user("alice", &[role("clerk")])];
    home.declare(wanted.clone(), 1).await;
    let home = home.reopen().await;
    let before = home.before().await;
    // Ids are taken by what is new alone.
    for (id, _) in &mut wanted.applications {
        *id = home.application_id();
    }
    assert_eq!(home.declare(wanted, 2).await, told(&[], &[], &[]));
    home.assert_unchanged(&before).await;
}

pub async fn what_is_declared_no_more_is_let_go_of(home: Home) {
    home.application("wiki").await;
    home.user("carol").await;
    let mut wanted = home.declaration(&["shop", "blog"]);
    wanted.roles = vec![described("clerk", &[]), described("judge", &[])];
    wanted.users = vec![
        home.declared_user("alice", &[role("clerk")]),
        home.declared_user("bob", &[]),
    ];
    home.declare(wanted.clone(), 1).await;
    let before = home.before().await.snapshot.events.len();
    wanted.applications.remove(0);
    wanted.roles.remove(0);
    wanted.users.remove(0);
    assert_eq!(
        home.declare(wanted.clone(), 2).await,
        told(&[], &[], &["shop", "clerk", "alice@example.test"])
    );
    let alice = home.user_at("alice").await;
    assert_eq!(alice.status, UserStatus::Disabled);
    assert_eq!(
        alice.roles,
        [role("clerk")],
        "the role is hers, described or not"
    );
    let kinds = home.kinds_since(before).await;
    for kind in [
        EventKind::ApplicationRemoved,
        EventKind::RoleRemoved,
        EventKind::UserDisabled,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
    let left = home.store.applications().await.unwrap();
    let left: Vec<_> = left.iter().map(|app| app.spec.name.as_str()).collect();
    assert_eq!(left, ["blog", "wiki"], "what was never declared stays");
    assert_eq!(home.user_at("carol").await.status, UserStatus::Active);
    // Let go of once: somebody may enable her again.
    home.store
        .enable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    assert_eq!(home.declare(wanted, 3).await, told(&[], &[], &[]));
    assert_eq!(home.user_at("alice").await.status, UserStatus::Active);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn what_is_declared_is_changed_by_nobody_else(home: Home) {
    let mut wanted = home.declaration(&["shop"]);
    wanted.roles = vec![described("clerk", &[])];
    let id = wanted.applications[0].0;
    home.declare(wanted, 1).await;
    let before = home.before().await;
    let changed = home
        .store
        .change_application(id, spec("market"), home.act(NOON))
        .await;
    assert_eq!(changed.unwrap(), PutApplication::Declared);
    let removed = home.store.remove_application(id, home.act(NOON)).await;
    assert_eq!(removed.unwrap(), RemoveApplication::Declared);
    let put = home
        .store
        .put_role(described("clerk", &["x"]), home.act(NOON))
        .await;
    assert_eq!(put.unwrap(), PutRole::Declared);
    let removed = home.store.remove_role(role("clerk"), home.act(NOON)).await;
    assert_eq!(removed.unwrap(), RemoveRole::Declared);
    home.assert_unchanged(&before).await;
}

/// Otherwise the next declaration would disable her, and make an account at the old address for whoever takes that.
pub async fn the_account_of_somebody_declared_stays_findable(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "alice-new", NOON).await;
    let other = home.new_admin("other");
    home.store.create_user(other, home.act(NOON)).await.unwrap();
    let mut wanted = home.declaration(&[]);
    wanted.users = vec![home.declared_user("alice", &[Role::admin()])];
    home.declare(wanted.clone(), 1).await;
    let made = home
        .store
        .make_primary(alice.id, email("alice-new"), home.act(NOON));
    assert!(matches!(made.await.unwrap(), MakePrimary::Changed { .. }));
    let before = home.before().await;
    let removed = home
        .store
        .remove_address(alice.id, email("alice"), home.act(NOON));
    assert_eq!(removed.await.unwrap(), RemoveAddress::Declared);
    let deleted = home.store.delete_user(alice.id, home.act(NOON));
    assert_eq!(deleted.await.unwrap(), DeleteUser::Declared);
    assert_eq!(home.declare(wanted, 2).await, told(&[], &[], &[]));
    home.assert_unchanged(&before).await;
    assert_eq!(home.user_at("alice").await.email, email("alice-new"));
    // Whom it lets go of is nobody's but their own.
    home.declare(Declaration::default(), 3).await;
    let removed = home
        .store
        .remove_address(alice.id, email("alice"), home.act(NOON));
    assert_eq!(removed.await.unwrap(), RemoveAddress::Removed);
    let deleted = home.store.delete_user(alice.id, home.act(NOON));
    assert_eq!(deleted.await.unwrap(), DeleteUser::Deleted { ended: 0 });
}

/// It would be dropped, being nobody's proved.
pub async fn a_declared_address_that_nobody_proved_stays_primary(home: Home) {
    let mut wanted = home.declaration(&[]);
    wanted.users = vec![DeclaredUser {
        verified: false,
        ..home.declared_user("alice", &[])
    }];
    home.declare(wanted, 1).await;
    let alice = home.user_at("alice").await;
    home.add_address(&alice, "alice-new", NOON).await;
    let before = home.before().await;
    let made = home
        .store
        .make_primary(alice.id, email("alice-new"), home.act(NOON));
    assert_eq!(made.await.unwrap(), MakePrimary::Declared);
    home.assert_unchanged(&before).await;
}

pub async fn two_declared_applications_swap_an_authority(home: Home) {
    let mut wanted = home.declaration(&["blog", "shop"]);
    home.declare(wanted.clone(), 1).await;
    let (one, other) = wanted.applications.split_at_mut(1);
    std::mem::swap(&mut one[0].1.origins, &mut other[0].1.origins);
    assert_eq!(
        home.declare(wanted.clone(), 2).await,
        told(&[], &["blog", "shop"], &[])
    );
    let now = home.store.applications().await.unwrap();
    assert_eq!(now[0].spec, wanted.applications[0].1);
    assert_eq!(now[1].spec, wanted.applications[1].1);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_a_declaration_ends_what_is_at_origins_that_are_lost(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let wanted = home.declaration(&["shop", "blog"]);
    home.declare(wanted.clone(), 1).await;
    let applications = home.store.applications().await.unwrap();
    let [blog, shop] = applications.as_slice() else {
        panic!("two were declared");
    };
    home.app_session(&session, shop).await;
    let kept = home.app_session(&session, blog).await;
    let mut moved = wanted.clone();
    moved.applications[0].1.origins = vec![origin("market")];
    for declaration in [moved, wanted] {
        let answer = home.declare(declaration, 2).await;
        assert_eq!(answer, told(&[], &["shop"], &[]));
        assert_eq!(
            home.app_sessions_of(&session).await.as_slice(),
            std::slice::from_ref(&kept)
        );
        home.snapshot().await.assert_told(&home.ledger.memory());
    }
}

pub async fn a_declaration_that_conflicts_changes_nothing(home: Home) {
    home.application("wiki").await;
    home.declare(home.declaration(&["shop"]), 1).await;
    let before = home.before().await;
    let mut wanted = home.declaration(&["blog"]);
    wanted.roles = vec![described("clerk", &[])];
    wanted.users = vec![home.declared_user("alice", &[])];
    let reached = ApplicationSpec {
        origins: vec![origin("notes"), origin("wiki")],
        ..spec("notes")
    };
    wanted.applications.push((home.application_id(), reached));
    assert_eq!(
        home.declare(wanted, 2).await,
        Declare::Taken(Taken {
            name: "notes".parse().unwrap(),
            authority: "wiki.example.test".to_owned()
        })
    );
    home.assert_unchanged(&before).await;
    // Of the same name it is taken over instead.
    let mut wanted = home.declaration(&["shop", "wiki"]);
    wanted.applications[1].1.origins = vec![origin("notes")];
    assert_eq!(home.declare(wanted, 3).await, told(&[], &["wiki"], &[]));
    assert!(
        home.store
            .applications()
            .await
            .unwrap()
            .iter()
            .all(|app| app.declared)
    );
}

pub async fn a_declaration_never_leaves_no_administrator(home: Home) {
    let root = home.declared_user("root", &[Role::admin()]);
    let mut wanted = home.declaration(&[]);
    wanted.users = vec![root.clone()];
    home.declare(wanted.clone(), 1).await;
    let before = home.before().await;
    for users in [
        vec![],
        vec![DeclaredUser {
            roles: vec![],
            ..root.clone()
        }],
        vec![DeclaredUser {
            disabled: true,
            ..root.clone()
        }],
    ] {
        let mut wanted = home.declaration(&["shop"]);
        wanted.users = users;
        assert_eq!(home.declare(wanted, 2).await, Declare::LastAdministrator);
        home.assert_unchanged(&before).await;
    }
    let other = home
        .store
        .create_user(home.new_admin("other"), home.act(NOON))
        .await;
    assert!(matches!(other.unwrap(), CreateUser::Created(_)));
    assert_eq!(
        home.declare(Declaration::default(), 3).await,
        told(&[], &[], &["root@example.test"])
    );
}

pub async fn an_account_that_was_there_is_taken_over(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let mut wanted = home.declaration(&[]);
    wanted.users = vec![DeclaredUser {
        name: None,
        ..home.declared_user("alice", &[role("clerk")])
    }];
    assert_eq!(
        home.declare(wanted.clone(), 1).await,
        told(&[], &["alice@example.test"], &[])
    );
    let now = home.user_at("alice").await;
    assert_eq!(
        (now.id, &now.name, now.roles),
        (alice.id, &alice.name, vec![role("clerk")])
    );
    assert_eq!(home.live(&alice, noon_and(1)).await, [session.id]);
    wanted.users[0].disabled = true;
    home.declare(wanted.clone(), 2).await;
    assert_eq!(
        home.live(&alice, noon_and(2)).await,
        [],
        "and is put out like any other"
    );
    wanted.users[0].disabled = false;
    assert_eq!(
        home.declare(wanted, 3).await,
        told(&[], &["alice@example.test"], &[])
    );
    assert_eq!(home.user_at("alice").await.status, UserStatus::Active);
    home.snapshot().await.assert_told(&home.ledger.memory());
}
