//! The loop: who asks when, and what becomes of it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::epoll;
use rustix::time::Timespec;

use super::connection::{self, Asked, Connection, Read};
use super::tally::Tally;
use super::{Outcome, Pace, Plan, Progress, RunError};
use crate::now;

/// Between two looks at what takes too long.
const TICK: Duration = Duration::from_millis(100);
/// After a failure a connection waits so long, so that a server that is away is not run against.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Generator<'p> {
    plan: &'p Plan,
    poll: OwnedFd,
    connections: Vec<Connection>,
    idle: VecDeque<usize>,
    /// Waiting until they may try again.
    resting: VecDeque<(Instant, usize)>,
    address: SocketAddr,
    began: Instant,
    counts_from: Instant,
    ends: Instant,
    counting: bool,
    /// Requests since the first, for their turns and for their moments.
    asked: u64,
    /// Requests that count.
    asked_counted: u64,
    under_way: usize,
    tally: Tally,
    buffer: Vec<u8>,
}

impl<'p> Generator<'p> {
    pub(super) fn start(plan: &'p Plan) -> Result<Self, RunError> {
        let address = connection::first_that_answers(&plan.addresses)?;
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(io::Error::from)?;
        let began = now();
        let counts_from = began + plan.warm_up;
        Ok(Self {
            plan,
            poll,
            connections: (0..plan.connections)
                .map(|_| Connection::default())
                .collect(),
            idle: (0..plan.connections).collect(),
            resting: VecDeque::new(),
            address,
            began,
            counts_from,
            ends: counts_from + plan.duration,
            counting: false,
            asked: 0,
            asked_counted: 0,
            under_way: 0,
            tally: Tally::default(),
            buffer: vec![0; 64 * 1024],
        })
    }

    pub(super) fn run(
        &mut self,
        look: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), RunError> {
        let mut events = Vec::with_capacity(1024);
        let mut tick = self.began;
        loop {
            let at = now();
            if !self.counting && at >= self.counts_from {
                self.counting = true;
                self.tally.begin(at, self.plan.server)?;
            }
            if at >= tick {
                tick = at + TICK;
                self.give_up_what_takes_too_long(at);
                self.tally.look(self.plan.server);
                let progress = Progress {
                    elapsed: at - self.began,
                    answers: self.tally.answers,
                };
                if look(progress).is_break() {
                    break;
                }
            }
            self.rested(at);
            self.ask_what_is_due(at);
            if self.is_over(at) {
                break;
            }
            let wait = self.next_moment(tick).saturating_duration_since(now());
            events.clear();
            let waited = epoll::wait(
                &self.poll,
                rustix::buffer::spare_capacity(&mut events),
                Some(&timespec(wait)),
            );
            match waited {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
            for event in &events {
                let number = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                self.serve(number);
            }
        }
        self.tally.end(now(), self.plan.server);
        self.count_what_never_came();
        Ok(())
    }

    /// When the next request is due.
    fn due(&self) -> Instant {
        match self.plan.pace {
            Pace::Closed => self.began,
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            Pace::Open(rate) => self.began + Duration::from_secs_f64(self.asked as f64 / rate),
        }
    }

    /// Whether requests are still asked: an open loop goes on until all that were due are sent.
    fn asks_more(&self, at: Instant) -> bool {
        if self
            .plan
            .most_requests
            .is_some_and(|most| self.asked_counted >= most)
        {
            return false;
        }
        match self.plan.pace {
            Pace::Closed => at < self.ends,
            Pace::Open(_) => self.due() < self.ends && at < self.ends + self.plan.patience,
        }
    }

    fn is_over(&self, at: Instant) -> bool {
        let quiet = self.under_way == 0 && !self.asks_more(at);
        match self.plan.pace {
            // What is under way then tells nothing: a closed loop ends in the middle.
            Pace::Closed => at >= self.ends || quiet,
            Pace::Open(_) => quiet || at >= self.ends + self.plan.patience,
        }
    }

    fn ask_what_is_due(&mut self, at: Instant) {
        while self.asks_more(at) && self.due() <= at {
            let Some(number) = self.idle.pop_front() else {
                return;
            };
            self.ask(number, at);
        }
    }

    /// The next request goes over this connection.
    fn ask(&mut self, number: usize, at: Instant) {
        let due = match self.plan.pace {
            Pace::Closed => at,
            Pace::Open(_) => self.due(),
        };
        let turns = self.plan.requests.len() as u64;
        let turn = usize::try_from(self.asked % turns).unwrap_or(0);
        let counts = self.counting && due >= self.counts_from;
        self.asked += 1;
        self.asked_counted += u64::from(counts);
        let asked = Asked {
            request: turn,
            due,
            sent: at,
            counts,
        };
        self.under_way += 1;
        let connection = &mut self.connections[number];
        if connection
            .open(self.address, &self.poll, number as u64)
            .is_err()
        {
            return self.failed(number, Some(asked), "connect");
        }
        let request = &self.plan.requests[turn];
        if connection
            .ask(asked, request, &self.poll, number as u64)
            .is_err()
        {
            self.failed(number, Some(asked), "closed");
        }
    }

    /// Something happened on this connection.
    fn serve(&mut self, number: usize) {
        let Some(connection) = self.connections.get_mut(number) else {
            return;
        };
        if connection
            .send_rest(&self.plan.requests, &self.poll, number as u64)
            .is_err()
        {
            let asked = connection.asked();
            return self.failed(number, asked, "closed");
        }
        match connection.read(&mut self.buffer) {
            Read::Nothing => {}
            Read::Answer(asked, answer) => {
                let at = now();
                self.under_way -= 1;
                self.tally
                    .answer(asked, answer.status, at, self.counts(&asked));
                if answer.closes {
                    self.connections[number].close();
                    self.tally.reopened += 1;
                }
                if matches!(self.plan.pace, Pace::Closed) && self.asks_more(at) {
                    self.ask(number, at);
                } else {
                    self.idle.push_back(number);
                }
            }
            // Between two requests that is the server's right.
            Read::Closed(None) => {
                self.connections[number].close();
                self.tally.reopened += 1;
            }
            Read::Closed(asked) => self.failed(number, asked, "closed"),
            Read::Malformed(asked) => self.failed(number, asked, "malformed"),
        }
    }

    /// A closed loop counts by when an answer came, an open one by when its request was due.
    fn counts(&self, asked: &Asked) -> bool {
        match self.plan.pace {
            Pace::Closed if self.plan.most_requests.is_none() => self.counting,
            _ => asked.counts,
        }
    }

    fn failed(&mut self, number: usize, asked: Option<Asked>, kind: &'static str) {
        self.connections[number].close();
        if let Some(asked) = asked {
            self.under_way -= 1;
            if self.counts(&asked) {
                match self.plan.pace {
                    Pace::Open(_) => self.tally.unanswered(kind, now() - asked.due),
                    Pace::Closed => self.tally.error(kind),
                }
            }
            self.resting.push_back((now() + PAUSE, number));
        } else if self.counting {
            self.tally.error(kind);
        }
    }

    fn rested(&mut self, at: Instant) {
        while let Some((until, number)) = self.resting.front().copied()
            && until <= at
        {
            self.resting.pop_front();
            self.idle.push_back(number);
        }
    }

    fn give_up_what_takes_too_long(&mut self, at: Instant) {
        for number in 0..self.connections.len() {
            let asked = self.connections[number].asked();
            if asked.is_some_and(|asked| at - asked.sent >= self.plan.patience) {
                self.failed(number, asked, "timeout");
            }
        }
    }

    fn next_moment(&self, tick: Instant) -> Instant {
        let end = match self.plan.pace {
            Pace::Closed => self.ends,
            Pace::Open(_) => self.ends + self.plan.patience,
        };
        let mut next = tick.min(end);
        if !self.counting {
            next = next.min(self.counts_from);
        }
        if let Some((until, _)) = self.resting.front() {
            next = next.min(*until);
        }
        if !self.idle.is_empty() && self.asks_more(now()) {
            next = next.min(self.due());
        }
        next
    }

    /// In an open loop, what was due and is unanswered took at least until now: to leave it out would make a server look the
    /// better the longer it stalls.
    fn count_what_never_came(&mut self) {
        let Pace::Open(_) = self.plan.pace else {
            return;
        };
        let at = now();
        for connection in &self.connections {
            if let Some(asked) = connection.asked().filter(|asked| asked.counts) {
                self.tally.unanswered("unanswered", at - asked.due);
            }
        }
        while self.due() < self.ends.min(at)
            && self
                .plan
                .most_requests
                .is_none_or(|most| self.asked_counted < most)
        {
            let due = self.due();
            self.asked += 1;
            if self.counting && due >= self.counts_from {
                self.asked_counted += 1;
                self.tally.unanswered("unanswered", at - due);
            }
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let (pace, rate) = match self.plan.pace {
            Pace::Closed => ("closed", None),
            Pace::Open(rate) => ("open", Some(rate)),
        };
        let Tally {
            latency,
            from_sending,
            ..
        } = &self.tally;
        Outcome {
            pace,
            rate,
            connections: self.plan.connections,
            seconds: self.tally.seconds(),
            answers: self.tally.answers,
            per_second: self.tally.per_second(self.plan.duration),
            latency: latency.percentiles(),
            from_sending: rate.map(|_| from_sending.percentiles()),
            curve: latency.curve(),
            generator_busy: self.tally.generator_busy(),
            server: self.tally.server_use(self.plan.server),
            statuses: self.tally.statuses,
            errors: self.tally.errors,
            reopened: self.tally.reopened,
        }
    }
}

fn timespec(wait: Duration) -> Timespec {
    // At most a tick.
    Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(0),
        tv_nsec: i64::from(wait.subsec_nanos()),
    }
}
