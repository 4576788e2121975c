//! The whole table: every method, sign of origin, kind of caller and state of the cookie, in both dialects and families,
//! against the rule written down once more.

use http::StatusCode;
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};

use super::asker::{Ask, ISSUER, Street};

const METHODS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PROPFIND"];
const MODES: [&str; 3] = ["", "navigate", "cors"];
const SITES: [&str; 5] = ["", "same-origin", "none", "same-site", "cross-site"];
const ORIGINS: [&str; 4] = ["", ISSUER, "null", "https://evil.test"];
const ACCEPTS: [&str; 2] = ["*/*", "text/html,*/*;q=0.8"];
const QUERIES: [&str; 3] = ["", "role=editors", "role=owners"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cookie {
    Live,
    Dead,
    Garbage,
    None,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Case {
    method: &'static str,
    mode: &'static str,
    site: &'static str,
    origin: &'static str,
    accept: &'static str,
    websocket: bool,
    cookie: Cookie,
    query: &'static str,
    nginx: bool,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        let cookies = [Cookie::Live, Cookie::Dead, Cookie::Garbage, Cookie::None];
        METHODS
            .into_iter()
            .flat_map(|method| MODES.map(|mode| (method, mode)))
            .flat_map(|row| SITES.map(|site| (row, site)))
            .flat_map(|row| ORIGINS.map(|origin| (row, origin)))
            .flat_map(|row| ACCEPTS.map(|accept| (row, accept)))
            .flat_map(|row| [false, true].map(|websocket| (row, websocket)))
            .flat_map(move |row| cookies.map(|cookie| (row, cookie)))
            .flat_map(|row| QUERIES.map(|query| (row, query)))
            .flat_map(|row| [false, true].map(|nginx| (row, nginx)))
            .map(|(row, nginx)| {
                let (row, query) = row;
                let (row, cookie) = row;
                let (row, websocket) = row;
                let (row, accept) = row;
                let (row, origin) = row;
                let ((method, mode), site) = row;
                Self {
                    method,
                    mode,
                    site,
                    origin,
                    accept,
                    websocket,
                    cookie,
                    query,
                    nginx,
                }
            })
    }

    fn expected(&self) -> StatusCode {
        let reads = matches!(self.method, "GET" | "HEAD") && !self.websocket;
        let safe = reads || self.method == "OPTIONS" && !self.websocket;
        let html = self.accept.starts_with("text/html");
        let page = reads && (self.mode == "navigate" || self.mode.is_empty() && html);
        let foreign = self.origin == "https://evil.test" || self.site.ends_with("-site");
        let own = self.origin == ISSUER || matches!(self.site, "same-origin" | "none");
        match self.cookie {
            Cookie::Live if !safe && (foreign || !own) => StatusCode::FORBIDDEN,
            Cookie::Live if self.query == "role=owners" => StatusCode::FORBIDDEN,
            Cookie::Live => StatusCode::OK,
            _ if page && !self.nginx => StatusCode::FOUND,
            _ if self.is_form() && !self.nginx => StatusCode::SEE_OTHER,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// A person sent it, and looks at the answer.
    fn is_form(&self) -> bool {
        let looks =
            self.mode == "navigate" || self.mode.is_empty() && self.accept.starts_with("text/html");
        self.method == "POST" && !self.websocket && looks
    }

    /// Where a person goes on to, in nginx's dialect too.
    fn onward(&self) -> String {
        let plain = Self {
            nginx: false,
            ..*self
        };
        match plain.expected() {
            StatusCode::FOUND => format!("{ISSUER}/login?next=/app"),
            StatusCode::SEE_OTHER => format!("{ISSUER}/vestibule/not-sent?next=/"),
            _ => String::new(),
        }
    }

    fn ask(&self, street: &Street, dead: &str) -> Ask {
        let family = if self.nginx { XOriginal } else { XForwarded };
        let mut ask = street
            .ask_by(family, self.method, "/app")
            .with("accept", self.accept);
        for (name, value) in [
            ("sec-fetch-mode", self.mode),
            ("sec-fetch-site", self.site),
            ("origin", self.origin),
        ] {
            if !value.is_empty() {
                ask = ask.with(name, value);
            }
        }
        if self.websocket {
            ask = ask.with("upgrade", "websocket");
        }
        ask = match self.cookie {
            Cookie::Live => ask,
            Cookie::Dead => ask.with("cookie", dead),
            Cookie::Garbage => ask.with("cookie", "__Host-vestibule=AAAA"),
            Cookie::None => ask.of_nobody(),
        };
        if self.nginx {
            ask = ask.of_nginx();
        }
        if self.query.is_empty() {
            ask
        } else {
            ask.query(self.query)
        }
    }
}

/// Holds: ASVS 3.5.1, ASVS 3.5.8, N12, ASVS 8.3.1
#[tokio::test]
async fn every_row_of_the_table_holds() {
    let street = Street::new().await;
    let dead = {
        let (session, cookie) = super::asker::sign_in(&street.house, "alice@example.test").await;
        let engine = &street.house.engine;
        let operator = street.house.operator();
        engine
            .revoke_session(session.id(), &operator)
            .await
            .unwrap();
        cookie
    };
    let mut rows = 0_u32;
    for case in Case::all() {
        let answer = case.ask(&street, &dead).send().await;
        assert_eq!(answer.status, case.expected(), "{case:?}");
        assert_eq!(answer.location(), case.onward(), "{case:?}");
        rows += 1;
    }
    assert_eq!(rows, 34_560);
}
