//! Everything that is stored, out of one store and into another.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;

use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_core::session::EndReason;

use super::audit::{Notary, verified};
use super::harness::Home;
use super::make::applications::browser;
use super::make::session_data::place;
use super::make::tries::ROOMY;
use super::make::{NOON, noon_and};
use super::roles::described;
use crate::archive::{
    Arrival, Chunk, Comparison, Import, RecordError, Row, Settled, Source, TABLES, Value, compare,
    failed, table,
};
use crate::{Answer, SetupTicket, StoreError, Touch};

/// Chunks that were taken out before.
struct Given {
    chunks: VecDeque<Chunk>,
    /// In the end it fails.
    fails: bool,
}

impl Given {
    fn of(chunks: &[Chunk]) -> Self {
        Self {
            chunks: chunks.iter().cloned().collect(),
            fails: false,
        }
    }
}

impl Source for Given {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        let next = match self.chunks.pop_front() {
            None if self.fails => Err(failed(RecordError::Short)),
            next => Ok(next),
        };
        Box::pin(async move { next })
    }
}

pub(super) async fn exported(home: &Home) -> Vec<Chunk> {
    rest(home.store.export().await.unwrap()).await
}

async fn rest(mut source: Box<dyn Source>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    while let Some(chunk) = source.next().await.unwrap() {
        chunks.push(chunk);
    }
    chunks
}

async fn import(
    home: &Home,
    source: impl Source + 'static,
    arrival: Arrival,
) -> Result<Import, StoreError> {
    home.store.import(Box::new(source), arrival).await
}

fn restored(home: &Home, minute: u64, keep_logins: bool) -> Arrival {
    let act = Act {
        actor: Actor::Operator(1000),
        ..home.act(noon_and(minute))
    };
    Arrival::Restored { act, keep_logins }
}

pub(super) fn rows<'a>(chunks: &'a [Chunk], name: &str) -> Vec<&'a Row> {
    let of = |chunk: &&Chunk| chunk.table().name == name;
    chunks.iter().filter(of).flat_map(Chunk::rows).collect()
}

/// Something of everything: no table is empty.
async fn furnish(home: &Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.add_address(&alice, "alice2", NOON).await;
    let device = home.device();
    let session = home.knows(&alice, device, NOON).await;
    home.session(&bob, NOON).await;
    let over = home.session(&bob, noon_and(1)).await;
    home.end(over.id, noon_and(2)).await;
    home.wrong(home.stranger("bob", ROOMY, noon_and(3))).await;
    let shop = home.application("shop").await;
    let shop = home.rotate(&shop, "one", false).await;
    let shop = home.rotate(&shop, "two", true).await;
    home.app_session(&session, &shop).await;
    home.keep(place(&session, &shop, "cart"), b"{\"n\":1}")
        .await;
    home.keep(place(&session, &shop, "Zebra"), b"").await;
    let offered = home.handshake(&session, &shop, noon_and(3));
    home.offer_code(&offered).await;
    let put = home
        .store
        .put_role(described("clerk", &["sell"]), home.act(NOON));
    put.await.unwrap();
    home.offer_register("carol", NOON).await;
    home.post(home.errand(Some(alice.id), NOON), NOON).await;
    let gone = home.user("dave").await;
    home.session(&gone, NOON).await;
    let act = home.act_of(&gone, noon_and(4));
    home.store.delete_user(gone.id, act).await.unwrap();
    let act = home.act(NOON);
    home.store
        .end_user_sessions(bob.id, None, EndReason::EndedByOperator, act)
        .await
        .unwrap();
    home.session(&bob, noon_and(5)).await;
    home.store.check_key([7; 32]).await.unwrap();
    home.store.keep_seal_key(vec![8; 60]).await.unwrap();
    home.store.raise_clock_mark(noon_and(5)).await.unwrap();
    let ticket = SetupTicket {
        secret: browser("set-up"),
        expires_at: noon_and(60),
    };
    home.store.offer_setup(ticket).await.unwrap();
    home.store.seal_events(Notary::new(), 5).await.unwrap();
}

pub async fn what_is_exported_and_imported_is_the_same(home: Home, other: Home) {
    furnish(&home).await;
    let chunks = exported(&home).await;
    for table in TABLES {
        assert!(!rows(&chunks, table.name).is_empty(), "{}", table.name);
    }
    let imported = import(&other, Given::of(&chunks), Arrival::Copied).await;
    assert_eq!(imported.unwrap(), Import::Imported(Settled::default()));
    assert_eq!(exported(&other).await, chunks);
    assert_eq!(
        other.ledger.changes(),
        [],
        "an import is published by the next fill"
    );

    // What is stored means the same to every question, and goes on where it stopped.
    let other = other.reopen().await;
    let (mine, theirs) = (home.snapshot().await, other.snapshot().await);
    assert_eq!(mine, theirs);
    theirs.assert_told(&other.ledger.memory());
    while other.store.seal_events(Notary::new(), 1000).await.unwrap() > 0 {}
    assert_eq!(verified(&other).await, theirs.events.len() as u64);
    let alice = theirs
        .users
        .values()
        .find(|user| user.email.as_str() == "alice@example.test");
    other.session(alice.unwrap(), noon_and(6)).await;
    let after = other.snapshot().await.events;
    let last = after.last().unwrap();
    assert_eq!(
        last.position,
        after.len() as u64,
        "no position is given twice"
    );
}

/// The source is only read, however far it is read.
pub async fn an_export_changes_nothing(home: Home, _: Home) {
    furnish(&home).await;
    let before = home.before().await;
    exported(&home).await;
    let mut begun = home.store.export().await.unwrap();
    begun.next().await.unwrap();
    drop(begun);
    home.assert_unchanged(&before).await;
}

pub async fn an_export_is_of_one_moment_and_holds_up_nobody(home: Home, other: Home) {
    let first = home.users(20).await;
    for user in &first {
        home.session(user, NOON).await;
    }
    let moment = home.snapshot().await;
    let source = home.store.export().await.unwrap();

    // Written while it is open, before the first row is pulled and after.
    let late = home.user("late").await;
    home.session(&late, noon_and(1)).await;
    let store = Arc::clone(&home.store);
    let (user, act) = (home.new_user("racing"), home.act(noon_and(1)));
    let racing = tokio::spawn(async move { store.create_user(user, act).await });
    let act = home.act(noon_and(2));
    home.store.end_all_sessions(act).await.unwrap();
    let gone = home.store.delete_user(first[0].id, home.act(noon_and(3)));
    gone.await.unwrap();
    let chunks = rest(source).await;
    racing.await.unwrap().unwrap();

    assert_eq!(rows(&chunks, "users").len(), 20);
    assert_eq!(rows(&chunks, "sessions").len(), 20);
    assert_eq!(rows(&chunks, "deleted_users").len(), 0);
    let imported = import(&other, Given::of(&chunks), Arrival::Copied).await;
    imported.unwrap();
    let other = other.reopen().await;
    assert_eq!(other.snapshot().await, moment);
}

/// However many rows there are, and wherever pages of them end.
pub async fn a_table_of_many_pages_comes_whole_and_in_order(home: Home, other: Home) {
    let alice = home.user("alice").await;
    for _ in 0..12 {
        let events = vec![Event::user(EventKind::UserEnabled, alice.id); 100];
        home.store
            .record(events, home.act_of(&alice, NOON))
            .await
            .unwrap();
    }
    home.store.seal_events(Notary::new(), 700).await.unwrap();
    let chunks = exported(&home).await;
    let positions: Vec<&Value> = rows(&chunks, "audit_events")
        .iter()
        .map(|row| &row[0])
        .collect();
    let count = i64::try_from(positions.len()).unwrap();
    assert_eq!(count, 1 + 1200);
    assert!(
        (1..=count)
            .map(Value::Integer)
            .eq(positions.into_iter().cloned())
    );
    import(&other, Given::of(&chunks), Arrival::Copied)
        .await
        .unwrap();
    let (mine, theirs) = (home.store.export().await, other.store.export().await);
    let compared = compare(mine.unwrap(), theirs.unwrap(), &mut |_| {}).await;
    let all: usize = chunks.iter().map(|chunk| chunk.rows().len()).sum();
    assert_eq!(compared.unwrap(), Comparison::Equal(all as u64));
}

pub async fn a_store_that_holds_something_takes_no_import(home: Home, other: Home) {
    furnish(&home).await;
    let chunks = exported(&home).await;
    other.store.check_key([9; 32]).await.unwrap();
    let before = other.before().await;
    let refused = import(&other, Given::of(&chunks), Arrival::Copied).await;
    assert_eq!(refused.unwrap(), Import::NotEmpty);
    other.assert_unchanged(&before).await;
    // Nor does one that was imported into.
    let refused = import(&home, Given::of(&chunks), restored(&home, 9, false)).await;
    assert_eq!(refused.unwrap(), Import::NotEmpty);
    assert_eq!(exported(&home).await, chunks);
}

/// Holds: ASVS 2.3.3
pub async fn asvs_2_3_3_an_import_that_fails_leaves_nothing(home: Home, other: Home) {
    furnish(&home).await;
    let chunks = exported(&home).await;
    let empty = exported(&other).await;
    let half = chunks.len() / 2;

    // Its source breaks off.
    let mut broken = Given::of(&chunks[..half]);
    broken.fails = true;
    import(&other, broken, restored(&other, 9, false))
        .await
        .unwrap_err();
    assert_eq!(exported(&other).await, empty);

    // A row that was there already, one that refers to nothing, and an installation without its row.
    let doubled = [&chunks[..], &chunks[1..2]].concat();
    let dangling: Vec<Chunk> = chunks
        .iter()
        .filter(|chunk| chunk.table().name != "users")
        .cloned()
        .collect();
    for wrong in [doubled, dangling, chunks[1..].to_vec(), Vec::new()] {
        import(&other, Given::of(&wrong), Arrival::Copied)
            .await
            .unwrap_err();
        assert_eq!(exported(&other).await, empty);
    }

    // Whoever imports goes away in the middle.
    let stalled = Arc::new(Notify::new());
    let source = Stalled(Given::of(&chunks[..half]), Arc::clone(&stalled));
    tokio::select! {
        imported = import(&other, source, Arrival::Copied) => panic!("its rows never end: {imported:?}"),
        () = stalled.notified() => {}
    }
    let imported = import(&other, Given::of(&chunks), Arrival::Copied).await;
    assert_eq!(imported.unwrap(), Import::Imported(Settled::default()));
    assert_eq!(exported(&other).await, chunks);
}

/// Its rows stop, and nobody says why.
struct Stalled(Given, Arc<Notify>);

impl Source for Stalled {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        match self.0.chunks.pop_front() {
            None => {
                self.1.notify_one();
                Box::pin(std::future::pending())
            }
            next => Box::pin(async move { Ok(next) }),
        }
    }
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_a_restore_ends_every_login_by_one_cutoff(home: Home, other: Home) {
    furnish(&home).await;
    let before = home.snapshot().await;
    let (_, standing) = before.sessions.first_key_value().unwrap();
    let chunks = exported(&home).await;
    let imported = import(&other, Given::of(&chunks), restored(&other, 6, false)).await;
    let settled = Settled {
        logins: 2,
        tickets: 1,
        errands: 1,
    };
    assert_eq!(imported.unwrap(), Import::Imported(settled));
    let other = other.reopen().await;
    let after = other.snapshot().await;
    assert_eq!(after.sessions.len(), 0, "every login is over");
    assert_eq!((before.sessions.len(), after.users.len()), (2, 2));
    after.assert_told(&other.ledger.memory());
    let told: Vec<_> = after.events[before.events.len()..]
        .iter()
        .map(|event| (event.event.kind, event.actor))
        .collect();
    let operator = Actor::Operator(1000);
    assert_eq!(
        told,
        [
            (EventKind::Restored, operator),
            (EventKind::AllSessionsEnded, operator)
        ]
    );
    // Nothing brings one back, and a new login stands.
    let touch = Touch {
        id: standing.id,
        seen: noon_and(7),
    };
    other.store.touch_sessions(vec![touch]).await.unwrap();
    assert_eq!(other.snapshot().await.sessions.len(), 0);
    let alice = after.users.get(&standing.user).unwrap();
    let fresh = other.session(alice, noon_and(7)).await;
    assert_eq!(other.live(alice, noon_and(7)).await, [fresh.id]);
    // No link of before is good: not the set-up's, not a mail's.
    assert_eq!(rows(&exported(&other).await, "tickets").len(), 0);
    let offered = other.store.setup_offered(browser("set-up"), NOON);
    assert!(!offered.await.unwrap());
}

pub async fn a_restore_may_keep_logins(home: Home, other: Home) {
    furnish(&home).await;
    let before = home.snapshot().await;
    let chunks = exported(&home).await;
    let imported = import(&other, Given::of(&chunks), restored(&other, 6, true)).await;
    let kept = Settled {
        logins: 2,
        ..Settled::default()
    };
    assert_eq!(imported.unwrap(), Import::Imported(kept));
    let other = other.reopen().await;
    let after = other.snapshot().await;
    assert_eq!(after.sessions, before.sessions);
    assert_eq!(after.app_sessions, before.app_sessions);
    let told: Vec<_> = after.events[before.events.len()..]
        .iter()
        .map(|event| event.event.kind)
        .collect();
    assert_eq!(told, [EventKind::Restored]);
    let offered = other.store.setup_offered(browser("set-up"), NOON);
    assert!(offered.await.unwrap());
}

/// A code of ten seconds is in no archive.
pub async fn no_handshake_is_exported(home: Home, _: Home) {
    furnish(&home).await;
    let chunks = exported(&home).await;
    let tables: BTreeSet<&str> = chunks.iter().map(|chunk| chunk.table().name).collect();
    assert!(!tables.contains("handshakes") && table("handshakes").is_none());
}

/// What a backend's schema holds, `table.column` by `table.column`, is in the list of tables or left out on purpose.
pub fn assert_listed(schema: &BTreeSet<(String, String)>) {
    let listed = |table: &str, column: &str| {
        TABLES
            .iter()
            .any(|one| one.name == table && one.columns.iter().any(|its| its.name == column))
    };
    let left_out = |table: &str, column: &str| {
        crate::archive::LEFT_OUT
            .iter()
            .any(|one| one.table == table && one.column.is_none_or(|its| its == column))
    };
    for (table, column) in schema {
        assert!(
            listed(table, column) != left_out(table, column),
            "{table}.{column} is in no backup: list it in archive::TABLES, or leave it out there and say why"
        );
    }
    for one in TABLES {
        for column in one.columns {
            let named = (one.name.to_owned(), column.name.to_owned());
            assert!(schema.contains(&named), "{named:?} is not in the schema");
        }
    }
}
