//! Several hosts in one house, and a person who walks between them with one browser.

use std::collections::BTreeMap;

use http::{HeaderName, Method, StatusCode};
use vestibule_core::app_session::{PlainBrowserSecret, encode_browser};
use vestibule_core::application::{ApplicationSpec, Demand, Kind};
use vestibule_core::audit::{Act, Actor};
use vestibule_core::id::{ActId, ApplicationId};
use vestibule_core::user::DisplayName;
use vestibule_http::HeaderFamily;
use vestibule_store::PutApplication;

use crate::edge::asker::Ask;
use crate::house::{Answer, Browser, House, PASSWORD, Plan};

pub const ISSUER: &str = "https://id.example.test";
/// A host beside the issuer's.
pub const SIBLING: &str = "https://shop.example.test";
/// A host that has nothing to do with it.
pub const UNRELATED: &str = "https://wiki.elsewhere.test";
pub const ALICE: &str = "alice@example.test";

pub const APP: &str = "__Host-vestibule-app";
const BROWSER: &str = "__Host-vestibule-handshake-";

/// A house with two applications, and Alice in it.
pub struct Town {
    pub house: House,
}

impl Town {
    pub async fn new() -> Self {
        Self::planned(Plan::default()).await
    }

    pub async fn planned(plan: Plan) -> Self {
        let plan = plan
            .proxy("192.0.2.1/32", HeaderFamily::XForwarded)
            .proxy("192.0.2.2/32", HeaderFamily::XOriginal);
        let house = House::planned(plan).await;
        house.add(ALICE).await;
        let town = Self { house };
        town.register("shop", &[SIBLING], Demand::default()).await;
        town.register("wiki", &[UNRELATED], Demand::default()).await;
        town
    }

    pub async fn register(&self, name: &str, origins: &[&str], demand: Demand) -> ApplicationId {
        self.add(ApplicationSpec {
            name: name.parse().unwrap(),
            title: DisplayName::parse(&format!("The {name}")).unwrap(),
            kind: Kind::Proxy,
            origins: origins.iter().map(|text| text.parse().unwrap()).collect(),
            demand,
            rules: Vec::new(),
        })
        .await
    }

    pub async fn add(&self, spec: ApplicationSpec) -> ApplicationId {
        let id = ApplicationId::new(self.house.engine.now(), self.house.engine.random().unwrap());
        let spec = spec.checked().unwrap();
        let put = self.house.store.add_application(id, spec, self.act()).await;
        assert!(matches!(put.unwrap(), PutApplication::Put(_)));
        id
    }

    pub fn act(&self) -> Act {
        let now = self.house.engine.now();
        Act {
            id: ActId::new(now, self.house.engine.random().unwrap()),
            at: now,
            actor: Actor::Operator(1000),
            personal: None,
            told: Vec::new(),
        }
    }

    /// What `start` vouches for a browser with: this one, now.
    pub fn challenge(&self, origin: &str, secret: &PlainBrowserSecret) -> String {
        let engine = &self.house.engine;
        let origin = origin.parse().unwrap();
        let challenges = engine.challenges();
        challenges.challenge(&origin, secret.hashed(), engine.now())
    }

    /// The issuer's step of a browser that keeps this secret.
    pub fn offer(&self, origin: &str, secret: &PlainBrowserSecret) -> String {
        let challenge = self.challenge(origin, secret);
        format!("{ISSUER}/vestibule/handshake?origin={origin}&browser={challenge}&next=/")
    }

    /// A browser that has never been anywhere here.
    pub fn person(&self) -> Person<'_> {
        Person {
            town: self,
            jars: BTreeMap::new(),
        }
    }

    /// What a proxy of the X-Forwarded family hears about a request to this origin with these cookies.
    pub fn ask(&self, origin: &str, target: &str, cookies: &str) -> Ask {
        let family = HeaderFamily::XForwarded;
        let ask = Ask::new(&self.house.router, origin, family, "GET", target);
        if cookies.is_empty() {
            ask
        } else {
            ask.with("cookie", cookies)
        }
    }
}

/// One browser: a jar of cookies for each host.
pub struct Person<'a> {
    town: &'a Town,
    jars: BTreeMap<String, Browser>,
}

impl Person<'_> {
    /// The jar of an origin's host.
    pub fn at(&mut self, origin: &str) -> &Browser {
        let (_, host) = origin.split_once("://").unwrap();
        let jars = self.jars.entry(host.to_owned());
        jars.or_insert_with(|| {
            let mut browser = self.town.house.browser();
            host.clone_into(&mut browser.host);
            browser
        })
    }

    /// Follows a link from another site.
    pub async fn open(&mut self, url: impl Into<String>) -> Answer {
        self.open_with(&url.into(), &[("sec-fetch-site", "cross-site")])
            .await
    }

    /// The same with these headers.
    pub async fn open_with(&mut self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let (origin, path) = cut(url);
        let browser = self.at(&origin);
        let mut request = browser.request(Method::GET, &path, "");
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        browser.send(request).await
    }

    /// Signs in at the issuer, whatever leads there.
    pub async fn sign_in(&mut self) {
        let answer = self.at(ISSUER).sign_in(ALICE, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }

    /// Opens a page of an application behind its proxy, and follows whatever comes until the application is reached.
    pub async fn visit(&mut self, origin: &str, page: &str) -> String {
        let finish = self.until_finish(origin, page).await;
        let answer = self.open(&finish).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location().to_owned()
    }

    /// The same, up to the URL with the code.
    pub async fn until_finish(&mut self, origin: &str, page: &str) -> String {
        let cookies = self.at(origin).cookie_header();
        let told = self.town.ask(origin, page, &cookies);
        let told = told.with("sec-fetch-mode", "navigate").send().await;
        assert_eq!(told.status, StatusCode::FOUND);
        let start = self.open(told.location()).await;
        assert_eq!(start.status, StatusCode::SEE_OTHER, "{}", start.body);
        let offer = self.open(start.location()).await;
        assert_eq!(offer.status, StatusCode::SEE_OTHER, "{}", offer.body);
        offer.location().to_owned()
    }

    /// The names and values of what the browser keeps for handshakes there.
    pub fn secrets(&mut self, origin: &str) -> Vec<(String, String)> {
        let cookies = self.at(origin).cookie_header();
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, _)| name.starts_with(BROWSER))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Keeps this secret for handshakes there.
    pub fn keep(&mut self, origin: &str, secret: &PlainBrowserSecret) {
        let tag = &encode_browser(secret.hashed())[..6];
        let name = format!("{BROWSER}{tag}");
        self.at(origin).set_cookie(&name, &secret.encode());
    }

    /// Whether the application lets this browser's next page view through.
    pub async fn is_in(&mut self, origin: &str) -> bool {
        let cookies = self.at(origin).cookie_header();
        self.town.ask(origin, "/", &cookies).send().await.status == StatusCode::OK
    }
}

/// Origin, and path with query.
pub fn cut(url: &str) -> (String, String) {
    let at = url.find("://").unwrap() + 3;
    let slash = url[at..].find('/').unwrap() + at;
    (url[..slash].to_owned(), url[slash..].to_owned())
}
