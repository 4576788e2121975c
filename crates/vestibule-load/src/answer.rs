//! Reads answers off a connection, strictly: what is not plainly an answer of HTTP/1.1 to the request before it is an error,
//! since a generator that guesses where an answer ends measures its guesses.
//!
//! ```text
//! head ──no body──▶ whole
//!   ├──Content-Length──▶ body ──▶ whole
//!   └──chunked──▶ size ──▶ data ──▶ end ──▶ size … 0 ──▶ trailer ──▶ whole
//! ```

use crate::bounds::LONGEST_HEAD;
use crate::request::is_token;

/// Longest line of a chunk's size, or of a trailer.
const LONGEST_LINE: usize = 8 * 1024;
/// Lines of a trailer.
const MOST_TRAILERS: usize = 64;

/// A whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The server closes the connection after it.
    pub closes: bool,
}

/// Why something is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// RFC 9112 §4.
    #[error("the status line is none of HTTP/1.1")]
    StatusLine,
    /// RFC 9112 §5.
    #[error("a header line is none")]
    Header,
    /// RFC 9112 §6.3: nobody can tell where it ends.
    #[error("the length is not said, or in two ways")]
    Length,
    /// RFC 9112 §7.1.
    #[error("a chunk is none")]
    Chunk,
    /// It would fill memory.
    #[error("the head is too long")]
    TooLong,
    /// More came than was asked for.
    #[error("more came than was asked for")]
    Unasked,
    /// RFC 9110 §15.2.2: from there on it is no HTTP.
    #[error("the server switched protocols")]
    Switched,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Body(u64),
    Size,
    Data(u64),
    /// The line's end after a chunk.
    DataEnd,
    Trailer(usize),
    Whole,
}

/// Reads one answer at a time.
#[derive(Debug)]
pub struct Reader {
    state: State,
    to_head: bool,
    /// What there is of a head, or of a line.
    held: Vec<u8>,
    answer: Answer,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            // Nothing was asked yet.
            state: State::Whole,
            to_head: false,
            held: Vec::new(),
            answer: Answer {
                status: 0,
                closes: false,
            },
        }
    }
}

impl Reader {
    /// The next answer is to a request of this kind.
    pub fn begin(&mut self, to_head: bool) {
        self.state = State::Head;
        self.to_head = to_head;
        self.held.clear();
    }

    /// Takes what came. The answer, once all of it is there.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<Option<Answer>, Malformed> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Head => self.head(bytes)?,
                State::Body(left) => {
                    let (left, rest) = skip(left, bytes);
                    self.state = if left == 0 {
                        State::Whole
                    } else {
                        State::Body(left)
                    };
                    rest
                }
                State::Data(left) => {
                    let (left, rest) = skip(left, bytes);
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data(left)
                    };
                    rest
                }
                State::Size | State::DataEnd | State::Trailer(_) => self.line(bytes)?,
                State::Whole => return Err(Malformed::Unasked),
            };
        }
        Ok((self.state == State::Whole && self.answer.status != 0).then_some(self.answer))
    }

    fn head<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Malformed> {
        // Mostly it comes whole, and nothing is copied.
        if self.held.is_empty()
            && let Some(end) = end_of_head(bytes, 0)
        {
            self.judge(&bytes[..end])?;
            return Ok(&bytes[end..]);
        }
        let before = self.held.len();
        let room = (LONGEST_HEAD + 1).saturating_sub(before).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
        let Some(end) = end_of_head(&self.held, before.saturating_sub(3)) else {
            if self.held.len() > LONGEST_HEAD {
                return Err(Malformed::TooLong);
            }
            return Ok(&bytes[room..]);
        };
        let held = std::mem::take(&mut self.held);
        let judged = self.judge(&held[..end]);
        self.held = held;
        self.held.clear();
        judged?;
        Ok(&bytes[end - before..])
    }

    /// What comes after this head.
    fn judge(&mut self, head: &[u8]) -> Result<(), Malformed> {
        if head.len() > LONGEST_HEAD {
            return Err(Malformed::TooLong);
        }
        let mut lines = lines(head);
        let status = status(lines.next().unwrap_or_default())?;
        let (mut length, mut chunked, mut closes) = (None, false, false);
        for line in lines {
            let (name, value) = header(line)?;
            if name.eq_ignore_ascii_case(b"content-length") {
                if length.is_some() {
                    return Err(Malformed::Length);
                }
                length = Some(number(value).ok_or(Malformed::Length)?);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Malformed::Length);
                }
                chunked = true;
            } else if name.eq_ignore_ascii_case(b"connection") {
                let mut options = value.split(|c| *c == b',').map(<[u8]>::trim_ascii);
                closes |= options.any(|option| option.eq_ignore_ascii_case(b"close"));
            }
        }
        if status == 101 {
            return Err(Malformed::Switched);
        }
        if chunked && length.is_some() {
            return Err(Malformed::Length);
        }
        if status < 200 {
            // Only on the way: the answer comes after it.
            return Ok(());
        }
        self.answer = Answer { status, closes };
        self.state = if self.to_head || matches!(status, 204 | 304) {
            State::Whole
        } else if chunked {
            State::Size
        } else {
            match length.ok_or(Malformed::Length)? {
                0 => State::Whole,
                length => State::Body(length),
            }
        };
        Ok(())
    }

    /// One line of the chunked coding, perhaps not all of it yet.
    fn line<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Malformed> {
        let end = bytes.iter().position(|c| *c == b'\n');
        let (part, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        if self.held.len() + part.len() > LONGEST_LINE {
            return Err(Malformed::Chunk);
        }
        self.held.extend_from_slice(part);
        if end.is_none() {
            return Ok(rest);
        }
        let line = self.held.strip_suffix(b"\r\n").ok_or(Malformed::Chunk)?;
        if line.contains(&b'\r') {
            return Err(Malformed::Chunk);
        }
        self.state = match self.state {
            State::Size => match size(line)? {
                0 => State::Trailer(0),
                size => State::Data(size),
            },
            State::Trailer(_) if line.is_empty() => State::Whole,
            State::Trailer(MOST_TRAILERS) => return Err(Malformed::TooLong),
            State::Trailer(lines) => {
                header(line)?;
                State::Trailer(lines + 1)
            }
            _ if line.is_empty() => State::Size,
            _ => return Err(Malformed::Chunk),
        };
        self.held.clear();
        Ok(rest)
    }
}

/// What is left of so many, and of the bytes.
fn skip(left: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let have = bytes.len() as u64;
    if have <= left {
        return (left - have, &[]);
    }
    // Fits: it is less than the length of a slice.
    let at = usize::try_from(left).unwrap_or(bytes.len());
    (0, &bytes[at..])
}

/// Where the head ends, with its blank line.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let newline = bytes.get(at..)?.iter().position(|c| *c == b'\n')? + at;
        if newline >= 3 && &bytes[newline - 3..newline] == b"\r\n\r" {
            return Some(newline + 1);
        }
        at = newline + 1;
    }
}

/// The lines of a head, less the blank one at its end. A line that ends otherwise than by CR LF is left as it is, and refused.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let head = head.strip_suffix(b"\r\n\r\n").unwrap_or(head);
    let mut rest = Some(head);
    std::iter::from_fn(move || {
        let head = rest?;
        let end = head.windows(2).position(|pair| pair == b"\r\n");
        rest = end.map(|end| &head[end + 2..]);
        Some(&head[..end.unwrap_or(head.len())])
    })
}

fn status(line: &[u8]) -> Result<u16, Malformed> {
    let wrong = Malformed::StatusLine;
    let rest = line.strip_prefix(b"HTTP/1.1 ").ok_or(wrong)?;
    let (digits, rest) = rest.split_first_chunk::<3>().ok_or(wrong)?;
    if !digits.iter().all(u8::is_ascii_digit) || digits[0] == b'0' {
        return Err(wrong);
    }
    let reason_fits = rest.is_empty() || rest.starts_with(b" ") && rest.iter().all(|c| is_text(*c));
    if !reason_fits {
        return Err(wrong);
    }
    Ok(digits
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0')))
}

fn header(line: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let colon = line.iter().position(|c| *c == b':');
    let (name, value) = line.split_at(colon.ok_or(Malformed::Header)?);
    let value = value[1..].trim_ascii();
    // RFC 9112 §5.1, §5.2: no blank before the colon, no folded line.
    if name.is_empty() || !name.iter().all(|c| is_token(*c)) || !value.iter().all(|c| is_text(*c)) {
        return Err(Malformed::Header);
    }
    Ok((name, value))
}

const fn is_text(c: u8) -> bool {
    c == b'\t' || (c >= b' ' && c != 0x7f)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u64::from(digit - b'0')),
    )
}

/// A chunk's size, whatever extensions come after it.
fn size(line: &[u8]) -> Result<u64, Malformed> {
    let end = line.iter().position(|c| matches!(c, b';' | b' ' | b'\t'));
    let (digits, extension) = line.split_at(end.unwrap_or(line.len()));
    let fits = !digits.is_empty()
        && digits.len() <= 12
        && digits.iter().all(u8::is_ascii_hexdigit)
        && extension.iter().all(|c| is_text(*c))
        && (extension.is_empty() || extension.trim_ascii_start().starts_with(b";"));
    if !fits {
        return Err(Malformed::Chunk);
    }
    Ok(digits.iter().fold(0, |size, digit| {
        size * 16 + u64::from(char::from(*digit).to_digit(16).unwrap_or(0))
    }))
}

#[cfg(test)]
mod tests;
