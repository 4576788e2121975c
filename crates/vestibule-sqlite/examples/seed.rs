//! Fills the database of a server that does not run, row by row and past every rule: for measurements at sizes that nobody
//! signs in to (`cargo xtask bench p7`).
//!
//! `seed FILE users USERS PASSWORD` makes them, `user00000000@example.test` and on, all with this password.
//! `seed FILE sessions USERS SESSIONS COOKIES` opens sessions, spread evenly and in no order over these users, and prints so
//! many of their cookies, in no order either.

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::time::SystemTime;

use rusqlite::{Connection, params};

use vestibule_core::id::{SessionId, UserId};
use vestibule_core::password::{Cost, HashedPassword, Peppers, PlainPassword, WorkingMemory};
use vestibule_core::secret::{PlainSessionSecret, SessionCookie};
use vestibule_core::session::{Acr, Amr};
use vestibule_core::time::UnixMillis;

/// When everybody joined.
const JOINED: i64 = 1_767_225_600_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// A prime that none of the sizes has: its multiples go through all of them in no order.
const STRIDE: u64 = 7_368_787;
/// Rows a commit.
const CHUNK: u64 = 500_000;
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| -> Result<u64, Box<dyn Error>> {
        Ok(arguments.get(at).ok_or("a number is missing")?.parse()?)
    };
    let file = arguments.first().ok_or("which database?")?;
    let conn = Connection::open(file)?;
    // Nobody else looks, and it can be made again.
    conn.execute_batch(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-262144",
    )?;
    match arguments.get(1).map(String::as_str) {
        Some("users") => {
            let password = arguments.get(3).ok_or("which password?")?;
            users(&conn, number(2)?, password)?;
        }
        Some("sessions") => sessions(&conn, number(2)?, number(3)?, number(4)?)?,
        _ => return Err("users or sessions?".into()),
    }
    // As the server has it.
    conn.execute_batch("PRAGMA journal_mode=WAL; PRAGMA optimize")?;
    Ok(())
}

/// Apart from the bits that an id's version and variant take.
fn random(number: u64) -> [u8; 10] {
    let mut random = [0; 10];
    random[3..].copy_from_slice(&number.to_be_bytes()[1..]);
    random
}

fn user(number: u64) -> UserId {
    UserId::new(UnixMillis(JOINED), random(number))
}

fn users(conn: &Connection, users: u64, password: &str) -> Result<(), Box<dyn Error>> {
    let hash = HashedPassword::make(
        &PlainPassword::presented(password),
        [7; 16],
        Cost::DEFAULT,
        &Peppers::default(),
        &mut WorkingMemory::default(),
    )?;
    let indexes = drop_indexes(conn, "addresses")?;
    let mut number = 0;
    while number < users {
        let end = (number + CHUNK).min(users);
        conn.execute_batch("BEGIN")?;
        let mut one = conn.prepare_cached(
            "INSERT INTO users (id, email, email_verified, name, roles, created_at, password) \
             VALUES (?1, ?2, 1, ?3, 'staff', ?4, ?5)",
        )?;
        let mut address = conn.prepare_cached(
            "INSERT INTO addresses (email, user_id, verified, added_at) VALUES (?1, ?2, 1, ?3)",
        )?;
        for number in number..end {
            let (id, email) = (user(number), format!("user{number:08}@example.test"));
            let name = format!("Person {number}");
            one.execute(params![id.as_bytes(), email, name, JOINED, hash.as_phc()])?;
            address.execute(params![email, id.as_bytes(), JOINED])?;
        }
        drop((one, address));
        conn.execute_batch("COMMIT")?;
        number = end;
    }
    make_indexes(conn, &indexes)
}

fn cookie(number: u64, opened: UnixMillis) -> SessionCookie {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&number.to_le_bytes());
    SessionCookie {
        id: SessionId::new(opened, random(number)),
        secret: PlainSessionSecret::new(secret),
    }
}

fn sessions(
    conn: &Connection,
    users: u64,
    sessions: u64,
    cookies: u64,
) -> Result<(), Box<dyn Error>> {
    if users == 0 || sessions == 0 || sessions.is_multiple_of(STRIDE) {
        return Err("how many?".into());
    }
    let now = now();
    // Over the last hour, one after the other.
    let opened = |number: u64| -> Result<UnixMillis, Box<dyn Error>> {
        let ago = i64::try_from(number)? * HOUR / i64::try_from(sessions)?;
        Ok(UnixMillis(now - HOUR + ago))
    };
    let indexes = drop_indexes(conn, "sessions")?;
    let mut number = 0;
    while number < sessions {
        let end = (number + CHUNK).min(sessions);
        conn.execute_batch("BEGIN")?;
        let mut row = conn.prepare_cached(
            "INSERT INTO sessions (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, expires_at, remembered, \
             acr, amr, user_agent, address) VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, '192.0.2.1')",
        )?;
        for number in number..end {
            let opened = opened(number)?;
            let cookie = cookie(number, opened);
            let owner = user(number * STRIDE % sessions * users / sessions);
            row.execute(params![
                cookie.id.as_bytes(),
                owner.as_bytes(),
                cookie.secret.hashed().as_bytes(),
                opened.0,
                now,
                14 * DAY,
                now + 30 * DAY,
                Acr::Aal1.as_str(),
                Amr::PASSWORD.bits(),
                BROWSER,
            ])?;
        }
        drop(row);
        conn.execute_batch("COMMIT")?;
        number = end;
    }
    make_indexes(conn, &indexes)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for turn in 0..cookies.min(sessions) {
        let number = turn * STRIDE % sessions;
        writeln!(out, "{}", cookie(number, opened(number)?).encode())?;
    }
    out.flush()?;
    Ok(())
}

/// To be made again when the rows are there: sorted once instead of kept sorted.
fn drop_indexes(conn: &Connection, table: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut found = conn.prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
    )?;
    let found: Vec<(String, String)> = found
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &found {
        conn.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    Ok(found.into_iter().map(|(_, sql)| sql).collect())
}

fn make_indexes(conn: &Connection, indexes: &[String]) -> Result<(), Box<dyn Error>> {
    for sql in indexes {
        conn.execute_batch(sql)?;
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "sessions that live are made about now"
)]
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
