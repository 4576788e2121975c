//! Who calls: made once per request, before anything is decided, from memory alone.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use vestibule_core::csrf::Binding;
use vestibule_core::id::SessionId;
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_core::secret::SessionCookie;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;
use vestibule_engine::{Check, Doorway, LiveSession, Visit};

use super::accept;
use super::cookies::{self, FormCookie};
use super::csrf;
use super::form::{Checked, Posted};
use super::host::Meant;
use crate::context::{Context, Peer};
use crate::errors::{Code, Failure};
use crate::texts::Tongue;
use crate::views::{Frame, Page};

/// A request's facts, and whose it is.
pub struct Caller {
    /// What handlers work with.
    pub context: Arc<Context>,
    /// When, from where, with what.
    pub visit: Visit,
    /// The pre-session, if the browser has one.
    pub form: Option<FormCookie>,
    /// The application on whose host this is; `None` on the issuer's.
    doorway: Option<Arc<Doorway>>,
    standing: Standing,
    accept_language: HeaderMap,
    led_by_own_page: bool,
    program: bool,
}

enum Standing {
    /// No session cookie that can be read.
    Nobody,
    /// A cookie of a session that has ended, or that never was.
    Ended(SessionId),
    /// The index is not filled yet: nobody can say.
    Unknown,
    Live(Arc<LiveSession>, SessionCookie),
}

impl Caller {
    /// Reads the clock, the caller's address and the cookies; on a host that is not the issuer's, nobody is known.
    pub(super) fn arriving(
        context: Arc<Context>,
        request: &Request,
        meant: &Meant<Arc<Doorway>>,
    ) -> Self {
        let ours = matches!(meant, Meant::Issuer);
        let headers = request.headers();
        let languages = headers.get_all(header::ACCEPT_LANGUAGE).iter();
        let accept_language: HeaderMap = languages
            .map(|value| (header::ACCEPT_LANGUAGE, value.clone()))
            .collect();
        let peer = request.extensions().get::<Peer>();
        let visit = Visit {
            now: context.engine.now(),
            address: peer.map(|peer| context.site.client_address(peer.0.ip(), headers)),
            user_agent: headers
                .get(header::USER_AGENT)
                .map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
            device: ours
                .then(|| cookies::device(headers, &context.site.issuer))
                .flatten(),
            language: Language::of(context.texts.language(&accept_language).lang()),
        };
        let cookie = ours.then(|| cookies::session(headers, &context.site.issuer));
        // ASVS 7.3.1: an open page that takes up its stream anew keeps nobody signed in.
        let by_itself = request.uri().path() == crate::console::EVENTS;
        let standing = cookie.flatten().map_or(Standing::Nobody, |cookie| {
            let checked = if by_itself {
                context.engine.look(&cookie, visit.now)
            } else {
                context.engine.check(&cookie, visit.now)
            };
            match checked {
                Check::Dead => Standing::Ended(cookie.id),
                Check::NotReady => Standing::Unknown,
                Check::Live(session) => Standing::Live(Arc::new(session), cookie),
            }
        });
        Self {
            form: cookies::form(headers, &context.site.issuer),
            doorway: match meant {
                Meant::Application(doorway) => Some(Arc::clone(doorway)),
                _ => None,
            },
            accept_language,
            led_by_own_page: csrf::led_by_own_page(headers),
            program: accept::prefers_json(headers)
                || ["/api", "/vestibule/session"]
                    .iter()
                    .any(|folder| is_within(request.uri().path(), folder)),
            context,
            visit,
            standing,
        }
    }

    /// The session, if there is a live one. While nobody can say, the answer is 503, which keeps the cookie.
    pub fn live(&self) -> Result<Option<&Arc<LiveSession>>, Failure> {
        match &self.standing {
            Standing::Live(session, _) => Ok(Some(session)),
            Standing::Nobody | Standing::Ended(_) => Ok(None),
            Standing::Unknown => Err(Failure::of(Code::Unavailable).because(NotReady)),
        }
    }

    /// The same, judged again: a form may take its time to arrive, and a session that ended meanwhile does nothing more. What
    /// is answered is the session as it is now, with the roles of now.
    pub fn still_live(&self) -> Result<Option<Arc<LiveSession>>, Failure> {
        let engine = &self.context.engine;
        match &self.standing {
            Standing::Live(_, cookie) => match engine.check(cookie, engine.now()) {
                Check::Live(session) => Ok(Some(Arc::new(session))),
                Check::Dead | Check::NotReady => Ok(None),
            },
            _ => Ok(self.live()?.map(Arc::clone)),
        }
    }

    /// Whether the browser still has the cookie of a session that has ended.
    pub const fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Ended(_))
    }

    /// Refuses to say that a session is over while the store does not know of it: a restart could bring it back.
    pub fn surely_ended(&self) -> Result<(), Failure> {
        let id = match &self.standing {
            Standing::Ended(id) => *id,
            Standing::Live(session, _) => session.id(),
            Standing::Nobody | Standing::Unknown => return Ok(()),
        };
        if self.context.engine.owes_end(id) {
            return Err(Failure::end_unstored(StillOwed));
        }
        Ok(())
    }

    /// Whether the browser says that a page of ours led here: only then a notice in the query is believed.
    pub const fn led_by_own_page(&self) -> bool {
        self.led_by_own_page
    }

    /// Whether the caller would rather have a problem (RFC 9457) than a page about it.
    pub const fn is_program(&self) -> bool {
        self.program
    }

    /// The application on whose host this is; `None` on the issuer's.
    pub const fn doorway(&self) -> Option<&Arc<Doorway>> {
        self.doorway.as_ref()
    }

    /// The origin that was asked.
    pub fn origin(&self) -> &Origin {
        self.doorway
            .as_ref()
            .map_or(self.context.site.issuer.as_origin(), |doorway| {
                doorway.origin()
            })
    }

    /// A token for one form, newly masked.
    pub fn token(&self, binding: Binding<'_>) -> Result<String, Failure> {
        let mask = self.context.engine.random().map_err(Failure::no_entropy)?;
        Ok(self.context.engine.csrf().token(binding, mask))
    }

    /// A page for nobody in particular.
    pub fn page(&self, status: StatusCode, page: &impl Page) -> Result<Response, Failure> {
        render(status, &self.frame(), page)
    }

    /// A page for the owner of `session`, with the button to sign out (ASVS 7.4.4).
    pub fn page_for(
        &self,
        session: &LiveSession,
        status: StatusCode,
        page: &impl Page,
    ) -> Result<Response, Failure> {
        let token = self.token(Binding::Session(&session.id()))?;
        let email = session.profile().email();
        let frame = self.frame().signed_in(email.as_str(), &token);
        let frame = frame.administering(session.is_administrator());
        render(status, &frame, page)
    }

    /// The language to answer in.
    pub(crate) fn tongue(&self) -> Tongue<'_> {
        self.context.texts.language(&self.accept_language)
    }

    pub(crate) fn frame(&self) -> Frame<'_> {
        self.frame_at(self.visit.now)
    }

    /// The same at a later time, for what is told of a page while it is open.
    pub(crate) fn frame_at(&self, now: UnixMillis) -> Frame<'_> {
        let frame = Frame::new(self.tongue(), &self.context.site.brand, now.0);
        if self.doorway.is_some() {
            frame.on_application_host()
        } else {
            frame
        }
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn render(status: StatusCode, frame: &Frame<'_>, page: &impl Page) -> Result<Response, Failure> {
    let html = page
        .render(frame)
        .map_err(|error| Failure::of(Code::Internal).because(error))?;
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    // ASVS 4.1.1
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    Ok(response)
}

#[derive(Debug, thiserror::Error)]
#[error("sessions are still being read from the store")]
struct NotReady;

#[derive(Debug, thiserror::Error)]
#[error("the session ended while its form was on the way")]
struct EndedMeanwhile;

/// Why nobody is told that a session is over.
#[derive(Debug, thiserror::Error)]
#[error("the session's end is enforced, but could not be stored yet")]
pub struct StillOwed;

/// The handler's view of [`Caller`].
pub struct Visitor(pub Arc<Caller>);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Arc<Caller>>();
        caller
            .map(|caller| Self(Arc::clone(caller)))
            .ok_or_else(|| Failure::of(Code::Internal).because(NoCaller))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a page stands outside the page layers")]
struct NoCaller;

/// A caller with a live session. Anybody else is led to sign in, and back to the page they asked for.
pub struct SignedIn {
    /// The request's facts.
    pub caller: Arc<Caller>,
    /// The live session.
    pub session: Arc<LiveSession>,
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Visitor(caller) = Visitor::from_request_parts(parts, state)
            .await
            .map_err(Failure::into_response)?;
        match caller.live().map(|session| session.map(Arc::clone)) {
            Ok(Some(session)) => Ok(Self { caller, session }),
            Ok(None) => Err(to_login(&wanted(parts)).into_response()),
            Err(failure) => Err(failure.into_response()),
        }
    }
}

impl SignedIn {
    /// A page for this person.
    pub fn page(&self, status: StatusCode, page: &impl Page) -> Result<Response, Failure> {
        self.caller.page_for(&self.session, status, page)
    }

    /// A token for a form of this session.
    pub fn token(&self) -> Result<String, Failure> {
        let id = self.session.id();
        self.caller.token(Binding::Session(&id))
    }

    /// Opens a form of this session, if it has not ended before the form was whole (ASVS 7.4.1).
    pub fn check(&self, posted: Posted) -> Result<Checked, Failure> {
        if self.caller.still_live()?.is_none() {
            return Err(Failure::of(Code::FormExpired).because(EndedMeanwhile));
        }
        let id = self.session.id();
        Ok(posted.check(&self.caller.context, Some(Binding::Session(&id)))?)
    }
}

/// 303 to the sign-in page, which goes on to `next` (R23).
pub fn to_login(next: &str) -> Redirect {
    let next = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
    Redirect::to(&format!("/login?next={next}"))
}

/// The page that was asked for; a form that was sent cannot be sent again, and so leads back to where its room
/// begins.
fn wanted(parts: &Parts) -> String {
    let readable = matches!(parts.method, Method::GET | Method::HEAD);
    let target = parts.uri.path_and_query().filter(|_| readable);
    let target = target.and_then(|target| LocalPath::parse(target.as_str()));
    let home = if parts.uri.path().starts_with("/console/") {
        "/console"
    } else {
        "/account"
    };
    target.map_or_else(|| home.to_owned(), |target| target.as_str().to_owned())
}
