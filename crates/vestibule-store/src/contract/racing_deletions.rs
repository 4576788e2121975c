//! Real contention over an account that is being deleted: nothing outruns it.

use vestibule_core::id::UserId;
use vestibule_core::user::{Details, Language, Role, User};

use super::harness::Home;
use super::make::letters::recover;
use super::make::tries::{ROOMY, refused};
use super::make::{NOON, email, noon_and};
use super::race::{race, racer};
use crate::{BeginTry, BoxFuture, CreateUser, DeleteUser, NewProfile, OpenSession};

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

/// Holds: ASVS 15.4.2
pub async fn parallel_erasers_erase_each_row_once(home: Home) {
    let alice = home.user("alice").await;
    for _ in 0..40 {
        let (event, act) = (refused(Some(alice.id)), home.act_of(&alice, NOON));
        home.store.record(vec![event], act).await.unwrap();
    }
    delete(&home, alice.id).await;
    let racers = (0..16).map(|_| {
        racer(&home, |store| async move {
            let mut mine = 0;
            loop {
                match store.erase_personal(3).await.unwrap() {
                    0 => return mine,
                    some => mine += some,
                }
            }
        })
    });
    let erased: usize = race(racers.collect()).await.into_iter().sum();
    assert_eq!(erased, 40);
}

/// Holds: ASVS 15.4.2
pub async fn of_administrators_who_delete_each_other_one_stays(home: Home) {
    let mut admins = vec![admin(&home, "admin").await];
    for round in 0..25 {
        for n in admins.len()..4 {
            admins.push(admin(&home, &format!("admin-{round}-{n}")).await);
        }
        let racers = admins.iter().map(|admin| {
            let (id, act) = (admin.id, home.act(NOON));
            racer(&home, move |store| async move {
                store.delete_user(id, act).await.unwrap()
            })
        });
        let answers = race(racers.collect()).await;
        let stayed: Vec<_> = answers
            .iter()
            .zip(&admins)
            .filter(|(answer, _)| **answer == DeleteUser::LastAdministrator)
            .map(|(_, admin)| admin.clone())
            .collect();
        assert_eq!(stayed.len(), 1, "{answers:?}");
        let users = home.snapshot().await.users;
        assert_eq!(users.keys().copied().collect::<Vec<_>>(), [stayed[0].id]);
        assert!(users[&stayed[0].id].roles.contains(&Role::admin()));
        admins = stayed;
    }
}

/// What may happen to an account while it is being deleted.
fn meanwhile(home: &Home, alice: &User, deeds: &Deeds) -> Vec<BoxFuture<'static, ()>> {
    let mut racers: Vec<BoxFuture<'static, ()>> = Vec::new();
    let (login, act) = (
        home.login(alice, NOON),
        home.act_telling(Some(alice.id), NOON),
    );
    let login = vestibule_core::session::NewSession {
        known: Some(home.device()),
        ..login
    };
    racers.push(racer(home, |store| async move {
        let told = store.open_session(login, act).await.unwrap();
        let fits = matches!(
            told,
            OpenSession::Opened(_) | OpenSession::Unknown | OpenSession::CredentialChanged
        );
        assert!(fits, "{told:?}");
    }));
    let (recovery, keyer) = (home.recovery(&deeds.recovers, "new"), home.keyer());
    let act = home.act_telling(Some(alice.id), NOON);
    racers.push(racer(home, |store| async move {
        store.recover(recovery, keyer, act).await.unwrap();
    }));
    let (user, secret) = (alice.id, deeds.confirms.secret);
    let act = home.act_telling(Some(alice.id), NOON);
    racers.push(racer(home, move |store| async move {
        store.confirm_address(secret, user, act).await.unwrap();
    }));
    let change = home.password_change(&deeds.session, "changed", NOON);
    let act = home.act_telling(Some(alice.id), NOON);
    racers.push(racer(home, |store| async move {
        store.change_password(change, act).await.unwrap();
    }));
    let (profile, act) = (profile(alice), home.act_telling(Some(alice.id), NOON));
    racers.push(racer(home, move |store| async move {
        store.change_profile(user, profile, act).await.unwrap();
    }));
    let (attempt, act) = (home.stranger(&deeds.name, ROOMY, NOON), home.act(NOON));
    racers.push(racer(home, |store| async move {
        let BeginTry::Begun { record, tried, .. } = store.begin_try(attempt).await.unwrap() else {
            panic!("nothing throttles here");
        };
        let event = refused(record.map(|record| record.user.id));
        store.fail_try(tried, vec![event], act).await.unwrap();
    }));
    let (id, act) = (deeds.errand, home.act_telling(Some(alice.id), NOON));
    let ticket = home.ticket(&deeds.name, recover(alice), NOON);
    let (offered, offering) = (deeds.offered.clone(), home.act(NOON));
    racers.push(racer(home, |store| async move {
        store.offer_ticket(offered, offering).await.unwrap();
    }));
    let (posted, posting) = (home.errand(Some(alice.id), NOON), home.act(NOON));
    racers.push(racer(home, |store| async move {
        let post = store.post_errand(posted, Vec::new(), None, Vec::new(), posting);
        post.await.unwrap();
    }));
    racers.push(racer(home, move |store| async move {
        let finish = store.finish_errand(id, Some(ticket), Vec::new(), act);
        finish.await.unwrap();
    }));
    racers
}

struct Deeds {
    name: String,
    session: vestibule_core::session::Session,
    recovers: vestibule_core::ticket::Ticket,
    confirms: vestibule_core::ticket::Ticket,
    offered: vestibule_core::ticket::Ticket,
    errand: vestibule_core::id::ErrandId,
}

/// Holds: ASVS 7.4.2, ASVS 15.4.2
pub async fn asvs_7_4_2_nothing_outruns_a_deletion(home: Home) {
    for round in 0..40 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        let errand = home.errand(None, NOON);
        home.post(errand.clone(), NOON).await;
        let deeds = Deeds {
            session: home.session(&alice, NOON).await,
            recovers: home.offer_recover(&alice, &name, NOON).await,
            confirms: home
                .offer_address(&alice, &format!("{name}-too"), NOON)
                .await,
            offered: home.ticket(&name, recover(&alice), NOON),
            errand: errand.id,
            name,
        };
        let (id, act) = (alice.id, home.act(NOON));
        let mut racers = meanwhile(&home, &alice, &deeds);
        racers.insert(
            round % (racers.len() + 1),
            racer(&home, move |store| async move {
                let told = store.delete_user(id, act).await.unwrap();
                assert!(matches!(told, DeleteUser::Deleted { .. }));
            }),
        );
        race(racers).await;
        let left = home.snapshot().await;
        left.assert_told(&home.ledger.memory());
        assert_eq!(
            (left.users.len(), left.sessions.len()),
            (0, 0),
            "no survivor"
        );
        assert_eq!(left.errands, 0, "and no letter to one");
        for name in [&deeds.name, &format!("{}-too", deeds.name)] {
            let found = home.store.sign_in_record(email(name)).await.unwrap();
            assert_eq!(found, None);
        }
        for ticket in [&deeds.recovers, &deeds.confirms, &deeds.offered] {
            assert!(!home.is_good(ticket, NOON).await);
        }
    }
    let home = home.reopen().await;
    assert_eq!(home.ledger.fill(), [], "not even once opened again");
}
