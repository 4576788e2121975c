//! Resource indicators (RFC 8707): for which resource server a token is meant. It becomes the token's `aud`.

use std::fmt;
use std::str::FromStr;

use crate::oauth::uri::Uri;

/// An absolute URI without fragment, like `https://api.example.test`. Compared to the letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource(String);

/// Why resources cannot be granted. All are `invalid_target` (RFC 8707 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// No absolute URI, or one with a fragment.
    #[error(
        "a resource is an absolute URI without fragment, at most 512 characters, like https://api.example.com"
    )]
    Malformed,
    /// More than [`Resources::MOST`].
    #[error("at most {} resources", Resources::MOST)]
    TooMany,
    /// Not one of those that were granted, or that the application may ask for.
    #[error("a resource that was not granted")]
    NotGranted,
    /// An access token is for one resource server (R19).
    #[error("one resource a token: name one")]
    MoreThanOne,
}

impl Resource {
    /// Longest resource, in bytes.
    pub const LONGEST: usize = 512;

    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Resource {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let whole = |uri: Uri<'_>| {
            uri.fragment.is_none()
                && match uri.authority {
                    Some(authority) => !authority.is_empty() && !authority.contains('@'),
                    None => !uri.path.is_empty(),
                }
        };
        let fits = text.len() <= Self::LONGEST && Uri::read(text).is_some_and(whole);
        fits.then(|| Self(text.to_owned()))
            .ok_or(ResourceError::Malformed)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Resources, each once, in the order in which they were first named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Resources(Vec<Resource>);

impl Resources {
    /// Most resources in one request.
    pub const MOST: usize = 8;

    /// Reads a request's `resource` parameters: the one that may be repeated.
    pub fn of_request<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ResourceError> {
        let mut read = Self::default();
        for (n, text) in texts.into_iter().enumerate() {
            if n == Self::MOST {
                return Err(ResourceError::TooMany);
            }
            read.add(text.parse()?);
        }
        Ok(read)
    }

    fn add(&mut self, resource: Resource) {
        if !self.0.contains(&resource) {
            self.0.push(resource);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.0.iter()
    }

    /// Whether all of them are among `others`.
    pub fn is_within(&self, others: &Self) -> bool {
        self.0.iter().all(|own| others.0.contains(own))
    }

    /// Those that are not among `others`.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let lacking = |own: &&Resource| !others.0.contains(own);
        self.0.iter().filter(lacking).cloned().collect()
    }

    /// These and `others`.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        self.0.iter().chain(&others.0).cloned().collect()
    }

    /// The audience of a token under a grant of these: the one asked for, which must be among them, or, where none is asked for,
    /// the first. `None`: no resource was ever named, and the application's own default counts.
    pub fn audience(&self, asked: &Self) -> Result<Option<&Resource>, ResourceError> {
        match asked.0.as_slice() {
            [] => Ok(self.0.first()),
            [asked] => self
                .0
                .iter()
                .find(|own| *own == asked)
                .map(Some)
                .ok_or(ResourceError::NotGranted),
            _ => Err(ResourceError::MoreThanOne),
        }
    }
}

impl FromIterator<Resource> for Resources {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        let mut all = Self::default();
        for resource in resources {
            all.add(resource);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://api.example.test";
    const FILES: &str = "https://files.example.test/v1?x=1";

    fn set(texts: &[&str]) -> Resources {
        Resources::of_request(texts.iter().copied()).unwrap()
    }

    #[test]
    fn rfc_8707_2_a_resource_is_an_absolute_uri_without_fragment() {
        for right in [
            API,
            FILES,
            "urn:example:api",
            "http://localhost:8080/",
            "com.example.api:/x",
        ] {
            assert_eq!(right.parse::<Resource>().unwrap().as_str(), right);
        }
        let long = format!("{API}/{}", "x".repeat(512));
        for wrong in [
            "",
            "api",
            "/api",
            "https://",
            "https:",
            "https://a@b.test",
            &long,
        ] {
            assert!(wrong.parse::<Resource>().is_err(), "{wrong}");
        }
        for wrong in [
            "https://api.example.test#x",
            "https://api.example.test/#",
            "a:b c",
            "a:\\b",
        ] {
            assert!(wrong.parse::<Resource>().is_err(), "{wrong}");
        }
        assert_eq!(set(&[API, FILES, API]).iter().count(), 2);
        let many = Resources::of_request(std::iter::repeat_n(API, 9));
        assert_eq!(many, Err(ResourceError::TooMany));
    }

    /// Holds: R19
    #[test]
    fn r19_a_token_is_for_one_resource_of_those_that_were_granted() {
        let granted = set(&[API, FILES]);
        let audience = |asked: &[&str]| {
            let chosen = granted.audience(&set(asked))?;
            Ok(chosen.map(|resource| resource.as_str().to_owned()))
        };
        assert_eq!(audience(&[FILES]), Ok(Some(FILES.to_owned())));
        assert_eq!(audience(&[]), Ok(Some(API.to_owned())));
        assert_eq!(audience(&[API, FILES]), Err(ResourceError::MoreThanOne));
        for foreign in [
            "https://api.example.test/",
            "https://API.example.test",
            "urn:x:y",
        ] {
            assert_eq!(
                audience(&[foreign]),
                Err(ResourceError::NotGranted),
                "{foreign}"
            );
        }
        let none = Resources::default();
        assert_eq!(none.audience(&none), Ok(None));
        assert_eq!(none.audience(&set(&[API])), Err(ResourceError::NotGranted));
        assert!(set(&[FILES]).is_within(&granted) && !granted.is_within(&set(&[FILES])));
        assert_eq!(granted.without(&set(&[API])), set(&[FILES]));
        assert_eq!(set(&[FILES]).and(&granted), set(&[FILES, API]));
    }
}
