//! Roles: what they are for, and who holds them.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::role::RoleSpec;
use vestibule_core::user::{DisplayName, Role, User};

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{Change, CreateUser, PutRole, RemoveRole, SetRoles};

pub(super) fn role(name: &str) -> Role {
    name.parse().unwrap()
}

pub(super) fn described(name: &str, permissions: &[&str]) -> RoleSpec {
    RoleSpec::new(
        role(name),
        DisplayName::parse("What it is for").unwrap(),
        permissions
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    )
}

pub async fn a_role_is_described_changed_and_removed(home: Home) {
    for (minute, permissions, done, kind) in [
        (
            1,
            &["orders:read"][..],
            PutRole::Added,
            Some(EventKind::RoleAdded),
        ),
        (2, &["orders:read"], PutRole::Already, None),
        (
            3,
            &["orders:read", "orders:write"],
            PutRole::Changed,
            Some(EventKind::RoleChanged),
        ),
    ] {
        let before = home.before().await;
        let act = home.act(noon_and(minute));
        let put = home
            .store
            .put_role(described("clerk", permissions), act.clone())
            .await;
        assert_eq!(put.unwrap(), done);
        let told: Vec<_> = kind.into_iter().map(Event::plain).collect();
        home.assert_audited(&before, &act, &told).await;
    }
    let roles = home.store.roles().await.unwrap();
    let [admin, clerk] = roles.as_slice() else {
        panic!("the built-in one and ours: {roles:?}");
    };
    assert_eq!(
        (admin.spec.name.as_str(), admin.described),
        ("admin", false)
    );
    assert_eq!(
        clerk.spec,
        described("clerk", &["orders:read", "orders:write"])
    );
    assert_eq!(
        (clerk.described, clerk.declared, clerk.holders),
        (true, false, 0)
    );
    let before = home.before().await;
    let act = home.act(noon_and(4));
    let removed = home.store.remove_role(role("clerk"), act.clone()).await;
    assert_eq!(removed.unwrap(), RemoveRole::Removed);
    home.assert_audited(&before, &act, &[Event::plain(EventKind::RoleRemoved)])
        .await;
    let again = home.store.remove_role(role("clerk"), home.act(NOON)).await;
    assert_eq!(again.unwrap(), RemoveRole::Unknown);
}

pub async fn a_role_that_is_held_stays(home: Home) {
    // Everybody made here holds `staff`.
    home.user("alice").await;
    home.user("bob").await;
    let put = home
        .store
        .put_role(described("staff", &[]), home.act(NOON))
        .await;
    assert_eq!(put.unwrap(), PutRole::Added);
    let removed = home.store.remove_role(role("staff"), home.act(NOON)).await;
    assert_eq!(removed.unwrap(), RemoveRole::Held(2));
    let roles = home.store.roles().await.unwrap();
    let staff = roles
        .iter()
        .find(|stored| stored.spec.name == role("staff"));
    assert_eq!(
        staff.map(|staff| (staff.described, staff.holders)),
        Some((true, 2))
    );
}

/// Holds: ASVS 8.3.2
pub async fn asvs_8_3_2_other_roles_are_told_at_once(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let roles = vec![role("editors"), role("admin"), role("editors")];
    let set = home
        .store
        .set_roles(alice.id, roles.clone(), act.clone())
        .await;
    let now = User {
        roles: vec![role("admin"), role("editors")],
        ..alice.clone()
    };
    assert_eq!(set.unwrap(), SetRoles::Set(Box::new(now.clone())));
    assert_eq!(home.published_since(&before), [Change::User(Box::new(now))]);
    home.assert_audited(
        &before,
        &act,
        &[Event::user(EventKind::RolesChanged, alice.id)],
    )
    .await;
    assert_eq!(
        home.live(&alice, noon_and(1)).await,
        [session.id],
        "nobody is signed out"
    );
    let before = home.before().await;
    let again = home.store.set_roles(alice.id, roles, home.act(NOON)).await;
    assert_eq!(again.unwrap(), SetRoles::Already);
    home.assert_unchanged(&before).await;
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn the_last_administrator_stays_one(home: Home) {
    let made = home
        .store
        .create_user(home.new_admin("root"), home.act(NOON))
        .await;
    let CreateUser::Created(root) = made.unwrap() else {
        panic!("the address was free");
    };
    let before = home.before().await;
    let set = async |roles| {
        home.store
            .set_roles(root.id, roles, home.act(NOON))
            .await
            .unwrap()
    };
    assert_eq!(set(vec![role("staff")]).await, SetRoles::LastAdministrator);
    home.assert_unchanged(&before).await;
    let other = home
        .store
        .create_user(home.new_admin("other"), home.act(NOON))
        .await;
    assert!(matches!(other.unwrap(), CreateUser::Created(_)));
    assert!(matches!(set(vec![role("staff")]).await, SetRoles::Set(_)));
    let unknown = vestibule_core::id::UserId::new(NOON, [9; 10]);
    let set = home.store.set_roles(unknown, vec![], home.act(NOON)).await;
    assert_eq!(set.unwrap(), SetRoles::Unknown);
}
