//! A drawing: points over an axis, joined, with how far their rounds lie apart.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{escape, told};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 48.0;
/// Marks on an axis, about.
const MARKS: f64 = 5.0;

/// How an axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// Each step times ten.
    Log,
}

/// What runs along an edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What, and in which unit.
    pub label: String,
    /// How.
    pub scale: Scale,
}

/// One point, and between what its rounds lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// The lowest and the highest.
    pub ends: Option<(f64, f64)>,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Whose.
    pub name: String,
    /// In their order.
    pub points: Vec<Point>,
}

/// What is not to be passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Where.
    pub y: f64,
    /// What it says.
    pub name: String,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// At most four.
    pub series: Vec<Series>,
    /// Lines across.
    pub limits: Vec<Limit>,
}

/// From values to places.
struct Ruler {
    scale: Scale,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Ruler {
    fn over(scale: Scale, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let fits = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let (low, high) = values
            .filter(fits)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        let (low, high) = match scale {
            _ if low > high => (1.0, 10.0),
            Scale::Linear => (
                low.min(0.0),
                if high > low.min(0.0) {
                    high * 1.08
                } else {
                    1.0
                },
            ),
            Scale::Log => {
                let low = 10_f64.powf((low.log10() + 1e-9).floor());
                let high = 10_f64.powf((high.log10() - 1e-9).ceil());
                (low, if high > low { high } else { low * 10.0 })
            }
        };
        Self {
            scale,
            low,
            high,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => {
                let value = value.max(self.low);
                (value / self.low).log10() / (self.high / self.low).log10()
            }
        };
        self.from + share * (self.to - self.from)
    }

    fn marks(&self) -> Vec<f64> {
        let mut marks = Vec::new();
        match self.scale {
            Scale::Log => {
                let mut mark = self.low;
                while mark <= self.high * 1.001 {
                    marks.push(mark);
                    mark *= 10.0;
                }
            }
            Scale::Linear => {
                let rough = (self.high - self.low) / MARKS;
                let ten = 10_f64.powf(rough.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0]
                    .into_iter()
                    .map(|step| step * ten)
                    .find(|step| *step >= rough)
                    .unwrap_or(rough);
                let mut mark = (self.low / step).ceil() * step;
                while mark <= self.high {
                    marks.push(mark);
                    mark += step;
                }
            }
        }
        marks
    }
}

impl Plot {
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    pub(super) fn write(&self, html: &mut String, number: usize) {
        let xs = self.points().map(|point| point.x);
        let across = Ruler::over(self.x.scale, xs, LEFT, WIDTH - RIGHT);
        let ys = self.points().flat_map(|point| {
            let (low, high) = point.ends.unwrap_or((point.y, point.y));
            [point.y, low, high]
        });
        let ys = ys.chain(self.limits.iter().map(|limit| limit.y));
        let up = Ruler::over(self.y.scale, ys, HEIGHT - BOTTOM, TOP);
        let title = escape(&self.title);
        // Writing to a String never fails.
        let _ = write!(
            html,
            "<figure>\n<figcaption id=\"plot{number}\">{title}</figcaption>\n\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"plot{number}\">\n"
        );
        self.axes(html, &across, &up);
        for limit in &self.limits {
            let y = up.place(limit.y);
            let _ = writeln!(
                html,
                "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                WIDTH - RIGHT,
                y - 5.0,
                escape(&limit.name)
            );
        }
        for (at, series) in self.series.iter().enumerate() {
            series.write(html, at % 4, &across, &up);
        }
        self.legend(html);
        html.push_str("</svg>\n</figure>\n");
    }

    fn axes(&self, html: &mut String, across: &Ruler, up: &Ruler) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for mark in up.marks() {
            let y = up.place(mark);
            let _ = writeln!(
                html,
                "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                mark_told(mark)
            );
        }
        for mark in across.marks() {
            let x = across.place(mark);
            let _ = writeln!(
                html,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom:.1}\" y2=\"{:.1}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 5.0,
                bottom + 20.0,
                mark_told(mark)
            );
        }
        let _ = write!(
            html,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n<text x=\"{LEFT}\" y=\"14\">{}</text>\n",
            f64::midpoint(LEFT, right),
            HEIGHT - 8.0,
            escape(&self.x.label),
            escape(&self.y.label)
        );
    }

    fn legend(&self, html: &mut String) {
        if self.series.len() < 2 {
            return;
        }
        let mut y = TOP + 8.0;
        for (at, series) in self.series.iter().enumerate() {
            let _ = writeln!(
                html,
                "<g class=\"series s{}\"><circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/></g>\
                 <text x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                at % 4,
                LEFT + 16.0,
                y - 4.0,
                LEFT + 26.0,
                escape(&series.name)
            );
            y += 18.0;
        }
    }
}

impl Series {
    fn write(&self, html: &mut String, color: usize, across: &Ruler, up: &Ruler) {
        let _ = writeln!(html, "<g class=\"series s{color}\">");
        let path: Vec<String> = self
            .points
            .iter()
            .map(|point| format!("{:.1} {:.1}", across.place(point.x), up.place(point.y)))
            .collect();
        if path.len() > 1 {
            let _ = writeln!(html, "<path d=\"M{}\"/>", path.join(" L"));
        }
        for point in &self.points {
            let (x, y) = (across.place(point.x), up.place(point.y));
            if let Some((low, high)) = point.ends {
                let (low, high) = (up.place(low), up.place(high));
                let _ = write!(
                    html,
                    "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/>"
                );
            }
            let _ = writeln!(
                html,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{}: {} at {}</title></circle>",
                escape(&self.name),
                told(point.y),
                told(point.x)
            );
        }
        html.push_str("</g>\n");
    }
}

/// Short: 10 k, 1 M.
fn mark_told(mark: f64) -> String {
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if mark.abs() >= unit {
            return format!("{} {name}", trimmed(mark / unit));
        }
    }
    trimmed(mark)
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
