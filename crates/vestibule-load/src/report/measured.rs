//! What one benchmark measured: a file of its own, from which the report is drawn again at any time.

use serde::{Deserialize, Serialize};

use super::{Block, Figure, Plot, Section, Table, told};
use crate::figures::Spread;

/// What one benchmark measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// `P1`.
    pub id: String,
    /// What of.
    pub title: String,
    /// When, where, and of which commit.
    #[serde(default)]
    pub machine: String,
    /// How.
    pub method: Vec<String>,
    /// What came of it.
    pub figures: Vec<Value>,
    /// Besides.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// The curves.
    #[serde(default)]
    pub plots: Vec<Plot>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// Of what.
    pub name: String,
    /// In what.
    pub unit: String,
    /// The median of the rounds, and how far they lie apart.
    pub rounds: Spread,
    /// What it is to be, if that is said.
    pub goal: Option<Goal>,
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
}

impl Value {
    /// A figure of several rounds; `None` where there was none.
    pub fn new(
        name: &str,
        unit: &str,
        goal: Option<Goal>,
        rounds: impl IntoIterator<Item = f64>,
    ) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            rounds: Spread::of(rounds)?,
            goal,
        })
    }

    fn figure(&self) -> Figure {
        let Spread {
            median,
            low,
            high,
            rounds,
        } = self.rounds;
        Figure {
            name: self.name.clone(),
            value: format!("{} {}", told(median), self.unit)
                .trim_end()
                .to_owned(),
            spread: (rounds > 1).then(|| format!("{} … {} ({rounds})", told(low), told(high))),
            goal: self.goal.map(Goal::told),
            met: self.goal.map(|goal| goal.is_met(median)),
        }
    }
}

impl Goal {
    /// Whether it is.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn told(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }
}

impl Measured {
    /// Its part of the report; `notes` were written by hand, after a look at the profile.
    pub fn section(&self, notes: &[String]) -> Section {
        let mut blocks: Vec<Block> = self.method.iter().cloned().map(Block::Text).collect();
        let figures = self.figures.iter().map(Value::figure).collect();
        blocks.push(Block::Figures(figures));
        blocks.extend(self.plots.iter().cloned().map(Block::Plot));
        blocks.extend(self.tables.iter().cloned().map(Block::Table));
        blocks.extend(notes.iter().cloned().map(Block::Text));
        if !self.machine.is_empty() {
            blocks.push(Block::Text(format!("Measured: {}", self.machine)));
        }
        Section {
            heading: format!("{}: {}", self.id, self.title),
            blocks,
        }
    }
}
