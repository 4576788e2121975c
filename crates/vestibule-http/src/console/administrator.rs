//! Who may be here.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use vestibule_core::time::UnixMillis;
use vestibule_engine::{LiveSession, Operator};

use crate::browser::caller::SignedIn;
use crate::browser::form::{Checked, Fields, Posted};
use crate::browser::fresh::{self, Act, Proven};
use crate::browser::headers;
use crate::context::Context;
use crate::errors::{Code, Failure};
use crate::views::{Frame, Page};

/// A caller with a live session whose user has the role `admin` at this request (ASVS 8.2.1, 8.3.2). Who is not signed in is led
/// to sign in. Who lacks the role gets 403 and the reason: that there is a console is no secret, and the check comes before
/// anything is looked up, so that no answer tells what is in it.
pub struct Administrator(pub SignedIn);

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if !signed_in.session.is_administrator() {
            return Err(Failure::of(Code::NotAdministrator).into_response());
        }
        Ok(Self(signed_in))
    }
}

impl Administrator {
    /// What handlers work with.
    pub fn context(&self) -> &Context {
        &self.0.caller.context
    }

    /// A page of the console.
    pub fn page(&self, page: &impl Page) -> Result<Response, Failure> {
        self.0.page(StatusCode::OK, page)
    }

    /// A page that is told of changes while it is open: its script may connect back here, and nowhere else.
    pub fn live_page(&self, page: &impl Page) -> Result<Response, Failure> {
        let mut response = self.page(page)?;
        response.extensions_mut().insert(headers::LIVE);
        Ok(response)
    }

    /// Whether they may see the console still; asked by what stays open, and moves no idle clock.
    pub fn still(&self) -> bool {
        self.is_still(&self.0.session)
    }

    fn is_still(&self, session: &LiveSession) -> bool {
        let engine = &self.context().engine;
        let still = engine.still(session, engine.now());
        still.is_some_and(|session| session.is_administrator())
    }

    /// The frame of this request's pages, for what is told of them later.
    pub(crate) fn frame(&self) -> Frame<'_> {
        self.0.caller.frame_at(self.context().engine.now())
    }

    /// The page that says what an act will do before its form does it.
    pub fn confirm(&self, act: Act) -> Result<Response, Failure> {
        fresh::confirm(&self.0, act)
    }

    /// The request's clock.
    pub fn now(&self) -> UnixMillis {
        self.0.caller.visit.now
    }

    /// A number that an act of ours put into the address that leads back to its list; nobody else is believed.
    pub fn told(&self, query: &Fields, name: &str) -> Option<u64> {
        let told = query.optional(name);
        let told = told.filter(|_| self.0.caller.led_by_own_page());
        told?.parse().ok()
    }

    /// Opens a form, if its session has not ended, nor lost the role, before the form was whole.
    pub fn check(&self, posted: Posted) -> Result<Checked, Failure> {
        let form = self.0.check(posted)?;
        let still = self.0.caller.still_live()?;
        // ASVS 8.3.2
        if !still.is_some_and(|session| session.is_administrator()) {
            return Err(Failure::of(Code::NotAdministrator));
        }
        Ok(form)
    }

    /// Proves that the login is fresh, or answers the page that asks for the password (ASVS 7.5.3, 8.4.2).
    pub async fn act(&self, form: &Checked, act: Act) -> Result<Acting, Response> {
        let proven = fresh::prove(&self.0, form, act).await?;
        let operator = Operator::administrator(&proven.login, &self.0.caller.visit)
            .ok_or_else(|| Failure::of(Code::NotAdministrator).into_response())?;
        Ok(Acting { operator, proven })
    }
}

/// An administrator who acts.
pub struct Acting {
    /// In whose name.
    pub operator: Operator,
    proven: Proven,
}

impl Acting {
    /// Whether they may act still: under the new secret, if the login was renewed for this.
    pub fn still(&self, by: &Administrator) -> bool {
        by.is_still(self.proven.login.session())
    }

    /// The answer, with the new cookie if the login was renewed for this.
    pub fn answer(&self, by: &Administrator, answer: Result<Response, Failure>) -> Response {
        self.proven.answer(&by.0, answer)
    }
}
