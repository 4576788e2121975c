//! Somebody administers, whatever is taken away and however much at once.

use vestibule_core::user::{Revision, User};

use super::harness::Home;
use super::make::{NOON, noon_and};
use super::race::{race, racer};
use crate::{CreateUser, DeleteUser, ReviseUser, SetRoles, SetStatus, Store};

/// Makes an administrator.
pub(super) async fn admin(home: &Home, name: &str) -> User {
    let new = home.new_admin(name);
    match home.store.create_user(new, home.act(NOON)).await.unwrap() {
        CreateUser::Created(user) => *user,
        CreateUser::AddressTaken => panic!("{name} is taken"),
    }
}

async fn disable(home: &Home, user: &User) -> SetStatus {
    let act = home.act(noon_and(1));
    home.store.disable_user(user.id, act).await.unwrap()
}

pub async fn the_only_administrator_is_not_disabled(home: Home) {
    let root = admin(&home, "root").await;
    home.user("alice").await;
    let session = home.session(&root, NOON).await;
    let before = home.before().await;
    assert_eq!(disable(&home, &root).await, SetStatus::LastAdministrator);
    home.assert_unchanged(&before).await;
    assert_eq!(home.live(&root, noon_and(1)).await, [session.id]);
    let other = admin(&home, "other").await;
    let set = disable(&home, &root).await;
    assert!(matches!(set, SetStatus::Set { ended: 1, .. }), "{set:?}");
    assert_eq!(disable(&home, &other).await, SetStatus::LastAdministrator);
}

pub async fn one_who_is_disabled_already_counts_as_none(home: Home) {
    let (root, other) = (admin(&home, "root").await, admin(&home, "other").await);
    assert!(matches!(
        disable(&home, &other).await,
        SetStatus::Set { .. }
    ));
    let before = home.before().await;
    assert_eq!(disable(&home, &root).await, SetStatus::LastAdministrator);
    assert_eq!(disable(&home, &other).await, SetStatus::Already);
    home.assert_unchanged(&before).await;
    let enabled = home.store.enable_user(other.id, home.act(NOON)).await;
    assert!(matches!(enabled.unwrap(), SetStatus::Set { .. }));
    assert!(matches!(disable(&home, &root).await, SetStatus::Set { .. }));
}

/// Holds: ASVS 15.4.2
pub async fn of_administrators_who_disable_each_other_one_stays(home: Home) {
    for round in 0..25 {
        let mut admins = Vec::new();
        for n in 0..2 + round % 3 {
            admins.push(admin(&home, &format!("admin-{round}-{n}")).await);
        }
        for before in home.snapshot().await.users.into_values() {
            if before.administers() && !admins.contains(&before) {
                let gone = disable(&home, &before).await;
                assert!(matches!(gone, SetStatus::Set { .. }), "{gone:?}");
            }
        }
        let racers = admins.iter().map(|admin| {
            let (id, act) = (admin.id, home.act(NOON));
            racer(&home, move |store| async move {
                store.disable_user(id, act).await.unwrap()
            })
        });
        let answers = race(racers.collect()).await;
        let stayed: Vec<_> = answers
            .iter()
            .zip(&admins)
            .filter(|(answer, _)| **answer == SetStatus::LastAdministrator)
            .map(|(_, admin)| admin.id)
            .collect();
        assert_eq!(administering(&home).await, stayed, "{answers:?}");
        assert_eq!(stayed.len(), 1, "{answers:?}");
    }
}

/// Holds: ASVS 15.4.2
pub async fn however_administrators_are_taken_away_one_stays(home: Home) {
    let mut admins = vec![admin(&home, "admin").await];
    for round in 0..25 {
        for n in admins.len()..4 {
            admins.push(admin(&home, &format!("admin-{round}-{n}")).await);
        }
        let racers = admins.iter().enumerate().map(|(n, admin)| {
            let (user, act) = (admin.clone(), home.act(NOON));
            racer(&home, move |store| async move {
                take_away(&*store, user, (n + round) % 5, act).await
            })
        });
        let refused = race(racers.collect()).await;
        let stayed: Vec<_> = admins
            .into_iter()
            .zip(&refused)
            .filter_map(|(admin, refused)| refused.then_some(admin))
            .collect();
        let ids: Vec<_> = stayed.iter().map(|admin| admin.id).collect();
        assert_eq!(administering(&home).await, ids, "{refused:?}");
        assert_eq!(ids.len(), 1, "{refused:?}");
        admins = stayed;
    }
}

/// One of the ways. Whether it was refused.
async fn take_away(
    store: &dyn Store,
    user: User,
    way: usize,
    act: vestibule_core::audit::Act,
) -> bool {
    let nothing = Revision::default();
    let revision = match way {
        0 => {
            return store.disable_user(user.id, act).await.unwrap() == SetStatus::LastAdministrator;
        }
        1 => {
            return store.delete_user(user.id, act).await.unwrap() == DeleteUser::LastAdministrator;
        }
        2 => {
            let set = store.set_roles(user.id, Vec::new(), act).await.unwrap();
            return set == SetRoles::LastAdministrator;
        }
        3 => Revision {
            disabled: Some(true),
            ..nothing
        },
        _ => Revision {
            roles: Some(Vec::new()),
            ..nothing
        },
    };
    let revised = store.revise_user(user.email, revision, act).await.unwrap();
    revised == ReviseUser::LastAdministrator
}

async fn administering(home: &Home) -> Vec<vestibule_core::id::UserId> {
    let users = home.snapshot().await.users.into_values();
    users
        .filter(User::administers)
        .map(|user| user.id)
        .collect()
}
