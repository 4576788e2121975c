//! Rows as bytes: a stream of records that tells its own beginning and its own end.
//!
//! ```text
//! record = type (1) ‖ length (4, big-endian) ‖ body          stream = begin, rows*, end
//! begin  = layout (4) ‖ length (1), backend ‖ moment (8)
//! rows   = length (1), table ‖ count (4) ‖ values            value = 0 | 1 ‖ i64 | 2 ‖ length (4) ‖ text | 3 ‖ length (4) ‖ bytes
//! end    = tables (1) ‖ count of each (8) ‖ digest (32)      digestₙ = SHA-256(digestₙ₋₁ ‖ SHA-256(rows record))
//! ```
//!
//! The end counts and digests what came before it, so that no reader takes a part for the whole, or one order for another.

use vestibule_core::secret::sha256;
use vestibule_core::time::UnixMillis;

use super::{Chunk, LAYOUT, Row, TABLES, Value, table};

/// Largest body that is read: no chunk of ours comes near it.
const LARGEST: usize = 64 << 20;

const BEGIN: u8 = b'B';
const ROWS: u8 = b'R';
const END: u8 = b'E';
const HEAD: usize = 5;

/// Why bytes are no records of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// They stop before the end.
    #[error("it stops before its end")]
    Short,
    /// They go on after it.
    #[error("it goes on after its end")]
    Long,
    /// A record that cannot be read.
    #[error("a record in it cannot be read ({0})")]
    Unreadable(&'static str),
    /// A table that this Vestibule has not.
    #[error("it holds a table that is not one of ours")]
    Table,
    /// A row that is none of its table's.
    #[error("a row in it is none of the table {0}")]
    Row(&'static str),
    /// Another layout.
    #[error("its rows have layout {0}, this vestibule's have {LAYOUT}")]
    Layout(u32),
    /// What came is not what its end says.
    #[error("what it holds is not what its end says")]
    Counts,
}

/// How a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// Where the rows were stored: `sqlite`, `postgres`.
    pub backend: String,
    /// When.
    pub at: UnixMillis,
}

/// What came in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Rows of each table, in the order of [`TABLES`].
    pub counts: Vec<u64>,
    digest: [u8; 32],
}

impl End {
    /// Rows of one table.
    pub fn count(&self, name: &str) -> u64 {
        let at = TABLES.iter().position(|table| table.name == name);
        at.and_then(|at| self.counts.get(at).copied()).unwrap_or(0)
    }

    /// Rows of all.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// One record, read.
#[derive(Debug, PartialEq, Eq)]
pub enum Record {
    /// The first.
    Begin(Begin),
    /// Rows.
    Rows(Chunk),
    /// The last; what it says is what came.
    End(End),
}

/// Counts rows as they pass.
#[derive(Debug)]
pub struct Meter {
    counts: Vec<u64>,
    digest: [u8; 32],
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            counts: vec![0; TABLES.len()],
            digest: [0; 32],
        }
    }
}

impl Meter {
    /// Rows as a record; they are counted.
    pub fn encode(&mut self, chunk: &Chunk) -> Vec<u8> {
        let name = chunk.table().name;
        let mut body = Vec::with_capacity(chunk.rows().len() * 128);
        push_name(&mut body, name);
        push_length(&mut body, chunk.rows().len());
        for value in chunk.rows().iter().flatten() {
            push_value(&mut body, value);
        }
        self.pass(chunk, &body);
        record(ROWS, &body)
    }

    /// So many rows so far.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What passed, in all.
    pub fn end(self) -> End {
        End {
            counts: self.counts,
            digest: self.digest,
        }
    }

    fn pass(&mut self, chunk: &Chunk, body: &[u8]) {
        let at = TABLES
            .iter()
            .position(|table| table.name == chunk.table().name);
        if let Some(count) = at.and_then(|at| self.counts.get_mut(at)) {
            *count += chunk.rows().len() as u64;
        }
        self.digest = sha256(&[self.digest, sha256(body)].concat());
    }
}

/// The first record.
pub fn encode_begin(begin: &Begin) -> Vec<u8> {
    let mut body = LAYOUT.to_be_bytes().to_vec();
    push_name(&mut body, &begin.backend);
    body.extend(begin.at.0.to_be_bytes());
    record(BEGIN, &body)
}

/// The last record.
pub fn encode_end(end: &End) -> Vec<u8> {
    let mut body = vec![u8::try_from(end.counts.len()).unwrap_or(u8::MAX)];
    for count in &end.counts {
        body.extend(count.to_be_bytes());
    }
    body.extend(end.digest);
    record(END, &body)
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + body.len());
    record.push(kind);
    push_length(&mut record, body.len());
    record.extend(body);
    record
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.extend(name.as_bytes());
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Integer(number) => {
            out.push(1);
            out.extend(number.to_be_bytes());
        }
        Value::Text(text) => {
            out.push(2);
            push_length(out, text.len());
            out.extend(text.as_bytes());
        }
        Value::Bytes(bytes) => {
            out.push(3);
            push_length(out, bytes.len());
            out.extend(bytes);
        }
    }
}

/// Reads records out of bytes that come in pieces.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
    /// How much of `held` was read.
    read: usize,
    begun: bool,
    ended: bool,
    passed: Meter,
}

impl Decoder {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.drain(..self.read);
        self.read = 0;
        self.held.extend(bytes);
    }

    /// The next record, if all of it has come.
    pub fn next_record(&mut self) -> Result<Option<Record>, RecordError> {
        let rest = &self.held[self.read..];
        if self.ended {
            return if rest.is_empty() {
                Ok(None)
            } else {
                Err(RecordError::Long)
            };
        }
        let Some((head, rest)) = rest.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [kind, length @ ..] = *head;
        let length = u32::from_be_bytes(length) as usize;
        if length > LARGEST {
            return Err(RecordError::Unreadable("its length"));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let record = match kind {
            BEGIN if !self.begun => Record::Begin(read_begin(body)?),
            ROWS if self.begun => {
                let chunk = read_rows(body)?;
                self.passed.pass(&chunk, body);
                Record::Rows(chunk)
            }
            END if self.begun => Record::End(self.read_end(body)?),
            _ => return Err(RecordError::Unreadable("its type")),
        };
        self.begun = true;
        self.ended = matches!(record, Record::End(_));
        self.read += HEAD + length;
        Ok(Some(record))
    }

    /// No more bytes come: whether that was all.
    pub fn finish(&mut self) -> Result<(), RecordError> {
        // Bytes after the end are an error of their own.
        self.next_record()?;
        if self.ended {
            Ok(())
        } else {
            Err(RecordError::Short)
        }
    }

    fn read_end(&self, body: &[u8]) -> Result<End, RecordError> {
        let mut body = Reading(body);
        let tables = usize::from(body.array::<1>()?[0]);
        let mut counts = Vec::with_capacity(tables);
        for _ in 0..tables {
            counts.push(u64::from_be_bytes(body.array()?));
        }
        let digest = body.array()?;
        body.done()?;
        if counts != self.passed.counts || digest != self.passed.digest {
            return Err(RecordError::Counts);
        }
        Ok(End { counts, digest })
    }
}

fn read_begin(body: &[u8]) -> Result<Begin, RecordError> {
    let mut body = Reading(body);
    let layout = u32::from_be_bytes(body.array()?);
    if layout != LAYOUT {
        return Err(RecordError::Layout(layout));
    }
    let backend = body.name()?.to_owned();
    let at = UnixMillis(i64::from_be_bytes(body.array()?));
    body.done()?;
    Ok(Begin { backend, at })
}

fn read_rows(body: &[u8]) -> Result<Chunk, RecordError> {
    let mut body = Reading(body);
    let table = table(body.name()?).ok_or(RecordError::Table)?;
    let count = u32::from_be_bytes(body.array()?) as usize;
    // A row has a byte for each value at least: what says more lies.
    if count > body.0.len() {
        return Err(RecordError::Unreadable("how many rows"));
    }
    let mut rows = Vec::with_capacity(count);
    for _ in 0..count {
        let mut row = Row::with_capacity(table.columns.len());
        for _ in table.columns {
            row.push(body.value()?);
        }
        rows.push(row);
    }
    body.done()?;
    Chunk::new(table, rows)
}

/// What is left of a body.
struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(RecordError::Unreadable("it is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (taken, rest) = self
            .0
            .split_first_chunk()
            .ok_or(RecordError::Unreadable("it is too short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn length(&mut self) -> Result<usize, RecordError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    fn name(&mut self) -> Result<&'a str, RecordError> {
        let [length] = self.array()?;
        let name = self.take(length.into())?;
        str::from_utf8(name).map_err(|_| RecordError::Unreadable("a name"))
    }

    fn value(&mut self) -> Result<Value, RecordError> {
        let [kind] = self.array()?;
        Ok(match kind {
            0 => Value::Null,
            1 => Value::Integer(i64::from_be_bytes(self.array()?)),
            2 => {
                let length = self.length()?;
                let text = str::from_utf8(self.take(length)?);
                let text = text.map_err(|_| RecordError::Unreadable("a text"))?;
                Value::Text(text.to_owned())
            }
            3 => {
                let length = self.length()?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            _ => return Err(RecordError::Unreadable("a value")),
        })
    }

    const fn done(&self) -> Result<(), RecordError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RecordError::Unreadable("it is too long"))
        }
    }
}
