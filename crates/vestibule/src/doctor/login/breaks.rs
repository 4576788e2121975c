//! What a login breaks by, and what to change for each.

use http::header;
use url::Url;

use vestibule_http::edge::RESERVED;

use super::super::browser::{Visit, refresh};
use super::super::finding::Finding;
use super::{CHECK, Walk};

impl Walk<'_, '_> {
    /// A fault at the last hop.
    pub(super) fn broke(&self, what: &str, why: &str, change: impl Into<String>) -> Finding {
        let hop = self.hops.last().cloned();
        let hop = hop.unwrap_or_else(|| format!("GET {}", self.start));
        let number = self.hops.len().max(1);
        Finding::fault(CHECK, format!("hop {number} ({hop}): {what}"), why, change)
    }

    /// A cookie of ours that the browser does not keep breaks it, wherever it goes from here.
    pub(super) fn cookies(&self, url: &Url, visit: &Visit) -> Result<(), Finding> {
        let ours = visit.refused.iter().find(|why| why.contains("vestibule"));
        match ours {
            None => Ok(()),
            Some(why) => Err(self.broke(
                &format!("the browser does not keep what it was given: {why}"),
                "without it the next page knows nobody",
                format!(
                    "the proxy in front of {} must pass Set-Cookie on as it is: take proxy_cookie_domain, \
                     proxy_cookie_path and proxy_cookie_flags (nginx), ProxyPassReverseCookieDomain and -Path \
                     (Apache) away; and https must be spoken there",
                    url.host_str().unwrap_or_default()
                ),
            )),
        }
    }

    /// Where the answer sends the browser, if it does.
    pub(super) fn next(&self, url: &Url, visit: &Visit) -> Result<Option<Url>, Finding> {
        let answer = &visit.answer;
        let location = match answer.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => {
                let location = answer.headers.get(header::LOCATION);
                location.and_then(|to| url.join(to.to_str().ok()?).ok())
            }
            // From our own sign-in form a page leads on, not a redirect.
            200 => match refresh(&answer.text()) {
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
                    "server.issuer (now {}) to what browsers see, and the headers in which the proxy tells scheme \
                     and host (X-Forwarded-Proto $scheme and X-Forwarded-Host $host$named_port, or X-Original-URL \
                     $scheme://$host$named_port$request_uri)",
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

    pub(super) fn origin(&self) -> String {
        self.start.origin().ascii_serialization()
    }

    /// An answer that ends the way, by what it tells.
    pub(super) fn unexpected(&self, url: &Url, visit: &Visit) -> Finding {
        let answer = &visit.answer;
        let at_issuer = self.is_ours(url);
        let host = url.host_str().unwrap_or_default();
        let ours = url.path().starts_with("/vestibule/");
        let change = match answer.status.as_u16() {
            404 | 405 if ours => format!(
                "the proxy's rules for {host}: they must send /vestibule/* to Vestibule, not to the application"
            ),
            421 => format!(
                "the proxy in front of {host}: it must pass the Host header on (nginx: `proxy_set_header Host \
                 $host$named_port;`); and server.issuer (now {}), or the application's origins, must name {host}",
                self.patient.issuer.origin()
            ),
            401 => format!(
                "the proxy in front of {host}: it must turn Vestibule's 401 into a redirect to its Location (nginx: \
                 `error_page 401 = @vestibule_page;`), or ask /verify, not /verify/auth-request"
            ),
            403 if !at_issuer => format!(
                "what it says: the log of the server names the cause (`edge: refused`); {host} must be an \
                 application's origin (`vestibule app list`), the proxy one of trusted_proxies, and the account may \
                 need a role there"
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
                "the proxy in front of {host}: nginx answers 500 when /verify answers what it does not know (its \
                 error log says which); is Vestibule at {} running, and ready?",
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

    pub(super) fn signed_out(&self, url: &Url) -> Finding {
        let at = url.origin().ascii_serialization();
        self.broke(
            &format!("signed in, and still sent to sign in at {at}"),
            "the cookie that was set does not come back to Vestibule",
            format!(
                "the proxy must pass the Cookie header on to Vestibule, on its pages and on /verify alike; {} must \
                 be the host that browsers use (server.issuer)",
                self.patient.issuer.origin()
            ),
        )
    }

    pub(super) fn going_round(&self, url: &Url) -> Finding {
        if self.signed_in {
            return self.signed_out(url);
        }
        let last: Vec<&str> = self.hops.iter().rev().take(4).map(String::as_str).collect();
        let last = last.into_iter().rev().collect::<Vec<_>>().join(", ");
        self.broke(
            &format!("it goes round in circles: {last}"),
            "a cookie is lost on the way, or two rules send people to each other",
            "the proxy: it must pass Cookie and Set-Cookie on as they are, and not redirect https to https",
        )
    }

    /// Whether a page is one of Vestibule's own, and not an application's on the same host.
    pub(super) fn is_ours(&self, url: &Url) -> bool {
        let first = url.path().split('/').nth(1).unwrap_or_default();
        let is_home = first.is_empty() && !self.patient.settings().own_host_application;
        url.origin() == self.issuer.origin() && (is_home || RESERVED.contains(&first))
    }
}

/// What a plain answer says, in short.
fn said(visit: &Visit) -> String {
    let kind = visit.answer.headers.get(header::CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let text = visit.answer.text();
    let line = text.lines().next().unwrap_or_default();
    if !is_text || line.is_empty() {
        return String::new();
    }
    let short: String = line.chars().take(200).collect();
    format!(", saying \"{}\"", crate::cli::harmless(&short))
}
