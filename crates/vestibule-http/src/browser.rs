//! What stands between a browser and every page: who calls, which host was meant, whether the form is ours, and the headers
//! that every answer carries.
//!
//! ```text
//! arrival ─▶ host ─▶ session check ─▶ route ─▶ (origin ─▶ form ─▶ token) ─▶ handler
//!                                                                             │
//! access log ◀─ headers ◀─ error page and its one log line ◀─ last resort ◀───┘
//! ```

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, header};
use tracing::Instrument as _;

use vestibule_engine::PageStatus;
use vestibule_store::figures::Stopwatch;

use crate::context::Context;
use crate::errors::{self, Code, Failure};
use crate::handshake;

mod accept;
pub mod caller;
pub mod cookies;
pub mod csrf;
pub mod form;
pub mod fresh;
pub mod headers;
pub mod host;
mod span;

use self::caller::Caller;
use self::headers::ContentSecurityPolicy;
use self::host::Meant;

/// Around every page: the order of checks, and what happens to every answer.
pub async fn receive(
    State(context): State<Arc<Context>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Stopwatch::start();
    let span = span::of(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let oversized = cookies::oversized(request.headers());
    let doorway = |host: &str| context.engine.doorways().at(host).map(Arc::clone);
    let meant = host::meant(&context.site.issuer, &request, doorway);
    let caller = Arc::new(Caller::arriving(context, &request, &meant));
    request.extensions_mut().insert(Arc::clone(&caller));

    let mut response = match meant {
        Meant::Issuer | Meant::Application(_) if oversized => {
            Failure::of(Code::HeadersTooLarge).into_response()
        }
        // What is the application's is none of ours: its proxy is set up wrong.
        Meant::Application(_) if !handshake::is_on_application_host(&path) => {
            Failure::of(Code::Misdirected).into_response()
        }
        Meant::Issuer if !handshake::is_on_issuer_host(&path) => {
            Failure::of(Code::NotFound).into_response()
        }
        Meant::Issuer | Meant::Application(_) => {
            last_resort(next.run(request))
                .instrument(span.clone())
                .await
        }
        Meant::Elsewhere(location) => Redirect::to(&location).into_response(),
        Meant::Unclear => Failure::of(Code::BadRequest).into_response(),
        // ASVS 16.5.3: while the applications are being read, nobody knows.
        Meant::Foreign if !caller.context.engine.ready() => Failure::not_ready().into_response(),
        Meant::Foreign => Failure::of(Code::Misdirected).into_response(),
    };
    response = errors::explain(&caller, &method, &path, response);
    let own_policy = response.extensions_mut().remove::<ContentSecurityPolicy>();
    headers::dress(&caller.context.site, response.headers_mut());
    if let Some(doorway) = caller.doorway() {
        headers::dress_for(doorway.origin(), response.headers_mut());
    }
    if let Some(ContentSecurityPolicy(policy)) = own_policy {
        let policy = HeaderValue::from_static(policy);
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let counted = match response.status().as_u16() {
        500.. => PageStatus::Failed,
        400.. => PageStatus::Refused,
        300.. => PageStatus::Redirected,
        _ => PageStatus::Answered,
    };
    caller.context.engine.metrics().page(begun, counted);
    span::tell(&span, response.status());
    tracing::debug!(
        http.method = %method,
        http.path = ?path,
        http.status = response.status().as_u16(),
        "answered"
    );
    response
}

/// ASVS 16.5.4: a panic costs its own request and nothing else.
async fn last_resort(answer: impl Future<Output = Response>) -> Response {
    let mut answer = Box::pin(answer);
    std::future::poll_fn(move |context| {
        // Unwind safety: the future is not polled again, and what it shares with others is behind locks and atomics.
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(panicked(&*panic).into_response()))
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
    Failure::of(Code::Internal).because(Panicked(message.unwrap_or_default()))
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);
