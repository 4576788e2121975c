//! Measures the check on every request, in-process: `cargo run --release --example check -p vestibule-engine`.
//!
//! Prints nanoseconds per check on one thread, with the index at several sizes, the sessions taken in a scattered order.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use vestibule_core::app_session::{AppSession, AppSessionCookie};
use vestibule_core::application::{Application, ApplicationSpec, Demand, Kind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{AppSessionId, ApplicationId, SessionId, UserId};
use vestibule_core::keys::MasterKey;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::origin::Origin;
use vestibule_core::secret::{PlainSessionSecret, SessionCookie};
use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, Role, User, UserStatus};
use vestibule_engine::{
    Check, Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index, Parts, Policy,
};
use vestibule_sqlite::{Durability, Options, Sqlite};
use vestibule_store::{Change, Publish};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const CHECKS: u32 = 2_000_000;

struct Fixed;

impl Clock for Fixed {
    fn wall(&self) -> UnixMillis {
        NOW
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Entropy for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(7);
        Ok(())
    }
}

/// Apart from the bits that an id's version and variant take.
fn random(number: u64) -> [u8; 10] {
    let mut random = [0; 10];
    random[3..].copy_from_slice(&number.to_be_bytes()[1..]);
    random
}

fn user(number: u64) -> Result<User, Box<dyn Error>> {
    Ok(User {
        id: UserId::new(NOW, random(number)),
        email: EmailAddress::parse(&format!("user{number}@example.test"))?,
        email_verified: true,
        name: DisplayName::parse("Alice Example")?,
        roles: vec![Role::admin()],
        status: UserStatus::Active,
        created_at: NOW,
        cutoff: StoreNumber(0),
    })
}

fn cookie(number: u64) -> SessionCookie {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&number.to_le_bytes());
    SessionCookie {
        id: SessionId::new(NOW, random(number)),
        secret: PlainSessionSecret::new(secret),
    }
}

fn session(number: u64, user: UserId) -> Session {
    let cookie = cookie(number);
    let new = NewSession {
        id: cookie.id,
        user,
        secret: cookie.secret.hashed(),
        credential: CredentialVersion(1),
        auth_time: NOW,
        lifetime: Lifetime::DEFAULT,
        remembered: false,
        acr: Acr::Aal1,
        amr: Amr::PASSWORD,
        device: Device::default(),
        replaces: None,
        tried: None,
        known: None,
        end_ticket: None,
    };
    Session::open(new, StoreNumber(0))
}

fn app_cookie(number: u64) -> AppSessionCookie {
    let mut secret = [1; 32];
    secret[..8].copy_from_slice(&number.to_le_bytes());
    AppSessionCookie::new(AppSessionId::new(NOW, random(number)), secret)
}

/// An app session under each of these sessions: what one takes, and what its check takes beside its session's, in turns.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement reads the clock and prints what it read"
)]
fn app_sessions(engine: &Engine, index: &Index, sessions: u64) -> Result<(), Box<dyn Error>> {
    let origin: Origin = "https://shop.example.test".parse()?;
    let application = ApplicationId::new(NOW, random(1));
    index.publish(&[Change::Application(Box::new(Application {
        id: application,
        spec: ApplicationSpec {
            name: "shop".parse()?,
            title: DisplayName::default(),
            kind: Kind::Proxy,
            origins: vec![origin.clone()],
            demand: Demand::default(),
            rules: Vec::new(),
        },
        declared: false,
        created_at: NOW,
        secrets: Vec::new(),
    }))]);
    let before = resident();
    for number in 0..sessions {
        let cookie = app_cookie(number);
        index.publish(&[Change::AppSessionOpened {
            app_session: Box::new(AppSession {
                id: cookie.id,
                session: self::cookie(number).id,
                application,
                origin: origin.clone(),
                secret: cookie.hashed(),
                opened_at: NOW,
            }),
            replaced: None,
        }]);
    }
    let memory = resident().saturating_sub(before) as f64 / sessions as f64;
    let numbers = (0..10_000_u64).map(|number| number.wrapping_mul(7_919) % sessions);
    let cookies: Vec<_> = numbers
        .map(|number| (cookie(number), app_cookie(number)))
        .collect();
    let mut figures = [Vec::new(), Vec::new()];
    for round in 0..10 {
        let start = std::time::Instant::now();
        let mut live = 0_u32;
        for (cookie, app) in cookies.iter().cycle().take(CHECKS as usize) {
            let found = if round % 2 == 0 {
                matches!(engine.check(cookie, NOW), Check::Live(_))
            } else {
                let doorways = engine.doorways();
                let doorway = doorways.at("shop.example.test").ok_or("no application")?;
                matches!(engine.check_app(app, doorway, NOW), Check::Live(_))
            };
            live += u32::from(found);
        }
        let took = start.elapsed();
        assert_eq!(live, CHECKS);
        figures[round % 2].push(took.as_nanos() as f64 / f64::from(CHECKS));
    }
    let [session, app] = figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        figures[2]
    });
    println!(
        "{sessions:>9} app sessions: {app:.0} ns a check, which finds the application by its host as well, beside {session:.0} \
         of a session; {memory:.0} bytes an app session"
    );
    Ok(())
}

/// Resident memory, in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Bytes a user, by half a million of them: as many as there are to a million sessions below.
#[expect(clippy::cast_precision_loss, reason = "a figure to be shown")]
fn memory_of_users() -> Result<f64, Box<dyn Error>> {
    const USERS: u64 = 500_000;
    let index = Index::new();
    let empty = resident();
    for number in 0..USERS {
        index.publish(&[Change::User(Box::new(user(number)?))]);
    }
    let memory = resident().saturating_sub(empty);
    // Kept, so that what comes after is not laid into what this leaves.
    std::mem::forget(index);
    Ok(memory as f64 / USERS as f64)
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement reads the clock and prints what it read"
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let index = Index::new();
    let options = Options {
        directory: directory.path().to_owned(),
        durability: Durability::Off,
    };
    let sqlite = Sqlite::open(options, index.clone())?;
    sqlite.filled().await?;
    let engine = Engine::start(Parts {
        store: Arc::new(sqlite),
        index: index.clone(),
        clock: Arc::new(Fixed),
        entropy: Arc::new(Fixed),
        hasher: Hasher::start(HasherSettings::default()),
        blocklist: Arc::default(),
        mailer: None,
        master: MasterKey::new([1; 32]),
        policy: Policy::default(),
        accept_clock: None,
    })
    .await?;

    let a_user = memory_of_users()?;
    println!("{a_user:.0} bytes a user without a session");

    let mut sessions = 0_u64;
    let empty = resident();
    for size in [1_000_u64, 10_000, 100_000, 1_000_000] {
        while sessions < size {
            let user = user(sessions / 2)?;
            let id = user.id;
            index.publish(&[
                Change::User(Box::new(user)),
                Change::SessionOpened(Box::new(session(sessions, id))),
                Change::SessionOpened(Box::new(session(sessions + 1, id))),
            ]);
            sessions += 2;
        }
        let memory = resident().saturating_sub(empty);
        // Cookies made beforehand, in a scattered order.
        let cookies: Vec<_> = (0..10_000)
            .map(|number: u64| cookie(number.wrapping_mul(7_919) % size))
            .collect();
        let mut figures = Vec::new();
        for _ in 0..5 {
            let start = std::time::Instant::now();
            let mut live = 0_u32;
            for cookie in cookies.iter().cycle().take(CHECKS as usize) {
                if let Check::Live(session) = engine.check(cookie, NOW) {
                    live += u32::from(!session.profile().identity().email.is_empty());
                }
            }
            let took = start.elapsed();
            assert_eq!(live, CHECKS);
            figures.push(took.as_nanos() as f64 / f64::from(CHECKS));
        }
        figures.sort_by(f64::total_cmp);
        let each = memory as f64 / size as f64;
        println!(
            "{size:>9} sessions: {:.0} ns a check ({:.0} to {:.0}); {each:.0} bytes a session with its half of a user, {:.0} \
             without",
            figures[2],
            figures[0],
            figures[4],
            each - a_user / 2.0
        );
    }
    app_sessions(&engine, &index, sessions)
}
