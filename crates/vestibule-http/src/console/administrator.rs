//! Who may be here.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use vestibule_engine::Operator;

use crate::browser::caller::SignedIn;
use crate::browser::form::{Checked, Posted};
use crate::browser::fresh::{self, Act, Proven};
use crate::context::Context;
use crate::errors::{Code, Failure};
use crate::views::Page;

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
    /// The answer, with the new cookie if the login was renewed for this.
    pub fn answer(&self, by: &Administrator, answer: Result<Response, Failure>) -> Response {
        self.proven.answer(&by.0, answer)
    }
}
