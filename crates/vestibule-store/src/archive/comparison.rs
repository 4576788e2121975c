//! Two streams of rows, held against each other.

use super::{Row, Source, Table};
use crate::StoreError;

/// Where two streams part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which table.
    pub table: &'static str,
    /// At which of its rows, from 1.
    pub row: u64,
}

/// Outcome of [`compare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Row by row the same, so many.
    Equal(u64),
    /// Not.
    Differ(Difference),
}

/// Reads both to the end, or to the first row that is not the same in both. `tick` is told how many rows were the same
/// so far.
pub async fn compare(
    one: Box<dyn Source>,
    other: Box<dyn Source>,
    tick: &mut (dyn FnMut(u64) + Send),
) -> Result<Comparison, StoreError> {
    let (mut one, mut other) = (Rows::of(one), Rows::of(other));
    let mut same = 0;
    let mut last: Option<&'static Table> = None;
    let mut row = 0;
    loop {
        let (mine, theirs) = (one.next().await?, other.next().await?);
        let table = match (&mine, &theirs) {
            (None, None) => return Ok(Comparison::Equal(same)),
            (Some((table, _)), _) | (None, Some((table, _))) => *table,
        };
        row = if last == Some(table) { row + 1 } else { 1 };
        last = Some(table);
        if mine != theirs {
            return Ok(Comparison::Differ(Difference {
                table: table.name,
                row,
            }));
        }
        same += 1;
        tick(same);
    }
}

/// A stream, a row at a time: streams may be cut into chunks differently.
struct Rows {
    source: Box<dyn Source>,
    at: Option<(&'static Table, std::vec::IntoIter<Row>)>,
}

impl Rows {
    const fn of(source: Box<dyn Source>) -> Self {
        Self { source, at: None }
    }

    async fn next(&mut self) -> Result<Option<(&'static Table, Row)>, StoreError> {
        loop {
            if let Some((table, rows)) = &mut self.at
                && let Some(row) = rows.next()
            {
                return Ok(Some((table, row)));
            }
            match self.source.next().await? {
                Some(chunk) => self.at = Some((chunk.table(), chunk.into_rows().into_iter())),
                None => return Ok(None),
            }
        }
    }
}
