//! `/console/audit`: what happened, from the audit trail.

use std::borrow::Cow;

use vestibule_core::audit::{Actor, EventKind};

use super::Paging;
use super::events::sentence;
use super::numbers::{counted, grouped};
use crate::texts::{Arg, msg};
use crate::views::dates::{self, When};
use crate::views::{DeviceName, Frame, page};

/// Most faults of the chain that are told: one breaks it as well as many.
const FAULTS: usize = 20;

/// The trail, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// Which kind is looked for: a code, or the beginning of several.
    pub kind: String,
    /// Whom it concerns, as it was typed.
    pub person: String,
    /// Who did it, as it was typed.
    pub actor: String,
    /// From when on, as the field has it.
    pub since: String,
    /// Until when.
    pub until: String,
    /// What was typed and names nobody.
    pub unknown: Option<UnknownName>,
    /// In the order to show.
    pub events: Vec<AuditRow>,
    /// The rest of the list.
    pub paging: Paging,
    /// Where later events are told; only on the first part of the list.
    pub follow: Option<String>,
    /// Where later ones are looked for without script; only on the first part of the list.
    pub newer: Option<String>,
    /// Where the events that are looked for are saved from.
    pub export: String,
    /// Whether the trail is sealed as it grows.
    pub sealing: bool,
    /// What the last look at the whole chain found.
    pub chain: ChainCheck,
}

/// A filter that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownName {
    /// Whom it concerns.
    Person,
    /// Who did it.
    Actor,
}

/// What is known of the whole chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChainCheck {
    /// Nobody has asked since the start.
    #[default]
    Never,
    /// It is being read.
    Running,
    /// It was read.
    Done(ChainReport),
    /// It could not be read to its end.
    Failed,
}

/// What reading the whole chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// When.
    pub at: i64,
    /// Events that were read.
    pub events: u64,
    /// The last event that a seal covers.
    pub sealed_to: u64,
    /// Events after that.
    pub unsealed: u64,
    /// What does not hold: the event, and what is wrong with it in English, as the command says it.
    pub faults: Vec<(u64, String)>,
}

/// One event.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its place in the trail.
    pub position: u64,
    /// It stays there. One that may still move is told again where it comes to stand.
    pub settled: bool,
    /// When.
    pub at: i64,
    /// What.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// To whom.
    pub user: Option<String>,
    /// To which session.
    pub session: Option<String>,
    /// At which application: what people call it, or its id if it is gone.
    pub application: Option<String>,
    /// The act that it belongs to.
    pub act: String,
    /// The address that was typed or concerned, unless erased.
    pub email: Option<String>,
    /// The network address, unless erased.
    pub address: Option<String>,
    /// The device, unless erased.
    pub device: Option<DeviceName>,
}

/// An event in words.
struct Row<'a> {
    what: Cow<'a, str>,
    when: When<'a>,
    by: Cow<'a, str>,
    device: Option<Cow<'a, str>>,
    code: &'static str,
    reason: &'static str,
}

page!(AuditPage, "console/audit.html");

/// Events alone, to be put above those that are shown.
#[derive(askama::Template)]
#[template(path = "console/events.html", whitespace = "minimize")]
struct Events<'a> {
    frame: &'a Frame<'a>,
    events: &'a [AuditRow],
}

/// The rows of these events.
pub(crate) fn rows(events: &[AuditRow], frame: &Frame<'_>) -> Result<String, askama::Error> {
    askama::Template::render(&Events { frame, events })
}

impl AuditPage {
    /// An empty one is there for what comes.
    fn shows_table(&self) -> bool {
        !self.events.is_empty() || self.follow.is_some()
    }

    fn narrowed(&self) -> bool {
        let typed = [
            &self.kind,
            &self.person,
            &self.actor,
            &self.since,
            &self.until,
        ];
        typed.iter().any(|typed| !typed.is_empty())
    }

    /// Every code, and every beginning that several have in common.
    fn kinds(&self) -> Vec<(String, bool)> {
        let mut codes: Vec<&str> = EventKind::all().into_iter().map(EventKind::code).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut kinds: Vec<String> = Vec::with_capacity(codes.len() * 2);
        for code in &codes {
            let beginning = code.split_inclusive('.').next().unwrap_or(code);
            let several = codes.iter().filter(|other| other.starts_with(beginning));
            if several.count() > 1 && !kinds.iter().any(|kind| kind == beginning) {
                kinds.push(beginning.to_owned());
            }
            kinds.push((*code).to_owned());
        }
        let kinds = kinds.into_iter();
        kinds
            .map(|kind| {
                let chosen = kind == self.kind;
                (kind, chosen)
            })
            .collect()
    }

    fn unknown_person(&self) -> bool {
        self.unknown == Some(UnknownName::Person)
    }

    fn unknown_actor(&self) -> bool {
        self.unknown == Some(UnknownName::Actor)
    }

    fn sealing_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.sealing {
            msg("audit-sealing")
        } else {
            msg("audit-behind")
        })
    }

    fn chain_bad(&self) -> bool {
        match &self.chain {
            ChainCheck::Done(report) => !report.faults.is_empty(),
            ChainCheck::Failed => true,
            ChainCheck::Never | ChainCheck::Running => false,
        }
    }

    fn chain_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let tongue = frame.tongue;
        let report = match &self.chain {
            ChainCheck::Never => return frame.t("audit-chain-never"),
            ChainCheck::Running => return frame.t("audit-chain-running"),
            ChainCheck::Failed => return frame.t("audit-chain-failed"),
            ChainCheck::Done(report) => report,
        };
        let when = Arg::Phrase(dates::moment(tongue, report.at, frame.now).text);
        if report.faults.is_empty() {
            let words = [
                ("when", when),
                ("to", grouped(tongue, report.sealed_to).into()),
                ("unsealed", grouped(tongue, report.unsealed).into()),
            ];
            return tongue.text_with("audit-chain-intact", &words);
        }
        let faults = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
        let faults = Arg::Phrase(counted(tongue, msg("audit-chain-faults"), faults));
        tongue.text_with("audit-chain-broken", &[("when", when), ("faults", faults)])
    }

    fn faults(&self) -> &[(u64, String)] {
        match &self.chain {
            ChainCheck::Done(report) => &report.faults[..report.faults.len().min(FAULTS)],
            _ => &[],
        }
    }
}

impl AuditRow {
    fn row<'a>(&'a self, frame: &Frame<'a>) -> Row<'a> {
        let tongue = frame.tongue;
        Row {
            what: frame.t(sentence(self.kind)),
            when: dates::moment(tongue, self.at, frame.now),
            by: self.by(frame),
            device: self.device.as_ref().map(|device| device.text(tongue)),
            code: self.kind.code(),
            reason: self.kind.reason(),
        }
    }

    fn by<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        match self.actor {
            Actor::Visitor => frame.t("audit-by-visitor"),
            Actor::System => frame.t("audit-by-system"),
            Actor::Operator(uid) => frame
                .tongue
                .text_with("audit-by-operator", &[("uid", uid.to_string().into())]),
            Actor::User(id) if self.user.as_deref() == Some(&*id.to_string()) => {
                frame.t("audit-by-self")
            }
            Actor::User(id) => frame
                .tongue
                .text_with("audit-by-user", &[("id", id.to_string().into())]),
        }
    }
}
