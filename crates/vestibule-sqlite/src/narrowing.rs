//! What a list is narrowed by, asked of a row before it is read whole: of many thousand that are looked at, few are shown.

use rusqlite::Row;
use vestibule_core::filter::Sought;

use crate::fault::Fault;

/// A text that is looked for.
pub(crate) struct Narrowing {
    sought: Sought,
    /// What is compared, kept from row to row.
    lower: String,
}

impl Narrowing {
    pub(crate) const fn by(sought: Sought) -> Self {
        Self {
            sought,
            lower: String::new(),
        }
    }

    /// Whether the text may be in a row with its address in this column, or other texts in those. Then the rule is asked, which
    /// also judges every text that is not ASCII.
    pub(crate) fn admits(
        &mut self,
        row: &Row<'_>,
        address: usize,
        others: &[usize],
    ) -> Result<bool, Fault> {
        let text = |column: usize| {
            row.get_ref(column)?
                .as_str_or_null()
                .map_err(rusqlite::Error::from)
        };
        let address = text(address)?.unwrap_or_default();
        let part = match &self.sought {
            Sought::Anything => return Ok(true),
            Sought::Beginning(beginning) => return Ok(address.starts_with(&**beginning)),
            Sought::Part(part) => part,
        };
        if address.contains(&**part) {
            return Ok(true);
        }
        for other in others {
            let Some(other) = text(*other)? else { continue };
            if !other.is_ascii() {
                return Ok(true);
            }
            self.lower.clear();
            self.lower.push_str(other);
            self.lower.make_ascii_lowercase();
            if self.lower.contains(&**part) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
