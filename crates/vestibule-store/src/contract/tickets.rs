//! Tickets: good once, for their purpose, for their time.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::id::ErrandId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::ticket::{Grant, INVITED_FOR, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, Details, DisplayName, Language, NewUser, Particulars,
};

use super::harness::Home;
use super::make::letters::{recover, register};
use super::make::{FIRST, NOON, email, hash, noon_and};
use crate::{Change, ConfirmAddress, EndLogin, OpenSession, Recover, Register, TryCode};

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

/// Holds: C13, N60
pub async fn c13_a_ticket_reads_as_offered_until_its_end(home: Home) {
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
    let event = Event::plain(EventKind::UserInvited);
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

/// Holds: H04
pub async fn a_register_ticket_makes_the_account_and_signs_it_in(home: Home) {
    let ticket = home.offer_register("alice", NOON).await;
    let other = home.offer_register("alice", NOON).await;
    let his = home.offer_register("bob", NOON).await;
    let (new, session) = home.registrant("alice", 1);
    let new = NewUser {
        disabled: false,
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

pub async fn a_register_ticket_makes_an_account_for_its_own_address_alone(home: Home) {
    let ticket = home.offer_register("alice", NOON).await;
    let (new, session) = home.registrant("mallory", 1);
    let new = NewUser {
        disabled: false,
        email_verified: false,
        ..new
    };
    let act = home.act(noon_and(1));
    let done = home.store.register(ticket.secret, new, session, act).await;
    if let Ok(Register::Registered { user, .. }) = done {
        assert_eq!((user.email, user.email_verified), (email("alice"), true));
    }
    let found = home.store.sign_in_record(email("mallory")).await.unwrap();
    assert_eq!(found, None, "nobody proved that address");
}

pub async fn an_invitations_roles_are_not_lost_to_an_open_registration(home: Home) {
    let invite = async |name: &str, role: &str, at: UnixMillis| {
        let grant = Grant::Register {
            name: DisplayName::default(),
            particulars: Particulars::default(),
            roles: vec![role.parse().unwrap()],
            invited: true,
        };
        let ticket = Ticket {
            expires_at: at.plus(INVITED_FOR),
            ..home.ticket(name, grant, at)
        };
        home.offer(ticket).await
    };
    let roles = async |ticket: &Ticket, name: &str, minutes| {
        let Register::Registered { user, .. } = home.register(ticket, name, minutes).await else {
            panic!("{name} is registered");
        };
        let roles: Vec<_> = user.roles.iter().map(ToString::to_string).collect();
        roles
    };
    let first = invite("alice", "desk", NOON).await;
    let latest = invite("alice", "shop", noon_and(1)).await;
    let asked = home.offer_register("alice", noon_and(2)).await;
    assert_eq!(roles(&asked, "alice", 3).await, ["shop"]);
    for burnt in [first, latest] {
        assert!(!home.is_good(&burnt, noon_and(3)).await);
    }
    // The caller says what the redeemed invitation gives; another one adds nothing to it.
    let redeemed = invite("bob", "desk", NOON).await;
    invite("bob", "shop", noon_and(1)).await;
    assert_eq!(roles(&redeemed, "bob", 2).await, ["staff"]);
    // One that has ended gives nothing, and nobody else's does.
    invite("carol", "desk", NOON).await;
    let week = 7 * 24 * 60;
    let asked = home.offer_register("carol", noon_and(week)).await;
    assert_eq!(roles(&asked, "carol", week + 1).await, ["staff"]);
}

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

/// Holds: C13, N60
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

/// Holds: C23
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

/// Holds: ASVS 6.3.5
pub async fn a_login_offers_the_ticket_that_ends_it_and_a_refused_one_none(home: Home) {
    let alice = home.user("alice").await;
    let login = |credential| {
        let login = home.login(&alice, NOON);
        let grant = Grant::EndLogin {
            user: alice.id,
            session: login.id,
        };
        let ticket = home.ticket("alice", grant, NOON);
        let login = NewSession {
            credential,
            end_ticket: Some(ticket.clone()),
            ..login
        };
        (login, ticket)
    };
    let (refused, never) = login(CredentialVersion(9));
    let told = home
        .store
        .open_session(refused, home.act(NOON))
        .await
        .unwrap();
    assert_eq!(told, OpenSession::CredentialChanged);
    assert!(!home.is_good(&never, NOON).await);
    let (new, ticket) = login(FIRST);
    let session = home.open(new).await;
    let read = home.store.ticket(ticket.secret, NOON).await.unwrap();
    assert_eq!(read.as_ref(), Some(&ticket));
    let told = home.store.end_login(ticket.secret, home.act(NOON)).await;
    let ended = EndLogin::Ended {
        user: alice.id,
        session: session.id,
    };
    assert_eq!(told.unwrap(), ended);
}

/// Holds: C23
pub async fn c23_a_login_that_is_over_leaves_no_device_known_once_its_mail_says_so(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    let session = home.knows(&alice, device, NOON).await;
    let end = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let ticket = home.offer(home.ticket("alice", end, NOON)).await;
    home.end(session.id, NOON).await;
    assert!(home.is_known("alice", device, NOON).await);
    let told = home.store.end_login(ticket.secret, home.act(NOON)).await;
    assert_eq!(told.unwrap(), EndLogin::NotLive);
    assert!(!home.is_known("alice", device, NOON).await);
}
