//! Mail: does it arrive, and what waits?

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_engine::{MailError, TestLetterError, causes};

use super::users::address;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, Told, answer};
use crate::context::Context;
use crate::texts::msg;

/// `get` takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Where a letter is to arrive.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TestLetter)]
pub struct Test {
    email: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MailStatus)]
struct StatusBody {
    mails: bool,
    waiting: u64,
    /// Only in development: where mails go.
    mailbox: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TestedMail)]
struct TestBody<'a> {
    email: &'a str,
    sent: bool,
    /// Nobody need try again before something was changed.
    for_good: bool,
    reason: Option<String>,
    /// Only in development: where the letter went.
    mailbox: Option<String>,
}

/// Whether mail can be sent, and how much of it waits.
#[utoipa::path(
    get,
    path = "/api/v1/admin/mail",
    operation_id = "mail_status",
    tag = "mail",
    responses((status = 200, description = "How mail stands", body = StatusBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    _: Given,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Problem> {
    let waiting = context.engine.mail_waiting().await;
    let body = StatusBody {
        mails: context.engine.mails(),
        waiting: waiting.map_err(|error| Problem::store(&error))?,
        mailbox: context.mailbox_url(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Sends a letter now, and says whether the mail server took it, or why not.
#[utoipa::path(
    post,
    path = "/api/v1/admin/mail/test",
    operation_id = "send_test_letter",
    tag = "mail",
    request_body = Test,
    responses((status = 200, description = "What the mail server said", body = TestBody)),
)]
pub async fn test(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(test): Told<Test>,
) -> Result<Response, Problem> {
    let email = address(&test.email)?;
    let sent = context.engine.send_test_letter(&email, &operator).await;
    let (for_good, reason) = match &sent {
        Ok(()) => (false, None),
        Err(TestLetterError::NoMail) => {
            return Err(Problem::new(Code::NoMail).saying(&msg("problem-mail-untried")));
        }
        Err(TestLetterError::Mail(error)) => {
            (matches!(error, MailError::Never(_)), Some(causes(error)))
        }
    };
    let body = TestBody {
        email: email.as_str(),
        sent: sent.is_ok(),
        for_good,
        reason,
        mailbox: context.mailbox_url(),
    };
    Ok(answer(StatusCode::OK, &body))
}
