//! What stands before Vestibule and writes down what goes through, the way a reverse proxy would stand there. It decides
//! nothing and changes nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{Request, StatusCode, header};

use super::house::{self, House};
use super::upstream::end_to_end;
use super::wire::{Asking, Party, Purpose};

/// What pages load beside themselves is not written down.
const ASSETS: &str = "/assets/";

/// Passes on, and writes down.
pub async fn answer(State(house): State<Arc<House>>, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let origin = &house.places.issuer;
    let mut asking = Asking::begin(
        Party::Browser,
        Party::Vestibule,
        Purpose::Asked,
        origin,
        &parts,
    );
    let seen = parts.headers.clone();
    let answer = match house::onward(parts, body) {
        Some(request) => house.vestibule.pass_on(request).await.map_or_else(
            |error| {
                tracing::warn!(error = %error, "Vestibule did not answer");
                (
                    StatusCode::BAD_GATEWAY,
                    [(header::CACHE_CONTROL, "no-store")],
                )
                    .into_response()
            },
            |answer| {
                let (mut parts, body) = answer.into_parts();
                end_to_end(&mut parts.headers);
                Response::from_parts(parts, Body::new(body))
            },
        ),
        None => StatusCode::BAD_REQUEST.into_response(),
    };
    asking.answered(&answer);
    if !path.starts_with(ASSETS) {
        house.wire.keep(asking, &seen);
    }
    answer
}
