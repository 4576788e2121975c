//! `/console/audit`: what happened, newest first, looked for among however much.

use axum::response::Response;
use http::HeaderValue;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use vestibule_core::audit::{Actor, Personal, StoredEvent};
use vestibule_core::device::DeviceLabel;
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{self, EventFilter};
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_engine::Engine;
use vestibule_store::StoreError;

use super::events::{News, Put};
use super::{Administrator, Browse};
use crate::browser::form::{Fields, Query};
use crate::errors::{Code, Failure};
use crate::pages::account::devices::name;
use crate::views::{AuditPage, AuditRow, UnknownName, event_rows};

pub mod chain;
pub mod export;

const PATH: &str = "/console/audit";
/// What narrows the trail.
const KIND: &str = "kind";
const PERSON: &str = "person";
const ACTOR: &str = "actor";
const SINCE: &str = "since";
const UNTIL: &str = "until";
/// After which position a stream of the trail begins.
const TRAIL: &str = "trail";
/// How many stand on a page: with all it loads it stays under 50 KB.
const PAGE: usize = 20;
/// Most events that are told at once; where there were more, the newest alone: a page that is told of them holds as many.
const BURST: usize = 200;
/// How often the trail is looked through for those; after that the page is loaded anew.
const LOOKS: usize = 5;

/// A part of the trail.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let mut browse = Browse::new(PATH, &query);
    let asked = Asked::read(&by, &mut browse).await?;
    let before = browse.before(|position| position.parse::<u64>().ok())?;
    // Asked first: what comes after it is told by the stream, though it may stand on the page already.
    let settled = by.context().engine.settled().await;
    let settled = settled.map_err(Failure::store)?;
    let (events, next) = if asked.unknown.is_some() {
        (Vec::new(), None)
    } else {
        let engine = &by.context().engine;
        let found = engine.events(asked.filter.clone(), before, PAGE).await;
        let found = found.map_err(Failure::store)?;
        (found.events, found.next)
    };
    // Later ones are told on the first part of the list, above what is there.
    let newest = before.is_none() && asked.unknown.is_none();
    let follow = || browse.elsewhere(super::EVENTS, Some((TRAIL, &settled.to_string())));
    by.live_page(&AuditPage {
        csrf: by.0.token()?,
        kind: asked.kind.clone(),
        person: asked.person.clone(),
        actor: asked.actor.clone(),
        since: asked.since.clone(),
        until: asked.until.clone(),
        unknown: asked.unknown,
        follow: newest.then(follow),
        newer: newest.then(|| browse.here()),
        export: browse.elsewhere("/console/audit/export", None),
        events: events
            .iter()
            .map(|event| row(&by, event, settled))
            .collect(),
        paging: browse.paging(next.map(|position| position.to_string())),
        sealing: by.context().engine.unsealed_for() < super::overview::BEHIND,
        chain: by.context().chain.state(),
    })
}

/// What is looked for, as it was typed and as it is meant.
pub(super) struct Asked {
    filter: EventFilter,
    unknown: Option<UnknownName>,
    kind: String,
    person: String,
    actor: String,
    since: String,
    until: String,
}

impl Asked {
    async fn read(by: &Administrator, browse: &mut Browse<'_>) -> Result<Self, Failure> {
        let kind = browse.text(KIND)?;
        let (person, actor) = (browse.text(PERSON)?, browse.text(ACTOR)?);
        let (since, until) = (browse.text(SINCE)?, browse.text(UNTIL)?);
        let refused = |_| Failure::of(Code::BadRequest);
        let mut asked = Self {
            filter: EventFilter {
                kind: match &*kind {
                    "" => None,
                    kind => Some(filter::parse_kind(kind).map_err(refused)?),
                },
                since: moment(&since)?,
                until: moment(&until)?,
                ..EventFilter::default()
            },
            unknown: None,
            kind,
            person,
            actor,
            since,
            until,
        };
        if !asked.person.is_empty() {
            asked.filter.user = user(by, &asked.person).await?;
            if asked.filter.user.is_none() {
                asked.unknown = Some(UnknownName::Person);
            }
        }
        if !asked.actor.is_empty() {
            asked.filter.actor = match Actor::parse(&asked.actor) {
                Some(actor) => Some(actor),
                None => user(by, &asked.actor).await?.map(Actor::User),
            };
            if asked.filter.actor.is_none() {
                asked.unknown = Some(UnknownName::Actor);
            }
        }
        Ok(asked)
    }
}

/// A user by id or by address. Nobody needs to have the id any more: the trail remembers them.
async fn user(by: &Administrator, typed: &str) -> Result<Option<UserId>, Failure> {
    if let Ok(id) = typed.parse() {
        return Ok(Some(id));
    }
    let Ok(email) = EmailAddress::parse(typed) else {
        return Ok(None);
    };
    let found = by.context().engine.user(&email).await;
    Ok(found.map_err(Failure::store)?.map(|user| user.id))
}

/// What a field of type `datetime-local` sends, as UTC.
fn moment(typed: &str) -> Result<Option<UnixMillis>, Failure> {
    if typed.is_empty() {
        return Ok(None);
    }
    let read = || -> Result<Timestamp, jiff::Error> {
        let local: DateTime = typed.parse()?;
        Ok(local.to_zoned(TimeZone::UTC)?.timestamp())
    };
    read()
        .map(|at| Some(UnixMillis(at.as_millisecond())))
        .map_err(|error| Failure::of(Code::BadRequest).because(error))
}

fn row(by: &Administrator, stored: &StoredEvent, settled: u64) -> AuditRow {
    let of = |field: fn(&Personal) -> Option<&String>| stored.personal.as_ref().and_then(field);
    let agent = of(|personal| personal.user_agent.as_ref());
    AuditRow {
        position: stored.position,
        settled: stored.position <= settled,
        at: stored.at.0,
        kind: stored.event.kind,
        actor: stored.actor,
        user: stored.event.user.map(|id| id.to_string()),
        session: stored.event.session.map(|id| id.to_string()),
        application: stored.event.application.map(|id| {
            let doorways = by.context().engine.doorways();
            let known = doorways.known(id);
            known.map_or_else(
                || id.to_string(),
                |application| application.spec.title().to_owned(),
            )
        }),
        act: stored.act.to_string(),
        email: of(|personal| personal.email.as_ref()).cloned(),
        address: of(|personal| personal.address.as_ref()).cloned(),
        device: agent.map(|agent| name(DeviceLabel::read(Some(agent)))),
    }
}

/// Tells of what is written after a position.
pub(super) struct Follow {
    filter: EventFilter,
    /// Where to go on from; `None` if whoever was cut off says something that no stream of ours told.
    position: Option<u64>,
}

impl Follow {
    /// What a page of the trail asks for, or goes on with behind the `last` that it was told; `None`: another page asks.
    pub(super) async fn asked(
        by: &Administrator,
        query: &Fields,
        last: Option<&HeaderValue>,
    ) -> Result<Option<Self>, Failure> {
        let Some(position) = query.optional(TRAIL) else {
            return Ok(None);
        };
        let position = position.parse();
        let position = position.map_err(|error| Failure::of(Code::BadRequest).because(error))?;
        let asked = Asked::read(by, &mut Browse::new(PATH, query)).await?;
        if asked.unknown.is_some() {
            return Err(Failure::of(Code::BadRequest));
        }
        Ok(Some(Self {
            filter: asked.filter,
            position: match last {
                None => Some(position),
                Some(last) => last.to_str().ok().and_then(|last| last.parse().ok()),
            },
        }))
    }

    /// What was written since, if anything was. A store that does not answer is asked again.
    pub(super) async fn step(&mut self, by: &Administrator) -> News {
        let Some(position) = self.position else {
            return News::Anew;
        };
        let engine = &by.context().engine;
        let Ok(page) = engine.trail_after(position, BURST).await else {
            return News::None;
        };
        // What was told is not there: this is another trail, out of a backup.
        if page.to < position {
            return News::Anew;
        }
        let (mut events, mut to) = (page.events, page.to);
        if events.len() < BURST {
            events.retain(|event| self.filter.matches(event));
            events.reverse();
        } else {
            let Ok(settled) = engine.settled().await else {
                return News::None;
            };
            to = settled;
            match self.newest(engine, position, to).await {
                Ok(Some(newest)) => events = newest,
                Ok(None) => return News::Anew,
                Err(_) => return News::None,
            }
        }
        let rows: Vec<_> = events.iter().map(|event| row(by, event, to)).collect();
        let Ok(html) = event_rows(&rows, &by.frame()) else {
            return News::None;
        };
        self.position = Some(to);
        if rows.is_empty() {
            return if to > position {
                News::Past(to)
            } else {
                News::None
            };
        }
        let put = Put {
            into: "trail",
            html,
            above: true,
        };
        News::Put {
            puts: vec![put],
            id: Some(to),
        }
    }

    /// The newest that match after a position and up to another, as many as are told; `None` if that takes too long to find.
    async fn newest(
        &self,
        engine: &Engine,
        after: u64,
        to: u64,
    ) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        let mut newest: Vec<StoredEvent> = Vec::new();
        let mut before = to.saturating_add(1);
        for _ in 0..LOOKS {
            let most = BURST - newest.len();
            let page = engine.events(self.filter.clone(), Some(before), most);
            let page = page.await?;
            let found = page.events.len();
            newest.extend(
                page.events
                    .into_iter()
                    .filter(|event| event.position > after),
            );
            let next = page.next.filter(|next| *next > after + 1);
            match next {
                Some(next) if found < most => before = next,
                _ => return Ok(Some(newest)),
            }
        }
        Ok(None)
    }
}
