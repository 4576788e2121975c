//! Small plots: a line and the ground below it, drawn here, so that a page needs no script for them.

use std::fmt::Write as _;

/// Most points of a plot: what is longer is put together.
const MOST: usize = 48;
/// The drawing's own measures; the page stretches it.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 32.0;

/// How values that share a point become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Together {
    /// They are counts.
    Added,
    /// They are levels: the last one is it.
    Last,
}

/// A plot's paths, and what they go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plot {
    /// The line.
    pub(super) line: String,
    /// The ground below it.
    pub(super) ground: String,
    /// The first point, the last, and the highest.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) most: u64,
}

impl Plot {
    /// `None` for fewer than two values: they make no line.
    pub(super) fn of(values: &[u64], together: Together) -> Option<Self> {
        let points = points(values, together);
        let (first, last) = (*points.first()?, *points.last()?);
        if points.len() < 2 {
            return None;
        }
        let most = points.iter().copied().max()?;
        let step = WIDTH / exact(points.len() - 1);
        let mut line = String::with_capacity(points.len() * 12);
        for (at, value) in points.iter().enumerate() {
            let across = exact(at) * step;
            // The line is two wide, and stays within.
            let share = if most == 0 { 0.0 } else { ratio(*value, most) };
            let down = HEIGHT - 1.0 - share * (HEIGHT - 2.0);
            let mark = if at == 0 { 'M' } else { ' ' };
            // Writing to a `String` does not fail.
            let _ = write!(line, "{mark}{across:.1} {down:.1}");
        }
        Some(Self {
            ground: format!("{line} {WIDTH} {HEIGHT} 0 {HEIGHT}Z"),
            line,
            first,
            last,
            most,
        })
    }
}

fn points(values: &[u64], together: Together) -> Vec<u64> {
    let width = values.len().div_ceil(MOST).max(1);
    // From the end: the latest point is whole, the first may be put together from fewer.
    let mut points: Vec<u64> = values
        .rchunks(width)
        .map(|chunk| match together {
            Together::Added => chunk.iter().sum(),
            Together::Last => chunk.last().copied().unwrap_or(0),
        })
        .collect();
    points.reverse();
    points
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a drawing is a hundred points wide"
)]
fn exact(number: usize) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a drawing is thirty points high"
)]
fn ratio(value: u64, most: u64) -> f64 {
    value as f64 / most as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_needs_two_points_and_stays_within_its_drawing() {
        assert_eq!(Plot::of(&[], Together::Added), None);
        assert_eq!(Plot::of(&[7], Together::Added), None);
        let plot = Plot::of(&[0, 10, 5], Together::Added).unwrap();
        assert_eq!(plot.line, "M0.0 31.0 60.0 1.0 120.0 16.0");
        assert_eq!(plot.ground, "M0.0 31.0 60.0 1.0 120.0 16.0 120 32 0 32Z");
        let flat = Plot::of(&[0, 0], Together::Last).unwrap();
        assert_eq!(flat.line, "M0.0 31.0 120.0 31.0");
    }

    #[test]
    fn a_day_of_minutes_is_put_together_from_its_end() {
        let minutes: Vec<u64> = (0..1440).collect();
        let counted = points(&minutes, Together::Added);
        assert_eq!(counted.len(), MOST);
        assert_eq!(counted.iter().sum::<u64>(), minutes.iter().sum::<u64>());
        let levels = points(&minutes, Together::Last);
        assert_eq!(levels.last(), Some(&1439));
        assert_eq!(points(&[1, 2, 3], Together::Added), [1, 2, 3]);
        assert_eq!(points(&[1; 49], Together::Added).first(), Some(&1));
        assert_eq!(points(&[1; 49], Together::Added).last(), Some(&2));
    }
}
