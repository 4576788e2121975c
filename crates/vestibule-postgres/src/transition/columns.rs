//! What is read out of columns and bound to statements.

use tokio_postgres::Row;

use vestibule_core::lineage::StoreNumber;

use crate::fault::Fault;

/// Where the store stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    /// The number of the latest cutoff.
    pub(crate) number: StoreNumber,
    /// The latest cutoff on everybody.
    pub(crate) everything: StoreNumber,
}

impl Numbers {
    pub(crate) fn of(rows: &[Row]) -> Result<Self, Fault> {
        let row = rows
            .first()
            .ok_or_else(|| Fault::unreadable("the installation's row is missing"))?;
        Ok(Self {
            number: read_number(row.try_get(0)?)?,
            everything: read_number(row.try_get(1)?)?,
        })
    }
}

pub(crate) fn read_number(value: i64) -> Result<StoreNumber, Fault> {
    u64::try_from(value)
        .map(StoreNumber)
        .map_err(|_| Fault::unreadable("a store number is negative"))
}

pub(crate) fn bind_number(number: StoreNumber) -> Result<i64, Fault> {
    i64::try_from(number.0).map_err(|_| Fault::Refused("the store's numbers are used up"))
}

/// A column of so many bytes.
pub(crate) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Fault> {
    let value: &[u8] = row.try_get(column)?;
    value
        .try_into()
        .map_err(|_| Fault::unreadable("an id or a hash is not as long as it is made"))
}

/// The same, where there may be none.
pub(crate) fn bytes_opt<const N: usize>(
    row: &Row,
    column: usize,
) -> Result<Option<[u8; N]>, Fault> {
    let value: Option<&[u8]> = row.try_get(column)?;
    value
        .map(|value| {
            value
                .try_into()
                .map_err(|_| Fault::unreadable("an id or a hash is not as long as it is made"))
        })
        .transpose()
}

/// A page's length, for `LIMIT`.
pub(crate) fn bind_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
