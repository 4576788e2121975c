//! Follows a login from an application's page and back, as a browser would, and says at which hop it broke. The login that
//! it made is ended afterwards.

mod breaks;

use http::StatusCode;
use url::Url;
use zeroize::Zeroizing;

use super::Patient;
use super::browser::{Browser, Visit, alert, hidden};
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

    fn is_sign_in(&self, url: &Url, visit: &Visit) -> bool {
        url.origin() == self.issuer.origin() && hidden(&visit.answer.text(), "/login").is_some()
    }

    /// Fills the form in; `None` where nobody said with what.
    async fn sign_in(&mut self, page: &Url, visit: &Visit) -> Result<Option<Url>, Finding> {
        let Some(credentials) = &self.patient.credentials else {
            return Ok(None);
        };
        let mut fields = hidden(&visit.answer.text(), "/login").unwrap_or_default();
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
        // Whatever comes of it, there is a login to end.
        self.signed_in = visit.answer.status.is_redirection();
        self.cookies(&to, &visit)?;
        if let Some(next) = self.next(&to, &visit)? {
            return Ok(Some(next));
        }
        let told = alert(&visit.answer.text())
            .unwrap_or_else(|| format!("it answered {}", visit.answer.status));
        let is_pair = matches!(visit.answer.status.as_u16(), 200 | 401 | 422);
        Err(if is_pair {
            self.broke(
                &format!("the sign-in page did not take the login: {told}"),
                "address and password do not go together, or too many tries were made",
                format!(
                    "--email and the password; `vestibule audit tail` tells what became of the try of {}",
                    credentials.email
                ),
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
            let origin = self.origin();
            return Err(self.broke(
                &format!("it ended at {}, and never came back to {origin}", url.path()),
                "after signing in, people are to be where they wanted to go",
                format!(
                    "the application's origins: they must name {origin} (`vestibule app show`), and the proxy must \
                     send {origin}/vestibule/* to Vestibule"
                ),
            ));
        }
        Err(self.unexpected(url, visit))
    }

    fn told(&self, came: Result<Came, Finding>) -> Finding {
        let way = self.hops.join(" → ");
        match came {
            Err(finding) => finding,
            Ok(Came::Back) => Finding::good(CHECK, format!("there and back: {way}")),
            Ok(Came::SignIn) => Finding::skipped(
                CHECK,
                format!(
                    "it leads to the sign-in page ({way}); give --email and --password-stdin to go on"
                ),
            ),
            Ok(Came::Unasked) if self.is_ours(&self.start) => {
                Finding::good(CHECK, format!("the page opens: {way}"))
            }
            Ok(Came::Unasked) => self.broke(
                "the page came without a login",
                "whoever knows its address reads it, unless a rule of the application makes it public",
                format!(
                    "the proxy in front of {}: it must ask Vestibule's /verify before it passes a request on (nginx: \
                     `auth_request`)",
                    self.start.host_str().unwrap_or_default()
                ),
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
        let Some(fields) = hidden(&visit.answer.text(), "/logout") else {
            return left("its cookie was lost on the way".to_owned());
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
