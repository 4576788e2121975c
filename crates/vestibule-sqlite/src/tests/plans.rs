//! What every request or every round of the chores asks is found by an index, however much there is.

use rusqlite::{Connection, ToSql};

use crate::migrate::{MIGRATIONS, migrate};
use crate::sessions::DROP_UNDER_DEAD;
use crate::users::delete::{ACTS_OF_USER, DROPPED, NEXT_ERASURE, OTHER_ADMINISTRATOR};
use crate::users::record::BY_ADDRESS;
use crate::{app_sessions, outbox, session_data, throttles, tickets};
use crate::{audit, sessions, users};

/// What SQLite would do for a statement, with anything bound.
fn plan(sql: &str) -> Vec<String> {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn, MIGRATIONS).unwrap();
    let mut explained = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let bound = vec![&0 as &dyn ToSql; explained.parameter_count()];
    explained
        .query_map(&bound[..], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[track_caller]
fn assert_uses(sql: &str, index: &str) {
    let plan = plan(sql);
    // What goes through a few rows of its own making walks no table.
    let own = ["SCAN held", "SCAN dead", "SCAN CONSTANT ROW"];
    let walks = |step: &String| {
        let found_before = step.contains("USING") || step.contains("(subquery");
        step.starts_with("SCAN") && !found_before && !own.contains(&step.as_str())
    };
    assert!(!plan.iter().any(walks), "{sql}: {plan:?}");
    assert!(
        plan.iter().any(|step| step.contains(index)),
        "{sql}: {plan:?}"
    );
}

#[test]
fn nothing_that_a_request_asks_walks_a_table() {
    assert_uses(throttles::tally::BY_KEY, "PRIMARY KEY (key=?)");
    assert_uses(throttles::tally::OF_USER, "tallies_of_user (user_id=?)");
    assert_uses(tickets::BY_SECRET, "PRIMARY KEY (secret=?)");
    assert_uses(BY_ADDRESS, "a USING PRIMARY KEY (email=?)");
    assert_uses(BY_ADDRESS, "u USING PRIMARY KEY (id=?)");
    assert_uses(BY_ADDRESS, "errands_of_user (user_id=?)");
    assert_uses(BY_ADDRESS, "tallies_of_user (user_id=? AND scope=?)");
    assert_uses(OTHER_ADMINISTRATOR, "administrators");
    let surplus = "handshakes_of_session (session_id=?)";
    assert_uses(app_sessions::DROP_SURPLUS, surplus);
    let [sessions, codes] = app_sessions::DROP_UNDER;
    assert_uses(sessions, "app_sessions_of_session (session_id=?)");
    assert_uses(codes, surplus);
    let kept = "session_data USING INDEX sqlite_autoindex_session_data_1 (session_id=? AND application_id=?";
    assert_uses(session_data::KEPT, kept);
    let read = "d USING INDEX sqlite_autoindex_session_data_1 (session_id=? AND application_id=?";
    assert_uses(session_data::READ, read);
    assert_uses(session_data::KEYS, read);
    let at = "app_sessions_of_application (application_id=?)";
    assert_uses(app_sessions::DROP_AT, at);
}

#[test]
fn nothing_that_the_chores_ask_walks_a_table() {
    for (sql, index) in [
        (outbox::DUE, "errands_by_due (request=? AND due_at<?)"),
        (outbox::AHEAD, "errands_by_due (request=? AND due_at>?)"),
        (throttles::DROP_IDLE, "tallies_by_idleness (idle_at<?)"),
        (
            app_sessions::DROP_EXPIRED,
            "handshakes_by_end (expires_at<?)",
        ),
        (
            app_sessions::DROP_ORPHANS,
            "app_sessions_of_application (application_id>?)",
        ),
        (DROP_UNDER_DEAD, "session_data_1 (session_id=?)"),
        (DROP_UNDER_DEAD, "sessions_by_end"),
        (
            session_data::DROP_ORPHANS,
            "session_data_of_application (application_id>?)",
        ),
        (tickets::DROP_SPENT, "tickets_by_end (expires_at<?)"),
        (NEXT_ERASURE, "erasures"),
        (
            ACTS_OF_USER,
            "audit_events_of_user (user_id=? AND position>?)",
        ),
        (
            ACTS_OF_USER,
            "audit_events_on_others (actor=? AND position>?)",
        ),
    ] {
        assert_uses(sql, index);
        let sorted = plan(sql);
        assert!(
            !sorted.iter().any(|step| step.contains("TEMP B-TREE")),
            "{sql}: what comes first is found first: {sorted:?}"
        );
    }
}

/// Rows come in the order of a list as they are found: of a million no more are read than a page looks at.
#[test]
fn a_page_of_a_list_is_found_in_its_order() {
    for (sql, index) in [
        (users::list::BY_ADDRESS, "email>? AND email<?"),
        (sessions::list::EVERYBODYS, "s USING PRIMARY KEY (id<?)"),
        (
            sessions::list::OF_USER,
            "sessions_of_user (user_id=? AND ended_at=? AND id<?)",
        ),
        (audit::list::EVERYBODYS, "rowid>? AND rowid<?"),
        (
            audit::list::OF_USER,
            "audit_events_of_user (user_id=? AND position>? AND position<?)",
        ),
        (
            audit::list::LAST_OF_USER,
            "COVERING INDEX audit_events_of_user",
        ),
        (audit::list::LAST_BEFORE, "rowid<?"),
        (audit::list::FIRST_FROM, "rowid>?"),
        (
            audit::list::FIRST_FROM_OF_USER,
            "audit_events_of_user (user_id=? AND position>?)",
        ),
    ] {
        assert_uses(sql, index);
        let sorted = plan(sql);
        assert!(
            !sorted.iter().any(|step| step.contains("TEMP B-TREE")),
            "{sql}: {sorted:?}"
        );
    }
}

/// One of many goes, and nothing of the others' is looked at. Each step also asks the tables that refer to its rows.
#[test]
fn a_deletion_looks_at_its_users_rows_alone() {
    for sql in DROPPED {
        let plan = plan(sql);
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN")),
            "{sql}: {plan:?}"
        );
    }
    for table in ["addresses", "known_devices", "sessions"] {
        let referring = format!("SELECT 1 FROM {table} WHERE user_id = ?1");
        let plan = plan(&referring);
        assert!(plan[0].starts_with("SEARCH"), "{plan:?}");
    }
}
