//! A network between a server and its database that can be cut, or swallow what it is given.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It arrives.
    Whole,
    /// Connections end, and new ones are closed at once.
    Cut,
    /// Nothing arrives and nothing ends: what is sent waits.
    Silent,
}

/// A port that leads to another, for as long as the test's process.
pub struct Link {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    wire: Arc<Wire>,
}

struct Wire {
    upstream: u16,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mode: Mode,
    /// Both ends of each connection that is open.
    open: Vec<(u64, TcpStream, TcpStream)>,
    /// How many were ever asked for, and the most that were open at once.
    asked: u64,
    most: usize,
}

impl Link {
    /// Leads to a port of the loopback.
    pub fn to(upstream: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let wire = Arc::new(Wire {
            upstream,
            state: Mutex::new(State {
                mode: Mode::Whole,
                open: Vec::new(),
                asked: 0,
                most: 0,
            }),
            changed: Condvar::new(),
        });
        let at_work = Arc::clone(&wire);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                at_work.accept(&stream);
            }
        });
        Ok(Self { port, wire })
    }

    /// Ends every connection, and each that is asked for until it is mended.
    pub fn cut(&self) {
        self.wire.turn(Mode::Cut);
    }

    /// Swallows what is sent, both ways, and lets connections hang.
    pub fn silence(&self) {
        self.wire.turn(Mode::Silent);
    }

    /// As good as new. What was held back arrives.
    pub fn mend(&self) {
        self.wire.turn(Mode::Whole);
    }

    /// How many connections were ever asked for.
    pub fn asked(&self) -> u64 {
        self.wire.state().asked
    }

    /// The most connections that were open at once.
    pub fn most(&self) -> usize {
        self.wire.state().most
    }
}

impl Wire {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, mode: Mode) {
        let mut state = self.state();
        state.mode = mode;
        if mode == Mode::Cut {
            for (_, here, there) in state.open.drain(..) {
                // Gone already is as good.
                let _ = here.shutdown(Shutdown::Both);
                let _ = there.shutdown(Shutdown::Both);
            }
        }
        self.changed.notify_all();
    }

    fn accept(self: &Arc<Self>, here: &TcpStream) {
        let mut state = self.state();
        state.asked += 1;
        let number = state.asked;
        if state.mode == Mode::Cut {
            return;
        }
        let Ok(there) = TcpStream::connect(("127.0.0.1", self.upstream)) else {
            return;
        };
        let ends = [here.try_clone(), there.try_clone()];
        let [Ok(one), Ok(other)] = ends else { return };
        state.open.push((number, one, other));
        state.most = state.most.max(state.open.len());
        drop(state);
        for (from, to) in [
            (here.try_clone(), there.try_clone()),
            (there.try_clone(), here.try_clone()),
        ] {
            let (Ok(from), Ok(to)) = (from, to) else {
                return;
            };
            let wire = Arc::clone(self);
            thread::spawn(move || wire.carry(number, from, to));
        }
    }

    fn carry(&self, number: u64, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let mut state = self.state();
            while state.mode == Mode::Silent {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let mut state = self.state();
        while state.mode == Mode::Silent {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.open.retain(|(known, _, _)| *known != number);
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
