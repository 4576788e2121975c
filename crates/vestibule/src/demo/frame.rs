//! What every page of the demo has in common: its words, its looks, its headers.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use vestibule_http::assets::{CACHE_CONTROL, ICON, STYLESHEET, asset};

use super::rooms::Places;

pub use vestibule_http::texts::{Arg, Texts, Tongue};

/// Tag and messages of each language.
const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("texts/en.ftl")),
    ("de", include_str!("texts/de.ftl")),
];
/// What the demo adds to Vestibule's own looks, and does with script. A new path for each run: nothing old is found in a cache.
const OWN_ASSETS: [(&str, &str, &[u8]); 2] = [
    (
        "/assets/demo.css",
        "text/css; charset=utf-8",
        include_bytes!("assets/demo.css"),
    ),
    (
        "/assets/demo.js",
        "text/javascript; charset=utf-8",
        include_bytes!("assets/demo.js"),
    ),
];

/// Nothing but what this host serves, no frame around it, no inline script or style.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/// The demo's words.
pub fn texts() -> Texts {
    Texts::of_sources(&LANGUAGES)
}

/// A page's words and addresses.
pub struct Frame<'a> {
    /// The language that the browser prefers.
    pub tongue: Tongue<'a>,
    /// What everything is called.
    pub places: &'a Places,
    /// Where Vestibule's own looks are.
    pub stylesheet: String,
    /// And its icon.
    pub icon: String,
}

impl<'a> Frame<'a> {
    /// For a browser that sent these headers.
    pub fn new(texts: &'a Texts, places: &'a Places, headers: &HeaderMap) -> Self {
        Self {
            tongue: texts.language(headers),
            places,
            stylesheet: STYLESHEET.path(),
            icon: ICON.path(),
        }
    }

    /// A text.
    pub fn t(&self, id: &'static str) -> Cow<'a, str> {
        self.tongue.text(id)
    }

    /// A text with one value in it.
    pub fn with<'v>(
        &self,
        id: &'static str,
        name: &'static str,
        value: impl Into<Arg<'v>>,
    ) -> Cow<'a, str> {
        self.tongue.text_with(id, &[(name, value.into())])
    }

    /// A number of milliseconds in the page's language, with its unit.
    pub fn ms(&self, milliseconds: &str) -> String {
        format!("{} ms", self.decimal(milliseconds))
    }

    /// With the language's own decimal sign.
    pub fn decimal(&self, number: &str) -> String {
        if self.tongue.lang() == "de" {
            number.replace('.', ",")
        } else {
            number.to_owned()
        }
    }
}

/// A page with all its headers.
pub fn page(status: StatusCode, page: &impl askama::Template) -> Response {
    let rendered = page.render();
    let (status, text) = match rendered {
        Ok(text) => (status, text),
        Err(error) => {
            tracing::error!(%error, "a page of the demo could not be made");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, html)], text).into_response()
}

/// A sentence for whoever is no person with a browser.
pub fn plain(status: StatusCode, sentence: &'static str) -> Response {
    (status, sentence).into_response()
}

/// To another page, looked at by GET (RFC 9110 §15.4.4).
pub fn see_other(path: &str) -> Response {
    axum::response::Redirect::to(path).into_response()
}

/// A stylesheet, a script or the icon.
pub fn asset_at(path: &str) -> Option<Response> {
    let own = OWN_ASSETS.iter().find(|(known, ..)| *known == path);
    if let Some((_, kind, bytes)) = own {
        let headers = [
            (header::CONTENT_TYPE, *kind),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        return Some((headers, *bytes).into_response());
    }
    let known = asset(path)?;
    let headers = [
        (header::CONTENT_TYPE, known.content_type()),
        (header::CACHE_CONTROL, CACHE_CONTROL),
    ];
    Some((headers, Body::from(known.bytes())).into_response())
}

/// Puts the browser's defences on an answer.
pub fn dress(headers: &mut HeaderMap) {
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Ids, and the variables in each.
    fn messages(source: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut messages = BTreeMap::new();
        let mut last = "";
        for line in source.lines() {
            let own = line.starts_with(|c: char| c.is_ascii_lowercase());
            if own && let Some((id, _)) = line.split_once(" = ").or(line.split_once(" =")) {
                last = id;
            }
            let variables: &mut BTreeSet<&str> = messages.entry(last).or_default();
            let rest = line.split("{ $").skip(1);
            variables.extend(rest.filter_map(|rest| rest.split(' ').next()));
        }
        messages.remove("");
        messages
    }

    fn sources(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path
                .extension()
                .is_some_and(|kind| kind == "rs" || kind == "html")
            {
                all.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_language_says_the_same_and_nothing_is_said_in_vain() {
        let [(_, english), (_, german)] = LANGUAGES;
        let (english, german) = (messages(english), messages(german));
        assert!(english.len() > 80, "{}", english.len());
        for (id, variables) in &english {
            assert_eq!(german.get(id), Some(variables), "{id}");
        }
        assert_eq!(english.len(), german.len());
        let mut all = String::new();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo");
        sources(&demo, &mut all);
        for id in english.keys() {
            assert!(all.contains(&format!("\"{id}\"")), "nothing names {id}");
        }
        let named = all
            .split("frame.t(\"")
            .chain(all.split("frame.with(\""))
            .skip(1);
        for named in named.filter_map(|rest| rest.split_once('"')) {
            let (id, _) = named;
            let is_id = id.bytes().all(|c| c.is_ascii_lowercase() || c == b'-');
            assert!(!is_id || english.contains_key(id), "no language has {id}");
        }
    }

    #[test]
    fn what_is_embedded_is_served_and_nothing_else() {
        for path in ["/assets/demo.css", "/assets/demo.js", &STYLESHEET.path()] {
            assert!(asset_at(path).is_some(), "{path}");
        }
        for path in [
            "/assets/",
            "/assets/../frame.rs",
            "/demo.css",
            "/assets/demo.cs",
        ] {
            assert!(asset_at(path).is_none(), "{path}");
        }
        // Files are listed by name, so that none is inline in a page.
        assert!(CONTENT_SECURITY_POLICY.contains("default-src 'none'"));
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }
}
