//! Whether an unsafe request was meant by the person in front of the browser (N12, H03, ASVS 3.5.1).
//!
//! Three things must agree, each enough on its own against most forgeries:
//!
//! 1. **Origin**, where the browser tells it, is that of the host that was asked. `Origin: null` tells nothing: our own pages send it, because
//!    their `Referrer-Policy` is `no-referrer` (Fetch standard, 'append a request `Origin` header').
//! 2. **Fetch-Metadata**: `Sec-Fetch-Site` is `same-origin`, or `none` (the person's own doing: a reload).
//! 3. **The token** in the form is bound to the session, or before login to the form cookie.
//!
//! With neither Origin nor Fetch-Metadata a request is refused. One case is let through to the token: a browser on http
//! loopback that says `Origin: null` and no more, since Fetch-Metadata is sent to trustworthy origins alone and not every
//! browser takes `http://localhost` for one.

use http::{HeaderMap, HeaderName, header};
use vestibule_core::csrf::{Binding, CsrfKey};
use vestibule_core::origin::Origin;

/// Name of the form field that carries the token.
pub const FIELD: &str = "csrf";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Proof that Origin and Fetch-Metadata speak for this request. Only [`origin`] builds it.
#[derive(Debug)]
pub struct OriginChecked(());

/// Proof that the request carried a token of ours besides. Only [`token`] builds it.
#[derive(Debug)]
pub struct CsrfChecked(());

/// Why an unsafe request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrfError {
    /// `Origin` names another site, or cannot be read.
    #[error("an unsafe request came from another origin")]
    ForeignOrigin,
    /// `Sec-Fetch-Site` tells that another site made it.
    #[error("an unsafe request was made by another site")]
    ForeignSite,
    /// Neither header is there.
    #[error("an unsafe request tells neither Origin nor Sec-Fetch-Site")]
    NoOrigin,
    /// The token is missing, old, or another one's.
    #[error("a form carries no token of ours for this browser")]
    Token,
}

/// Checks Origin and Fetch-Metadata of an unsafe request.
pub fn origin(headers: &HeaderMap, own: &Origin) -> Result<OriginChecked, CsrfError> {
    let origin = only(headers, &header::ORIGIN).map_err(|Several| CsrfError::ForeignOrigin)?;
    let site = only(headers, &SEC_FETCH_SITE).map_err(|Several| CsrfError::ForeignSite)?;
    let told = origin.filter(|origin| *origin != b"null");
    if told.is_some_and(|told| told != own.as_str().as_bytes()) {
        return Err(CsrfError::ForeignOrigin);
    }
    match site {
        Some(b"same-origin" | b"none") => Ok(OriginChecked(())),
        Some(_) => Err(CsrfError::ForeignSite),
        None if told.is_some() => Ok(OriginChecked(())),
        None if origin.is_some() && !own.https() => Ok(OriginChecked(())),
        None => Err(CsrfError::NoOrigin),
    }
}

/// The same for the API, which programs call that are no browsers: with neither Origin nor any Fetch-Metadata it is one of those,
/// since a browser names its page's origin in whatever is not a GET or HEAD (Fetch standard, 'append a request `Origin`
/// header'). `Origin: null` is nobody's here unless Fetch-Metadata says whose: no token may follow that would tell.
pub fn origin_or_program(headers: &HeaderMap, own: &Origin) -> Result<OriginChecked, CsrfError> {
    if !shows_a_browser(headers) {
        return Ok(OriginChecked(()));
    }
    if !headers.contains_key(SEC_FETCH_SITE)
        && headers
            .get(header::ORIGIN)
            .is_some_and(|origin| origin == "null")
    {
        return Err(CsrfError::ForeignOrigin);
    }
    origin(headers, own)
}

/// Whether Origin or Fetch-Metadata show that a browser asks.
pub fn shows_a_browser(headers: &HeaderMap) -> bool {
    let mut names = headers.keys().map(HeaderName::as_str);
    names.any(|name| name == "origin" || name.starts_with("sec-fetch-"))
}

/// Checks the token of a form whose origin was checked. Without a binding nothing fits.
pub fn token(
    _: &OriginChecked,
    key: &CsrfKey,
    binding: Option<Binding<'_>>,
    token: Option<&str>,
) -> Result<CsrfChecked, CsrfError> {
    let fits = binding
        .zip(token)
        .is_some_and(|(binding, token)| key.verifies(binding, token));
    fits.then_some(CsrfChecked(())).ok_or(CsrfError::Token)
}

/// Whether the browser says that a page of ours led here. For what only decorates a page.
pub fn led_by_own_page(headers: &HeaderMap) -> bool {
    only(headers, &SEC_FETCH_SITE).is_ok_and(|site| site == Some(b"same-origin"))
}

/// Whether the browser says that a page of another origin made it ask.
pub fn led_by_another_site(headers: &HeaderMap) -> bool {
    let site = only(headers, &SEC_FETCH_SITE);
    !matches!(site, Ok(None | Some(b"same-origin" | b"none")))
}

struct Several;

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Several> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Several);
    }
    Ok(value.map(http::HeaderValue::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://id.example.com";

    fn judged(issuer: &str, origins: &[&str], sites: &[&str]) -> Result<(), CsrfError> {
        let mut headers = HeaderMap::new();
        for value in origins {
            headers.append(header::ORIGIN, value.parse().unwrap());
        }
        for value in sites {
            headers.append(SEC_FETCH_SITE, value.parse().unwrap());
        }
        origin(&headers, &issuer.parse().unwrap()).map(|OriginChecked(())| ())
    }

    /// Holds: N12, ASVS 3.5.1, ASVS 3.5.8
    #[test]
    fn n12_origin_and_fetch_metadata_must_both_speak_for_the_request() {
        use CsrfError::{ForeignOrigin, ForeignSite, NoOrigin};
        let cases = [
            (&[OURS][..], &["same-origin"][..], Ok(())),
            (&[OURS], &["none"], Ok(())),
            (&[OURS], &[], Ok(())),
            (&["null"], &["same-origin"], Ok(())),
            (&[], &["same-origin"], Ok(())),
            (&["null"], &["none"], Ok(())),
            (&["null"], &["cross-site"], Err(ForeignSite)),
            (&[OURS], &["same-site"], Err(ForeignSite)),
            (&[OURS], &["cross-site"], Err(ForeignSite)),
            (&[OURS], &["SAME-ORIGIN"], Err(ForeignSite)),
            (&[OURS], &["same-origin", "same-origin"], Err(ForeignSite)),
            (&["https://evil.test"], &["same-origin"], Err(ForeignOrigin)),
            (
                &["https://id.example.com.evil.test"],
                &[],
                Err(ForeignOrigin),
            ),
            (&["http://id.example.com"], &[], Err(ForeignOrigin)),
            (&["https://id.example.com:8443"], &[], Err(ForeignOrigin)),
            (
                &[OURS, "https://evil.test"],
                &["same-origin"],
                Err(ForeignOrigin),
            ),
            (&["null"], &[], Err(NoOrigin)),
            (&[], &[], Err(NoOrigin)),
        ];
        for (origins, sites, expected) in cases {
            assert_eq!(
                judged(OURS, origins, sites),
                expected,
                "{origins:?} {sites:?}"
            );
        }
    }

    /// Holds: H03, N12
    #[test]
    fn h03_a_program_shows_nothing_of_a_browser_and_a_browser_cannot_pass_for_one() {
        let judged = |issuer: &str, told: &[(&'static str, &str)]| {
            let headers = told
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            origin_or_program(&headers, &issuer.parse().unwrap()).is_ok()
        };
        for good in [
            &[][..],
            &[("origin", OURS)],
            &[("origin", OURS), ("sec-fetch-site", "same-origin")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-origin")],
        ] {
            assert!(judged(OURS, good), "{good:?}");
        }
        for bad in [
            &[("origin", "null")][..],
            &[("origin", "https://evil.test")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-mode", "cors")],
            &[("sec-fetch-dest", "empty")],
            &[("origin", OURS), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!judged(OURS, bad), "{bad:?}");
        }
        assert!(!judged("http://localhost:8080", &[("origin", "null")]));
    }

    #[test]
    fn on_http_loopback_a_null_origin_is_left_to_the_token() {
        assert_eq!(judged("http://localhost:8080", &["null"], &[]), Ok(()));
        assert_eq!(
            judged("http://localhost:8080", &[], &[]),
            Err(CsrfError::NoOrigin)
        );
        assert_eq!(
            judged("http://localhost:8080", &["null"], &["cross-site"]),
            Err(CsrfError::ForeignSite)
        );
    }
}
