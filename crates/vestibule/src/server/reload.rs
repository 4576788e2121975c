//! The settings read anew while the server runs (SIGHUP): all that can be taken in, or nothing of it.
//!
//! ```text
//! read and judge ──▶ a fault: nothing changes, a line for each
//!        │
//!        ▼
//! declare (one transition) ──▶ refused: nothing changes; the store fails: that may have been stored, or not
//!        │
//!        ▼
//! policy, site, log level: swapped whole, and the certificate is looked at. A request under way keeps what it began with.
//! ```

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use vestibule_http::Context;

use super::Doors;
use crate::declare;
use crate::logs::Levels;
use crate::settings::{Faults, InForce, shown, take_in};
use crate::wiring::{self, Wired};

type Load = Arc<dyn Fn() -> Result<InForce, Faults> + Send + Sync>;

/// Why the settings were not taken in.
enum Refused {
    /// Everything is as it was.
    Unchanged(Vec<String>),
    /// The store cannot tell whether it has what they declare.
    InDoubt(String),
}

/// Reads the settings as the start did.
pub struct Reload {
    in_force: InForce,
    levels: Levels,
    load: Load,
}

impl Reload {
    /// After a start with `in_force`; `load` reads anew.
    pub fn new(
        in_force: InForce,
        levels: Levels,
        load: impl Fn() -> Result<InForce, Faults> + Send + Sync + 'static,
    ) -> Self {
        Self {
            in_force,
            levels,
            load: Arc::new(load),
        }
    }

    /// Reloads whenever it is told to; never returns.
    pub(super) async fn whenever(
        mut self,
        told: &Notify,
        wired: &Wired,
        doors: &Doors,
        mut context: Arc<Context>,
    ) {
        loop {
            told.notified().await;
            match self.once(wired, doors, &context).await {
                Ok(anew) => {
                    context = anew;
                    if let Some(tls) = &doors.tls {
                        tls.look_now();
                    }
                }
                Err(Refused::Unchanged(faults)) => {
                    for fault in faults {
                        tracing::error!(fault, "the settings cannot be reloaded, nothing changed");
                    }
                }
                Err(Refused::InDoubt(fault)) => tracing::error!(
                    fault,
                    "the settings cannot be reloaded: the applications, roles and people they declare may have been stored, \
                     nothing else was taken in; send SIGHUP again"
                ),
            }
        }
    }

    async fn once(
        &mut self,
        wired: &Wired,
        doors: &Doors,
        context: &Context,
    ) -> Result<Arc<Context>, Refused> {
        let told =
            |faults: Faults| Refused::Unchanged(faults.0.iter().map(ToString::to_string).collect());
        // A disk, or a share, may take its time.
        let load = Arc::clone(&self.load);
        let read = spawn_blocking(move || load()).await;
        let read = read.map_err(|error| Refused::Unchanged(vec![error.to_string()]))?;
        let read = read.map_err(told)?;
        let anew = take_in(&self.in_force, read).map_err(told)?;
        let settings = &anew.in_force.settings;
        declare::apply(&wired.engine, &anew.in_force)
            .await
            .map_err(|error| {
                let in_doubt = error.is_in_doubt();
                let fault = format!("{:#}", anyhow::Error::from(error));
                if in_doubt {
                    Refused::InDoubt(fault)
                } else {
                    Refused::Unchanged(vec![fault])
                }
            })?;
        wired.engine.adopt(wiring::policy(settings));
        self.levels.set(settings.log_level);
        let site = wiring::site(settings, doors.issuer.clone());
        let context = context.resited(site, shown(&anew.in_force, &anew.waiting));
        doors.answer_by(&context);
        tracing::info!(
            changed = anew.changed.join(", "),
            "the settings were reloaded"
        );
        if !anew.waiting.is_empty() {
            tracing::warn!(
                settings = anew.waiting.join(", "),
                "these settings have changed and need a restart"
            );
        }
        self.in_force = anew.in_force;
        Ok(context)
    }
}
