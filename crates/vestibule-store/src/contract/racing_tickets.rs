//! Real contention over tickets: of many that redeem one, one wins, and nothing outruns what a ticket does.

use vestibule_core::audit::EventKind;
use vestibule_core::session::EndReason;
use vestibule_core::ticket::{Grant, MOST_WRONG_CODES};
use vestibule_core::user::{MOST_ADDRESSES, User};

use super::harness::Home;
use super::make::{NOON, email, hash};
use super::race::{race, racer, standing};
use crate::{
    BoxFuture, Change, ChangePassword, ConfirmAddress, CreateUser, EndLogin, EndSession,
    OpenSession, Recover, Register, TryCode,
};

/// How many try to redeem one ticket.
const MANY: usize = 32;

fn count<T>(answers: &[T], is: impl Fn(&T) -> bool) -> usize {
    answers.iter().filter(|answer| is(answer)).count()
}

async fn count_events(home: &Home, kind: EventKind) -> usize {
    let events = home.snapshot().await.events;
    count(&events, |stored| stored.event.kind == kind)
}

/// Holds: H04, ASVS 6.5.1, ASVS 15.4.2
pub async fn h04_of_many_registrations_on_one_ticket_one_wins(home: Home) {
    let ticket = home.offer_register("alice", NOON).await;
    let racers = (0..MANY).map(|_| {
        let (new, session) = home.registrant("alice", 1);
        let act = home.act_telling(None, session.auth_time);
        racer(&home, move |store| async move {
            let registered = store.register(ticket.secret, new, session, act).await;
            registered.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &Register| matches!(answer, Register::Registered { .. });
    assert_eq!(count(&answers, won), 1);
    assert_eq!(
        count(&answers, |answer| *answer == Register::Gone),
        MANY - 1
    );
    let snapshot = home.snapshot().await;
    assert_eq!((snapshot.users.len(), snapshot.sessions.len()), (1, 1));
    assert_eq!(snapshot.errands, 1, "and one letter goes out");
    snapshot.assert_told(&home.ledger.memory());
}

/// Holds: H04, ASVS 6.5.1, ASVS 15.4.2
pub async fn h04_of_many_recoveries_on_one_ticket_one_wins(home: Home) {
    let alice = home.user("alice").await;
    home.session(&alice, NOON).await;
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    let racers = (0..MANY).map(|n| {
        let (recovery, keyer) = (home.recovery(&ticket, &format!("new-{n}")), home.keyer());
        let act = home.act_telling(Some(alice.id), NOON);
        racer(&home, move |store| async move {
            (n, store.recover(recovery, keyer, act).await.unwrap())
        })
    });
    let answers = race(racers.collect()).await;
    let won = |(_, answer): &&(_, Recover)| matches!(answer, Recover::Recovered { ended: 1, .. });
    let winners: Vec<_> = answers.iter().filter(won).collect();
    let [(n, _)] = winners.as_slice() else {
        panic!("one wins: {answers:?}");
    };
    assert_eq!(
        count(&answers, |(_, answer)| *answer == Recover::Gone),
        MANY - 1
    );
    let snapshot = home.snapshot().await;
    let hash = hash(&format!("new-{n}")).as_phc().to_owned();
    assert_eq!(snapshot.passwords[&alice.id], (hash, 2));
    assert_eq!(snapshot.errands, 1);
    assert_eq!(standing(&home).await, []);
}

/// Holds: H04, ASVS 15.4.2
pub async fn h04_of_two_recover_tickets_raced_one_wins(home: Home) {
    for round in 0..20 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        let mut racers = Vec::new();
        for n in 0..4 {
            let ticket = home.offer_recover(&alice, &name, NOON).await;
            let (recovery, keyer) = (home.recovery(&ticket, &format!("new-{n}")), home.keyer());
            let act = home.act(NOON);
            racers.push(racer(&home, move |store| async move {
                store.recover(recovery, keyer, act).await.unwrap()
            }));
        }
        let answers = race(racers).await;
        assert_eq!(count(&answers, |answer| *answer == Recover::Gone), 3);
        assert_eq!(home.snapshot().await.passwords[&alice.id].1, 2);
    }
}

/// Holds: H04, ASVS 6.5.1, ASVS 15.4.2
pub async fn h04_of_many_that_end_a_login_by_one_ticket_one_wins(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let grant = Grant::EndLogin {
        user: alice.id,
        session: session.id,
    };
    let ticket = home.offer(home.ticket("alice", grant, NOON)).await;
    let racers = (0..MANY).map(|_| {
        let act = home.act(NOON);
        racer(&home, move |store| async move {
            store.end_login(ticket.secret, act).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &EndLogin| matches!(answer, EndLogin::Ended { .. });
    assert_eq!(count(&answers, won), 1);
    assert_eq!(
        count(&answers, |answer| *answer == EndLogin::Gone),
        MANY - 1
    );
    let kind = EventKind::SessionEnded(EndReason::EndedByMail);
    assert_eq!(count_events(&home, kind).await, 1);
    assert_eq!(standing(&home).await, []);
}

/// Holds: H04, ASVS 6.5.1, ASVS 15.4.2
pub async fn h04_of_many_that_confirm_an_address_by_one_ticket_one_wins(home: Home) {
    let alice = home.user("alice").await;
    let ticket = home.offer_address(&alice, "alice-too", NOON).await;
    let racers = (0..MANY).map(|_| {
        let (act, user) = (home.act_telling(Some(alice.id), NOON), alice.id);
        racer(&home, move |store| async move {
            store
                .confirm_address(ticket.secret, user, act)
                .await
                .unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &ConfirmAddress| *answer == ConfirmAddress::Confirmed(email("alice-too"));
    assert_eq!(count(&answers, won), 1);
    assert_eq!(
        count(&answers, |answer| *answer == ConfirmAddress::Gone),
        MANY - 1
    );
    assert_eq!(count_events(&home, EventKind::AddressAdded).await, 1);
    assert_eq!(home.store.addresses(alice.id).await.unwrap().len(), 2);
    assert_eq!(home.snapshot().await.errands, 1);
}

/// Holds: ASVS 6.6.3, N45, ASVS 15.4.2
pub async fn asvs_6_6_3_parallel_codes_pass_no_limit_together(home: Home) {
    let alice = home.user("alice").await;
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    let racers = (0..100).map(|_| {
        racer(&home, move |store| async move {
            store.try_code(ticket.secret, NOON).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let counted = count(&answers, |answer| *answer == TryCode::Counted);
    assert_eq!(u32::try_from(counted).unwrap(), MOST_WRONG_CODES);
    assert!(!home.is_good(&ticket, NOON).await);
}

/// Holds: ASVS 6.6.3
pub async fn asvs_6_6_3_the_fifth_code_may_be_the_right_one(home: Home) {
    let alice = home.user("alice").await;
    let ticket = home.offer_recover(&alice, "alice", NOON).await;
    for _ in 0..MOST_WRONG_CODES {
        let counted = home.store.try_code(ticket.secret, NOON).await.unwrap();
        assert_eq!(counted, TryCode::Counted);
    }
    let one_more = home.store.try_code(ticket.secret, NOON).await.unwrap();
    assert_eq!(one_more, TryCode::Gone);
    let recovered = home.recover(&ticket, "the fifth", NOON).await;
    assert!(matches!(recovered, Recover::Recovered { .. }));
}

/// Holds: H04, ASVS 15.4.2
pub async fn an_address_is_one_accounts_however_many_claim_it(home: Home) {
    for round in 0..20 {
        let name = format!("alice-{round}");
        let mut racers: Vec<BoxFuture<'static, bool>> = Vec::new();
        for n in 0..3 {
            let claimant = home.user(&format!("claimant-{round}-{n}")).await;
            let ticket = home.offer_address(&claimant, &name, NOON).await;
            let act = home.act(NOON);
            racers.push(racer(&home, move |store| async move {
                let told = store.confirm_address(ticket.secret, claimant.id, act).await;
                match told.unwrap() {
                    ConfirmAddress::Confirmed(_) => true,
                    ConfirmAddress::Taken => false,
                    other => panic!("{other:?}"),
                }
            }));
            let ticket = home.offer_register(&name, NOON).await;
            let ((new, session), act) = (home.registrant(&name, 0), home.act(NOON));
            racers.push(racer(&home, move |store| async move {
                match store
                    .register(ticket.secret, new, session, act)
                    .await
                    .unwrap()
                {
                    Register::Registered { .. } => true,
                    // Another registration for the address takes the ticket with it.
                    Register::AddressTaken | Register::Gone => false,
                }
            }));
            let (new, act) = (home.new_user(&name), home.act(NOON));
            racers.push(racer(&home, move |store| async move {
                match store.create_user(new, act).await.unwrap() {
                    CreateUser::Created(_) => true,
                    CreateUser::AddressTaken => false,
                }
            }));
        }
        let answers = race(racers).await;
        assert_eq!(count(&answers, |won| *won), 1, "round {round}");
        let snapshot = home.snapshot().await;
        let owners = snapshot.addresses.values().flatten();
        assert_eq!(owners.filter(|own| own.email == email(&name)).count(), 1);
        snapshot.assert_told(&home.ledger.memory());
    }
}

/// Holds: ASVS 15.4.2
pub async fn parallel_addresses_of_one_user_stay_within_the_limit(home: Home) {
    let alice = home.user("alice").await;
    let mut racers = Vec::new();
    for n in 0..MANY {
        let ticket = home
            .offer_address(&alice, &format!("alice-{n}"), NOON)
            .await;
        let (act, user) = (home.act(NOON), alice.id);
        racers.push(racer(&home, move |store| async move {
            store
                .confirm_address(ticket.secret, user, act)
                .await
                .unwrap()
        }));
    }
    let answers = race(racers).await;
    let told = count(&answers, |answer| *answer == ConfirmAddress::TooMany);
    assert_eq!(told, MANY + 1 - MOST_ADDRESSES);
    let own = home.store.addresses(alice.id).await.unwrap();
    assert_eq!(own.len(), MOST_ADDRESSES);
}

fn login(home: &Home, user: &User) -> BoxFuture<'static, ()> {
    let (new, act) = (home.login(user, NOON), home.act(NOON));
    racer(home, |store| async move {
        let opened = store.open_session(new, act).await.unwrap();
        let known = matches!(
            opened,
            OpenSession::Opened(_) | OpenSession::CredentialChanged
        );
        assert!(known, "{opened:?}");
    })
}

/// Holds: ASVS 15.4.2, ASVS 7.4.3
pub async fn asvs_7_4_3_no_login_outruns_a_recovery(home: Home) {
    for round in 0..40 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        home.session(&alice, NOON).await;
        let ticket = home.offer_recover(&alice, &name, NOON).await;
        let (recovery, keyer) = (home.recovery(&ticket, "new"), home.keyer());
        let act = home.act(NOON);
        let mut racers: Vec<_> = (0..12).map(|_| login(&home, &alice)).collect();
        racers.insert(
            round % 12,
            racer(&home, |store| async move {
                let told = store.recover(recovery, keyer, act).await.unwrap();
                assert!(matches!(told, Recover::Recovered { .. }));
            }),
        );
        race(racers).await;
        assert_eq!(home.live(&alice, NOON).await, []);
        assert_eq!(standing(&home).await, []);
        let changes = home.ledger.changes();
        let struck = changes
            .iter()
            .rposition(|change| matches!(change, Change::Cutoff(_)))
            .unwrap();
        let opened =
            |change: &Change| matches!(change, Change::SessionOpened(s) if s.user == alice.id);
        assert!(
            !changes[struck..].iter().any(opened),
            "nothing opens behind it"
        );
    }
}

/// Holds: ASVS 15.4.2, H04
pub async fn of_a_recovery_and_a_change_of_password_one_wins(home: Home) {
    for round in 0..60 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        let mine = home.session(&alice, NOON).await;
        let ticket = home.offer_recover(&alice, &name, NOON).await;
        let (recovery, keyer) = (home.recovery(&ticket, "recovered"), home.keyer());
        let (change, act) = (home.password_change(&mine, "changed", NOON), home.act(NOON));
        let from_within = racer(&home, |store| async move {
            match store.change_password(change, act).await.unwrap() {
                ChangePassword::Changed { .. } => "changed",
                // Which of the two is said first is the store's to choose.
                ChangePassword::CredentialChanged | ChangePassword::SessionEnded => "lost",
                ChangePassword::Disabled => panic!("she is not"),
            }
        });
        let act = home.act(NOON);
        let by_mail = racer(&home, |store| async move {
            match store.recover(recovery, keyer, act).await.unwrap() {
                Recover::Recovered { .. } => "recovered",
                Recover::Gone => "lost",
            }
        });
        let racers = if round % 2 == 0 {
            vec![from_within, by_mail]
        } else {
            vec![by_mail, from_within]
        };
        let mut answers = race(racers).await;
        answers.retain(|answer| *answer != "lost");
        let [won] = answers.as_slice() else {
            panic!("one wins: {answers:?}");
        };
        let stored = home.snapshot().await.passwords[&alice.id].clone();
        assert_eq!(stored, (hash(won).as_phc().to_owned(), 2));
        let survivors = home.live(&alice, NOON).await;
        if *won == "changed" {
            assert_eq!(survivors, [mine.id]);
        } else {
            assert_eq!(survivors, []);
        }
    }
    standing(&home).await;
}

/// Holds: ASVS 15.4.2
pub async fn of_a_mailed_end_and_a_logout_one_ends_the_session(home: Home) {
    for round in 0..30 {
        let alice = home.user(&format!("alice-{round}")).await;
        let session = home.session(&alice, NOON).await;
        let grant = Grant::EndLogin {
            user: alice.id,
            session: session.id,
        };
        let ticket = home.offer(home.ticket("alice", grant, NOON)).await;
        let (act, id) = (home.act(NOON), session.id);
        let by_mail = racer(&home, move |store| async move {
            let told = store.end_login(ticket.secret, act).await.unwrap();
            assert_ne!(told, EndLogin::Gone);
            told != EndLogin::NotLive
        });
        let act = home.act(NOON);
        let by_logout = racer(&home, move |store| async move {
            let reason = EndReason::SignedOut;
            let told = store.end_session(id, None, reason, act).await.unwrap();
            told == EndSession::Ended
        });
        let ended = race(vec![by_mail, by_logout]).await;
        assert_eq!(count(&ended, |ended| *ended), 1, "{ended:?}");
        assert_eq!(standing(&home).await, []);
    }
    let events = home.snapshot().await.events;
    let ended = |kind| matches!(kind, EventKind::SessionEnded(_));
    assert_eq!(count(&events, |stored| ended(stored.event.kind)), 30);
}
