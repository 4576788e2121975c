//! One run: everybody asks, one presses, and each is timed until it is refused.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::demo::moment;

use super::Team;
use super::device::{DeviceError, Poller};

/// Between two questions of a device.
const PACE: Duration = Duration::from_millis(2);
/// So often each is let through before anybody presses.
const BEFORE: usize = 20;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was measured.
#[derive(Debug, Clone)]
pub struct Run {
    /// Time of day.
    pub at: String,
    /// From pressing to Vestibule's answer: from then on it is final.
    pub acknowledged: Duration,
    /// Each device.
    pub devices: Vec<Refused>,
}

/// What became of one device.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its name, as a text.
    pub name: &'static str,
    /// From pressing to the answer that refused it.
    pub after: Duration,
    /// With this status.
    pub status: u16,
    /// How often it was let through before that.
    pub passed: usize,
    /// How often on a question that it asked after the end was acknowledged: never.
    pub passed_after: usize,
}

/// A question of a device's: begun, answered, with what.
struct Asked {
    begun: Duration,
    answered: Duration,
    status: u16,
}

/// Measures with a team, which is signed out then.
pub async fn run(team: Team) -> Result<Run, DeviceError> {
    let Team {
        watched, mut hand, ..
    } = team;
    let csrf = hand.account_token().await?;
    let (tell, mut told) = mpsc::channel(watched.len().max(1));
    let mut asking = JoinSet::new();
    let count = watched.len();
    for (place, (name, device)) in watched.into_iter().enumerate() {
        let poller = device.poller().await?;
        let tell = tell.clone();
        asking.spawn(async move {
            let asked = timeout(PATIENCE, until_refused(poller, tell)).await;
            (place, name, asked)
        });
    }
    drop(tell);
    for _ in 0..count {
        // One that was refused before tells nothing, and is no device to measure with.
        told.recv().await.ok_or(DeviceError::NotSignedIn)?;
    }
    let pressed = moment::now();
    hand.end_everywhere(&csrf).await?;
    let acknowledged = moment::now();
    let mut devices = Vec::new();
    while let Some(done) = asking.join_next().await {
        let Ok((place, name, asked)) = done else {
            return Err(DeviceError::NotRefused);
        };
        let asked = asked.map_err(|_| DeviceError::NotRefused)??;
        devices.push((place, judge(name, &asked, pressed, acknowledged)?));
    }
    devices.sort_by_key(|(place, _)| *place);
    Ok(Run {
        at: moment::time_of_day(),
        acknowledged: acknowledged.saturating_sub(pressed),
        devices: devices.into_iter().map(|(_, device)| device).collect(),
    })
}

async fn until_refused(
    mut poller: Poller,
    tell: mpsc::Sender<()>,
) -> Result<Vec<Asked>, DeviceError> {
    let mut all = Vec::new();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let begun = moment::now();
        let status = poller.ask().await?;
        all.push(Asked {
            begun,
            answered: moment::now(),
            status: status.as_u16(),
        });
        if !status.is_success() {
            return Ok(all);
        }
        if all.len() == BEFORE {
            // Who measures and is gone has no need of it.
            let _ = tell.send(()).await;
        }
    }
}

fn judge(
    name: &'static str,
    asked: &[Asked],
    pressed: Duration,
    acknowledged: Duration,
) -> Result<Refused, DeviceError> {
    let Some((last, passed)) = asked.split_last() else {
        return Err(DeviceError::NotSignedIn);
    };
    // Refused by a page view's redirection or a program's 401; anything else is no answer to who is calling.
    if !matches!(last.status, 302 | 303 | 401) {
        return Err(DeviceError::Unexpected("the refusal"));
    }
    if last.answered < pressed {
        return Err(DeviceError::NotSignedIn);
    }
    let after = |one: &&Asked| one.begun > acknowledged;
    Ok(Refused {
        name,
        after: last.answered.saturating_sub(pressed),
        status: last.status,
        passed: passed.len(),
        passed_after: passed.iter().filter(after).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(begun: u64, answered: u64, status: u16) -> Asked {
        Asked {
            begun: Duration::from_millis(begun),
            answered: Duration::from_millis(answered),
            status,
        }
    }

    fn judged(all: &[Asked]) -> Result<Refused, DeviceError> {
        judge(
            "x",
            all,
            Duration::from_millis(100),
            Duration::from_millis(110),
        )
    }

    #[test]
    fn what_is_let_through_after_the_acknowledgement_is_counted() {
        let all = [
            asked(90, 91, 200),
            asked(105, 112, 200),
            asked(111, 113, 200),
            asked(114, 116, 401),
        ];
        let refused = judged(&all).unwrap();
        assert_eq!(refused.after, Duration::from_millis(16));
        assert_eq!((refused.passed, refused.passed_after), (3, 1));
    }

    #[test]
    fn a_device_that_fails_is_not_taken_for_a_refused_one() {
        assert!(judged(&[]).is_err());
        assert!(judged(&[asked(90, 91, 200), asked(114, 116, 503)]).is_err());
        assert!(judged(&[asked(90, 91, 401)]).is_err());
    }
}
