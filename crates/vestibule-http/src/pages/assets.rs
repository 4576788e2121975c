//! `/assets/…`: the embedded stylesheet, script and icon.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Uri, header};

use crate::assets::{self, CACHE_CONTROL};
use crate::errors::{Code, Failure};

/// One asset, under the path that names its content.
pub async fn get(uri: Uri) -> Result<Response, Failure> {
    under(uri.path())
}

/// The asset of this path.
pub fn under(path: &str) -> Result<Response, Failure> {
    let asset = assets::asset(path).ok_or(Failure::of(Code::NotFound))?;
    let mut response = Response::new(Body::from(asset.bytes()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type()),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(CACHE_CONTROL),
    );
    Ok(response)
}
