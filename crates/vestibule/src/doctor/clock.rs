//! Does this machine's clock agree with what others say?

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, Method, header};
use vestibule_core::time::UnixMillis;

use super::Patient;
use super::finding::Finding;
use super::web::Ask;
use crate::wiring;

const CHECK: &str = "clock";
/// Where systemd-timesyncd keeps what it knows (systemd-timesyncd.service(8)).
const TIMESYNC: &str = "/run/systemd/timesync";
/// What a network and a whole second may make of it.
const TOLERATED: Duration = Duration::from_secs(30);
/// The latest time that the data has seen may be ahead by so much.
const AHEAD: Duration = Duration::from_mins(1);
const CHANGE: &str = "set the clock by a time service: `timedatectl set-ntp true` (or chrony), then look at \
                      `timedatectl`";

/// Against the database's clock, the latest time that the data has seen, and what answers at the public address.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = database(patient).await;
    findings.push(kept(Path::new(TIMESYNC)));
    if let Some(server) = &patient.told {
        let ahead = server.now.since(patient.now);
        findings.push(if ahead > AHEAD {
            Finding::fault(
                CHECK,
                format!("this machine's clock is {} behind the latest time that the data has seen", amount(ahead)),
                "time stands still until it has caught up: no session runs out, and new ones last longer",
                format!("{CHANGE}; if it is right now and was wrong before, start once with `vestibule serve \
                         --accept-clock`"),
            )
        } else {
            Finding::good(CHECK, "it is not behind the latest time that the data has seen")
        });
    }
    for url in patient.public_urls() {
        if patient.web.is_here(&url).await {
            let what = format!("{url} is this machine, whose clock would agree with itself");
            findings.push(Finding::skipped(CHECK, what));
            continue;
        }
        let ask = Ask {
            method: Method::HEAD,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: String::new(),
        };
        // What cannot be reached is told elsewhere.
        let Ok(answer) = patient.web.ask(ask).await else {
            continue;
        };
        let told = answer.headers.get(header::DATE);
        let Some(theirs) = told.and_then(|told| date(told.to_str().ok()?)) else {
            continue;
        };
        let ours = patient.clock();
        findings.push(if let Some((off, which)) = apart(ours, theirs) {
            Finding::fault(
                CHECK,
                format!("this machine's clock is {off} {which} that of what answers at {url}"),
                "one of the two is wrong; logins, links and certificates are judged by the clock",
                format!("{CHANGE}, here and there"),
            )
        } else {
            Finding::good(CHECK, format!("it agrees with {url}"))
        });
    }
    findings
}

/// Whether systemd-timesyncd, where it runs, has set the clock. Others tell nothing that can be read.
fn kept(state: &Path) -> Finding {
    if !state.is_dir() {
        let what = "whether a time service sets this machine's clock cannot be read here: `timedatectl`, or `chronyc \
                    tracking`, tells";
        return Finding::skipped(CHECK, what);
    }
    if state.join("synchronized").exists() {
        return Finding::good(CHECK, "systemd-timesyncd sets it");
    }
    Finding::fault(
        CHECK,
        "systemd-timesyncd has not set this machine's clock since it started",
        "logins, links and certificates are judged by the clock",
        format!(
            "let the machine reach a time server (NTP= in /etc/systemd/timesyncd.conf, UDP port 123); {CHANGE}"
        ),
    )
}

/// Against the database's.
async fn database(patient: &Patient<'_>) -> Vec<Finding> {
    match wiring::database_clock(patient.settings()).await {
        Ok(None) => Vec::new(),
        Ok(Some(theirs)) => vec![match apart(patient.clock(), theirs) {
            None => Finding::good(CHECK, "it agrees with the database's"),
            Some((off, which)) => Finding::fault(
                CHECK,
                format!("this machine's clock is {off} {which} the database's"),
                "one of the two is wrong; logins, links and certificates are judged by the clock",
                format!("{CHANGE}, here and on the database's machine"),
            ),
        }],
        Err(error) => vec![Finding::fault(
            "database",
            error.to_string(),
            "everything is kept there; without it nobody signs in or out",
            "store.url (and store.password_file), and what it names; start the database",
        )],
    }
}

/// By how much, and on which side, if that is more than what passes unnoticed.
fn apart(ours: UnixMillis, theirs: UnixMillis) -> Option<(String, &'static str)> {
    let off = theirs.since(ours).max(ours.since(theirs));
    let which = if ours > theirs { "ahead of" } else { "behind" };
    (off > TOLERATED).then(|| (amount(off), which))
}

/// `90 s`, `12 minutes`, `3 hours`.
fn amount(off: Duration) -> String {
    match off.as_secs() {
        seconds @ 0..=119 => format!("{seconds} seconds"),
        seconds @ 120..=7199 => format!("{} minutes", seconds / 60),
        seconds => format!("{} hours", seconds / 3600),
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
fn date(text: &str) -> Option<UnixMillis> {
    let since = httpdate::parse_http_date(text).ok()?;
    let since = since.duration_since(UNIX_EPOCH).ok()?;
    Some(UnixMillis(i64::try_from(since.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_time_service_says_is_told() {
        use super::super::finding::Verdict;

        let state = tempfile::tempdir().unwrap();
        assert_eq!(kept(state.path()).verdict, Verdict::Fault);
        std::fs::write(state.path().join("synchronized"), "").unwrap();
        assert_eq!(kept(state.path()).verdict, Verdict::Good);
        assert_eq!(kept(&state.path().join("none")).verdict, Verdict::Skipped);
    }

    #[test]
    fn a_difference_is_told_in_words_that_fit_it() {
        for (seconds, words) in [(90, "90 seconds"), (900, "15 minutes"), (9000, "2 hours")] {
            assert_eq!(amount(Duration::from_secs(seconds)), words);
        }
        let read = date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read, Some(UnixMillis(784_111_777_000)));
        assert_eq!(date("yesterday"), None);
    }
}
