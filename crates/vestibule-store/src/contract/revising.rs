//! What a list makes of an account: all of it at once, and nothing that it does not say.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::EndReason;
use vestibule_core::user::{Details, DisplayName, Language, Revision, User, UserStatus};

use super::administrators::admin;
use super::harness::Home;
use super::make::{NOON, email, noon_and};
use super::race::{race, racer};
use super::roles::role;
use crate::{Change, NewProfile, ReviseUser, SetStatus};

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn german() -> Language {
    Language::of("de")
}

async fn revise(home: &Home, user: &User, revision: Revision) -> ReviseUser {
    let (address, act) = (user.email.clone(), home.act(noon_and(1)));
    let revised = home.store.revise_user(address, revision, act);
    revised.await.unwrap()
}

/// Holds: ASVS 2.3.3
pub async fn an_account_becomes_what_a_list_says_at_once(home: Home) {
    let alice = home.user("alice").await;
    home.session(&alice, NOON).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let revision = Revision {
        name: Some(name("Alice Other")),
        language: Some(german()),
        roles: Some(vec![role("staff"), role("clerk"), role("staff")]),
        disabled: Some(true),
    };
    let (address, told) = (alice.email.clone(), act.clone());
    let revised = home.store.revise_user(address, revision, told).await;
    let named = User {
        name: name("Alice Other"),
        ..alice.clone()
    };
    let with_roles = User {
        roles: vec![role("clerk"), role("staff")],
        ..named.clone()
    };
    let shut = User {
        status: UserStatus::Disabled,
        cutoff: StoreNumber(1),
        ..with_roles.clone()
    };
    let wanted = ReviseUser::Revised {
        user: Box::new(shut.clone()),
        ended: 1,
    };
    assert_eq!(revised.unwrap(), wanted);
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::User(alice.id, None),
    };
    let mut published: Vec<Change> = [named, with_roles, shut]
        .map(|user| Change::User(Box::new(user)))
        .into();
    published.push(Change::Cutoff(cutoff));
    assert_eq!(home.published_since(&before), published);
    let events = [
        EventKind::ProfileChanged,
        EventKind::RolesChanged,
        EventKind::UserDisabled,
        EventKind::UserSessionsEnded(EndReason::UserDisabled),
    ];
    let events = events.map(|kind| Event::user(kind, alice.id));
    home.assert_audited(&before, &act, &events).await;
    let record = home.store.sign_in_record_of(alice.id).await.unwrap();
    assert_eq!(record.unwrap().particulars.language, german());
    assert_eq!(home.live(&alice, noon_and(1)).await, []);
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn what_a_list_does_not_say_stays(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let before = home.store.sign_in_record_of(alice.id).await.unwrap();
    let revision = Revision {
        name: Some(name("Alice Other")),
        ..Revision::default()
    };
    let revised = revise(&home, &alice, revision).await;
    assert!(matches!(revised, ReviseUser::Revised { ended: 0, .. }));
    let (mut wanted, now) = (
        before.unwrap(),
        home.store.sign_in_record_of(alice.id).await.unwrap(),
    );
    wanted.user.name = name("Alice Other");
    assert_eq!(now.unwrap(), wanted);
    assert_eq!(home.live(&alice, noon_and(1)).await, [session.id]);
    let revision = Revision {
        language: Some(german()),
        ..Revision::default()
    };
    let revised = revise(&home, &alice, revision).await;
    assert!(matches!(revised, ReviseUser::Revised { ended: 0, .. }));
    wanted.particulars.language = german();
    let now = home.store.sign_in_record_of(alice.id).await.unwrap();
    assert_eq!(now.unwrap(), wanted);
}

pub async fn an_account_that_is_so_already_is_left(home: Home) {
    let alice = home.user("alice").await;
    let record = home.store.sign_in_record_of(alice.id).await.unwrap();
    let before = home.before().await;
    let same = Revision {
        name: Some(alice.name.clone()),
        language: Some(record.unwrap().particulars.language),
        roles: Some(alice.roles.clone()),
        disabled: Some(false),
    };
    for revision in [same, Revision::default()] {
        assert_eq!(revise(&home, &alice, revision).await, ReviseUser::Already);
    }
    home.assert_unchanged(&before).await;
    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let open = Revision {
        disabled: Some(false),
        ..Revision::default()
    };
    let before = home.before().await;
    let opened = revise(&home, &alice, open).await;
    let ReviseUser::Revised { user, ended: 0 } = opened else {
        panic!("it was shut: {opened:?}");
    };
    assert_eq!(user.status, UserStatus::Active);
    assert_eq!(home.published_since(&before), [Change::User(user)]);
}

pub async fn only_a_primary_address_is_meant(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "other", NOON).await;
    let before = home.before().await;
    let shut = Revision {
        disabled: Some(true),
        ..Revision::default()
    };
    for address in ["other", "nobody"] {
        let act = home.act(noon_and(1));
        let revised = home
            .store
            .revise_user(email(address), shut.clone(), act)
            .await;
        assert_eq!(revised.unwrap(), ReviseUser::Unknown, "{address}");
    }
    home.assert_unchanged(&before).await;
}

pub async fn the_only_administrator_is_not_revised_away(home: Home) {
    let root = admin(&home, "root").await;
    let before = home.before().await;
    let shut = Revision {
        name: Some(name("Gone")),
        disabled: Some(true),
        ..Revision::default()
    };
    let without = Revision {
        language: Some(german()),
        roles: Some(Vec::new()),
        ..Revision::default()
    };
    for revision in [shut.clone(), without.clone()] {
        let revised = revise(&home, &root, revision).await;
        assert_eq!(revised, ReviseUser::LastAdministrator);
    }
    home.assert_unchanged(&before).await;
    // Nor beside one who cannot sign in.
    let other = admin(&home, "other").await;
    let revised = revise(&home, &other, shut).await;
    assert!(matches!(revised, ReviseUser::Revised { .. }));
    let revised = revise(&home, &root, without).await;
    assert_eq!(revised, ReviseUser::LastAdministrator);
}

/// Holds: ASVS 15.4.2, ASVS 2.3.3
pub async fn a_revision_loses_no_other_change(home: Home) {
    for round in 0..20 {
        let alice = home.user(&format!("alice-{round}")).await;
        let revision = Revision {
            roles: Some(vec![role("clerk")]),
            language: Some(german()),
            ..Revision::default()
        };
        let profile = NewProfile {
            name: name("By herself"),
            language: german(),
            details: Details::default(),
        };
        let (address, id) = (alice.email.clone(), alice.id);
        let (act, own, shutting) = (home.act(NOON), home.act(NOON), home.act(NOON));
        race(vec![
            racer(&home, |store| async move {
                let revised = store.revise_user(address, revision, act).await.unwrap();
                assert!(matches!(revised, ReviseUser::Revised { .. }));
            }),
            racer(&home, move |store| async move {
                store.change_profile(id, profile, own).await.unwrap();
            }),
            racer(&home, move |store| async move {
                let set = store.disable_user(id, shutting).await.unwrap();
                assert!(matches!(set, SetStatus::Set { .. }));
            }),
        ])
        .await;
        let left = home.snapshot().await;
        let now = &left.users[&id];
        assert_eq!(
            (now.name.as_str(), now.status),
            ("By herself", UserStatus::Disabled)
        );
        assert_eq!(now.roles, [role("clerk")]);
        left.assert_told(&home.ledger.memory());
    }
}
