//! Forms and queries, `application/x-www-form-urlencoded`, read once and strictly: what could be read in two ways is refused
//! (ASVS 15.3.7, 1.5.3).
//!
//! A field that comes twice, a broken escape and text that is not UTF-8 are 400; unknown fields are passed over. A form's
//! fields cannot be read before its token was checked: only [`Posted::check`] opens it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use vestibule_core::csrf::Binding;
use zeroize::Zeroizing;

use super::caller::Caller;
use super::csrf::{self, CsrfChecked, CsrfError, OriginChecked};
use crate::context::Context;
use crate::errors::{Code, Failure};

/// Most bytes of a form (ASVS 15.2.2).
pub const MAX_FORM: usize = 64 * 1024;
/// Most fields of a form.
const MAX_FIELDS: usize = 64;

/// Names and values, none of which comes twice. Values are wiped when dropped: one of them may be a password.
#[derive(Default)]
pub struct Fields(Vec<(String, Zeroizing<String>)>);

/// Why a form or query is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// Not percent-encoded UTF-8.
    #[error("a form is not percent-encoded UTF-8")]
    Malformed,
    /// The same name twice.
    #[error("the form field {0:?} comes more than once")]
    Repeated(String),
    /// Over 64.
    #[error("a form has too many fields")]
    TooMany,
    /// A field that the page always sends.
    #[error("the form field {0:?} is missing")]
    Missing(&'static str),
}

impl From<FieldsError> for Failure {
    fn from(error: FieldsError) -> Self {
        Self::of(Code::BadRequest).because(error)
    }
}

impl Fields {
    /// Reads what a browser wrote (URL standard, 'application/x-www-form-urlencoded serializing').
    pub fn parse(text: &[u8]) -> Result<Self, FieldsError> {
        let mut fields = Self::default();
        for pair in text.split(|c| *c == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |c| *c == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.optional(&name).is_some() {
                // For the log: a stranger's words, and not 64 KiB of them (ASVS 15.2.2).
                return Err(FieldsError::Repeated(name.chars().take(64).collect()));
            }
            if fields.0.len() == MAX_FIELDS {
                return Err(FieldsError::TooMany);
            }
            fields.0.push((name.to_string(), value));
        }
        Ok(fields)
    }

    /// A field that may be absent.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// What follows on `prefix` in the names of the boxes that are ticked.
    pub fn ticked<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.0.iter().filter(|(_, value)| value.as_str() == "on");
        names.filter_map(move |(name, _)| name.strip_prefix(prefix))
    }

    /// A field that the page always sends, perhaps empty.
    pub fn required(&self, name: &'static str) -> Result<&str, FieldsError> {
        self.optional(name).ok_or(FieldsError::Missing(name))
    }
}

fn decode(text: &[u8]) -> Result<Zeroizing<String>, FieldsError> {
    let escapes = text.iter().enumerate().filter(|(_, c)| **c == b'%');
    for (at, _) in escapes {
        let digits = text.get(at + 1..at + 3).ok_or(FieldsError::Malformed)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(FieldsError::Malformed);
        }
    }
    let spaced = Zeroizing::new(
        text.iter()
            .map(|c| if *c == b'+' { b' ' } else { *c })
            .collect::<Vec<_>>(),
    );
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded)
        .map(Zeroizing::new)
        .map_err(|_| FieldsError::Malformed)
}

/// The query of a page, read by the same rules.
pub struct Query(pub Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(Fields::parse(
            parts.uri.query().unwrap_or_default().as_bytes(),
        )?))
    }
}

/// A form that came from a page of ours, as far as Origin and Fetch-Metadata tell. Closed until its token is checked.
pub struct Posted {
    origin: OriginChecked,
    fields: Fields,
}

/// A form whose token fits: what it asks for may be done.
pub struct Checked {
    /// What the form says.
    pub fields: Fields,
    /// The proof, for what must not be done without it.
    pub proof: CsrfChecked,
}

impl Posted {
    /// Opens the form if its token was made for `binding`.
    pub fn check(
        self,
        context: &Context,
        binding: Option<Binding<'_>>,
    ) -> Result<Checked, Refused> {
        let presented = self.fields.optional(csrf::FIELD);
        match csrf::token(&self.origin, context.engine.csrf(), binding, presented) {
            Ok(proof) => Ok(Checked {
                fields: self.fields,
                proof,
            }),
            Err(error) => Err(Refused {
                error,
                fields: self.fields,
            }),
        }
    }
}

/// A form whose token does not fit. What was typed may be shown again, and no more.
pub struct Refused {
    /// Why.
    pub error: CsrfError,
    /// What the form says.
    pub fields: Fields,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::of(Code::FormExpired).because(refused.error)
    }
}

impl FromRequest<Arc<Context>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, context: &Arc<Context>) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Arc<Caller>>();
        let own = caller.map_or(context.site.issuer.as_origin(), |caller| caller.origin());
        let origin = csrf::origin(&parts.headers, own)
            .map_err(|error| Failure::of(Code::CrossSite).because(error))?;
        // ASVS 3.5.2: nothing but what a form of ours sends.
        if !is_form(&parts.headers) {
            return Err(Failure::of(Code::UnsupportedMediaType));
        }
        let body = read(&parts.headers, body).await?;
        Ok(Self {
            origin,
            fields: Fields::parse(&body)?,
        })
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    let essence = first.and_then(|value| value.to_str().ok()?.split(';').next());
    let form = essence.is_some_and(|essence| {
        essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    form && second.is_none() && !headers.contains_key(header::CONTENT_ENCODING)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|told: u64| told > MAX_FORM as u64) {
        return Err(Failure::of(Code::TooLarge));
    }
    match Limited::new(body, MAX_FORM).collect().await {
        Ok(collected) => Ok(Zeroizing::new(collected.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::of(Code::TooLarge)),
        // The caller went away in the middle: there is nobody to read this.
        Err(_) => Err(Failure::of(Code::BadRequest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, FieldsError> {
        let fields = Fields::parse(text.as_bytes())?;
        Ok(fields
            .0
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect())
    }

    #[test]
    fn a_form_reads_as_a_browser_writes_it() {
        let read = read(
            "identifier=alice%40example.test&password=caf%C3%A9+au%2Blait&remember=on&empty=&bare",
        )
        .unwrap();
        let pairs: Vec<_> = read
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("identifier", "alice@example.test"),
                ("password", "café au+lait"),
                ("remember", "on"),
                ("empty", ""),
                ("bare", "")
            ]
        );
    }

    /// Holds: ASVS 15.3.7, ASVS 1.5.3
    #[test]
    fn asvs_15_3_7_what_could_be_read_in_two_ways_is_refused() {
        use FieldsError::{Malformed, Repeated, TooMany};
        for (text, why) in [
            ("a=1&a=2", Repeated("a".to_owned())),
            ("a=1&%61=1", Repeated("a".to_owned())),
            ("a=%", Malformed),
            ("a=%4", Malformed),
            ("a=%zz", Malformed),
            ("a=%ff", Malformed),
            ("%c3=1", Malformed),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
        let long = "n".repeat(1000);
        let told = Repeated("n".repeat(64));
        assert_eq!(read(&format!("{long}=1&{long}=2")), Err(told));
        let many: Vec<_> = (0..=MAX_FIELDS).map(|n| format!("f{n}=1")).collect();
        assert_eq!(read(&many.join("&")), Err(TooMany));
    }

    #[test]
    fn only_a_plain_form_is_a_form() {
        let typed = |value: &str| {
            [(header::CONTENT_TYPE, value.parse().unwrap())]
                .into_iter()
                .collect()
        };
        assert!(is_form(&typed("application/x-www-form-urlencoded")));
        assert!(is_form(&typed(
            "Application/X-WWW-Form-Urlencoded; charset=utf-8"
        )));
        for other in [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedx",
        ] {
            assert!(!is_form(&typed(other)), "{other}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }
}
