//! Accounts: made once under an address, listed by it, disabled and enabled.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::filter::UserFilter;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::EndReason;
use vestibule_core::user::{CredentialVersion, DisplayName, NewUser, UserStatus};

use super::harness::Home;
use super::make::{NOON, email, noon_and};
use crate::{Change, CreateUser, OpenSession, SetStatus, SignInRecord};

pub async fn an_account_is_made_told_and_audited(home: Home) {
    let new = NewUser {
        disabled: false,
        email_verified: false,
        name: DisplayName::parse("Zo\u{eb} 'Robert' \u{2014} \u{1f600}").unwrap(),
        roles: ["staff", "admin", "staff", "a-1_b"]
            .map(|role| role.parse().unwrap())
            .to_vec(),
        ..home.new_user("zo\u{eb}")
    };
    let before = home.before().await;
    let act = home.act(NOON);
    let made = home
        .store
        .create_user(new.clone(), act.clone())
        .await
        .unwrap();
    let CreateUser::Created(user) = made else {
        panic!("the address was free");
    };
    assert_eq!(
        (user.id, &user.email, &user.name),
        (new.id, &new.email, &new.name)
    );
    assert!(!user.email_verified);
    let roles: Vec<&str> = user
        .roles
        .iter()
        .map(vestibule_core::user::Role::as_str)
        .collect();
    assert_eq!(roles, ["a-1_b", "admin", "staff"], "in order, none twice");
    assert_eq!((user.status, user.created_at), (UserStatus::Active, NOON));
    assert_eq!(user.cutoff, StoreNumber(0), "nothing was struck yet");
    assert_eq!(home.published_since(&before), [Change::User(user.clone())]);
    home.assert_audited(
        &before,
        &act,
        &[Event::user(EventKind::UserCreated, user.id)],
    )
    .await;
    assert_eq!(home.snapshot().await.users[&user.id], *user);
}

pub async fn an_address_is_one_account_however_it_is_spelled(home: Home) {
    home.user("ren\u{e9}").await;
    let before = home.before().await;
    for spelled in ["ren\u{e9}@example.test", "RENE\u{301}@Example.TEST"] {
        let new = NewUser {
            disabled: false,
            email: vestibule_core::email::EmailAddress::parse(spelled).unwrap(),
            ..home.new_user("other")
        };
        let refused = home.store.create_user(new, home.act(NOON)).await.unwrap();
        assert_eq!(refused, CreateUser::AddressTaken);
        home.assert_unchanged(&before).await;
    }
}

pub async fn an_id_is_given_once(home: Home) {
    let alice = home.user("alice").await;
    let before = home.before().await;
    let again = NewUser {
        disabled: false,
        id: alice.id,
        ..home.new_user("bob")
    };
    assert!(
        home.store.create_user(again, home.act(NOON)).await.is_err(),
        "insert is never upsert"
    );
    home.assert_unchanged(&before).await;
    home.user("bob").await;
}

pub async fn a_login_finds_the_account_by_address_and_by_id(home: Home) {
    let alice = home.user("alice").await;
    let by_email = home
        .store
        .sign_in_record(email("alice"))
        .await
        .unwrap()
        .unwrap();
    let by_id = home
        .store
        .sign_in_record_of(alice.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_email, by_id);
    let SignInRecord { user, password, .. } = by_id;
    let password = password.unwrap();
    assert_eq!(user, alice);
    assert_eq!(password.hash, super::make::hash("alice"));
    assert_eq!(password.version, CredentialVersion(1));

    let none = NewUser {
        disabled: false,
        password: None,
        ..home.new_user("bob")
    };
    let id = none.id;
    home.store.create_user(none, home.act(NOON)).await.unwrap();
    assert_eq!(
        home.store
            .sign_in_record_of(id)
            .await
            .unwrap()
            .unwrap()
            .password,
        None
    );

    assert_eq!(
        home.store.sign_in_record(email("nobody")).await.unwrap(),
        None
    );
    let nobody = home.new_user("nobody").id;
    assert_eq!(home.store.sign_in_record_of(nobody).await.unwrap(), None);
}

pub async fn pages_of_users_go_by_address_and_miss_nobody(home: Home) {
    let names = [
        "mallory", "alice", "zo\u{eb}", "b-1", "bob", "b_1", "0", "\u{e9}ve", "carol",
    ];
    for name in names {
        home.user(name).await;
    }
    let mut expected = names.map(email).to_vec();
    expected.sort();
    for limit in [1, 2, 3, 8, 9, 10] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = home
                .store
                .users(UserFilter::default(), after, limit)
                .await
                .unwrap();
            assert!(page.users.len() <= limit);
            seen.extend(page.users.into_iter().map(|user| user.email));
            assert!(seen.len() <= names.len(), "nobody twice");
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
    let first = home
        .store
        .users(UserFilter::default(), None, 3)
        .await
        .unwrap();
    home.user("aaron").await;
    let second = home
        .store
        .users(UserFilter::default(), first.next, 3)
        .await
        .unwrap();
    let seen: Vec<_> = second.users.into_iter().map(|user| user.email).collect();
    assert_eq!(
        seen,
        expected[3..6],
        "an account made behind the page shifts nothing"
    );
}

/// Holds: ASVS 7.4.2
pub async fn asvs_7_4_2_disabling_ends_every_session_and_every_login(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.session(&alice, NOON).await;
    home.session(&alice, noon_and(20)).await;
    home.session(&alice, noon_and(21)).await;
    let his = home.session(&bob, noon_and(21)).await;

    let before = home.before().await;
    let act = home.act(noon_and(40));
    let set = home
        .store
        .disable_user(alice.id, act.clone())
        .await
        .unwrap();
    let SetStatus::Set { user, ended } = set else {
        panic!("she was active");
    };
    assert_eq!(ended, 2, "the first had idled out");
    assert_eq!(user.status, UserStatus::Disabled);
    assert_eq!(user.cutoff, StoreNumber(1));
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::User(alice.id, None),
    };
    let told = [Change::User(user.clone()), Change::Cutoff(cutoff)];
    assert_eq!(home.published_since(&before), told);
    let events = [
        Event::user(EventKind::UserDisabled, alice.id),
        Event::user(
            EventKind::UserSessionsEnded(EndReason::UserDisabled),
            alice.id,
        ),
    ];
    home.assert_audited(&before, &act, &events).await;
    let after = home.snapshot().await;
    assert_eq!(after.sessions.keys().copied().collect::<Vec<_>>(), [his.id]);
    after.assert_told(&home.ledger.memory());

    let before = home.before().await;
    let login = home.login(&alice, noon_and(41));
    let refused = home
        .store
        .open_session(login, home.act(noon_and(41)))
        .await
        .unwrap();
    assert_eq!(refused, OpenSession::Disabled);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 7.4.2
pub async fn asvs_7_4_2_an_account_made_shut_is_never_open(home: Home) {
    let new = NewUser {
        disabled: true,
        ..home.new_user("alice")
    };
    let before = home.before().await;
    let act = home.act(NOON);
    let made = home.store.create_user(new, act.clone()).await.unwrap();
    let CreateUser::Created(alice) = made else {
        panic!("the address was free");
    };
    assert_eq!(alice.status, UserStatus::Disabled);
    assert_eq!(home.published_since(&before), [Change::User(alice.clone())]);
    let told = [EventKind::UserCreated, EventKind::UserDisabled];
    let told = told.map(|kind| Event::user(kind, alice.id));
    home.assert_audited(&before, &act, &told).await;
    let login = home.login(&alice, NOON);
    let refused = home.store.open_session(login, home.act(NOON)).await;
    assert_eq!(refused.unwrap(), OpenSession::Disabled);
    let opened = home.store.enable_user(alice.id, home.act(NOON)).await;
    assert!(matches!(opened, Ok(SetStatus::Set { ended: 0, .. })));
}

/// Holds: ASVS 7.4.2
pub async fn what_died_of_a_disabling_stays_dead_when_enabled_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();

    let before = home.before().await;
    let act = home.act(noon_and(1));
    let set = home.store.enable_user(alice.id, act.clone()).await.unwrap();
    let SetStatus::Set { user, ended: 0 } = set else {
        panic!("she was disabled: {set:?}");
    };
    assert_eq!(user.status, UserStatus::Active);
    assert_eq!(user.cutoff, StoreNumber(1), "the cutoff stands");
    assert_eq!(home.published_since(&before), [Change::User(user)]);
    home.assert_audited(
        &before,
        &act,
        &[Event::user(EventKind::UserEnabled, alice.id)],
    )
    .await;
    assert_eq!(home.live(&alice, noon_and(1)).await, []);
    let refused = home.renew(home.renewal(&session, noon_and(1))).await;
    assert_eq!(refused, crate::RenewSession::Ended);

    let new = home.session(&alice, noon_and(2)).await;
    assert_eq!(home.live(&alice, noon_and(2)).await, [new.id]);
    let home = home.reopen().await;
    assert_eq!(home.live(&alice, noon_and(2)).await, [new.id]);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

pub async fn setting_a_status_twice_changes_nothing(home: Home) {
    let alice = home.user("alice").await;
    let nobody = home.new_user("nobody").id;
    let before = home.before().await;
    for unknown in [
        home.store
            .enable_user(nobody, home.act(NOON))
            .await
            .unwrap(),
        home.store
            .disable_user(nobody, home.act(NOON))
            .await
            .unwrap(),
    ] {
        assert_eq!(unknown, SetStatus::Unknown);
    }
    let already = home
        .store
        .enable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    assert_eq!(already, SetStatus::Already);
    home.assert_unchanged(&before).await;

    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let before = home.before().await;
    let already = home
        .store
        .disable_user(alice.id, home.act(noon_and(1)))
        .await
        .unwrap();
    assert_eq!(already, SetStatus::Already);
    home.assert_unchanged(&before).await;
}
