//! An account that is deleted: nothing of it is left but what the trail holds under its id, and nothing outruns it.

use vestibule_core::audit::{Act, Event, EventKind, Personal};
use vestibule_core::id::UserId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::EndReason;
use vestibule_core::throttle::Scope;
use vestibule_core::ticket::Grant;
use vestibule_core::user::{Details, Language, NewUser, User};

use super::audit::{Notary, verified};
use super::filters::{about, of_user};
use super::harness::Home;
use super::make::letters::recover;
use super::make::tries::{ROOMY, refused};
use super::make::{FIRST, NOON, email, hash, noon_and};
use super::race::standing;
use crate::{
    Change, ChangePassword, ConfirmAddress, CreateUser, DeleteUser, EndLogin, EndSession,
    FinishErrand, MakePrimary, NewProfile, OpenSession, Recover, RehashPassword, RemoveAddress,
    RenewSession, SetStatus, Touch,
};

async fn delete(home: &Home, user: UserId) -> DeleteUser {
    let act = home.act(noon_and(9));
    home.store.delete_user(user, act).await.unwrap()
}

fn profile(user: &User) -> NewProfile {
    NewProfile {
        name: user.name.clone(),
        language: Language::default(),
        details: Details::default(),
    }
}

/// Makes an administrator.
async fn admin(home: &Home, name: &str) -> User {
    let new = home.new_admin(name);
    match home.store.create_user(new, home.act(NOON)).await.unwrap() {
        CreateUser::Created(user) => *user,
        CreateUser::AddressTaken => panic!("{name} is taken"),
    }
}

/// Holds: ASVS 7.4.2
pub async fn asvs_7_4_2_a_deletion_ends_every_session_and_is_told(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.session(&alice, NOON).await;
    let one = home.session(&alice, noon_and(20)).await;
    let two = home.session(&alice, noon_and(21)).await;
    let his = home.session(&bob, noon_and(21)).await;
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(40));
    let deleted = home.store.delete_user(alice.id, act.clone()).await.unwrap();
    assert_eq!(
        deleted,
        DeleteUser::Deleted { ended: 2 },
        "the first had idled out"
    );
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::User(alice.id, None),
    };
    let told = [Change::Cutoff(cutoff), Change::UserDeleted(alice.id)];
    assert_eq!(home.published_since(&before), told);
    let events = [
        Event::user(EventKind::UserDeleted, alice.id),
        Event::user(
            EventKind::UserSessionsEnded(EndReason::UserDeleted),
            alice.id,
        ),
    ];
    home.assert_audited(&before, &act, &events).await;
    assert_eq!(standing(&home).await, [his.id]);
    for dead in [one, two] {
        assert!(!home.ledger.holds(dead.id));
        let renewed = home.renew(home.renewal(&dead, noon_and(40))).await;
        assert_eq!(renewed, RenewSession::Ended);
        assert_eq!(home.end(dead.id, noon_and(40)).await, EndSession::NotLive);
    }
    let home = home.reopen().await;
    assert_eq!(standing(&home).await, [his.id]);
    assert_eq!(home.ledger.fill().len(), 2, "he and his session");
}

/// Holds: ASVS 7.4.2
pub async fn nothing_of_a_deleted_user_is_read_again(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let device = home.device();
    home.add_address(&alice, "alice-too", NOON).await;
    let session = home.knows(&alice, device, NOON).await;
    home.session(&bob, NOON).await;
    home.wrong_times(3, &home.stranger("alice", ROOMY, NOON))
        .await;
    let begun = home.begun(home.stranger("alice", ROOMY, NOON)).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let tickets = [
        home.offer_address(&alice, "alice-three", NOON).await,
        home.offer_recover(&alice, "alice", NOON).await,
        home.offer(home.ticket("alice", end, NOON)).await,
    ];
    let bobs = home.offer_recover(&bob, "bob", NOON).await;
    let posted = home.errand(Some(alice.id), NOON);
    home.post(posted.clone(), NOON).await;
    assert_eq!(
        delete(&home, alice.id).await,
        DeleteUser::Deleted { ended: 1 }
    );
    let home = home.reopen().await;

    let left = home.snapshot().await;
    assert_eq!(left.users.keys().copied().collect::<Vec<_>>(), [bob.id]);
    assert_eq!((left.sessions.len(), left.errands), (1, 0));
    left.assert_told(&home.ledger.memory());
    assert_eq!(home.store.addresses(alice.id).await.unwrap(), []);
    assert_eq!(home.store.sign_in_record_of(alice.id).await.unwrap(), None);
    assert_eq!(home.live(&alice, NOON).await, []);
    let page = home.store.sessions(of_user(alice.id), None, 10, NOON).await;
    assert_eq!(page.unwrap().sessions, []);
    for ticket in &tickets {
        assert!(!home.is_good(ticket, NOON).await);
    }
    assert!(home.is_good(&bobs, NOON).await);
    for name in ["alice", "alice-too"] {
        assert_eq!(home.store.sign_in_record(email(name)).await.unwrap(), None);
        let attempt = home.from_device(name, device, ROOMY, NOON);
        let begun = home.begun(attempt).await;
        assert_eq!((begun.record, begun.known_device), (None, false));
    }
    // A wrong password that was being evaluated meanwhile.
    home.failed(&begun, NOON).await;

    let again = home.user("alice").await;
    home.add_address(&again, "alice-too", NOON).await;
    let begun = home
        .begun(home.from_device("alice", device, ROOMY, NOON))
        .await;
    assert!(
        !begun.known_device,
        "the address passes on, and nothing with it"
    );
    assert_eq!(begun.charged(Scope::Password).before.count, 0);
    assert_eq!(home.store.sign_in_record_of(alice.id).await.unwrap(), None);
}

/// Holds: O02
pub async fn o02_a_deleted_users_id_is_never_given_again(home: Home) {
    let alice = home.user("alice").await;
    delete(&home, alice.id).await;
    while home.store.erase_personal(10).await.unwrap() > 0 {}
    let home = home.reopen().await;
    let before = home.before().await;
    let again = NewUser {
        disabled: false,
        id: alice.id,
        ..home.new_user("bob")
    };
    let made = home.store.create_user(again.clone(), home.act(NOON)).await;
    assert!(made.is_err(), "{made:?}");
    let ticket = home.offer_register("bob", NOON).await;
    let login = home.login(&alice, NOON);
    let made = home
        .store
        .register(ticket.secret, again, login, home.act(NOON))
        .await;
    assert!(made.is_err(), "{made:?}");
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 7.4.2
pub async fn nothing_is_done_for_a_deleted_user(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "alice-too", NOON).await;
    let session = home.session(&alice, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let confirms = home.offer_address(&alice, "alice-three", NOON).await;
    let recovers = home.offer_recover(&alice, "alice", NOON).await;
    let ends = home.offer(home.ticket("alice", end, NOON)).await;
    let begun = home.begun(home.stranger("alice", ROOMY, NOON)).await;
    delete(&home, alice.id).await;

    let before = home.before().await;
    let (store, act) = (&home.store, || home.act_telling(None, NOON));
    let mut login = home.login(&alice, NOON);
    login.tried = Some(begun.tried.clone());
    login.known = Some(home.device());
    let told = store.open_session(login, act()).await.unwrap();
    assert_eq!(told, OpenSession::Unknown);
    let told = home.renew(home.renewal(&session, NOON)).await;
    assert_eq!(told, RenewSession::Ended);
    let told = home
        .change(home.password_change(&session, "new", NOON))
        .await;
    assert_eq!(told, ChangePassword::SessionEnded);
    let told = store
        .rehash_password(alice.id, FIRST, hash("new"), act())
        .await;
    assert_eq!(told.unwrap(), RehashPassword::CredentialChanged);
    assert_eq!(
        store.enable_user(alice.id, act()).await.unwrap(),
        SetStatus::Unknown
    );
    assert_eq!(
        store.disable_user(alice.id, act()).await.unwrap(),
        SetStatus::Unknown
    );
    let told = store.change_profile(alice.id, profile(&alice), act()).await;
    assert_eq!(told.unwrap(), None);
    let told = store
        .remove_address(alice.id, email("alice-too"), act())
        .await;
    assert_eq!(told.unwrap(), RemoveAddress::Unknown);
    let told = store
        .make_primary(alice.id, email("alice-too"), act())
        .await;
    assert_eq!(told.unwrap(), MakePrimary::Unknown);
    let told = store
        .confirm_address(confirms.secret, alice.id, act())
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    assert_eq!(home.recover(&recovers, "new", NOON).await, Recover::Gone);
    let told = store.end_login(ends.secret, act()).await.unwrap();
    assert_eq!(told, EndLogin::Gone);
    let touch = Touch {
        id: session.id,
        seen: noon_and(9),
    };
    store.touch_sessions(vec![touch]).await.unwrap();
    assert_eq!(delete(&home, alice.id).await, DeleteUser::Unknown);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 7.4.2
pub async fn an_errand_that_is_done_too_late_offers_nothing(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let mut errands = Vec::new();
    for grant in [recover(&alice), Grant::Address { user: alice.id }, end] {
        // Nobody's: whose account it concerns was found only when it was run.
        let errand = home.errand(None, NOON);
        home.post(errand.clone(), NOON).await;
        errands.push((errand.id, home.ticket("alice", grant, NOON)));
    }
    delete(&home, alice.id).await;
    for (id, ticket) in errands {
        let act = home.act_telling(Some(alice.id), NOON);
        let secret = ticket.secret;
        let finish = home.store.finish_errand(id, Some(ticket), Vec::new(), act);
        assert_eq!(finish.await.unwrap(), FinishErrand::Finished);
        let offered = home.store.ticket(secret, NOON).await.unwrap();
        assert_eq!(offered, None);
    }
    assert_eq!(
        home.store.waiting_errands().await.unwrap(),
        0,
        "and no letter waits for one who is gone"
    );
}

pub async fn personal_data_is_erased_and_the_trail_still_verifies(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let from = |user: &User, minute| home.act_of(user, noon_and(minute));
    for minute in 0..5 {
        for user in [&alice, &bob] {
            let login = home.login(user, noon_and(minute));
            home.store
                .open_session(login, from(user, minute))
                .await
                .unwrap();
        }
    }
    // What a visitor did to her account, and what she did that is about nobody.
    let visitor = Act {
        personal: Some(Personal {
            salt: [3; 16],
            email: Some("alice@example.test".to_owned()),
            address: Some("192.0.2.66".to_owned()),
            user_agent: None,
        }),
        ..home.act(noon_and(6))
    };
    home.store
        .record(vec![refused(Some(alice.id))], visitor)
        .await
        .unwrap();
    let about_nobody = Event::plain(EventKind::RecoveryAsked);
    home.store
        .record(vec![about_nobody], from(&alice, 7))
        .await
        .unwrap();
    while home.store.seal_events(Notary::new(), 4).await.unwrap() > 0 {}
    assert_eq!(
        home.store.erase_personal(100).await.unwrap(),
        0,
        "nobody is deleted"
    );
    let act = from(&alice, 8);
    home.store.delete_user(alice.id, act).await.unwrap();
    let before = home.snapshot().await.events;

    let mut erased = 0;
    loop {
        let some = home.store.erase_personal(3).await.unwrap();
        assert!(some <= 3);
        erased += some;
        if some == 0 {
            break;
        }
    }
    assert_eq!(
        erased, 8,
        "five logins, a visitor's try, a request, the deletion"
    );
    let home = home.reopen().await;
    let after = home.snapshot().await.events;
    assert_eq!(after.len(), before.len());
    for (stored, was) in after.iter().zip(&before) {
        let hers = was.event.user == Some(alice.id)
            || was.actor == vestibule_core::audit::Actor::User(alice.id);
        let expected = vestibule_core::audit::StoredEvent {
            personal: was.personal.clone().filter(|_| !hers),
            ..was.clone()
        };
        assert_eq!(stored, &expected);
    }
    while home.store.seal_events(Notary::new(), 100).await.unwrap() > 0 {}
    assert_eq!(verified(&home).await, after.len() as u64);

    // A login that was being refused meanwhile is written down late.
    let late = home.act_of(&alice, noon_and(9));
    home.store
        .record(vec![refused(Some(alice.id))], late)
        .await
        .unwrap();
    home.store
        .record(vec![refused(Some(bob.id))], home.act_of(&bob, noon_and(9)))
        .await
        .unwrap();
    assert_eq!(home.store.erase_personal(100).await.unwrap(), 1);
    let latest = home.store.events(about(alice.id), None, 1).await.unwrap();
    assert_eq!(latest.events[0].personal, None);
    let latest = home.store.events(about(bob.id), None, 1).await.unwrap();
    assert!(latest.events[0].personal.is_some());
}

pub async fn the_only_administrator_stays(home: Home) {
    let root = admin(&home, "root").await;
    home.user("alice").await;
    home.session(&root, NOON).await;
    let before = home.before().await;
    assert_eq!(delete(&home, root.id).await, DeleteUser::LastAdministrator);
    home.assert_unchanged(&before).await;
    let other = admin(&home, "other").await;
    assert_eq!(
        delete(&home, root.id).await,
        DeleteUser::Deleted { ended: 1 }
    );
    assert_eq!(delete(&home, other.id).await, DeleteUser::LastAdministrator);
    assert!(home.store.is_set_up().await.unwrap());
}
