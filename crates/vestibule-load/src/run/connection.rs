//! One connection, which is kept, and asks one thing at a time.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};

use super::RunError;
use crate::answer::{Answer, Reader};
use crate::request::Request;

/// On loopback a connection is there at once, or the server's queue is full.
const CONNECT: Duration = Duration::from_secs(1);

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) request: usize,
    /// When it was to be sent.
    pub(super) due: Instant,
    /// When it was.
    pub(super) sent: Instant,
    /// Whether it counts.
    pub(super) counts: bool,
}

/// What reading brought.
pub(super) enum Read {
    /// Not all of it yet.
    Nothing,
    Answer(Asked, Answer),
    /// Of which request, if one was under way.
    Closed(Option<Asked>),
    Malformed(Option<Asked>),
}

#[derive(Default)]
pub(super) struct Connection {
    stream: Option<TcpStream>,
    reader: Reader,
    asked: Option<Asked>,
    /// How much of the request is not sent yet.
    unsent: usize,
}

/// Which of these addresses somebody listens at.
pub(super) fn first_that_answers(addresses: &[SocketAddr]) -> Result<SocketAddr, RunError> {
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT) {
            Ok(_) => return Ok(*address),
            Err(error) => failure = failure.or(Some(RunError::Connect(*address, error))),
        }
    }
    Err(failure.unwrap_or_else(|| RunError::Bound("there is nowhere to ask".to_owned())))
}

impl Connection {
    /// What it waits for.
    pub(super) const fn asked(&self) -> Option<Asked> {
        self.asked
    }

    /// Opens it unless it is open. Whether it had to.
    pub(super) fn open(
        &mut self,
        address: SocketAddr,
        poll: &OwnedFd,
        number: u64,
    ) -> io::Result<bool> {
        if self.stream.is_some() {
            return Ok(false);
        }
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(poll, &stream, EventData::new_u64(number), EventFlags::IN)?;
        self.stream = Some(stream);
        Ok(true)
    }

    /// Closes it; what was under way is forgotten.
    pub(super) fn close(&mut self) {
        self.stream = None;
        self.asked = None;
        self.unsent = 0;
    }

    /// Sends a request, or as much of it as there is room for.
    pub(super) fn ask(
        &mut self,
        asked: Asked,
        request: &Request,
        poll: &OwnedFd,
        number: u64,
    ) -> io::Result<()> {
        self.asked = Some(asked);
        self.unsent = request.bytes().len();
        self.reader.begin(request.is_head());
        self.send(request, poll, number, false)
    }

    /// Sends what is left of it.
    pub(super) fn send_rest(
        &mut self,
        requests: &[Request],
        poll: &OwnedFd,
        number: u64,
    ) -> io::Result<()> {
        match self.asked {
            Some(asked) if self.unsent > 0 => {
                self.send(&requests[asked.request], poll, number, true)
            }
            _ => Ok(()),
        }
    }

    fn send(
        &mut self,
        request: &Request,
        poll: &OwnedFd,
        number: u64,
        waited: bool,
    ) -> io::Result<()> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        while self.unsent > 0 {
            let from = request.bytes().len() - self.unsent;
            match stream.write(&request.bytes()[from..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => self.unsent -= sent,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let flags = EventFlags::IN | EventFlags::OUT;
                    return Ok(epoll::modify(
                        poll,
                        &*stream,
                        EventData::new_u64(number),
                        flags,
                    )?);
                }
                Err(error) => return Err(error),
            }
        }
        if waited {
            epoll::modify(poll, &*stream, EventData::new_u64(number), EventFlags::IN)?;
        }
        Ok(())
    }

    /// Reads what is there.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Read {
        let Some(stream) = &mut self.stream else {
            return Read::Nothing;
        };
        let read = match stream.read(buffer) {
            Ok(0) => return Read::Closed(self.asked),
            Ok(read) => read,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Read::Nothing;
            }
            Err(_) => return Read::Closed(self.asked),
        };
        match (self.reader.take(&buffer[..read]), self.asked) {
            (Ok(None), _) => Read::Nothing,
            // An answer before the request is whole: what is left of it would be taken for the next one.
            (Ok(Some(_)), Some(asked)) if self.unsent > 0 => Read::Closed(Some(asked)),
            (Ok(Some(answer)), Some(asked)) => {
                self.asked = None;
                Read::Answer(asked, answer)
            }
            (Ok(Some(_)), None) => Read::Malformed(None),
            (Err(_), asked) => Read::Malformed(asked),
        }
    }
}
