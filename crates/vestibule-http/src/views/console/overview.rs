//! `/console`: how things stand.

use std::borrow::Cow;

use super::numbers::{counted, grouped};
use super::plot::{Plot, Together};
use crate::texts::{Arg, Msg, msg};
use crate::views::dates::{self, When};
use crate::views::{Frame, page};

/// Minutes of an hour.
const HOUR: usize = 60;

/// How things stand.
#[derive(Clone, Debug, Default)]
pub struct OverviewPage {
    /// Sessions that are live.
    pub sessions: u64,
    /// Sign-ins at applications.
    pub sign_ins: u64,
    /// Accounts.
    pub people: u64,
    /// Of them, those that are disabled.
    pub disabled: u64,
    /// Of them, those that administer.
    pub administrators: u64,
    /// Applications.
    pub applications: u64,
    /// The last day, minute by minute, oldest first; less after a start.
    pub minutes: Vec<CountedMinute>,
    /// Whether all is well.
    pub health: Health,
}

/// What happened within a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountedMinute {
    /// When it began.
    pub at: i64,
    /// Logins that hold.
    pub logins: u64,
    /// Logins that were refused.
    pub refusals: u64,
    /// Sessions that ended.
    pub ends: u64,
    /// Sessions that were live when it was over.
    pub live: u64,
}

/// What an operator looks at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the store answers.
    pub store: bool,
    /// Letters that wait to be sent; `None` while the store does not say.
    pub mail_waiting: Option<u64>,
    /// Whether the audit trail is sealed as it grows.
    pub sealing: bool,
    /// This server's version.
    pub version: &'static str,
}

/// A figure with its plot.
struct Tile<'a> {
    id: &'static str,
    label: Cow<'a, str>,
    number: String,
    beside: Option<Cow<'a, str>>,
    plot: Option<(Plot, Cow<'a, str>)>,
}

/// A row of the table that says what the plots say.
struct HourRow<'a> {
    from: When<'a>,
    logins: String,
    refusals: String,
    ends: String,
    live: String,
}

/// Something that is well or is not.
struct Finding<'a> {
    label: Cow<'a, str>,
    text: Cow<'a, str>,
    bad: bool,
}

page!(OverviewPage, "console/overview.html");

/// The figures alone, to be put in the place of those that are shown.
#[derive(askama::Template)]
#[template(path = "console/figures.html", whitespace = "minimize")]
struct Figures<'a> {
    frame: &'a Frame<'a>,
    page: &'a OverviewPage,
}

/// The rows of the table alone.
#[derive(askama::Template)]
#[template(path = "console/hours.html", whitespace = "minimize")]
struct Hours<'a> {
    frame: &'a Frame<'a>,
    page: &'a OverviewPage,
}

impl OverviewPage {
    /// The part of the page that is told anew.
    pub(crate) fn figures(&self, frame: &Frame<'_>) -> Result<String, askama::Error> {
        askama::Template::render(&Figures { frame, page: self })
    }

    /// The table, which is told anew with it.
    pub(crate) fn table(&self, frame: &Frame<'_>) -> Result<String, askama::Error> {
        askama::Template::render(&Hours { frame, page: self })
    }

    fn tiles<'a>(&self, frame: &Frame<'a>) -> Vec<Tile<'a>> {
        let tongue = frame.tongue;
        let beside = counted(tongue, msg("console-sign-ins"), self.sign_ins);
        let plotted = |id, label: Msg, of: fn(&CountedMinute) -> u64| {
            let values: Vec<_> = self.minutes.iter().map(of).collect();
            let hour: u64 = values.iter().rev().take(HOUR).sum();
            Tile {
                id,
                label: frame.t(label),
                number: grouped(tongue, hour),
                beside: None,
                plot: self.plot(frame, &values, Together::Added),
            }
        };
        let live: Vec<_> = self.minutes.iter().map(|minute| minute.live).collect();
        vec![
            Tile {
                id: "live",
                label: frame.t("overview-live"),
                number: grouped(tongue, self.sessions),
                beside: (self.sign_ins > 0).then_some(beside),
                plot: self.plot(frame, &live, Together::Last),
            },
            plotted("logins", msg("overview-logins"), |minute| minute.logins),
            plotted("refusals", msg("overview-refusals"), |minute| {
                minute.refusals
            }),
            plotted("ends", msg("overview-ends"), |minute| minute.ends),
        ]
    }

    /// The plot, and what it shows in words.
    fn plot<'a>(
        &self,
        frame: &Frame<'a>,
        values: &[u64],
        together: Together,
    ) -> Option<(Plot, Cow<'a, str>)> {
        let plot = Plot::of(values, together)?;
        let number = |number| Arg::from(grouped(frame.tongue, number));
        let (tongue, began) = (frame.tongue, self.since());
        let since = dates::ago(tongue, "overview-since", began, frame.now);
        let words = [
            ("since", Arg::Phrase(since.text)),
            ("first", number(plot.first)),
            ("last", number(plot.last)),
            ("most", number(plot.most)),
        ];
        let words = frame.tongue.text_with("overview-plot", &words);
        Some((plot, words))
    }

    fn since(&self) -> i64 {
        self.minutes.first().map_or(0, |minute| minute.at)
    }

    /// Hour by hour, the latest first.
    fn hours<'a>(&self, frame: &Frame<'a>) -> Vec<HourRow<'a>> {
        let tongue = frame.tongue;
        let sum = |minutes: &[CountedMinute], of: fn(&CountedMinute) -> u64| {
            grouped(tongue, minutes.iter().map(of).sum())
        };
        let hours = self.minutes.rchunks(HOUR);
        let rows = hours.map(|minutes| HourRow {
            from: dates::moment(
                tongue,
                minutes.first().map_or(0, |minute| minute.at),
                frame.now,
            ),
            logins: sum(minutes, |minute| minute.logins),
            refusals: sum(minutes, |minute| minute.refusals),
            ends: sum(minutes, |minute| minute.ends),
            live: grouped(tongue, minutes.last().map_or(0, |minute| minute.live)),
        });
        rows.collect()
    }

    fn findings<'a>(&self, frame: &Frame<'a>) -> Vec<Finding<'a>> {
        let health = &self.health;
        let chain = if health.sealing {
            msg("overview-chain-sealing")
        } else {
            msg("overview-chain-behind")
        };
        let store = if health.store {
            msg("overview-store-answers")
        } else {
            msg("overview-store-away")
        };
        let mail = health.mail_waiting.map_or_else(
            || frame.t("console-unknown"),
            |waiting| counted(frame.tongue, msg("overview-mail-waiting"), waiting),
        );
        let finding = |label: Msg, text, bad| Finding {
            label: frame.t(label),
            text,
            bad,
        };
        vec![
            finding(msg("overview-store"), frame.t(store), !health.store),
            finding(msg("audit-title"), frame.t(chain), !health.sealing),
            finding(msg("overview-mail"), mail, false),
            finding(msg("people-title"), self.people_text(frame), false),
            finding(
                msg("applications-title"),
                Cow::Owned(grouped(frame.tongue, self.applications)),
                false,
            ),
            finding(
                msg("overview-version"),
                Cow::Borrowed(health.version),
                false,
            ),
        ]
    }

    fn people_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let tongue = frame.tongue;
        let administer = counted(tongue, msg("overview-administer"), self.administrators);
        let disabled = counted(tongue, msg("overview-disabled"), self.disabled);
        tongue.text_with(
            "overview-people",
            &[
                ("people", grouped(tongue, self.people).into()),
                ("administer", Arg::Phrase(administer)),
                ("disabled", Arg::Phrase(disabled)),
            ],
        )
    }
}
