//! What a run's outcome looks like.

use super::{Axis, Block, Plot, Point, Scale, Section, Series, Table, told};
use crate::run::Outcome;

/// Its figures, each with its name.
pub fn rows(outcome: &Outcome) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    row(
        "pace",
        match outcome.rate {
            Some(rate) => format!("open, {} a second", told(rate)),
            None => "closed".to_owned(),
        },
    );
    row("connections", outcome.connections.to_string());
    row("seconds", told(outcome.seconds));
    row("answers", outcome.answers.to_string());
    row("answers a second", told(outcome.per_second));
    let latency = &outcome.latency;
    for (name, micros) in [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p99_9),
        ("longest", latency.max),
    ] {
        row(name, time(micros));
    }
    if let Some(sent) = &outcome.from_sending {
        row("p99 from the sending alone", time(sent.p99));
    }
    for (status, count) in &outcome.statuses {
        row(&format!("status {status}"), count.to_string());
    }
    for (kind, count) in &outcome.errors {
        row(&format!("failed: {kind}"), count.to_string());
    }
    if outcome.reopened > 0 {
        row("connections opened again", outcome.reopened.to_string());
    }
    if let Some(server) = &outcome.server {
        row(
            "server's CPU time an answer",
            time(server.cpu_per_answer_us),
        );
        row("cores the server kept busy", told(server.busy_cores));
        row("server's memory before", mebibytes(server.resident_before));
        row("server's memory at most", mebibytes(server.resident_most));
    }
    rows
}

/// Its part of a page.
pub fn sections(outcome: &Outcome) -> Vec<Section> {
    let table = Table {
        headings: vec!["Figure".to_owned(), "Measured".to_owned()],
        rows: rows(outcome)
            .into_iter()
            .map(|(name, value)| vec![name, value])
            .collect(),
    };
    let points = outcome.curve.iter().map(|(one_of, micros)| Point {
        x: *one_of,
        y: micros / 1000.0,
        ends: None,
    });
    let plot = Plot {
        title: "How long answers took".to_owned(),
        x: Axis {
            label: "one of so many took longer".to_owned(),
            scale: Scale::Log,
        },
        y: Axis {
            label: "milliseconds".to_owned(),
            scale: Scale::Log,
        },
        series: vec![Series {
            name: "answers".to_owned(),
            points: points.collect(),
        }],
        limits: Vec::new(),
    };
    vec![Section {
        heading: "What was measured".to_owned(),
        blocks: vec![Block::Table(table), Block::Plot(plot)],
    }]
}

/// Microseconds in the unit that fits.
pub fn time(micros: f64) -> String {
    if micros >= 1e6 {
        format!("{} s", told(micros / 1e6))
    } else if micros >= 1e3 {
        format!("{} ms", told(micros / 1e3))
    } else {
        format!("{} µs", told(micros))
    }
}

/// Bytes in MiB.
#[expect(clippy::cast_precision_loss, reason = "a figure to be told")]
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", told(bytes as f64 / 1_048_576.0))
}
