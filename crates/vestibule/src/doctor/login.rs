//! Follows a login from an application's page and back, as a browser would, and says at which hop it broke. The login that
//! it made is ended afterwards.

use http::{StatusCode, header};
use url::Url;
use zeroize::Zeroizing;

use vestibule_http::edge::RESERVED;

use super::Patient;
use super::browser::{Browser, Visit, alert, hidden, refresh};
use super::finding::Finding;

const CHECK: &str = "login";
/// Longer than any way there and back.
const HOPS: usize = 20;
/// So often one page is on a way that leads somewhere: asked for, come back to, and once more for what was lost meanwhile.
const ROUNDS: usize = 3;

/// Whose login is tried.
pub struct Credentials {
    /// The address.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// Where it is, and how it got there.
struct Walk<'a, 'p> {
    patient: &'a Patient<'p>,
    browser: Browser<'a>,
    start: Url,
    issuer: Url,
    hops: Vec<String>,
    signed_in: bool,
}

/// Where the walk came to.
enum Came {
    /// To the page first asked for, without anybody having signed in.
    Unasked,
    /// Back to it, signed in.
    Back,
    /// To the sign-in page, and nobody said as whom to go on.
    SignIn,
}

/// Follows `--url`, if there is one.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(start) = patient.url.clone() else {
        let what =
            "no --url was given: name a page of an application's, and a login to it is followed";
        return vec![Finding::skipped(CHECK, what)];
    };
    let issuer = match Url::parse(patient.issuer.origin()) {
        Ok(issuer) => issuer,
        Err(error) => return vec![Finding::skipped(CHECK, error.to_string())],
    };
    let mut walk = Walk {
        patient,
        browser: Browser::new(&patient.web),
        start,
        issuer,
        hops: Vec::new(),
        signed_in: false,
    };
    let came = walk.go().await;
    let mut findings = vec![walk.told(came)];
    if walk.signed_in {
        findings.extend(walk.end().await);
    }
    findings
}

impl Walk<'_, '_> {
    async fn go(&mut self) -> Result<Came, Finding> {
        let (mut url, mut from) = (self.start.clone(), None);
        let mut visited = Vec::new();
        loop {
            visited.push(url.clone());
            let again = visited.iter().filter(|known| **known == url).count();
            if visited.len() > HOPS || again > ROUNDS {
                return Err(self.going_round(&url));
            }
            let visit = self.browser.open(&url, from.as_ref()).await;
            let visit = visit.map_err(|error| {
                self.broke(
                    &error.to_string(),
                    "the browser cannot go on",
                    "what it names; see the check `reach` or `certificate`",
                )
            })?;
            self.note("GET", &url, visit.answer.status);
            self.cookies(&url, &visit)?;
            if let Some(next) = self.next(&url, &visit)? {
                (url, from) = (next, Some(url));
                continue;
            }
            if self.is_sign_in(&url, &visit) {
                if self.signed_in {
                    return Err(self.signed_out(&url));
                }
                let Some(next) = self.sign_in(&url, &visit).await? else {
                    return Ok(Came::SignIn);
                };
                (url, from) = (next, Some(url));
                continue;
            }
            return self.arrived(&url, &visit);
        }
    }

    fn note(&mut self, method: &str, url: &Url, status: StatusCode) {
        // A code is good once and for ten seconds, and still nobody's to read.
        let mut shown = url.clone();
        if shown.query().is_some() {
            shown.set_query(Some("…"));
        }
        let shown = shown.as_str().replace("%E2%80%A6", "…");
        self.hops
            .push(format!("{method} {shown} {}", status.as_u16()));
    }

    /// A fault at the last hop.
    fn broke(&self, what: &str, why: &str, change: impl Into<String>) -> Finding {
        let hop = self.hops.last().cloned();
        let hop = hop.unwrap_or_else(|| format!("GET {}", self.start));
        let number = self.hops.len().max(1);
        Finding::fault(CHECK, format!("hop {number} ({hop}): {what}"), why, change)
    }

    /// A cookie of ours that the browser does not keep breaks it, wherever it goes from here.
    fn cookies(&self, url: &Url, visit: &Visit) -> Result<(), Finding> {
        let ours = visit.refused.iter().find(|why| why.contains("vestibule"));
        match ours {
            None => Ok(()),
            Some(why) => Err(self.broke(&format!("the browser does not keep what it was given: {why}"),
                "without it the next page knows nobody",
                format!(
                    "the proxy in front of {} must pass Set-Cookie on as it is: take proxy_cookie_domain, proxy_cookie_path and \
                     proxy_cookie_flags (nginx), ProxyPassReverseCookieDomain and -Path (Apache) away; and https must be spoken there",
                    url.host_str().unwrap_or_default()
                ),
            )),
        }
    }

    /// Where the answer sends the browser, if it does.
    fn next(&self, url: &Url, visit: &Visit) -> Result<Option<Url>, Finding> {
        let answer = &visit.answer;
        let location = match answer.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => {
                let location = answer.headers.get(header::LOCATION);
                location.and_then(|to| url.join(to.to_str().ok()?).ok())
            }
            // From our own sign-in form a page leads on, not a redirect.
            200 => match refresh(&answer.body) {
                Some(to) => url.join(&to).ok(),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some(next) = location else {
            return Err(self.broke(
                "it redirects to nowhere",
                "a redirect without a Location that can be read leads to nothing",
                "the proxy's rule that makes this redirect: it must pass Vestibule's Location on",
            ));
        };
        let is_known =
            next.origin() == self.start.origin() || next.origin() == self.issuer.origin();
        if is_known {
            return Ok(Some(next));
        }
        let same_host = |one: &Url| one.host_str() == next.host_str();
        let (what, change) = if same_host(&self.issuer) || same_host(&self.start) {
            (
                format!(
                    "it leads to {}, which is neither {} nor {}: scheme or port differ",
                    next.origin().ascii_serialization(),
                    self.origin(),
                    self.patient.issuer.origin()
                ),
                format!(
                    "server.issuer (now {}) to what browsers see, and the headers in which the proxy tells scheme and host \
                     (X-Forwarded-Proto $scheme and X-Forwarded-Host $http_host, or X-Original-URL $scheme://$http_host$request_uri)",
                    self.patient.issuer.origin()
                ),
            )
        } else {
            (
                format!("it leads away, to {}", next.origin().ascii_serialization()),
                format!(
                    "server.issuer (now {}), if that is where people sign in; else the rule that leads there",
                    self.patient.issuer.origin()
                ),
            )
        };
        Err(self.broke(
            &what,
            "the login happens at the issuer and ends at the page first asked for",
            change,
        ))
    }

    fn origin(&self) -> String {
        self.start.origin().ascii_serialization()
    }

    fn is_sign_in(&self, url: &Url, visit: &Visit) -> bool {
        url.origin() == self.issuer.origin() && hidden(&visit.answer.body, "/login").is_some()
    }

    /// Fills the form in; `None` where nobody said with what.
    async fn sign_in(&mut self, page: &Url, visit: &Visit) -> Result<Option<Url>, Finding> {
        let Some(credentials) = &self.patient.credentials else {
            return Ok(None);
        };
        let mut fields = hidden(&visit.answer.body, "/login").unwrap_or_default();
        fields.push(("identifier".to_owned(), credentials.email.clone()));
        fields.push(("password".to_owned(), credentials.password.to_string()));
        let to = page.join("/login").unwrap_or_else(|_| page.clone());
        let sent = self.browser.submit(&to, page, &fields).await;
        for (_, value) in &mut fields {
            zeroize::Zeroize::zeroize(value);
        }
        let visit = sent.map_err(|error| {
            self.broke(
                &error.to_string(),
                "the form could not be sent",
                "what it names",
            )
        })?;
        self.note("POST", &to, visit.answer.status);
        self.cookies(&to, &visit)?;
        if let Some(next) = self.next(&to, &visit)? {
            self.signed_in = true;
            return Ok(Some(next));
        }
        let body = &visit.answer.body;
        let told = alert(body).unwrap_or_else(|| format!("it answered {}", visit.answer.status));
        let is_pair = matches!(visit.answer.status.as_u16(), 200 | 401 | 422);
        Err(if is_pair {
            self.broke(&format!("the sign-in page did not take the login: {told}"),
                "address and password do not go together, or too many tries were made",
                format!("--email and the password; `vestibule audit tail` tells what became of the try of {}", credentials.email),
            )
        } else {
            self.unexpected(&to, &visit)
        })
    }

    fn arrived(&self, url: &Url, visit: &Visit) -> Result<Came, Finding> {
        let status = visit.answer.status;
        let is_start = url.origin() == self.start.origin();
        if status.is_success() && is_start {
            return Ok(if self.signed_in {
                Came::Back
            } else {
                Came::Unasked
            });
        }
        if status.is_success() && url.origin() == self.issuer.origin() {
            return Err(self.broke(&format!("it ended at {url}, and never came back to {}", self.origin()),
                "after signing in, people are to be where they wanted to go",
                format!("the application's origins: they must name {} (`vestibule app show`), and the proxy must send {}/vestibule/* to Vestibule", self.origin(), self.origin()),
            ));
        }
        Err(self.unexpected(url, visit))
    }

    /// An answer that ends the way, by what it tells.
    fn unexpected(&self, url: &Url, visit: &Visit) -> Finding {
        let answer = &visit.answer;
        let at_issuer = self.is_ours(url);
        let host = url.host_str().unwrap_or_default();
        let ours = url.path().starts_with("/vestibule/");
        let change = match answer.status.as_u16() {
            404 | 405 if ours => format!(
                "the proxy's rules for {host}: they must send /vestibule/* to Vestibule, not to the application"
            ),
            421 => format!(
                "the proxy in front of {host}: it must pass the Host header on (nginx: `proxy_set_header Host $http_host;`); and \
                 server.issuer (now {}), or the application's origins, must name {host}",
                self.patient.issuer.origin()
            ),
            401 => format!(
                "the proxy in front of {host}: it must turn Vestibule's 401 into a redirect to its Location (nginx: `error_page 401 = \
                 @vestibule_sign_in;`), or ask /verify, not /verify/auth-request"
            ),
            403 if !at_issuer => format!(
                "what it says: the log of the server names the cause (`edge: refused`); {host} must be an application's origin \
                 (`vestibule app list`), the proxy one of trusted_proxies, and the account may need a role there"
            ),
            400 if !at_issuer => {
                "the headers in which the proxy tells of a request: see the check `proxy`"
                    .to_owned()
            }
            502..=504 => format!(
                "the proxy in front of {host} cannot reach what is behind it: Vestibule ({}), or the application",
                self.patient.listens()
            ),
            500 if !at_issuer => format!(
                "the proxy in front of {host}: nginx answers 500 when /verify answers what it does not know (its error log says which); \
                 is Vestibule at {} running, and ready?",
                self.patient.listens()
            ),
            _ => "what it says, and the log of whoever answered".to_owned(),
        };
        let text = said(visit);
        self.broke(
            &format!("it answered {}{text}", answer.status),
            "the way to the page ends here",
            change,
        )
    }

    fn signed_out(&self, url: &Url) -> Finding {
        self.broke(&format!("signed in, and still sent to sign in at {}", url.origin().ascii_serialization()),
            "the cookie that was set does not come back to Vestibule",
            format!(
                "the proxy must pass the Cookie header on to Vestibule, on its pages and on /verify alike; {} must be the host that \
                 browsers use (server.issuer)",
                self.patient.issuer.origin()
            ),
        )
    }

    fn going_round(&self, url: &Url) -> Finding {
        if self.signed_in {
            return self.signed_out(url);
        }
        let last: Vec<&str> = self.hops.iter().rev().take(4).map(String::as_str).collect();
        let last = last.into_iter().rev().collect::<Vec<_>>().join(", ");
        self.broke(&format!("it goes round in circles: {last}"),
            "a cookie is lost on the way, or two rules send people to each other",
            "the proxy: it must pass Cookie and Set-Cookie on as they are, and not redirect https to https",
        )
    }

    /// Whether a page is one of Vestibule's own, and not an application's on the same host.
    fn is_ours(&self, url: &Url) -> bool {
        let first = url.path().split('/').nth(1).unwrap_or_default();
        let is_home = first.is_empty() && !self.patient.settings().own_host_application;
        url.origin() == self.issuer.origin() && (is_home || RESERVED.contains(&first))
    }

    fn told(&self, came: Result<Came, Finding>) -> Finding {
        let way = self.hops.join(" → ");
        match came {
            Err(finding) => finding,
            Ok(Came::Back) => Finding::good(CHECK, format!("there and back: {way}")),
            Ok(Came::SignIn) => Finding::skipped(
                CHECK,
                format!("it leads to the sign-in page ({way}); give --email and --password-stdin to go on"),
            ),
            Ok(Came::Unasked) if self.is_ours(&self.start) => Finding::good(CHECK, format!("the page opens: {way}")),
            Ok(Came::Unasked) => self.broke(
                "the page came without a login",
                "whoever knows its address reads it, unless a rule of the application makes it public",
                format!("the proxy in front of {}: it must ask Vestibule's /verify before it passes a request on (nginx: `auth_request /verify/user;`)", self.start.host_str().unwrap_or_default()),
            ),
        }
    }

    /// Ends the login that was made, by the form that a person would use.
    async fn end(&mut self) -> Option<Finding> {
        let page = self.issuer.join("/logout").ok()?;
        let left = |why: String| {
            Some(Finding::fault(
                CHECK,
                format!("the login that doctor made could not be ended: {why}"),
                "it lives until it runs out",
                "end it by hand: `vestibule session list --user EMAIL`, `vestibule session revoke ID`",
            ))
        };
        let visit = match self.browser.open(&page, None).await {
            Ok(visit) => visit,
            Err(error) => return left(error.to_string()),
        };
        let Some(fields) = hidden(&visit.answer.body, "/logout") else {
            // Nobody is signed in any more, or never was.
            return (!self.browser.holds(&page, "__Host-vestibule"))
                .then_some(())
                .map_or_else(
                    || left(format!("/logout answered {}", visit.answer.status)),
                    |()| None,
                );
        };
        match self.browser.submit(&page, &page, &fields).await {
            Ok(visit)
                if visit.answer.status.is_redirection() || visit.answer.status.is_success() =>
            {
                None
            }
            Ok(visit) => left(format!("/logout answered {}", visit.answer.status)),
            Err(error) => left(error.to_string()),
        }
    }
}

/// What a plain answer says, in short.
fn said(visit: &Visit) -> String {
    let kind = visit.answer.headers.get(header::CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let line = visit.answer.body.lines().next().unwrap_or_default();
    if !is_text || line.is_empty() {
        return String::new();
    }
    let short: String = line.chars().take(200).collect();
    format!(", saying \"{}\"", crate::cli::harmless(&short))
}
