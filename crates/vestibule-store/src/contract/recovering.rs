//! A password set anew through a mailed link, and what that ends.

use vestibule_core::audit::EventKind;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::throttle::{Limits, Scope};
use vestibule_core::ticket::Grant;
use vestibule_core::user::{CredentialVersion, NewUser};

use super::harness::Home;
use super::make::letters::recover;
use super::make::tries::ROOMY;
use super::make::{NOON, email, hash, noon_and};
use crate::{Change, CreateUser, OpenSession, Recover, Recovery};

/// Holds: ASVS 7.4.3, C23
pub async fn a_recovery_ends_everything_that_came_before_it(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&alice, "alice-too", NOON).await;
    let device = home.device();
    let one = home.knows(&alice, device, NOON).await;
    home.session(&alice, NOON).await;
    let his = home.session(&bob, NOON).await;
    let login = home.login(&alice, NOON);
    let limits = Limits::default();
    home.wrong_times(5, &home.stranger("alice", limits, NOON))
        .await;
    home.wrong_times(5, &home.stranger("alice-too", limits, NOON))
        .await;
    home.wrong_times(10, &home.from_device("alice", device, limits, NOON))
        .await;
    home.wrong_times(5, &home.stranger("bob", limits, NOON))
        .await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: one.id,
    };
    let ticket = home.offer_recover(&alice, "alice-too", NOON).await;
    let others = [
        home.offer_recover(&alice, "alice", NOON).await,
        home.offer(home.ticket("alice", end, NOON)).await,
    ];
    let bobs = home.offer_recover(&bob, "bob", NOON).await;

    let before = home.before().await;
    let act = home.act(noon_and(1));
    let recovery = home.recovery(&ticket, "new");
    let known = recovery.known;
    let told = home
        .store
        .recover(recovery.clone(), home.keyer(), act.clone())
        .await
        .unwrap();
    let Recover::Recovered { user, ended: 2 } = told else {
        panic!("{told:?}");
    };
    let after = home.snapshot().await;
    assert_eq!(after.users[&alice.id], *user);
    assert_eq!(
        after.passwords[&alice.id],
        (hash("new").as_phc().to_owned(), 2)
    );
    assert_eq!(after.sessions.keys().copied().collect::<Vec<_>>(), [his.id]);
    assert_eq!(after.passwords[&bob.id], before.snapshot.passwords[&bob.id]);
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::User(alice.id, None),
    };
    assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
    let kinds = [
        EventKind::PasswordReset,
        EventKind::UserSessionsEnded(EndReason::PasswordReset),
        EventKind::DeviceKnown,
    ];
    home.assert_told(&before, &act, alice.id, &kinds).await;
    after.assert_told(&home.ledger.memory());

    assert!(home.is_known("alice", known, noon_and(1)).await);
    assert!(!home.is_known("alice", device, noon_and(1)).await);
    for name in ["alice", "alice-too"] {
        let free = home.begun(home.stranger(name, limits, NOON)).await;
        assert_eq!(free.charged(Scope::Account).before.count, 0, "{name}");
        home.take_back(free.tried).await;
    }
    let refusal = home.throttled(home.stranger("bob", limits, NOON)).await;
    assert_eq!(refusal.0, Scope::Account, "nobody else's");

    let refused = home.store.open_session(login, home.act(noon_and(1))).await;
    assert_eq!(refused.unwrap(), OpenSession::CredentialChanged);
    let again = home
        .store
        .recover(recovery, home.keyer(), home.act(noon_and(1)))
        .await;
    assert_eq!(again.unwrap(), Recover::Gone);
    for gone in others {
        assert!(!home.is_good(&gone, noon_and(1)).await);
    }
    assert!(home.is_good(&bobs, noon_and(1)).await);
    let login = NewSession {
        credential: CredentialVersion(2),
        ..home.login(&alice, noon_and(2))
    };
    let new = home.open(login).await;
    let home = home.reopen().await;
    assert_eq!(home.live(&alice, noon_and(2)).await, [new.id]);
}

pub async fn a_recovery_verifies_the_address_that_its_ticket_went_to(home: Home) {
    let new = NewUser {
        disabled: false,
        email_verified: false,
        ..home.new_user("alice")
    };
    let made = home.store.create_user(new, home.act(NOON)).await.unwrap();
    let CreateUser::Created(alice) = made else {
        panic!("{made:?}");
    };
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let told = home
        .store
        .recover(home.recovery(&ticket, "new"), home.keyer(), act.clone())
        .await
        .unwrap();
    let Recover::Recovered { user, ended: 0 } = told else {
        panic!("{told:?}");
    };
    assert!(user.email_verified);
    let published = home.published_since(&before);
    let [Change::User(told), Change::Cutoff(cutoff)] = published.as_slice() else {
        panic!("{published:?}");
    };
    assert_eq!((told, cutoff.node), (&user, Node::User(alice.id, None)));
    let kinds = [
        EventKind::PasswordReset,
        EventKind::UserSessionsEnded(EndReason::PasswordReset),
        EventKind::AddressVerified,
        EventKind::DeviceKnown,
    ];
    home.assert_told(&before, &act, alice.id, &kinds).await;
    let after = home.snapshot().await;
    assert_eq!(after.users[&alice.id], *user);
    after.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 7.4.2, H04
pub async fn a_recovery_is_refused_without_a_trace(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let carol = home.user("carol").await;
    let mine = home.session(&alice, NOON).await;
    let stale = home.offer_recover(&alice, "alice", NOON).await;
    let disabled = home.offer_recover(&bob, "bob", NOON).await;
    home.add_address(&carol, "carol-too", NOON).await;
    let removed = home.offer_recover(&carol, "carol-too", NOON).await;
    home.change(home.password_change(&mine, "changed", NOON))
        .await;
    home.store
        .disable_user(bob.id, home.act(NOON))
        .await
        .unwrap();
    home.store
        .remove_address(carol.id, email("carol-too"), home.act(NOON))
        .await
        .unwrap();
    let device = home.device();
    let before = home.before().await;
    let unknown = home.ticket("alice", recover(&alice), NOON);
    for ticket in [stale, disabled, removed, unknown] {
        let recovery = Recovery {
            known: device,
            ..home.recovery(&ticket, "new")
        };
        let act = home.act_telling(None, noon_and(1));
        let told = home.store.recover(recovery, home.keyer(), act).await;
        assert_eq!(told.unwrap(), Recover::Gone);
        home.assert_unchanged(&before).await;
    }
    for name in ["alice", "bob", "carol"] {
        assert!(!home.is_known(name, device, noon_and(1)).await);
    }
}

/// Holds: N40
pub async fn a_recovery_restarts_the_tries_of_every_kind(home: Home) {
    let alice = home.user("alice").await;
    home.wrong_times(30, &home.reauthentication(&alice, ROOMY, NOON))
        .await;
    home.wrong_times(30, &home.stranger("alice", ROOMY, NOON))
        .await;
    let slow = home.begun(home.stranger("alice", ROOMY, NOON)).await;
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    home.recover(&ticket, "new", NOON).await;
    let present = home.reauthentication(&alice, ROOMY, NOON);
    assert_eq!(home.tally(Scope::Session, present).await.count, 0);
    let stranger = || home.stranger("alice", ROOMY, NOON);
    assert_eq!(home.tally(Scope::Password, stranger()).await.count, 0);
    assert_eq!(home.failed(&slow, NOON).await.failures, 1, "ended after it");
    assert_eq!(home.tally(Scope::Account, stranger()).await.count, 1);
}
