//! The page of what went over the wire.

use askama::Template;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{Click, Leg, Party, Purpose};
use crate::demo::frame::{self, Frame};
use crate::demo::house::House;
use crate::demo::moment::milliseconds;

#[derive(Template)]
#[template(path = "wire.html")]
struct WirePage<'a> {
    frame: &'a Frame<'a>,
    clicks: &'a [Click],
}

/// The page, newest first.
pub fn page(house: &House, headers: &HeaderMap) -> Response {
    let frame = house.frame(headers);
    let view = WirePage {
        frame: &frame,
        clicks: &house.wire.clicks(),
    };
    frame::page(StatusCode::OK, &view)
}

impl Click {
    /// What the person did.
    fn title(&self) -> String {
        let first = self.legs.first();
        first.map_or_else(String::new, |leg| format!("{} {}", leg.method, leg.target))
    }

    /// All requests in order, each after the one it is on the way to, with how deep it is.
    fn rows(&self) -> Vec<(usize, &Leg)> {
        let mut rows = Vec::new();
        for leg in &self.legs {
            rows.push((0, leg));
            rows.extend(leg.behind.iter().map(|behind| (1, behind)));
        }
        rows
    }

    fn count(&self) -> usize {
        self.rows().len()
    }

    /// How long the checks took together.
    fn checks(&self) -> Option<String> {
        let rows = self.rows();
        let checks = rows.iter().filter(|(_, leg)| leg.purpose == Purpose::Check);
        let took: Vec<_> = checks.map(|(_, leg)| leg.took).collect();
        (!took.is_empty()).then(|| milliseconds(took.iter().sum()))
    }
}

impl Leg {
    fn asker(&self) -> &'static str {
        self.from.text()
    }

    fn answerer(&self) -> &'static str {
        self.to.text()
    }

    fn purpose_text(&self) -> Option<&'static str> {
        match self.purpose {
            Purpose::Asked => None,
            Purpose::Check => Some("wire-check"),
            Purpose::Passage => Some("wire-passage"),
        }
    }

    fn took_text(&self, frame: &Frame<'_>) -> String {
        frame.ms(&milliseconds(self.took))
    }

    fn bytes_text(&self, frame: &Frame<'_>) -> String {
        let sent = i64::try_from(self.bytes_sent).unwrap_or(i64::MAX);
        let sent = frame.with("wire-bytes-sent", "bytes", sent);
        let answered = self.bytes_answered.map(|bytes| {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            frame.with("wire-bytes-answered", "bytes", bytes)
        });
        let answered = answered.unwrap_or_else(|| frame.t("wire-bytes-open"));
        format!("{sent}, {answered}")
    }

    fn is_refused(&self) -> bool {
        self.status == 0 || self.status >= 400
    }
}

impl Party {
    const fn text(self) -> &'static str {
        match self {
            Self::Browser => "wire-browser",
            Self::Shop => "wire-shop",
            Self::Vestibule => "wire-vestibule",
        }
    }
}
