//! What applications keep under sessions: theirs alone, so much and no more, and gone with the session.

use vestibule_core::application::Application;
use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session::{EndReason, Session};
use vestibule_core::session_data::{
    DataPlace, DataVersion, Datum, MOST_KEYS, MOST_PER_APPLICATION, MOST_PER_KEY, NewDatum,
    Precondition,
};

use super::archive::{exported, rows};
use super::harness::Home;
use super::make::applications::origin;
use super::make::session_data::place;
use super::make::{NOON, noon_and};
use crate::{DeleteDatum, PutApplication, PutDatum, RemoveApplication, RenewSession};

/// One login and one application.
async fn furnished(home: &Home) -> (Session, Application) {
    let alice = home.user("alice").await;
    (
        home.session(&alice, NOON).await,
        home.application("shop").await,
    )
}

/// How many rows there are, whoever may read them.
pub(super) async fn stored(home: &Home) -> usize {
    rows(&exported(home).await, "session_data").len()
}

fn only(datum: NewDatum, precondition: Precondition) -> NewDatum {
    NewDatum {
        precondition,
        ..datum
    }
}

pub async fn a_value_is_kept_read_listed_and_dropped(home: Home) {
    let (session, shop) = furnished(&home).await;
    let before = home.before().await;
    let cart = place(&session, &shop, "cart");
    assert_eq!(home.kept(cart.clone()).await, None);
    let first = home.datum(cart.clone(), b"{\"items\":[7]}");
    let put = |datum: &NewDatum, created| PutDatum::Put {
        version: datum.version,
        created,
    };
    assert_eq!(home.put(first.clone()).await, put(&first, true));
    let read = |datum: &NewDatum| {
        Some(Datum {
            value: datum.value.clone(),
            version: datum.version,
        })
    };
    assert_eq!(home.kept(cart.clone()).await, read(&first));
    // Any bytes, and none: what JSON is, the store does not know.
    for value in [&[0, 0xff, b'\'', 0x80][..], &[]] {
        let next = home.datum(cart.clone(), value);
        assert_eq!(home.put(next.clone()).await, put(&next, false));
        assert_eq!(home.kept(cart.clone()).await, read(&next));
    }
    let seen = home
        .keep(place(&session, &shop, "Seen.v2_x-1"), b"[1,2]")
        .await;
    let listed = home.entries(&session, &shop).await;
    let listed: Vec<_> = listed
        .iter()
        .map(|entry| (entry.key.as_str(), entry.length))
        .collect();
    assert_eq!(listed, [("Seen.v2_x-1", 5), ("cart", 0)], "by their bytes");
    assert_eq!(home.entries(&session, &shop).await[0].version, seen);
    let gone = home.drop_datum(cart.clone(), Precondition::None).await;
    assert_eq!(gone, DeleteDatum::Deleted);
    assert_eq!(home.kept(cart.clone()).await, None);
    let again = home.drop_datum(cart, Precondition::None).await;
    assert_eq!(again, DeleteDatum::Absent);
    // Neither audited nor published: it is the application's own.
    assert_eq!(home.published_since(&before), []);
    assert_eq!(home.snapshot().await.events, before.snapshot.events);
}

pub async fn no_update_is_lost_to_who_did_not_see_it(home: Home) {
    let (session, shop) = furnished(&home).await;
    let cart = place(&session, &shop, "cart");
    let put = async |precondition| {
        let datum = home.datum(cart.clone(), b"{}");
        home.put(only(datum, precondition)).await
    };
    let refused = PutDatum::PreconditionFailed;
    assert_eq!(put(Precondition::Exists).await, refused);
    assert_eq!(put(Precondition::Matches(DataVersion(7))).await, refused);
    let PutDatum::Put {
        version: first,
        created: true,
    } = put(Precondition::Absent).await
    else {
        panic!("there was none");
    };
    assert_eq!(put(Precondition::Absent).await, refused);
    let PutDatum::Put {
        version: second,
        created: false,
    } = put(Precondition::Matches(first)).await
    else {
        panic!("it was the first");
    };
    let before = home.before().await;
    assert_eq!(put(Precondition::Matches(first)).await, refused);
    // Versions beyond what any store can hold are nobody's.
    let beyond = Precondition::Matches(DataVersion(u64::MAX));
    assert_eq!(put(beyond).await, refused);
    for precondition in [Precondition::Matches(first), Precondition::Absent] {
        let dropped = home.drop_datum(cart.clone(), precondition).await;
        assert_eq!(dropped, DeleteDatum::PreconditionFailed);
    }
    home.assert_unchanged(&before).await;
    // Made again, it is another: who saw the second has not seen this.
    let dropped = home.drop_datum(cart.clone(), Precondition::Matches(second));
    assert_eq!(dropped.await, DeleteDatum::Deleted);
    let dropped = home.drop_datum(cart.clone(), Precondition::Exists).await;
    assert_eq!(dropped, DeleteDatum::PreconditionFailed);
    assert!(matches!(
        put(Precondition::Absent).await,
        PutDatum::Put { .. }
    ));
    assert_eq!(put(Precondition::Matches(second)).await, refused);
    assert!(matches!(
        put(Precondition::Exists).await,
        PutDatum::Put { .. }
    ));
}

/// Holds: ASVS 8.2.2
pub async fn asvs_8_2_2_no_application_sees_anothers_and_no_session_anothers(home: Home) {
    let (session, shop) = furnished(&home).await;
    let blog = home.application("blog").await;
    let bob = home.user("bob").await;
    let his = home.session(&bob, NOON).await;
    home.keep(place(&session, &shop, "k"), b"hers at the shop")
        .await;
    let others = [place(&session, &blog, "k"), place(&his, &shop, "k")];
    for other in &others {
        assert_eq!(home.kept(other.clone()).await, None);
        let dropped = home.drop_datum(other.clone(), Precondition::None).await;
        assert_eq!(dropped, DeleteDatum::Absent);
    }
    assert_eq!(home.entries(&session, &blog).await, []);
    assert_eq!(home.entries(&his, &shop).await, []);
    for other in &others {
        home.keep(other.clone(), b"another").await;
    }
    let hers = home.kept(place(&session, &shop, "k")).await.unwrap();
    assert_eq!(hers.value, b"hers at the shop");
}

/// Holds: ASVS 15.2.2
pub async fn asvs_15_2_2_an_application_keeps_so_much_under_a_session_and_no_more(home: Home) {
    let (session, shop) = furnished(&home).await;
    let blog = home.application("blog").await;
    let other = home.session(&home.user("bob").await, NOON).await;
    let at = |key: &str| place(&session, &shop, key);
    let longest = vec![b'x'; MOST_PER_KEY];
    let put = async |place: DataPlace, value: &[u8]| home.put(home.datum(place, value)).await;
    let too_long = vec![b'x'; MOST_PER_KEY + 1];
    assert_eq!(put(at("a"), &too_long).await, PutDatum::TooLarge);
    let full = MOST_PER_APPLICATION / MOST_PER_KEY;
    for n in 0..full {
        home.keep(at(&format!("k{n}")), &longest).await;
    }
    let before = home.before().await;
    assert_eq!(put(at("more"), b"x").await, PutDatum::TooLarge);
    home.assert_unchanged(&before).await;
    assert_eq!(home.kept(at("k0")).await.unwrap().value, longest);
    // What is replaced makes room for what comes; other applications and sessions have their own.
    home.keep(at("k0"), &longest[1..]).await;
    home.keep(at("more"), b"x").await;
    home.keep(place(&session, &blog, "k"), &longest).await;
    home.keep(place(&other, &shop, "k"), &longest).await;

    for n in 0..MOST_KEYS {
        home.keep(place(&other, &blog, &format!("k{n}")), b"0")
            .await;
    }
    let before = home.before().await;
    let one_more = place(&other, &blog, "more");
    assert_eq!(put(one_more.clone(), b"").await, PutDatum::TooMany);
    home.assert_unchanged(&before).await;
    let dropped = home.drop_datum(place(&other, &blog, "k0"), Precondition::None);
    assert_eq!(dropped.await, DeleteDatum::Deleted);
    home.keep(one_more, b"").await;
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2
pub async fn asvs_7_4_1_what_lies_under_a_dead_session_is_nobodys(home: Home) {
    let shop = home.application("shop").await;
    let alice = home.user("alice").await;
    let kept = async |home: &Home| {
        let session = home.session(&alice, NOON).await;
        home.keep(place(&session, &shop, "cart"), b"{}").await;
        session
    };
    let dead = async |home: &Home, session: &Session| {
        let cart = place(session, &shop, "cart");
        assert_eq!(home.kept(cart.clone()).await, None);
        assert_eq!(home.entries(session, &shop).await, []);
        let put = home.put(home.datum(cart.clone(), b"{}")).await;
        assert_eq!(put, PutDatum::NotLive);
        let dropped = home.drop_datum(cart, Precondition::None).await;
        assert_eq!(dropped, DeleteDatum::NotLive);
    };
    let ended = kept(&home).await;
    home.end(ended.id, NOON).await;
    dead(&home, &ended).await;
    let struck = kept(&home).await;
    let reason = EndReason::EverywhereEnded;
    let all = home
        .store
        .end_user_sessions(alice.id, None, reason, home.act(NOON));
    assert_eq!(all.await.unwrap(), 1);
    dead(&home, &struck).await;
    let with_all = kept(&home).await;
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    dead(&home, &with_all).await;
    let disabled = kept(&home).await;
    let act = home.act(NOON);
    home.store.disable_user(alice.id, act).await.unwrap();
    dead(&home, &disabled).await;
    let unknown = Session {
        id: SessionId::new(NOON, [0xff; 10]),
        ..disabled
    };
    dead(&home, &unknown).await;
}

pub async fn an_application_that_is_gone_keeps_nothing(home: Home) {
    let (session, shop) = furnished(&home).await;
    let blog = home.application("blog").await;
    for key in ["a", "b", "c"] {
        home.keep(place(&session, &shop, key), b"{}").await;
        home.keep(place(&session, &blog, key), b"{}").await;
    }
    let gone = home.store.remove_application(shop.id, home.act(NOON)).await;
    assert_eq!(gone.unwrap(), RemoveApplication::Removed);
    let unknown = Application {
        id: ApplicationId::new(NOON, [0xff; 10]),
        ..shop.clone()
    };
    for application in [&shop, &unknown] {
        let at = place(&session, application, "a");
        assert_eq!(home.kept(at.clone()).await, None);
        assert_eq!(home.entries(&session, application).await, []);
        let put = home.put(home.datum(at.clone(), b"{}")).await;
        assert_eq!(put, PutDatum::NotLive);
        let dropped = home.drop_datum(at, Precondition::None).await;
        assert_eq!(dropped, DeleteDatum::NotLive);
    }
    let drop = async |limit| {
        let dropped = home.store.drop_stale_app_sessions(NOON, limit).await;
        dropped.unwrap()
    };
    assert_eq!((drop(2).await, drop(100).await, drop(100).await), (2, 1, 0));
    assert_eq!(stored(&home).await, 3);
    assert_eq!(home.entries(&session, &blog).await.len(), 3);
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2
pub async fn it_goes_with_the_row_of_its_session(home: Home) {
    let shop = home.application("shop").await;
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let hers = home.session(&alice, NOON).await;
    let his = home.session(&bob, NOON).await;
    for session in [&hers, &his] {
        home.keep(place(session, &shop, "cart"), b"{}").await;
    }
    home.end(hers.id, noon_and(1)).await;
    assert_eq!(stored(&home).await, 2);
    let dropped = home.store.drop_dead_sessions(noon_and(2), 100).await;
    assert_eq!(dropped.unwrap(), 1);
    assert_eq!(stored(&home).await, 1);
    let act = home.act(noon_and(3));
    home.store.delete_user(bob.id, act).await.unwrap();
    assert_eq!(stored(&home).await, 0);
}

pub async fn it_outlives_a_renewal_a_change_and_a_restart(home: Home) {
    let (session, shop) = furnished(&home).await;
    let cart = place(&session, &shop, "cart");
    let version = home.keep(cart.clone(), b"{\"n\":1}").await;
    let RenewSession::Renewed(session) = home.renew(home.renewal(&session, noon_and(1))).await
    else {
        panic!("nothing stood in the way");
    };
    let mut moved = shop.spec.clone();
    moved.origins = vec![origin("market")];
    let act = home.act(noon_and(1));
    let changed = home.store.change_application(shop.id, moved, act).await;
    assert!(matches!(changed.unwrap(), PutApplication::Put(_)));
    let home = home.reopen().await;
    let read = home.kept(cart.clone()).await.unwrap();
    assert_eq!(
        (read.value.as_slice(), read.version),
        (&b"{\"n\":1}"[..], version)
    );
    let next = only(
        home.datum(place(&session, &shop, "cart"), b"{}"),
        Precondition::Matches(version),
    );
    assert!(matches!(home.put(next).await, PutDatum::Put { .. }));
}
