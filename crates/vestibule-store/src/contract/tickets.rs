//! Tickets: good once, for their purpose, for their time.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::id::ErrandId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::throttle::{Limits, Scope};
use vestibule_core::ticket::{Grant, INVITED_FOR, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, Details, DisplayName, Language, MOST_ADDRESSES, NewUser, Particulars,
};

use super::harness::Home;
use super::make::letters::{recover, register};
use super::make::tries::ROOMY;
use super::make::{FIRST, NOON, email, hash, noon_and};
use crate::{
    Change, ConfirmAddress, CreateUser, EndLogin, OpenSession, Recover, Recovery, Register, TryCode,
};

/// Just before a ticket's end.
fn last(ticket: &Ticket) -> UnixMillis {
    UnixMillis(ticket.expires_at.0 - 1)
}

/// What somebody told of themselves.
fn particulars() -> Particulars {
    let mut details = Details::default();
    details.answer("city", "K\u{f6}ln").unwrap();
    Particulars {
        language: Language::of("de"),
        details,
        terms_accepted_at: Some(NOON),
    }
}

/// Holds: ASVS 6.5.5
pub async fn asvs_6_5_5_a_ticket_reads_as_offered_until_its_end(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let grants = [
        Grant::Register {
            name: DisplayName::parse("Zo\u{eb}").unwrap(),
            particulars: particulars(),
            roles: vec!["admin".parse().unwrap(), "staff".parse().unwrap()],
            invited: true,
        },
        register("bob"),
        Grant::Address { user: alice.id },
        Grant::Recover {
            asked: Some(ErrandId::new(NOON, [3; 10])),
            user: alice.id,
            credential: FIRST,
        },
        Grant::EndLogin {
            user: alice.id,
            session: session.id,
        },
    ];
    let mut offered = Vec::new();
    for (n, grant) in grants.into_iter().enumerate() {
        let ticket = Ticket {
            browser: (n % 2 == 0).then(|| home.secret()),
            ..home.ticket("bob", grant, NOON)
        };
        offered.push(home.offer(ticket).await);
    }
    let home = home.reopen().await;
    let before = home.before().await;
    for ticket in offered {
        let read = async |now| home.store.ticket(ticket.secret, now).await.unwrap();
        assert_eq!(read(NOON).await.as_ref(), Some(&ticket));
        assert_eq!(read(last(&ticket)).await.as_ref(), Some(&ticket));
        assert_eq!(read(ticket.expires_at).await, None);
    }
    assert_eq!(home.store.ticket(home.secret(), NOON).await.unwrap(), None);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 6.4.1
pub async fn what_an_operator_offers_is_audited(home: Home) {
    let alice = home.user("alice").await;
    let invitation = Ticket {
        expires_at: NOON.plus(INVITED_FOR),
        ..home.ticket("bob", register("bob"), NOON)
    };
    let before = home.before().await;
    let act = home.act_telling(None, NOON);
    let offered = home.store.offer_ticket(invitation.clone(), act.clone());
    offered.await.unwrap();
    let event = Event {
        kind: EventKind::UserInvited,
        user: None,
        session: None,
    };
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), []);
    let waiting = home.store.waiting_errands().await.unwrap();
    assert_eq!(waiting, 1, "the letter goes out with it");
    assert!(home.is_good(&invitation, last(&invitation)).await);

    let ticket = home.ticket("alice", recover(&alice), NOON);
    let before = home.before().await;
    let act = home.act(NOON);
    home.store
        .offer_ticket(ticket.clone(), act.clone())
        .await
        .unwrap();
    let event = Event::user(EventKind::RecoveryOffered, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    assert!(home.is_good(&ticket, NOON).await);
}

/// Holds: ASVS 6.2.3, H04
pub async fn a_register_ticket_makes_the_account_and_signs_it_in(home: Home) {
    let ticket = home.offer_register("alice", NOON).await;
    let other = home.offer_register("alice", NOON).await;
    let his = home.offer_register("bob", NOON).await;
    let (new, session) = home.registrant("alice", 1);
    let new = NewUser {
        particulars: particulars(),
        ..new
    };
    let (id, device) = (new.id, session.known.unwrap());
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let done = home
        .store
        .register(ticket.secret, new, session, act.clone())
        .await
        .unwrap();
    let Register::Registered { user, session } = done else {
        panic!("{done:?}");
    };
    let told = [
        Change::User(user.clone()),
        Change::SessionOpened(session.clone()),
    ];
    assert_eq!(home.published_since(&before), told);
    let kinds = [
        EventKind::Registered,
        EventKind::LoginSucceeded,
        EventKind::DeviceKnown,
    ];
    home.assert_told(&before, &act, id, &kinds).await;
    let after = home.snapshot().await;
    assert_eq!(after.users[&id], *user);
    assert_eq!(
        (user.id, &user.email, user.email_verified),
        (id, &email("alice"), true)
    );
    assert_eq!(after.particulars[&id], particulars());
    assert_eq!(after.passwords[&id], (hash("alice").as_phc().to_owned(), 1));
    assert_eq!(after.last_logins[&id], noon_and(1));
    assert_eq!(after.sessions[&session.id], *session);
    after.assert_told(&home.ledger.memory());
    assert!(home.is_known("alice", device, noon_and(1)).await);

    let before = home.before().await;
    for gone in [&ticket, &other] {
        assert!(!home.is_good(gone, noon_and(1)).await);
        assert_eq!(home.register(gone, "alice", 1).await, Register::Gone);
        assert_eq!(home.register(gone, "alice-too", 1).await, Register::Gone);
    }
    home.assert_unchanged(&before).await;
    assert!(matches!(
        home.register(&his, "bob", 1).await,
        Register::Registered { .. }
    ));
    let home = home.reopen().await;
    home.snapshot().await.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 6.3.8
pub async fn a_register_ticket_of_an_address_that_is_taken_is_burnt(home: Home) {
    let bob = home.user("bob").await;
    let (primary, secondary) = (
        home.offer_register("alice", NOON).await,
        home.offer_register("bob-too", NOON).await,
    );
    home.user("alice").await;
    home.add_address(&bob, "bob-too", NOON).await;
    for (ticket, name) in [(primary, "alice"), (secondary, "bob-too")] {
        let before = home.before().await;
        assert_eq!(
            home.register(&ticket, name, 1).await,
            Register::AddressTaken
        );
        home.assert_unchanged(&before).await;
        assert!(!home.is_good(&ticket, noon_and(1)).await);
        assert_eq!(home.register(&ticket, name, 1).await, Register::Gone);
    }
}

/// Holds: ASVS 6.5.5, N60, C13
pub async fn a_ticket_past_its_end_does_nothing(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let registers = home.offer_register("bob", NOON).await;
    let confirms = home.offer_address(&alice, "alice-too", NOON).await;
    let recovers = home.offer_recover(&alice, "alice", NOON).await;
    let ends = home.offer(home.ticket("alice", end, NOON)).await;
    let before = home.before().await;

    let (new, login) = home.registrant("bob", 60);
    let act = home.act(registers.expires_at);
    let told = home.store.register(registers.secret, new, login, act).await;
    assert_eq!(told.unwrap(), Register::Gone);
    let act = home.act(confirms.expires_at);
    let told = home
        .store
        .confirm_address(confirms.secret, alice.id, act)
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    let told = home.recover(&recovers, "new", recovers.expires_at).await;
    assert_eq!(told, Recover::Gone);
    let act = home.act(ends.expires_at);
    let told = home.store.end_login(ends.secret, act).await.unwrap();
    assert_eq!(told, EndLogin::Gone);
    let told = home
        .store
        .try_code(recovers.secret, recovers.expires_at)
        .await;
    assert_eq!(told.unwrap(), TryCode::Gone);
    home.assert_unchanged(&before).await;

    let told = home.recover(&recovers, "new", last(&recovers)).await;
    assert!(matches!(told, Recover::Recovered { .. }), "but before it");
}

/// Holds: H04
pub async fn a_ticket_serves_its_purpose_alone(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let offered = [
        home.offer_register("bob", NOON).await,
        home.offer_address(&alice, "alice-too", NOON).await,
        home.offer_recover(&alice, "alice", NOON).await,
        home.offer(home.ticket("alice", end, NOON)).await,
    ];
    let before = home.before().await;
    for (n, ticket) in offered.iter().enumerate() {
        if n != 0 {
            assert_eq!(home.register(ticket, "bob", 1).await, Register::Gone);
        }
        if n != 1 {
            let act = home.act(noon_and(1));
            let told = home.store.confirm_address(ticket.secret, alice.id, act);
            assert_eq!(told.await.unwrap(), ConfirmAddress::Gone);
        }
        if n != 2 {
            assert_eq!(
                home.recover(ticket, "new", noon_and(1)).await,
                Recover::Gone
            );
        }
        if n != 3 {
            let told = home.store.end_login(ticket.secret, home.act(noon_and(1)));
            assert_eq!(told.await.unwrap(), EndLogin::Gone);
        }
    }
    home.assert_unchanged(&before).await;
    for ticket in &offered {
        assert!(
            home.is_good(ticket, noon_and(1)).await,
            "and is not burnt by it"
        );
    }
}

/// Holds: ASVS 6.6.3, N45
pub async fn asvs_6_6_3_five_codes_are_compared_and_then_the_ticket_is_gone(mut home: Home) {
    let alice = home.user("alice").await;
    let (first, second) = (
        home.offer_recover(&alice, "alice", NOON).await,
        home.offer_recover(&alice, "alice", NOON).await,
    );
    let before = home.before().await;
    for n in 1..=5 {
        let told = home.store.try_code(first.secret, NOON).await.unwrap();
        assert_eq!(told, TryCode::Counted, "{n}");
        if n == 2 {
            home = home.reopen().await;
        }
        if n < 5 {
            let read = home.store.ticket(first.secret, NOON).await.unwrap();
            assert_eq!(read.unwrap().wrong_codes, n);
        }
    }
    for _ in 0..3 {
        let told = home.store.try_code(first.secret, NOON).await.unwrap();
        assert_eq!(told, TryCode::Gone);
    }
    assert!(!home.is_good(&first, NOON).await);
    assert_eq!(home.recover(&first, "new", NOON).await, Recover::Gone);
    let none = home.store.try_code(home.secret(), NOON).await.unwrap();
    assert_eq!(none, TryCode::Gone);
    assert_eq!(home.snapshot().await, before.snapshot, "not audited");

    for _ in 0..3 {
        home.store.try_code(second.secret, NOON).await.unwrap();
    }
    let told = home.recover(&second, "new", NOON).await;
    assert!(
        matches!(told, Recover::Recovered { .. }),
        "each has its own"
    );
}

/// Holds: ASVS 6.4.3, ASVS 7.4.3, N62, C23
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

/// Holds: ASVS 6.3.7, H04
pub async fn the_link_in_a_mail_ends_its_login_and_forgets_its_device(home: Home) {
    let alice = home.user("alice").await;
    let (hers, theirs) = (home.device(), home.device());
    let mine = home.knows(&alice, hers, NOON).await;
    let session = home.knows(&alice, theirs, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let ticket = home.offer(home.ticket("alice", end.clone(), NOON)).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let told = home.store.end_login(ticket.secret, act.clone()).await;
    let ended = EndLogin::Ended {
        user: alice.id,
        session: session.id,
    };
    assert_eq!(told.unwrap(), ended);
    let ended = EventKind::SessionEnded(EndReason::EndedByMail);
    let event = Event::session(ended, alice.id, session.id);
    home.assert_audited(&before, &act, &[event]).await;
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::Session(session.id),
    };
    assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
    assert_eq!(home.live(&alice, noon_and(1)).await, [mine.id]);
    assert!(!home.is_known("alice", theirs, noon_and(1)).await);
    assert!(home.is_known("alice", hers, noon_and(1)).await);

    let before = home.before().await;
    let told = home
        .store
        .end_login(ticket.secret, home.act(noon_and(1)))
        .await;
    assert_eq!(told.unwrap(), EndLogin::Gone);
    let late = home.offer(home.ticket("alice", end, NOON)).await;
    let told = home
        .store
        .end_login(late.secret, home.act_telling(None, noon_and(1)));
    assert_eq!(told.await.unwrap(), EndLogin::NotLive);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 6.3.7
pub async fn an_address_is_added_by_its_ticket(home: Home) {
    let alice = home.user("alice").await;
    let ticket = home.offer_address(&alice, "alice-too", NOON).await;
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act.clone())
        .await
        .unwrap();
    assert_eq!(told, ConfirmAddress::Confirmed(email("alice-too")));
    let event = Event::user(EventKind::AddressAdded, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), [], "no check needs to know");
    let own = home.store.addresses(alice.id).await.unwrap();
    let [primary, added] = own.as_slice() else {
        panic!("{own:?}");
    };
    assert_eq!((&primary.email, primary.primary), (&alice.email, true));
    assert_eq!((&added.email, added.primary), (&email("alice-too"), false));
    assert_eq!((added.verified, added.added_at), (true, noon_and(1)));

    let before = home.before().await;
    let act = home.act_telling(None, noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act)
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    home.assert_unchanged(&before).await;
}

pub async fn an_own_address_is_verified_by_its_ticket(home: Home) {
    let new = NewUser {
        email_verified: false,
        ..home.new_user("alice")
    };
    let made = home.store.create_user(new, home.act(NOON)).await.unwrap();
    let CreateUser::Created(alice) = made else {
        panic!("{made:?}");
    };
    let ticket = home.offer_address(&alice, "alice", NOON).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act.clone())
        .await
        .unwrap();
    assert_eq!(told, ConfirmAddress::Confirmed(email("alice")));
    let event = Event::user(EventKind::AddressVerified, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    let verified = vestibule_core::user::User {
        email_verified: true,
        ..*alice
    };
    let told = [Change::User(Box::new(verified.clone()))];
    assert_eq!(home.published_since(&before), told);
    let after = home.snapshot().await;
    assert_eq!(after.users[&verified.id], verified);
    assert_eq!(after.addresses[&verified.id].len(), 1);
}

/// Holds: ASVS 8.2.2
pub async fn asvs_8_2_2_an_address_ticket_serves_its_user_alone(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let ticket = home.offer_address(&alice, "alice-too", NOON).await;
    let before = home.before().await;
    let told = home
        .store
        .confirm_address(ticket.secret, bob.id, home.act_telling(None, NOON))
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    home.assert_unchanged(&before).await;
    assert!(home.is_good(&ticket, NOON).await, "nobody burns another's");
}

pub async fn an_address_of_another_account_is_not_added(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let primary = home.offer_address(&alice, "carol", NOON).await;
    let secondary = home.offer_address(&alice, "bob-too", NOON).await;
    home.user("carol").await;
    home.add_address(&bob, "bob-too", NOON).await;
    for ticket in [primary, secondary] {
        let before = home.before().await;
        let act = home.act_telling(None, NOON);
        let told = home
            .store
            .confirm_address(ticket.secret, alice.id, act)
            .await;
        assert_eq!(told.unwrap(), ConfirmAddress::Taken);
        home.assert_unchanged(&before).await;
        assert!(!home.is_good(&ticket, NOON).await, "burnt");
    }
}

pub async fn a_user_has_so_many_addresses_and_no_more(home: Home) {
    let alice = home.user("alice").await;
    for n in 1..MOST_ADDRESSES {
        home.add_address(&alice, &format!("alice-{n}"), NOON).await;
    }
    let ticket = home.offer_address(&alice, "one-more", NOON).await;
    let before = home.before().await;
    let confirm = async || {
        let act = home.act_telling(None, NOON);
        home.store
            .confirm_address(ticket.secret, alice.id, act)
            .await
            .unwrap()
    };
    assert_eq!(confirm().await, ConfirmAddress::TooMany);
    home.assert_unchanged(&before).await;
    home.store
        .remove_address(alice.id, email("alice-3"), home.act(NOON))
        .await
        .unwrap();
    assert_eq!(
        confirm().await,
        ConfirmAddress::Confirmed(email("one-more")),
        "the ticket stayed"
    );
}

pub async fn spent_tickets_are_dropped_a_few_at_a_time(home: Home) {
    for n in 0..3 {
        home.offer_register(&format!("user-{n}"), NOON).await;
    }
    let good = home.offer_register("late", noon_and(1)).await;
    let end = NOON.plus(good.grant.purpose().lifetime());
    assert_eq!(home.store.drop_spent_tickets(end, 10).await.unwrap(), 0);
    let after = UnixMillis(end.0 + 1);
    for dropped in [2, 1, 0] {
        let told = home.store.drop_spent_tickets(after, 2).await.unwrap();
        assert_eq!(told, dropped);
    }
    assert!(home.is_good(&good, end).await);
}
