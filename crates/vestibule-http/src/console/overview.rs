//! `/console`: how things stand.

use std::time::Duration;

use axum::response::Response;
use vestibule_engine::Minute;

use super::Administrator;
use super::events::{News, Put};
use crate::errors::Failure;
use crate::views::{CountedMinute, Health, OverviewPage};

/// A trail that has not been sealed for longer than this is behind: it is sealed within a second while all is well.
pub(super) const BEHIND: Duration = Duration::from_secs(10);

/// Figures, plots and health.
pub async fn get(by: Administrator) -> Result<Response, Failure> {
    let page = page(&by).await;
    by.live_page(&page)
}

/// The figures, and their table, as they were told last.
#[derive(Default)]
pub(super) struct Figures([String; 2]);

impl Figures {
    /// Those that have changed.
    pub(super) async fn step(&mut self, by: &Administrator) -> News {
        let page = page(by).await;
        let frame = by.frame();
        let parts = [
            ("figures", page.figures(&frame)),
            ("hours", page.table(&frame)),
        ];
        let mut puts = Vec::new();
        for (told, (into, html)) in self.0.iter_mut().zip(parts) {
            let Ok(html) = html else { continue };
            if *told != html {
                told.clone_from(&html);
                puts.push(Put {
                    into,
                    html,
                    above: false,
                });
            }
        }
        if puts.is_empty() {
            return News::None;
        }
        News::Put { puts, id: None }
    }
}

async fn page(by: &Administrator) -> OverviewPage {
    let engine = &by.context().engine;
    // First what is waited for: the rest is of one moment then.
    let health = health(by).await;
    let (live, people) = (engine.live(), engine.population());
    OverviewPage {
        sessions: live.sessions,
        sign_ins: live.app_sessions,
        people: people.users,
        disabled: people.disabled,
        administrators: people.administrators,
        applications: u64::try_from(engine.doorways().len()).unwrap_or(u64::MAX),
        minutes: engine.history().iter().map(counted).collect(),
        health,
    }
}

const fn counted(minute: &Minute) -> CountedMinute {
    CountedMinute {
        at: minute.at.0,
        logins: minute.logins,
        refusals: minute.refusals,
        ends: minute.ends,
        live: minute.live,
    }
}

/// The store is asked for what it alone knows; that it does not answer is part of the news, and no error of the page.
async fn health(by: &Administrator) -> Health {
    let engine = &by.context().engine;
    let waiting = engine.mail_waiting().await;
    Health {
        store: waiting.is_ok(),
        mail_waiting: waiting.ok(),
        sealing: engine.unsealed_for() < BEHIND,
        version: env!("CARGO_PKG_VERSION"),
    }
}
