//! The headers that every answer to a browser carries.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use vestibule_core::origin::Origin;

use crate::site::Site;

/// Nothing but the embedded assets, forms to ourselves alone, no frame around us, no inline script or style.
///
/// ASVS 3.4.3 (`object-src`, `base-uri`), 3.4.6 and R32 (`frame-ancestors`), 3.6.1.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/// Of a page whose script is told of changes: the same, and connections to ourselves alone.
pub const LIVE: ContentSecurityPolicy = ContentSecurityPolicy(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
);

/// Carried by an answer that is no page of ours and needs another policy than theirs.
#[derive(Debug, Clone, Copy)]
pub struct ContentSecurityPolicy(pub &'static str);

/// A page of ours needs none of these.
const PERMISSIONS_POLICY: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// What every answer carries, and why.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    // R32: for browsers that know no frame-ancestors.
    (header::X_FRAME_OPTIONS, "DENY"),
    // ASVS 3.4.4, 3.2.1
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // ASVS 3.4.5, R07: a set-up link or a `next` goes to nobody.
    (header::REFERRER_POLICY, "no-referrer"),
    // ASVS 3.4.8
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    // ASVS 3.5.8
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        PERMISSIONS_POLICY,
    ),
];

/// Puts the whole set on an answer. What may be cached says so itself; all else is not to be stored (ASVS 14.3.2).
pub fn dress(site: &Site, headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(hsts) = site.strict_transport_security() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// On an application's host: what is said of https there is said of that host alone, and not of the issuer's.
pub fn dress_for(origin: &Origin, headers: &mut HeaderMap) {
    headers.remove(header::STRICT_TRANSPORT_SECURITY);
    if origin.https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            Site::HOST_STRICT_TRANSPORT_SECURITY,
        );
    }
}
