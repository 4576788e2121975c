//! What the answer to `GET /verify` takes in-process: everything between the parsed request and the answer's headers
//! (`cargo xtask bench p1`). `verify SESSIONS` prints nanoseconds of processor time, of each round on one thread, over
//! sessions taken in no order.
//!
//! It is one request that is asked again and again, with another cookie each time: as in the server, what asks was written a
//! moment ago, and what is asked about lies anywhere. Putting the cookie in counts as well.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderValue, Request, StatusCode};

use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::keys::MasterKey;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::secret::{PlainSessionSecret, SessionCookie};
use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, Role, User, UserStatus};
use vestibule_engine::{
    Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index, Parts, Policy,
};
use vestibule_http::{Context, Issuer, Peer, Site, edge};
use vestibule_sqlite::{Durability, Options, Sqlite};
use vestibule_store::{Change, Publish};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const ROUNDS: usize = 7;
const CHECKS: u32 = 300_000;
/// Cookies that are made beforehand.
const KINDS: u64 = 10_000;
const STRIDE: u64 = 7_919;

/// The machine's clock costs what it costs, and sessions begin at a time of their own.
struct Machine;

impl Clock for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "the server reads the clock for each check, and so does this"
    )]
    fn wall(&self) -> UnixMillis {
        let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let millis = since.unwrap_or_default().subsec_millis();
        UnixMillis(NOW.0 + i64::from(millis))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Entropy for Machine {
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

fn request() -> Result<Request<()>, http::Error> {
    Request::get("/verify")
        .header("host", "localhost:8080")
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-proto", "http")
        .header("x-forwarded-host", "localhost:8080")
        .header("x-forwarded-uri", "/orders?page=2")
        .header("accept", "text/html")
        .header("cookie", header(0)?)
        .body(())
}

fn header(number: u64) -> Result<HeaderValue, http::Error> {
    let line = format!("vestibule-8080={}", cookie(number).encode());
    Ok(HeaderValue::try_from(line)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions: u64 = std::env::args()
        .nth(1)
        .ok_or("how many sessions?")?
        .parse()?;
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
        clock: Arc::new(Machine),
        entropy: Arc::new(Machine),
        hasher: Hasher::start(HasherSettings::default()),
        blocklist: Arc::default(),
        mailer: None,
        master: MasterKey::new([1; 32]),
        policy: Policy::default(),
        accept_clock: None,
    })
    .await?;
    for number in (0..sessions).step_by(2) {
        let user = user(number / 2)?;
        let id = user.id;
        index.publish(&[
            Change::User(Box::new(user)),
            Change::SessionOpened(Box::new(session(number, id))),
            Change::SessionOpened(Box::new(session(number + 1, id))),
        ]);
    }
    let site = Site {
        issuer: Issuer::parse("http://localhost:8080")?,
        brand: "Vestibule".to_owned(),
        proxies: Vec::new(),
        own_host_application: false,
        hsts_subdomains: true,
    };
    let context = Context::new(engine, site);
    let peer = Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)));
    let mut request = request()?;
    let cookies: Vec<HeaderValue> = (0..KINDS)
        .map(|turn| header(turn * STRIDE % sessions))
        .collect::<Result<_, _>>()?;
    for _ in 0..=ROUNDS {
        let nanos = round(&context, peer, &mut request, &cookies)?;
        writeln!(std::io::stdout(), "{nanos}")?;
    }
    Ok(())
}

/// Processor time of this thread, in nanoseconds: others may run meanwhile.
fn cpu() -> Result<u64, Box<dyn Error>> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(told.split(' ').next().ok_or("no time is told")?.parse()?)
}

fn round(
    context: &Context,
    peer: Peer,
    request: &mut Request<()>,
    cookies: &[HeaderValue],
) -> Result<f64, Box<dyn Error>> {
    let begun = cpu()?;
    for cookie in cookies.iter().cycle().take(CHECKS as usize) {
        let place = request.headers_mut().get_mut(COOKIE).ok_or("no cookie")?;
        place.clone_from(cookie);
        let answer = edge::answer(context, Some(peer), request).ok_or("no answer")?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{}", answer.status()).into());
        }
    }
    let took = Duration::from_nanos(cpu()? - begun);
    Ok(took.as_secs_f64() * 1e9 / f64::from(CHECKS))
}
