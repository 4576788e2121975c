//! The lists of live sessions.

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::SessionId;
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;

use super::filters::{everybodys, of_user};
use super::harness::Home;
use super::make::{NOON, noon_and};

/// Every page, as one list.
async fn walk(
    home: &Home,
    filter: SessionFilter,
    limit: usize,
    now: UnixMillis,
) -> Vec<(SessionId, EmailAddress)> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = home
            .store
            .sessions(filter.clone(), before, limit, now)
            .await
            .unwrap();
        assert!(page.sessions.len() <= limit);
        let back = before.zip(page.next).is_none_or(|(this, next)| next < this);
        assert!(back, "each page begins further back");
        seen.extend(
            page.sessions
                .into_iter()
                .map(|stored| (stored.session.id, stored.email)),
        );
        before = page.next;
        if before.is_none() {
            return seen;
        }
    }
}

/// Holds: ASVS 7.5.2
pub async fn asvs_7_5_2_a_user_sees_their_own_live_sessions_newest_first(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let idle = home.session(&alice, NOON).await;
    let first = home.session(&alice, noon_and(10)).await;
    let ended = home.session(&alice, noon_and(11)).await;
    let second = home.session(&alice, noon_and(12)).await;
    home.session(&bob, noon_and(13)).await;
    home.end(ended.id, noon_and(14)).await;
    assert_eq!(
        home.live(&alice, noon_and(29)).await,
        [second.id, first.id, idle.id]
    );
    assert_eq!(home.live(&alice, noon_and(30)).await, [second.id, first.id]);
    let sessions = home
        .store
        .sessions_of(alice.id, noon_and(30))
        .await
        .unwrap();
    assert_eq!(sessions, [second.clone(), first.clone()]);
    let one = async |id| home.store.session(id, noon_and(30)).await.unwrap();
    assert_eq!(one(first.id).await, Some(first));
    assert_eq!(one(second.id).await, Some(second));
    for gone in [idle.id, ended.id] {
        assert_eq!(one(gone).await, None);
    }
    let reason = EndReason::EverywhereEnded;
    home.store
        .end_user_sessions(alice.id, None, reason, home.act(noon_and(15)))
        .await
        .unwrap();
    assert_eq!(home.live(&alice, noon_and(15)).await, []);
    assert_eq!(home.live(&bob, noon_and(15)).await.len(), 1);
}

pub async fn pages_of_sessions_show_all_that_live_and_nothing_else(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (carol, dave) = (home.user("carol").await, home.user("dave").await);
    let mut expected = Vec::new();
    for minute in 0..10 {
        let at = noon_and(minute);
        for user in [&alice, &bob] {
            let live = home.session(user, at).await;
            expected.push((live.id, user.email.clone()));
            // Dead ones between the live ones: pages go on behind them.
            let ended = home.session(user, at).await;
            home.end(ended.id, at).await;
            home.session(&carol, at).await;
            home.session(&dave, at).await;
        }
    }
    let reason = EndReason::EndedByOperator;
    home.store
        .end_user_sessions(carol.id, None, reason, home.act(noon_and(10)))
        .await
        .unwrap();
    home.store
        .disable_user(dave.id, home.act(noon_and(10)))
        .await
        .unwrap();
    expected.reverse();
    let own = |name| {
        let of = expected
            .iter()
            .filter(move |(_, email)| *email == super::make::email(name));
        of.cloned().collect::<Vec<_>>()
    };
    for limit in [1, 3, 19, 20, 21] {
        assert_eq!(
            walk(&home, everybodys(), limit, noon_and(10)).await,
            expected,
            "in pages of {limit}"
        );
        assert_eq!(
            walk(&home, of_user(bob.id), limit, noon_and(10)).await,
            own("bob")
        );
        assert_eq!(
            walk(&home, of_user(carol.id), limit, noon_and(10)).await,
            []
        );
    }
    let idle_gone = walk(&home, everybodys(), 3, noon_and(34)).await;
    assert_eq!(
        idle_gone,
        expected[..10],
        "the first five minutes' have idled out"
    );
    assert_eq!(walk(&home, everybodys(), 3, noon_and(39)).await, []);
}

pub async fn pages_of_sessions_are_stable_under_logins_and_logouts(home: Home) {
    let alice = home.user("alice").await;
    let mut ids = Vec::new();
    for minute in 0..9 {
        ids.push(home.session(&alice, noon_and(minute)).await.id);
    }
    ids.reverse();
    let ids_of = |page: crate::SessionPage| {
        let ids = page
            .sessions
            .iter()
            .map(|stored| stored.session.id)
            .collect::<Vec<_>>();
        (ids, page.next)
    };
    let now = noon_and(10);
    let (first, next) = ids_of(
        home.store
            .sessions(everybodys(), None, 3, now)
            .await
            .unwrap(),
    );
    assert_eq!(first, ids[..3]);
    home.session(&alice, now).await;
    // The one the next page begins at may be gone by then.
    home.end(ids[2], now).await;
    home.end(ids[3], now).await;
    let (second, next) = ids_of(
        home.store
            .sessions(everybodys(), next, 3, now)
            .await
            .unwrap(),
    );
    assert_eq!(second, ids[4..7]);
    home.end(ids[5], now).await;
    let (third, next) = ids_of(
        home.store
            .sessions(everybodys(), next, 3, now)
            .await
            .unwrap(),
    );
    assert_eq!((third.as_slice(), next), (&ids[7..], None));
}
