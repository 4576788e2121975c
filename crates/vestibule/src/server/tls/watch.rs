//! Looks after the certificate while the server runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use vestibule_core::time::UnixMillis;
use vestibule_engine::{Clock, Engine};

use super::certificate::Validity;
use super::{Looked, Tls};

/// How often the files are looked at. They are read, not their times: a link that moves changes those of neither file.
const ROUND: Duration = Duration::from_secs(5);
/// So long before its end a certificate is spoken of, or in the last third of its life where that is shorter.
const NOTICE: i64 = 14 * 24 * 3600;

/// What has been said already.
#[derive(Default)]
struct Said {
    /// What was wrong at the last look, and whether it was told.
    fault: Option<(String, bool)>,
    /// The end of the certificate that was told to end soon, and of the one that was told to have ended.
    ending: Option<i64>,
    ended: Option<i64>,
}

impl Tls {
    /// Looks at the files each round and whenever [`Tls::look_now`] asks; tells who watches when the one
    /// that is shown ends; never returns.
    pub async fn watch(self: Arc<Self>, clock: Arc<dyn Clock>, engine: Arc<Engine>) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut said = Said::default();
        loop {
            let asked = tokio::select! {
                _ = rounds.tick() => false,
                () = self.wake.notified() => true,
            };
            let (own, now) = (Arc::clone(&self), clock.wall());
            let Ok(looked) = spawn_blocking(move || own.look(now)).await else {
                continue;
            };
            match looked {
                Ok(Looked::Same) => {
                    said.fault = None;
                    if asked {
                        tracing::info!("the certificate is the same as before");
                    }
                }
                Ok(Looked::New) => {
                    said.fault = None;
                    let until = self.shown.0.load().validity.until;
                    tracing::info!(
                        "there is a new certificate, good until {until}; no connection was closed for it"
                    );
                }
                Err(error) => said.tell_fault(error.to_string(), asked),
            }
            let validity = self.shown.0.load().validity;
            let end = validity.until.timestamp().saturating_mul(1000);
            engine.metrics().certificate_expires(UnixMillis(end));
            said.tell_end(validity, now.0.div_euclid(1000));
        }
    }
}

impl Said {
    /// Once. Found by itself, only when it is still so a round later: certificate and key are renewed one after the other.
    fn tell_fault(&mut self, fault: String, asked: bool) {
        let again = self
            .fault
            .as_ref()
            .is_some_and(|(known, _)| *known == fault);
        let told = again && self.fault.as_ref().is_some_and(|(_, told)| *told);
        if (again || asked) && !told {
            tracing::error!("the new certificate is not used, the one before goes on: {fault}");
        }
        self.fault = Some((fault, again || asked));
    }

    fn tell_end(&mut self, validity: Validity, now: i64) {
        let end = validity.until.timestamp();
        let life = end - validity.from.timestamp();
        let until = validity.until;
        if now > end {
            if self.ended.replace(end) != Some(end) {
                tracing::error!(
                    "the certificate ended on {until}, and browsers refuse it: renew it, it is then read by itself"
                );
            }
        } else if end - now < NOTICE.min(life / 3) && self.ending.replace(end) != Some(end) {
            tracing::warn!("the certificate ends on {until}: renew it, it is then read by itself");
        }
    }
}
