//! The stopwatch's page. It works without script: what is pressed answers when everything is measured.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::Shown;
use super::measure::{Refused, Run};
use crate::demo::frame::{self, Frame};
use crate::demo::house::House;
use crate::demo::moment::milliseconds;

#[derive(Template)]
#[template(path = "stopwatch.html")]
struct StopwatchPage<'a> {
    frame: &'a Frame<'a>,
    shown: Shown,
    customer: &'a str,
}

/// The page.
pub fn page(house: &House, headers: &HeaderMap) -> Response {
    let frame = house.frame(headers);
    let view = StopwatchPage {
        frame: &frame,
        shown: house.stopwatch.shown(),
        customer: house.customer().email,
    };
    frame::page(StatusCode::OK, &view)
}

impl Run {
    fn acknowledged_text(&self, frame: &Frame<'_>) -> String {
        frame.ms(&milliseconds(self.acknowledged))
    }

    /// Where the acknowledgement stands in the plot, of a hundred.
    fn acknowledged_at(&self) -> String {
        self.part(self.acknowledged)
    }

    fn bar(&self, device: &Refused) -> String {
        self.part(device.after)
    }

    fn part(&self, of: Duration) -> String {
        let all = self.devices.iter().map(|device| device.after);
        let longest = all.chain([self.acknowledged]).max().unwrap_or_default();
        let longest = longest.max(Duration::from_micros(1)).as_secs_f64() * 1.02;
        format!("{:.1}", of.as_secs_f64() / longest * 100.0)
    }
}

impl Refused {
    fn after_text(&self, frame: &Frame<'_>) -> String {
        frame.ms(&milliseconds(self.after))
    }
}
