//! Addresses: each one account's, one of them primary, added and removed under contention.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::filter::{SessionFilter, UserFilter};
use vestibule_core::user::{Address, NewUser, User};

use super::harness::Home;
use super::make::{NOON, email, noon_and};
use super::race::{race, racer};
use super::setup::{first_login, offer};
use crate::{
    Change, ChangePassword, CompleteSetup, ConfirmAddress, CreateUser, MakePrimary, Recover,
    RemoveAddress,
};

/// An account whose address nobody has proved yet.
async fn unverified(home: &Home, name: &str) -> User {
    let new = NewUser {
        disabled: false,
        email_verified: false,
        ..home.new_user(name)
    };
    match home.store.create_user(new, home.act(NOON)).await.unwrap() {
        CreateUser::Created(user) => *user,
        CreateUser::AddressTaken => panic!("{name} is taken"),
    }
}

async fn remove(home: &Home, user: &User, name: &str) -> RemoveAddress {
    let removed = home
        .store
        .remove_address(user.id, email(name), home.act(noon_and(9)))
        .await;
    removed.unwrap()
}

async fn make_primary(home: &Home, user: &User, name: &str) -> MakePrimary {
    let made = home
        .store
        .make_primary(user.id, email(name), home.act(noon_and(9)))
        .await;
    made.unwrap()
}

pub async fn a_users_addresses_are_listed_the_primary_one_first(home: Home) {
    let alice = home.user("mallory").await;
    home.user("bob").await;
    for (minute, name) in [(1, "zo\u{eb}"), (2, "alice"), (3, "carol")] {
        home.add_address(&alice, name, noon_and(minute)).await;
    }
    make_primary(&home, &alice, "carol").await;
    let home = home.reopen().await;
    let listed = home.store.addresses(alice.id).await.unwrap();
    let expected = [
        ("carol", true, noon_and(3)),
        ("mallory", false, NOON),
        ("zo\u{eb}", false, noon_and(1)),
        ("alice", false, noon_and(2)),
    ]
    .map(|(name, primary, added_at)| Address {
        email: email(name),
        verified: true,
        primary,
        added_at,
    });
    assert_eq!(listed, expected);
    let nobody = home.new_user("nobody").id;
    assert_eq!(home.store.addresses(nobody).await.unwrap(), []);
}

pub async fn a_login_finds_the_account_by_each_of_its_addresses(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&alice, "alice-too", NOON).await;
    for name in ["alice", "alice-too"] {
        let found = home.store.sign_in_record(email(name)).await.unwrap();
        let record = found.unwrap();
        assert_eq!(
            (record.user.id, &record.user.email),
            (alice.id, &alice.email)
        );
        let mut reached = record.addresses;
        reached.sort();
        assert_eq!(reached, [email("alice-too"), email("alice")]);
    }
    let his = home
        .store
        .sign_in_record(email("bob"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((his.user.id, his.addresses), (bob.id, vec![email("bob")]));
    assert_eq!(
        remove(&home, &alice, "alice-too").await,
        RemoveAddress::Removed
    );
    let gone = home.store.sign_in_record(email("alice-too")).await.unwrap();
    assert_eq!(gone, None);
}

pub async fn an_address_is_one_accounts_whether_primary_or_not(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "ren\u{e9}", NOON).await;
    let before = home.before().await;
    for spelled in [
        "ren\u{e9}@example.test",
        "RENE\u{301}@Example.TEST",
        "alice@example.test",
    ] {
        let new = NewUser {
            disabled: false,
            email: vestibule_core::email::EmailAddress::parse(spelled).unwrap(),
            ..home.new_user("other")
        };
        let refused = home.store.create_user(new, home.act(NOON)).await.unwrap();
        assert_eq!(refused, CreateUser::AddressTaken, "{spelled}");
        home.assert_unchanged(&before).await;
    }
    let link = offer(&home).await;
    let new = home.new_admin("ren\u{e9}");
    let login = first_login(&home, &new, 1);
    let refused = home.store.complete_setup(link, new, login, home.act(NOON));
    assert_eq!(refused.await.unwrap(), CompleteSetup::AddressTaken);
    home.assert_unchanged(&before).await;
    make_primary(&home, &alice, "ren\u{e9}").await;
    let refused = home
        .store
        .create_user(home.new_user("alice"), home.act(NOON));
    assert_eq!(
        refused.await.unwrap(),
        CreateUser::AddressTaken,
        "still hers, if not primary"
    );
}

pub async fn an_address_that_is_removed_is_nobodys(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&alice, "shared", NOON).await;
    let ticket = home.offer_recover(&alice, "shared", NOON).await;
    let hers = home.offer_recover(&alice, "alice", NOON).await;
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(1));
    let removed = home
        .store
        .remove_address(alice.id, email("shared"), act.clone())
        .await;
    assert_eq!(removed.unwrap(), RemoveAddress::Removed);
    let event = Event::user(EventKind::AddressRemoved, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), []);
    assert!(
        !home.is_good(&ticket, NOON).await,
        "what went there is void"
    );
    assert_eq!(home.recover(&ticket, "new", NOON).await, Recover::Gone);
    assert!(home.is_good(&hers, NOON).await);
    home.add_address(&bob, "shared", noon_and(2)).await;
    let found = home.store.sign_in_record(email("shared")).await.unwrap();
    assert_eq!(found.unwrap().user.id, bob.id);
}

/// Holds: ASVS 8.2.2
pub async fn an_address_is_removed_by_its_owner_alone_and_never_the_primary_one(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&bob, "bob-too", NOON).await;
    let before = home.before().await;
    for (name, refused) in [
        ("alice", RemoveAddress::Primary),
        ("bob", RemoveAddress::Unknown),
        ("bob-too", RemoveAddress::Unknown),
        ("nobody", RemoveAddress::Unknown),
    ] {
        assert_eq!(remove(&home, &alice, name).await, refused, "{name}");
        home.assert_unchanged(&before).await;
    }
    for (name, refused) in [
        ("alice", MakePrimary::Already),
        ("bob", MakePrimary::Unknown),
        ("bob-too", MakePrimary::Unknown),
        ("nobody", MakePrimary::Unknown),
    ] {
        assert_eq!(make_primary(&home, &alice, name).await, refused, "{name}");
        home.assert_unchanged(&before).await;
    }
}

pub async fn another_address_names_the_account(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&alice, "zo\u{eb}", NOON).await;
    let session = home.session(&alice, NOON).await;
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(1));
    let made = home
        .store
        .make_primary(alice.id, email("zo\u{eb}"), act.clone())
        .await;
    let changed = MakePrimary::Changed {
        before: email("alice"),
    };
    assert_eq!(made.unwrap(), changed);
    let event = Event::user(EventKind::PrimaryChanged, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    let named = User {
        email: email("zo\u{eb}"),
        ..alice.clone()
    };
    let told = [Change::User(Box::new(named.clone()))];
    assert_eq!(home.published_since(&before), told);
    let after = home.snapshot().await;
    assert_eq!(after.users[&alice.id], named);
    assert_eq!(
        after.addresses[&alice.id].len(),
        2,
        "the former one stays hers"
    );
    assert_eq!(after.sessions, before.snapshot.sessions);
    after.assert_told(&home.ledger.memory());

    let page = home
        .store
        .users(UserFilter::default(), None, 10)
        .await
        .unwrap();
    let listed: Vec<_> = page.users.iter().map(|user| user.id).collect();
    assert_eq!(listed, [bob.id, alice.id], "listed by it");
    let sessions = home
        .store
        .sessions(SessionFilter::default(), None, 10, noon_and(1))
        .await
        .unwrap();
    let [shown] = sessions.sessions.as_slice() else {
        panic!("{sessions:?}");
    };
    assert_eq!(
        (shown.session.id, &shown.email),
        (session.id, &email("zo\u{eb}"))
    );
    assert!(home.is_good(&ticket, NOON).await);
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
    assert_eq!(remove(&home, &alice, "alice").await, RemoveAddress::Removed);
    assert_eq!(
        remove(&home, &alice, "zo\u{eb}").await,
        RemoveAddress::Primary
    );
}

pub async fn an_address_that_nobody_proved_is_dropped_with_its_rank(home: Home) {
    let alice = unverified(&home, "alcie").await;
    home.add_address(&alice, "alice", NOON).await;
    let astray = home.offer_recover(&alice, "alcie", NOON).await;
    assert_eq!(
        make_primary(&home, &alice, "alcie").await,
        MakePrimary::Already
    );
    let before = home.before().await;
    let changed = MakePrimary::Changed {
        before: email("alcie"),
    };
    assert_eq!(make_primary(&home, &alice, "alice").await, changed);
    let named = User {
        email: email("alice"),
        email_verified: true,
        ..alice.clone()
    };
    let told = [Change::User(Box::new(named))];
    assert_eq!(home.published_since(&before), told);
    let own = home.store.addresses(alice.id).await.unwrap();
    assert_eq!(own.len(), 1);
    let found = home.store.sign_in_record(email("alcie")).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(
        home.recover(&astray, "new", NOON).await,
        Recover::Gone,
        "a letter that went astray opens nothing"
    );
    home.user("alcie").await;
}

pub async fn a_change_of_password_leaves_addresses_and_devices_alone(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "alice-too", NOON).await;
    let device = home.device();
    let mine = home.knows(&alice, device, NOON).await;
    let before = home.before().await;
    let changed = home.change(home.password_change(&mine, "new", NOON)).await;
    assert_eq!(changed, ChangePassword::Changed { ended: 0 });
    assert_eq!(home.snapshot().await.addresses, before.snapshot.addresses);
    assert!(home.is_known("alice", device, NOON).await);
}

/// Holds: ASVS 15.4.2
pub async fn a_user_has_one_primary_address_whatever_races(home: Home) {
    for round in 0..30 {
        let alice = home.user(&format!("alice-{round}")).await;
        let names: Vec<_> = (0..4).map(|n| format!("other-{round}-{n}")).collect();
        for name in &names {
            home.add_address(&alice, name, NOON).await;
        }
        let mut racers = Vec::new();
        for name in names.iter().chain([&format!("alice-{round}")]) {
            let (act, user, other) = (home.act(NOON), alice.id, email(name));
            racers.push(racer(&home, move |store| async move {
                let made = store.make_primary(user, other, act).await.unwrap();
                !matches!(made, MakePrimary::Unverified)
            }));
            let (act, other) = (home.act(NOON), email(name));
            racers.push(racer(&home, move |store| async move {
                store.remove_address(user, other, act).await.unwrap();
                true
            }));
        }
        assert!(race(racers).await.into_iter().all(|fits| fits));
        // The snapshot holds one primary address, that of the account, against each way of reading it.
        let snapshot = home.snapshot().await;
        snapshot.assert_told(&home.ledger.memory());
        for address in &snapshot.addresses[&alice.id] {
            let found = home.store.sign_in_record(address.email.clone()).await;
            assert_eq!(found.unwrap().unwrap().user.id, alice.id);
        }
    }
}

/// Holds: ASVS 15.4.2
pub async fn of_an_address_made_primary_and_removed_one_wins(home: Home) {
    for round in 0..40 {
        let alice = home.user(&format!("alice-{round}")).await;
        let other = email(&format!("other-{round}"));
        home.add_address(&alice, &format!("other-{round}"), NOON)
            .await;
        let (act, user, named) = (home.act(NOON), alice.id, other.clone());
        let makes = racer(&home, |store| async move {
            match store.make_primary(user, named, act).await.unwrap() {
                MakePrimary::Changed { .. } => true,
                MakePrimary::Unknown => false,
                odd => panic!("{odd:?}"),
            }
        });
        let (act, named) = (home.act(NOON), other.clone());
        let removes = racer(&home, |store| async move {
            match store.remove_address(user, named, act).await.unwrap() {
                RemoveAddress::Removed => true,
                RemoveAddress::Primary => false,
                odd => panic!("it is hers: {odd:?}"),
            }
        });
        let won = race(vec![makes, removes]).await;
        let own = home.store.addresses(alice.id).await.unwrap();
        match won.as_slice() {
            [true, false] => assert_eq!((&own[0].email, own.len()), (&other, 2)),
            [false, true] => assert_eq!((&own[0].email, own.len()), (&alice.email, 1)),
            both => panic!("one wins: {both:?}"),
        }
        home.snapshot().await.assert_told(&home.ledger.memory());
    }
}

/// Holds: ASVS 15.4.2
pub async fn an_address_that_is_passed_on_is_never_two_accounts(home: Home) {
    for round in 0..30 {
        let name = format!("shared-{round}");
        let alice = home.user(&format!("alice-{round}")).await;
        let bob = home.user(&format!("bob-{round}")).await;
        home.add_address(&alice, &name, NOON).await;
        let ticket = home.offer_address(&bob, &name, NOON).await;
        let (act, user, shared) = (home.act(NOON), alice.id, email(&name));
        let removes = racer(&home, |store| async move {
            let removed = store.remove_address(user, shared, act).await.unwrap();
            assert_eq!(removed, RemoveAddress::Removed);
            false
        });
        let (act, user) = (home.act(NOON), bob.id);
        let claims = racer(&home, move |store| async move {
            match store
                .confirm_address(ticket.secret, user, act)
                .await
                .unwrap()
            {
                ConfirmAddress::Confirmed(_) => true,
                ConfirmAddress::Taken => false,
                odd => panic!("{odd:?}"),
            }
        });
        let his = race(vec![removes, claims]).await[1];
        let found = home.store.sign_in_record(email(&name)).await.unwrap();
        let expected = his.then_some(bob.id);
        assert_eq!(found.map(|record| record.user.id), expected);
    }
    home.snapshot().await.assert_told(&home.ledger.memory());
}
