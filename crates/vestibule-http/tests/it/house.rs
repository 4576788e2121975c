//! A whole Vestibule in a private temporary directory: the real store, engine and router, a clock that the test moves, and a
//! browser with a cookie jar.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tower::ServiceExt as _;
use vestibule_core::keys::MasterKey;
use vestibule_core::letter::{Letter, Says};
use vestibule_core::password::Cost;
use vestibule_core::time::UnixMillis;
use vestibule_engine::{
    Chores, Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index, MailError, Mailer,
    NewAccount, Operator, Parts, Policy, RegistrationMode,
};
use vestibule_http::dev_mail::DevMailbox;
use vestibule_http::{
    Context, Extras, HeaderFamily, Issuer, Peer, SettingInForce, Site, TrustedProxy,
};
use vestibule_sqlite::{Durability, Options, Sqlite};
use vestibule_store::{BoxFuture, Store};

use crate::contract::{self, Asked};

/// When a house starts: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000;
/// The password of everybody that [`House::add`] makes.
pub const PASSWORD: &str = "a dozen red bicycles";
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What a test wants otherwise.
#[derive(Clone)]
pub struct Plan {
    pub issuer: &'static str,
    pub proxies: Vec<TrustedProxy>,
    pub own_host_application: bool,
    pub policy: Policy,
    /// Places in the password threads' queue.
    pub queue: usize,
    /// The index is never filled: the start of a large installation.
    pub unfilled: bool,
    /// There is no mail server.
    pub mailless: bool,
    /// Letters can be looked at: only on loopback.
    pub dev_mail: bool,
    /// As a binary would tell of them.
    pub settings: Vec<SettingInForce>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            issuer: "https://id.example.test",
            proxies: Vec::new(),
            own_host_application: false,
            policy: Policy::default(),
            queue: 64,
            unfilled: false,
            mailless: false,
            dev_mail: false,
            settings: Vec::new(),
        }
    }
}

impl Plan {
    /// Whoever reads an address's mail may make an account.
    pub fn open() -> Self {
        let mut plan = Self::default();
        plan.policy.registration.mode = RegistrationMode::Open;
        plan
    }

    /// Trusts a proxy at this network.
    #[must_use]
    pub fn proxy(mut self, network: &str, headers: HeaderFamily) -> Self {
        self.proxies.push(TrustedProxy {
            network: network.parse().unwrap(),
            headers,
        });
        self
    }
}

/// The whole thing.
pub struct House {
    pub context: Arc<Context>,
    pub engine: Arc<Engine>,
    pub store: Arc<dyn Store>,
    sqlite: Arc<Sqlite>,
    pub clock: Arc<TestClock>,
    entropy: Arc<TestEntropy>,
    pub router: Router,
    postbox: Arc<Postbox>,
    /// The key to the letters, where there is such a page.
    pub mail_key: Option<String>,
    pub directory: TempDir,
}

impl House {
    /// With every default: https, no proxy, nobody in it.
    pub async fn new() -> Self {
        Self::planned(Plan::default()).await
    }

    pub async fn planned(plan: Plan) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let entropy = Arc::new(TestEntropy::new());
        Self::opened(tempfile::tempdir().unwrap(), clock, entropy, plan).await
    }

    /// The same data behind a new process, perhaps with other settings.
    pub async fn restarted(self, plan: Plan) -> Self {
        self.sqlite.close().await;
        Self::opened(self.directory, self.clock, self.entropy, plan).await
    }

    async fn opened(
        directory: TempDir,
        clock: Arc<TestClock>,
        entropy: Arc<TestEntropy>,
        plan: Plan,
    ) -> Self {
        let index = Index::new();
        let options = Options {
            directory: directory.path().to_owned(),
            durability: Durability::Off,
        };
        let sqlite = Arc::new(Sqlite::open(options, index.clone()).unwrap());
        let store = Arc::clone(&sqlite) as Arc<dyn Store>;
        let postbox = Arc::new(Postbox::default());
        let mailer = Arc::clone(&postbox) as Arc<dyn Mailer>;
        let parts = Parts {
            store: Arc::clone(&store),
            index: if plan.unfilled { Index::new() } else { index },
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&entropy) as Arc<dyn Entropy>,
            blocklist: Arc::default(),
            mailer: (!plan.mailless).then_some(mailer),
            hasher: Hasher::start(HasherSettings {
                threads: 2,
                queue: plan.queue,
                cost: Cost {
                    memory: 64,
                    passes: 1,
                },
            }),
            master: MasterKey::new([7; 32]),
            policy: plan.policy,
            accept_clock: None,
        };
        let engine = Engine::start(parts).await.unwrap();
        while !plan.unfilled && !engine.ready() {
            tokio::task::yield_now().await;
        }
        let site = Site {
            issuer: Issuer::parse(plan.issuer).unwrap(),
            brand: "Vestibule".to_owned(),
            proxies: plan.proxies,
            own_host_application: plan.own_host_application,
            hsts_subdomains: true,
        };
        let mailbox = plan.dev_mail.then(|| DevMailbox::new([9; 32]));
        let (mailbox, mail_key) = mailbox.unzip();
        let extras = Extras {
            mailbox: mailbox.map(Arc::new),
            places: None,
            figures: sqlite.figures(),
            settings: plan.settings,
        };
        let context = Context::furnished(Arc::clone(&engine), site, extras);
        let router = vestibule_http::public(Arc::clone(&context));
        Self {
            context,
            engine,
            store,
            sqlite,
            clock,
            entropy,
            router,
            postbox,
            mail_key: mail_key.map(|key| key.to_string()),
            directory,
        }
    }

    /// Makes an account with [`PASSWORD`].
    pub async fn add(&self, email: &str) -> vestibule_core::user::User {
        self.add_with(email, &[], true).await
    }

    pub async fn add_with(
        &self,
        email: &str,
        roles: &[&str],
        verified: bool,
    ) -> vestibule_core::user::User {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let account = NewAccount {
            email,
            name: "",
            roles: &roles,
            password: Some(PASSWORD),
            verified,
        };
        self.engine
            .add_user(account, &self.operator())
            .await
            .unwrap()
    }

    /// Makes an account that nobody can sign in to.
    pub async fn add_without_password(&self, email: &str) {
        let account = NewAccount {
            email,
            name: "",
            roles: &[],
            password: None,
            verified: false,
        };
        self.engine
            .add_user(account, &self.operator())
            .await
            .unwrap();
    }

    /// The token of a new set-up link.
    pub async fn setup_token(&self) -> String {
        let offered = self.engine.offer_setup(self.engine.now()).await.unwrap();
        offered.expect("no administrator yet").encode()
    }

    pub fn operator(&self) -> Operator {
        Operator::at_the_machine(1000, self.engine.now())
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            host: self.context.site.issuer.host().to_owned(),
            peer: "192.0.2.10:50000".parse().unwrap(),
            user_agent: FIREFOX,
            cookies: Mutex::default(),
        }
    }

    /// A browser in which this person has signed in, with [`PASSWORD`].
    pub async fn signed_in(&self, email: &str) -> Browser {
        let browser = self.browser();
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// The letters that went out since this was last asked, by address. What waits to be done is done first.
    pub async fn letters(&self) -> Vec<Letter> {
        let mut chores = Chores::new(Arc::clone(&self.engine));
        // A request becomes a letter in one round, which goes out in the next.
        for _ in 0..2 {
            chores.round().await;
        }
        let mut letters = std::mem::take(&mut *self.postbox.0.lock().unwrap());
        letters.sort_by(|one, other| one.to.cmp(&other.to));
        letters
    }

    /// The only letter to go out since this was last asked.
    pub async fn letter(&self) -> Letter {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// From here on the store answers nothing but that it cannot be reached.
    pub async fn lose_the_store(&self) {
        self.sqlite.close().await;
    }

    /// From here on nothing can be written, as on a full disk; or again it can.
    pub fn fill_the_disk(&self, full: bool) {
        let file = self.directory.path().join("vestibule.db");
        let database = rusqlite::Connection::open(file).unwrap();
        let sql = if full {
            "CREATE TRIGGER no_room BEFORE INSERT ON audit_events \
             BEGIN SELECT RAISE(ABORT, 'no space left on device'); END"
        } else {
            "DROP TRIGGER no_room"
        };
        database.execute_batch(sql).unwrap();
    }

    /// Everything on record, oldest first, as `code` or `code (reason)`.
    pub async fn trail(&self) -> Vec<String> {
        let page = self.store.events_after(0, 10_000).await.unwrap();
        let events = page.events.iter().map(|event| event.event.kind);
        events
            .map(|kind| match kind.reason() {
                "" => kind.code().to_owned(),
                reason => format!("{} ({reason})", kind.code()),
            })
            .collect()
    }
}

/// Keeps letters.
#[derive(Default)]
struct Postbox(Mutex<Vec<Letter>>);

impl Mailer for Postbox {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        self.0.lock().unwrap().push(letter.clone());
        Box::pin(async { Ok(()) })
    }
}

/// The token of a letter's link.
pub fn token(letter: &Letter) -> &str {
    match &letter.says {
        Says::FinishRegistration { token, .. }
        | Says::Invitation { token, .. }
        | Says::ConfirmAddress { token, .. }
        | Says::Recover { token, .. }
        | Says::NewLogin { token, .. } => token,
        other => panic!("no link in {other:?}"),
    }
}

/// A clock that stands still until it is moved.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn wall(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.load(Ordering::SeqCst) - START).unwrap())
    }
}

/// SplitMix64, another sequence in each house: an error id in the shared log names one answer.
struct TestEntropy(AtomicU64);

impl TestEntropy {
    fn new() -> Self {
        static HOUSES: AtomicU64 = AtomicU64::new(1);
        let house = HOUSES.fetch_add(1, Ordering::SeqCst);
        Self(AtomicU64::new(house.wrapping_mul(0xd134_2543_de82_ef95)))
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A browser: keeps cookies, and says about itself what a current one says.
pub struct Browser {
    pub router: Router,
    pub host: String,
    pub peer: SocketAddr,
    pub user_agent: &'static str,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// What a click on a link or an address typed in asks for.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, "")).await
    }

    /// What following our own 303 asks for.
    pub async fn follow(&self, path: &str) -> Answer {
        let mut request = self.request(Method::GET, path, "");
        request
            .headers_mut()
            .insert("sec-fetch-site", "same-origin".parse().unwrap());
        self.send(request).await
    }

    /// Sends a form of ours, exactly these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, fields)).await
    }

    /// Opens `page`, takes its token, and sends a form with it.
    pub async fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).await.csrf();
        let fields: Vec<_> = std::iter::once(("csrf", token.as_str()))
            .chain(fields.iter().copied())
            .collect();
        self.post(path, &fields).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.submit(
            "/login",
            "/login",
            &[("identifier", email), ("password", password)],
        )
        .await
    }

    /// A form as our own page sends it: `Origin: null`, for its policy is `no-referrer`.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let mut request = self.request(Method::POST, path, &pairs.join("&"));
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        headers.insert(header::ORIGIN, "null".parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        request
    }

    /// A form whose last byte is yet to come: whole when the other end is told, or dropped.
    pub fn slow_form(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> (oneshot::Sender<()>, Request<Body>) {
        let (whole, waits) = oneshot::channel::<()>();
        let request = self.form(path, fields).map(|body| {
            Body::new(body.with_trailers(async {
                let _ = waits.await;
                None
            }))
        });
        (whole, request)
    }

    /// Any request with this browser's host, cookies and connection, for a test to change before it is sent.
    pub fn request(&self, method: Method, path: &str, body: &str) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, self.user_agent)
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-site", "none")
            .extension(Peer(self.peer))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request
                .headers_mut()
                .insert(header::COOKIE, cookies.parse().unwrap());
        }
        request
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = send(&self.router, request).await;
        let mut cookies = self.cookies.lock().unwrap();
        for set in answer.set_cookies() {
            let (pair, attributes) = set.split_once(';').unwrap_or((&set, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// The session cookie's value.
    pub fn session(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let mut sessions = cookies.iter().filter(|(name, _)| {
            !["-form", "-device", "-mail"]
                .iter()
                .any(|end| name.ends_with(end))
        });
        sessions.next().map(|(_, value)| value.clone())
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .unwrap()
            .insert(name.to_owned(), value.to_owned());
    }

    pub fn drop_cookie(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header's only value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} comes twice");
        value
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn set_cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(header::SET_COOKIE).iter();
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    /// The token in the page's last form: that of its own, after the sign-out button's.
    pub fn csrf(&self) -> String {
        self.field("csrf")
            .unwrap_or_else(|| panic!("no token in {} {}", self.status, self.body))
    }

    /// The value of the last field of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.rfind(&start)? + start.len();
        let value = &self.body[at..];
        Some(value[..value.find('"')?].to_owned())
    }

    /// The body without what differs from one page to the next: tokens and error ids.
    pub fn steady(&self) -> String {
        let mut body = self.body.clone();
        let start = "name=\"csrf\" value=\"";
        let mut from = 0;
        while let Some(at) = body[from..].find(start) {
            let begin = from + at + start.len();
            let end = begin + body[begin..].find('"').unwrap();
            body.replace_range(begin..end, "…");
            from = begin;
        }
        body
    }
}

/// Lets an answer go on until it has to wait for something.
pub async fn until_it_waits(answer: &mut Pin<&mut impl Future<Output = Answer>>) {
    poll_fn(|context| {
        assert!(answer.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Sends any request.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let asked = Asked::of(&request);
    let response = router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let answer = Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    contract::holds(&asked, &answer);
    answer
}
