//! `/account/devices/end`: signs out one device (ASVS 7.5.2).

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::device::DeviceLabel;
use vestibule_core::id::{ParseIdError, SessionId};
use vestibule_store::EndSession;

use super::{name, sessions};
use crate::browser::caller::{SignedIn, StillOwed};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::{Code, Failure};
use crate::pages::logout;
use crate::views::FreshFor;

/// Ends it. One of somebody else's, one that has ended and one that never was are all the same: nothing to end (ASVS 8.2.2).
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let id: Result<SessionId, ParseIdError> = form.fields.required("device")?.parse();
    let id = id.map_err(|error| Failure::of(Code::BadRequest).because(error))?;
    if id == signed_in.session.id() {
        return logout::end(caller, &signed_in.session, &form.proof).await;
    }
    let sessions = sessions(&signed_in).await?;
    let Some(session) = sessions.into_iter().find(|session| session.id == id) else {
        // Over in memory, and not written down yet: so it is told until it is (ASVS 7.4.1).
        let owner = signed_in.session.user_id();
        if caller.context.engine.owes_end_of(id, owner) {
            return Err(Failure::ends_unstored(StillOwed, "/account"));
        }
        return Ok(ended(0));
    };
    let act = Act {
        action: "/account/devices/end".into(),
        fields: vec![("device".to_owned(), id.to_string())],
        cancel: "/account".into(),
        purpose: FreshFor::EndDevice {
            name: name(DeviceLabel::read(session.device.user_agent.as_deref())),
        },
    };
    let proven = match fresh::prove(&signed_in, &form, act).await {
        Ok(proven) => proven,
        Err(answer) => return Ok(answer),
    };
    let outcome = caller
        .context
        .engine
        .end_device(&proven.login, id, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(EndSession::Ended) => Ok(ended(1)),
        Ok(EndSession::NotLive) => Ok(ended(0)),
        // Over in memory all the same.
        Err(error) => Err(Failure::ends_unstored(error, "/account")),
    };
    Ok(proven.answer(&signed_in, answer))
}

fn ended(count: u64) -> Response {
    Redirect::to(&format!("/account?ended={count}")).into_response()
}
