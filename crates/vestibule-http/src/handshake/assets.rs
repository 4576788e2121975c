//! `/vestibule/assets/…`: what our pages on an application's host load, from that host alone (ASVS 3.6.1).

use axum::response::Response;
use http::Uri;

use crate::assets::ON_APPLICATION_HOST;
use crate::errors::{Code, Failure};
use crate::pages::assets::under;

/// One asset, under the path that names its content.
pub async fn get(uri: Uri) -> Result<Response, Failure> {
    let path = uri.path().strip_prefix(ON_APPLICATION_HOST);
    under(path.ok_or(Failure::of(Code::NotFound))?)
}
