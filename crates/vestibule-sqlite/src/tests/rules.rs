//! Rules that SQL states for sets, held equal to core's.

use proptest::prelude::*;
use rusqlite::{Connection, OptionalExtension as _, named_params};

use vestibule_core::id::SessionId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::lineage::stands;
use vestibule_core::time::UnixMillis;

use crate::fault::Fault;
use crate::migrate::{MIGRATIONS, migrate};
use crate::session_data::{KEYS, READ};
use crate::sessions::{LIVE_SESSIONS, drop_dead, drop_under_dead, live, load};
use crate::transition::Transition;

/// Around the furthest ahead of `now` that a login may lie.
fn login_time() -> impl Strategy<Value = i64> {
    prop_oneof![time(), 60_000_i64..60_012]
}

/// Around every limit, and far from it.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![0_i64..12, Just(1_i64 << 60)]
}

#[derive(Debug, Clone)]
struct Case {
    rev: i64,
    user_cutoff: i64,
    everything: i64,
    disabled: bool,
    ended_at: Option<i64>,
    auth_time: i64,
    last_seen: i64,
    idle: i64,
    expires_at: i64,
    now: i64,
}

fn cases() -> impl Strategy<Value = Case> {
    (
        (0_i64..4, 0_i64..4, 0_i64..4),
        (any::<bool>(), proptest::option::weighted(0.3, time())),
        (login_time(), time(), time(), time(), time()),
    )
        .prop_map(|(numbers, (disabled, ended_at), clocks)| Case {
            rev: numbers.0,
            user_cutoff: numbers.1,
            everything: numbers.2,
            disabled,
            ended_at,
            auth_time: clocks.0,
            last_seen: clocks.1,
            idle: clocks.2,
            expires_at: clocks.3,
            now: clocks.4,
        })
}

const ID: [u8; 16] = [1; 16];

fn stored(case: &Case) -> Result<Connection, Fault> {
    let mut conn = Connection::open_in_memory()?;
    migrate(&mut conn, MIGRATIONS).expect("a schema");
    conn.execute(
        "UPDATE installation SET everything_cutoff = ?1",
        [case.everything],
    )?;
    conn.execute(
        "INSERT INTO users (id, email, email_verified, name, roles, disabled, created_at, cutoff) \
         VALUES (?1, 'alice@example.test', 0, '', '', ?2, 0, ?3)",
        (ID, case.disabled, case.user_cutoff),
    )?;
    conn.execute(
        "INSERT INTO sessions (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, \
         expires_at, remembered, acr, amr, ended_at, end_reason, ended_number) \
         VALUES (?1, ?1, zeroblob(32), ?2, 0, ?9, ?3, ?4, ?5, 0, 'aal1', 1, ?6, ?7, ?8)",
        (
            ID,
            case.rev,
            case.last_seen,
            case.idle,
            case.expires_at,
            case.ended_at,
            case.ended_at.map(|_| "signed_out"),
            case.ended_at.map(|_| 1),
            case.auth_time,
        ),
    )?;
    conn.execute(
        "INSERT INTO applications (id, name, title, kind, demand, rules, declared, created_at) \
         VALUES (?1, 'shop', '', 'proxy', '', '', 0, 0)",
        [ID],
    )?;
    conn.execute(
        "INSERT INTO session_data (session_id, application_id, key, value, version) \
         VALUES (?1, ?1, 'cart', x'7b7d', 7)",
        [ID],
    )?;
    Ok(conn)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Holds: ASVS 7.3.1, ASVS 7.3.2, ASVS 7.4.1
    #[test]
    fn a_session_lives_for_sql_just_when_it_lives_for_core(case in cases()) {
        let conn = stored(&case).unwrap();
        let mut changes = Vec::new();
        let tx = Transition::new(&conn, &mut changes);
        let found = load(&tx, SessionId::from_bytes(ID)).unwrap().unwrap();
        let sql: bool = conn
            .query_row(
                concat!(
                    "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id \
                     CROSS JOIN installation i WHERE ",
                    live!()
                ),
                named_params! { ":now": case.now },
                |row| row.get(0),
            )
            .unwrap();
        prop_assert_eq!(sql, found.is_live(UnixMillis(case.now)));
        // What applications keep under it is read while it is open.
        let open = found.is_open().then_some(7);
        let version = |row: &rusqlite::Row<'_>| row.get(1);
        let read: Option<i64> = conn.query_row(READ, (ID, ID, "cart"), version).optional().unwrap();
        let listed: Option<i64> = conn.query_row(KEYS, (ID, ID), version).optional().unwrap();
        prop_assert_eq!((read, listed), (open, open));
    }

    #[test]
    fn only_what_was_dead_long_enough_is_dropped(case in cases()) {
        let conn = stored(&case).unwrap();
        let mut changes = Vec::new();
        let tx = Transition::new(&conn, &mut changes);
        let under = drop_under_dead(&tx, UnixMillis(case.now), 10).unwrap();
        let dropped = drop_dead(&tx, UnixMillis(case.now), 10).unwrap();
        let stands = stands(
            StoreNumber(case.rev.cast_unsigned()),
            StoreNumber(case.user_cutoff.cast_unsigned()),
            StoreNumber(case.everything.cast_unsigned()),
        );
        let dead = match case.ended_at {
            Some(at) => at < case.now,
            None => !stands && case.expires_at < case.now,
        };
        prop_assert_eq!((under, dropped), (usize::from(dead), usize::from(dead)));
    }
}

/// However much lies under sessions that are dropped, whoever writes waits for a little of it at a time.
#[test]
fn what_lies_under_dead_sessions_goes_a_little_at_a_time() {
    let case = Case {
        rev: 0,
        user_cutoff: 0,
        everything: 0,
        disabled: false,
        ended_at: Some(5),
        auth_time: 0,
        last_seen: 0,
        idle: 10,
        expires_at: 10,
        now: 6,
    };
    let conn = stored(&case).unwrap();
    conn.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 600) \
         INSERT INTO session_data (session_id, application_id, key, value, version) \
         SELECT ?1, ?1, 'k' || n, x'', n FROM n",
        [ID],
    )
    .unwrap();
    let mut changes = Vec::new();
    let tx = Transition::new(&conn, &mut changes);
    let drop = |before| drop_under_dead(&tx, UnixMillis(before), 10).unwrap();
    assert_eq!(drop(5), 0, "it is not dead for long enough");
    assert_eq!([drop(6), drop(6), drop(6), drop(6)], [250, 250, 101, 0]);
    assert_eq!(drop_dead(&tx, UnixMillis(6), 10).unwrap(), 1);
}

/// What each login asks costs the user's own open sessions, not everybody's.
#[test]
fn a_users_live_sessions_are_found_by_an_index() {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn, MIGRATIONS).unwrap();
    let plan: Vec<String> = conn
        .prepare(&format!("EXPLAIN QUERY PLAN {LIVE_SESSIONS}"))
        .unwrap()
        .query_map(named_params! { ":user": ID, ":now": 0 }, |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let of_sessions = plan.iter().find(|step| step.contains(" s ")).unwrap();
    assert!(
        of_sessions.starts_with("SEARCH")
            && of_sessions.contains("sessions_of_user (user_id=? AND ended_at=?)"),
        "{plan:?}"
    );
}
