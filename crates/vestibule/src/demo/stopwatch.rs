//! The stopwatch: sample devices that are signed in and ask the shop all the time, and how long after 'Sign out everywhere'
//! each was refused.
//!
//! ```text
//! POST /stopwatch/devices ──▶ four devices sign in over the pages that people use: three that ask, one that presses
//! POST /stopwatch/end     ──▶ each asks until it was let through a few times ──▶ the one presses ──▶ each asks until refused
//! ```

mod device;
mod measure;
pub mod page;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::sync::Mutex;

use vestibule_engine::Entropy as _;

use crate::os::SystemEntropy;

use super::moment;
use super::people::Person;
use super::rooms::Places;

use self::device::{Device, DeviceError};
use self::measure::Run;

/// A login that is younger needs no password to end others: Vestibule asks for one within five minutes.
const FRESH: Duration = Duration::from_mins(4);
/// Runs that are shown.
const RUNS: usize = 5;

/// What the devices are, as Vestibule's account page tells from what they say of themselves.
const AGENTS: [(&str, &str); 3] = [
    (
        "stopwatch-laptop",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    (
        "stopwatch-phone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
         Mobile/15E148 Safari/604.1",
    ),
    (
        "stopwatch-tablet",
        "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
    ),
];
const HAND: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The devices, and what was measured with them.
pub struct Stopwatch {
    places: Arc<Places>,
    mark: (HeaderName, HeaderValue),
    /// Held while somebody signs in or presses: one at a time.
    team: Mutex<Option<Team>>,
    shown: std::sync::Mutex<Shown>,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
struct Shown {
    ready: bool,
    failed: bool,
    runs: VecDeque<Run>,
}

/// Devices that are signed in.
struct Team {
    watched: Vec<(&'static str, Device)>,
    hand: Device,
    since: Duration,
}

/// What tells the devices' requests from a person's; new for each demo.
pub fn mark() -> HeaderValue {
    let mut random = [0; 16];
    let mut text = String::new();
    // Without randomness nothing is left out of what is shown.
    if SystemEntropy::new().fill(&mut random).is_ok() {
        for byte in random {
            // Writing to a String never fails.
            let _ = write!(text, "{byte:02x}");
        }
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

impl Stopwatch {
    /// With no devices yet.
    pub fn new(places: Arc<Places>, mark: (HeaderName, HeaderValue)) -> Self {
        Self {
            places,
            mark,
            team: Mutex::default(),
            shown: std::sync::Mutex::default(),
        }
    }

    /// Has the devices sign in.
    pub async fn sign_in(&self, person: &Person) {
        let mut team = self.team.lock().await;
        if team.as_ref().is_some_and(Team::is_fresh) {
            return;
        }
        let signed_in = self.assemble(person).await;
        let ready = signed_in.is_ok();
        *team = signed_in.inspect_err(tell).ok();
        self.show(|shown| {
            shown.ready = ready;
            shown.failed = !ready;
        });
    }

    /// Presses, and measures.
    pub async fn end_everywhere(&self, person: &Person) {
        let mut team = self.team.lock().await;
        // Their login may be too old to end others without a password, or ended by the person themselves.
        let ready = match team.take() {
            Some(team) if team.is_fresh() => Ok(team),
            _ => self.assemble(person).await,
        };
        let measured = match ready {
            Ok(ready) => match measure::run(ready).await {
                // Somebody else had ended them: anew, once.
                Err(DeviceError::NotSignedIn) => match self.assemble(person).await {
                    Ok(again) => measure::run(again).await,
                    Err(error) => Err(error),
                },
                measured => measured,
            },
            Err(error) => Err(error),
        };
        drop(team);
        self.show(|shown| {
            shown.ready = false;
            shown.failed = measured.is_err();
            match measured {
                Ok(run) => shown.runs.push_front(run),
                Err(error) => tell(&error),
            }
            shown.runs.truncate(RUNS);
        });
    }

    async fn assemble(&self, person: &Person) -> Result<Team, DeviceError> {
        let since = moment::now();
        let mut watched = Vec::new();
        for (name, agent) in AGENTS {
            let device = self.device(agent, person).await?;
            watched.push((name, device));
        }
        let hand = self.device(HAND, person).await?;
        Ok(Team {
            watched,
            hand,
            since,
        })
    }

    async fn device(&self, agent: &'static str, person: &Person) -> Result<Device, DeviceError> {
        let mut device = Device::new(Arc::clone(&self.places), agent, self.mark.clone());
        device.sign_in(person).await?;
        Ok(device)
    }

    fn show(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn shown(&self) -> Shown {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }
}

impl Team {
    fn is_fresh(&self) -> bool {
        moment::now().saturating_sub(self.since) < FRESH
    }
}

fn tell(error: &DeviceError) {
    tracing::warn!(error = %error, "the stopwatch's devices could not do their part");
}
