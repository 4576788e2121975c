//! Errands: posted within limits, taken by one at a time, done once; and those that tell of a transition, written by it.

use std::collections::BTreeSet;
use std::time::Duration;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::errand::{DueErrand, Errand, LONGEST_BACK_OFF, MOST_WAITING};
use vestibule_core::id::ErrandId;
use vestibule_core::known_device::DeviceProof;
use vestibule_core::throttle::{Refilling, Rule, ThrottleKey, Throttled};
use vestibule_core::time::UnixMillis;

use super::harness::Home;
use super::make::letters::recover;
use super::make::{NOON, email, noon_and};
use super::race::{race, racer};
use crate::{FinishErrand, OwnDevice, PostErrand};

const LEASE: Duration = Duration::from_mins(2);

fn bucket(burst: u32) -> Rule {
    Rule::Refilling(Refilling {
        burst,
        refill: Duration::from_mins(1),
    })
}

fn asked() -> Event {
    Event::plain(EventKind::RecoveryAsked)
}

async fn take(home: &Home, now: UnixMillis, limit: usize) -> Vec<DueErrand> {
    home.store.take_errands(now, LEASE, limit).await.unwrap()
}

async fn ids(home: &Home, now: UnixMillis, limit: usize) -> Vec<ErrandId> {
    take(home, now, limit)
        .await
        .iter()
        .map(|due| due.id)
        .collect()
}

/// Posts an errand under charges; what it would leave in the trail is one event.
async fn post(home: &Home, charges: Vec<(ThrottleKey, Rule)>, at: UnixMillis) -> PostErrand {
    let (errand, act) = (home.errand(None, at), home.act(at));
    let posted = home
        .store
        .post_errand(errand, charges, None, vec![asked()], act);
    posted.await.unwrap()
}

/// Holds: ASVS 2.4.1, ASVS 6.3.1
pub async fn asvs_2_4_1_an_errand_charges_all_its_tallies_or_none(home: Home) {
    let keyer = home.keyer();
    let (to, from) = (keyer.mail_to("alice@example.test"), keyer.mail_from(None));
    let both = || vec![(from, bucket(6)), (to, bucket(3))];
    for n in 1..=3 {
        let before = home.before().await;
        let (errand, act) = (home.errand(None, NOON), home.act(NOON));
        let posted = home
            .store
            .post_errand(errand, both(), None, vec![asked()], act.clone())
            .await;
        assert_eq!(posted.unwrap(), PostErrand::Posted);
        home.assert_audited(&before, &act, &[asked()]).await;
        assert_eq!(home.store.waiting_errands().await.unwrap(), n);
    }
    let home = home.reopen().await;
    let full = |minutes| {
        PostErrand::Throttled(Throttled {
            until: Some(noon_and(minutes)),
        })
    };
    let before = home.before().await;
    for _ in 0..5 {
        assert_eq!(post(&home, both(), NOON).await, full(1));
    }
    let turned = vec![(to, bucket(3)), (from, bucket(6))];
    assert_eq!(post(&home, turned, NOON).await, full(1));
    home.assert_unchanged(&before).await;
    for _ in 0..3 {
        let only = vec![(from, bucket(6))];
        assert_eq!(post(&home, only, NOON).await, PostErrand::Posted);
    }
    assert_eq!(post(&home, both(), NOON).await, full(1));
    assert_eq!(post(&home, both(), noon_and(1)).await, PostErrand::Posted);
    assert_eq!(post(&home, both(), noon_and(1)).await, full(2));
}

/// Holds: ASVS 2.4.1, ASVS 15.4.2
pub async fn asvs_15_4_2_parallel_errands_pass_no_limit_together(home: Home) {
    let keyer = home.keyer();
    let to = keyer.mail_to("alice@example.test");
    let racers = (0..100).map(|n| {
        let own = keyer.mail_to(&format!("user-{n}@example.test"));
        let charges = vec![(own, bucket(1)), (to, bucket(7))];
        let (errand, act) = (home.errand(None, NOON), home.act(NOON));
        racer(&home, move |store| async move {
            let events = vec![asked()];
            let posted = store.post_errand(errand, charges, None, events, act).await;
            (own, posted.unwrap())
        })
    });
    let answers = race(racers.collect()).await;
    let (posted, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(_, answer)| *answer == PostErrand::Posted);
    assert_eq!(posted.len(), 7);
    let snapshot = home.snapshot().await;
    assert_eq!((snapshot.errands, snapshot.events.len()), (7, 7));
    for (own, _) in refused {
        let again = post(&home, vec![(own, bucket(1))], NOON).await;
        assert_eq!(
            again,
            PostErrand::Posted,
            "one that was refused was not charged"
        );
    }
    for (own, _) in posted {
        let again = post(&home, vec![(own, bucket(1))], NOON).await;
        assert_ne!(again, PostErrand::Posted);
    }
}

pub async fn errands_are_taken_when_due_and_the_oldest_first(home: Home) {
    let mut errands = Vec::new();
    for minute in [3, 1, 2, 9] {
        let errand = Errand {
            due_at: noon_and(minute),
            ..home.errand(None, NOON)
        };
        home.post(errand.clone(), NOON).await;
        errands.push(errand);
    }
    let [third, first, second, last] = errands.as_slice() else {
        panic!("four");
    };
    assert_eq!(take(&home, NOON, 10).await, []);
    let home = home.reopen().await;
    let taken = take(&home, noon_and(3), 2).await;
    let expected = [first, second].map(|errand| DueErrand {
        id: errand.id,
        user: None,
        sealed: errand.sealed.clone(),
        attempts: 0,
        expires_at: errand.expires_at,
    });
    assert_eq!(taken, expected);
    assert_eq!(
        ids(&home, noon_and(3), 10).await,
        [third.id],
        "the others are taken"
    );
    assert_eq!(ids(&home, noon_and(3), 10).await, []);
    assert_eq!(
        home.store.waiting_errands().await.unwrap(),
        4,
        "but not done"
    );

    let over = noon_and(3).plus(LEASE);
    let early = UnixMillis(over.0 - 1);
    assert_eq!(
        take(&home, early, 10).await,
        [],
        "not before the lease is over"
    );
    let home = home.reopen().await;
    let again = take(&home, over, 10).await;
    assert_eq!(again.len(), 3, "should the one who took them have died");
    assert!(again.iter().all(|due| due.attempts == 1));
    let finish = home
        .store
        .finish_errand(first.id, None, Vec::new(), home.act(over));
    assert_eq!(finish.await.unwrap(), FinishErrand::Finished);
    home.store
        .put_off_errand(second.id, noon_and(30))
        .await
        .unwrap();
    home.store
        .put_off_errand(last.id, noon_and(40))
        .await
        .unwrap();
    home.store
        .put_off_errand(first.id, noon_and(9))
        .await
        .unwrap();
    assert_eq!(ids(&home, noon_and(29), 10).await, [third.id]);
    let later = take(&home, noon_and(50), 10).await;
    let told: Vec<_> = later.iter().map(|due| (due.id, due.attempts)).collect();
    assert_eq!(told, [(second.id, 2), (third.id, 3), (last.id, 0)]);
}

pub async fn requests_are_taken_before_letters(home: Home) {
    let mut ids_of = [Vec::new(), Vec::new()];
    for minute in 0..4 {
        let request = minute % 2 == 1;
        let errand = Errand {
            request,
            ..home.errand(None, noon_and(minute))
        };
        ids_of[usize::from(request)].push(errand.id);
        home.post(errand, NOON).await;
    }
    let [letters, requests] = ids_of;
    let now = noon_and(9);
    let first = [requests[0], requests[1], letters[0]];
    assert_eq!(ids(&home, now, 3).await, first);
    assert_eq!(ids(&home, now, 3).await, [letters[1]]);
}

/// Holds: N01
pub async fn n01_an_errand_from_a_clock_ahead_is_done_once_the_clock_is_right(home: Home) {
    let longest = NOON.plus(LONGEST_BACK_OFF).plus(LEASE);
    let mut errands = Vec::new();
    for due_at in [
        longest,
        longest.plus(Duration::from_millis(1)),
        noon_and(u64::from(u32::MAX)),
    ] {
        let errand = Errand {
            due_at,
            ..home.errand(None, NOON)
        };
        home.post(errand.clone(), NOON).await;
        errands.push(errand);
    }
    assert_eq!(ids(&home, NOON, 1).await, [errands[1].id]);
    assert_eq!(ids(&home, NOON, 9).await, [errands[2].id]);
    assert_eq!(ids(&home, NOON, 9).await, [], "they are taken");
    let over = NOON.plus(LEASE);
    assert_eq!(ids(&home, over, 9).await.len(), 2, "and put off from now");
    assert_eq!(ids(&home, longest, 1).await, [errands[1].id]);
}

/// Holds: C23, ASVS 2.4.1, ASVS 6.3.8
pub async fn c23_mails_asked_for_on_a_known_device_are_charged_to_it_alone(home: Home) {
    let (alice, _) = (home.user("alice").await, home.user("bob").await);
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let keyer = home.keyer();
    let to = keyer.mail_to("alice@example.test");
    let own = keyer.mail_to("her device");
    let ask = async |name: &str, device| {
        let (errand, act) = (home.errand(None, NOON), home.act(NOON));
        let device = OwnDevice {
            email: email(name),
            device,
            charges: vec![(own, bucket(2))],
        };
        let charges = vec![(to, bucket(1))];
        let events = vec![asked()];
        let posted = home
            .store
            .post_errand(errand, charges, Some(device), events, act);
        posted.await.unwrap() == PostErrand::Posted
    };
    let forged = DeviceProof {
        secret: home.secret(),
        ..device
    };
    let stranger = vec![(to, bucket(1))];
    assert_eq!(post(&home, stranger, NOON).await, PostErrand::Posted);
    for (name, presented) in [
        ("alice", forged),
        ("alice", home.device()),
        ("bob", device),
        ("nobody", device),
    ] {
        assert!(!ask(name, presented).await, "of {name}: as any stranger");
    }
    assert!(ask("alice", device).await && ask("alice", device).await);
    assert!(!ask("alice", device).await, "a copied one has an end, too");
}

pub async fn a_login_knows_how_many_letters_wait(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let waiting = async |user| {
        let record = home.store.sign_in_record_of(user).await.unwrap();
        record.unwrap().letters_waiting
    };
    let mut last = None;
    for n in 0..MOST_WAITING + 5 {
        assert_eq!(waiting(alice.id).await, n.min(MOST_WAITING));
        let errand = home.errand(Some(alice.id), NOON);
        last = Some(errand.id);
        home.post(errand, NOON).await;
    }
    home.post(home.errand(None, NOON), NOON).await;
    assert_eq!(waiting(bob.id).await, 0);
    home.post(home.errand(Some(bob.id), NOON), NOON).await;
    let done = home
        .store
        .finish_errand(last.unwrap(), None, Vec::new(), home.act(NOON));
    assert_eq!(done.await.unwrap(), FinishErrand::Finished);
    assert_eq!(waiting(bob.id).await, 1);
}

/// Holds: ASVS 15.4.2
pub async fn parallel_takers_share_no_errand(home: Home) {
    let mut posted = BTreeSet::new();
    for _ in 0..60 {
        let errand = home.errand(None, NOON);
        posted.insert(errand.id);
        home.post(errand, NOON).await;
    }
    let racers = (0..16).map(|_| {
        racer(&home, |store| async move {
            let mut mine = Vec::new();
            loop {
                let taken = store.take_errands(NOON, LEASE, 3).await.unwrap();
                assert!(taken.len() <= 3);
                if taken.is_empty() {
                    return mine;
                }
                mine.extend(taken.into_iter().map(|due| due.id));
            }
        })
    });
    let taken: Vec<_> = race(racers.collect()).await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 60, "nobody took another's");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), posted);
}

/// Holds: ASVS 15.4.2, H04
pub async fn h04_an_errand_is_finished_once(home: Home) {
    let alice = home.user("alice").await;
    let errand = home.errand(None, NOON);
    home.post(errand.clone(), NOON).await;
    let racers = (0..32).map(|_| {
        let ticket = home.ticket("alice", recover(&alice), NOON);
        let (secret, id) = (ticket.secret, errand.id);
        let event = Event::user(EventKind::RecoveryOffered, alice.id);
        let act = home.act_telling(Some(alice.id), NOON);
        racer(&home, move |store| async move {
            let finish = store.finish_errand(id, Some(ticket), vec![event], act);
            (finish.await.unwrap(), secret)
        })
    });
    let answers = race(racers.collect()).await;
    let mut done = 0;
    for (answer, secret) in answers {
        let offered = home.store.ticket(secret, NOON).await.unwrap().is_some();
        assert_eq!(offered, answer == FinishErrand::Finished);
        done += usize::from(offered);
    }
    assert_eq!(done, 1);
    let snapshot = home.snapshot().await;
    assert_eq!(snapshot.events.len(), 2, "her account, and one offer");
    assert_eq!(
        snapshot.errands, 1,
        "what follows from it is to be done, once"
    );

    let before = home.before().await;
    let act = home.act_telling(None, NOON);
    let again = home
        .store
        .finish_errand(errand.id, None, vec![asked()], act);
    assert_eq!(again.await.unwrap(), FinishErrand::Gone);
    home.store.put_off_errand(errand.id, NOON).await.unwrap();
    home.assert_unchanged(&before).await;
}

pub async fn finishing_writes_its_events_its_ticket_and_what_follows(home: Home) {
    let alice = home.user("alice").await;
    let errand = home.errand(Some(alice.id), NOON);
    home.post(errand.clone(), NOON).await;
    let ticket = home.ticket("alice", recover(&alice), NOON);
    let before = home.before().await;
    let act = home.act_telling(Some(alice.id), noon_and(1));
    let event = Event::user(EventKind::RecoveryOffered, alice.id);
    let finish =
        home.store
            .finish_errand(errand.id, Some(ticket.clone()), vec![event], act.clone());
    assert_eq!(finish.await.unwrap(), FinishErrand::Finished);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), []);
    let home = home.reopen().await;
    let read = home.store.ticket(ticket.secret, NOON).await.unwrap();
    assert_eq!(read, Some(ticket));
    assert_eq!(ids(&home, noon_and(1), 10).await, [act.told[0].id]);
}

pub async fn errands_go_with_their_users_account(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (hers, taken) = (
        home.errand(Some(alice.id), noon_and(1)),
        home.errand(Some(alice.id), NOON),
    );
    let (his, nobodys) = (
        home.errand(Some(bob.id), noon_and(1)),
        home.errand(None, noon_and(1)),
    );
    for errand in [&hers, &taken, &his, &nobodys] {
        home.post(errand.clone(), NOON).await;
    }
    assert_eq!(ids(&home, NOON, 10).await, [taken.id]);
    let act = home.act_telling(None, noon_and(1));
    home.store.delete_user(alice.id, act.clone()).await.unwrap();
    let before = home.before().await;
    let finish = home
        .store
        .finish_errand(taken.id, None, vec![asked()], home.act(NOON));
    assert_eq!(finish.await.unwrap(), FinishErrand::Gone);
    home.store.put_off_errand(taken.id, NOON).await.unwrap();
    home.assert_unchanged(&before).await;
    let mut left = ids(&home, noon_and(60), 10).await;
    left.sort_unstable();
    let mut expected = [his.id, nobodys.id, act.told[0].id];
    expected.sort_unstable();
    assert_eq!(left, expected, "and the last letter to her");
}
