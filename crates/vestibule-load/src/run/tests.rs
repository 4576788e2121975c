//! Runs against small servers that answer, stall, lie and hang up.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::*;
use crate::address::Target;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers each request by what `answer` makes of its number and its head; `None` hangs up.
fn server(answer: impl Fn(u64, &str) -> Option<Vec<u8>> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, asked) = (Arc::new(answer), Arc::new(AtomicU64::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
            std::thread::spawn(move || talk(stream.unwrap(), &*answer, &asked));
        }
    });
    address
}

fn talk(stream: TcpStream, answer: &dyn Fn(u64, &str) -> Option<Vec<u8>>, asked: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let Some(bytes) = answer(number, &head) else {
            return;
        };
        if stream.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn plan(address: SocketAddr, pace: Pace) -> Plan {
    let requests = ["a", "b", "c"].map(|path| {
        let target = Target::parse(&format!("http://{address}/{path}")).unwrap();
        Request::new("GET", &target, &[], b"").unwrap()
    });
    Plan {
        addresses: vec![address],
        requests: requests.to_vec(),
        connections: 4,
        pace,
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(20),
        most_requests: Some(300),
        patience: Duration::from_secs(20),
        server: Some(std::process::id()),
    }
}

fn run(plan: &Plan) -> Outcome {
    plan.run(|_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_closed_loop_asks_in_turns_and_counts_every_answer() {
    let turns = Arc::new(Mutex::new([0; 3]));
    let seen = Arc::clone(&turns);
    let address = server(move |_, head| {
        let at = ["GET /a ", "GET /b ", "GET /c "]
            .iter()
            .position(|start| head.starts_with(start));
        seen.lock().unwrap()[at.unwrap()] += 1;
        Some(OK.to_vec())
    });
    let outcome = run(&plan(address, Pace::Closed));
    assert_eq!(outcome.answers, 300);
    assert_eq!(outcome.statuses.get(&200), Some(&300));
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(*turns.lock().unwrap(), [100; 3]);
    assert!(outcome.latency.p50 > 0.0 && outcome.latency.p50 <= outcome.latency.max);
    let server = outcome.server.unwrap();
    assert!(server.resident_before > 0 && server.cpu_per_answer_us > 0.0);
}

#[test]
fn a_duration_ends_it_and_the_warm_up_counts_for_nothing() {
    let address = server(|_, _| Some(OK.to_vec()));
    let outcome = run(&Plan {
        most_requests: None,
        warm_up: Duration::from_millis(200),
        duration: Duration::from_millis(200),
        ..plan(address, Pace::Closed)
    });
    assert!(outcome.answers > 0);
    assert!(
        outcome.seconds > 0.1 && outcome.seconds < 10.0,
        "{}",
        outcome.seconds
    );
}

/// Answers at once, but for one pause in the middle.
fn stalling() -> SocketAddr {
    const PAUSE: Duration = Duration::from_millis(400);
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    server(move |number, _| {
        let (paused, over) = &*gate;
        let mut paused = paused.lock().unwrap();
        if number == 250 {
            *paused = true;
            // Nobody tells that it is over: the time itself does.
            let waited = over.wait_timeout_while(paused, PAUSE, |paused| *paused);
            *waited.unwrap().0 = false;
            over.notify_all();
        } else {
            drop(over.wait_while(paused, |paused| *paused).unwrap());
        }
        Some(OK.to_vec())
    })
}

/// Who counts from the sending hardly sees the pause: one request of each connection waited. Counted from when each request
/// was due, everything that came due in the pause did.
#[test]
fn an_open_loop_is_corrected_for_coordinated_omission() {
    let outcome = run(&Plan {
        most_requests: Some(1000),
        ..plan(stalling(), Pace::Open(1000.0))
    });
    assert_eq!(outcome.answers, 1000);
    let (due, sent) = (outcome.latency, outcome.from_sending.unwrap());
    // About 400 of the 1000 were due in the pause, a fourth of these in its last quarter.
    assert!(due.p90 > 200_000.0, "{due:?}");
    assert!(due.p90 > 5.0 * sent.p90, "{due:?} and {sent:?}");
    assert!(sent.max >= 350_000.0, "{sent:?}");
}

#[test]
fn a_closed_loop_hardly_sees_a_pause() {
    let outcome = run(&Plan {
        most_requests: Some(1000),
        ..plan(stalling(), Pace::Closed)
    });
    assert!(outcome.from_sending.is_none());
    let took = outcome.latency;
    assert!(took.max >= 350_000.0 && took.p99 < 200_000.0, "{took:?}");
}

#[test]
fn what_never_comes_is_counted_as_long_as_it_was_waited_for() {
    let (held, _never) = (Mutex::new(()), Condvar::new());
    let guard = Arc::new((held, Condvar::new()));
    let address = server(move |number, _| {
        if number >= 10 {
            let (held, never) = &*guard;
            let waited =
                never.wait_timeout_while(held.lock().unwrap(), Duration::from_mins(1), |()| true);
            drop(waited);
        }
        Some(OK.to_vec())
    });
    let outcome = run(&Plan {
        most_requests: None,
        duration: Duration::from_millis(300),
        patience: Duration::from_millis(500),
        ..plan(address, Pace::Open(200.0))
    });
    let lost: u64 = outcome.errors.values().sum();
    assert_eq!(outcome.answers + lost, 60, "{outcome:?}");
    assert!(lost >= 46, "{outcome:?}");
    // The wait for them is not among the time in which the others were answered.
    let answers = f64::from(u32::try_from(outcome.answers).unwrap());
    assert!(outcome.per_second > 0.9 * answers / 0.3, "{outcome:?}");
    // What was given up on stands among the slowest, not outside.
    assert!(outcome.latency.p50 >= 300_000.0, "{outcome:?}");
    assert!(outcome.latency.p90 >= 300_000.0, "{outcome:?}");
    assert!(!outcome.is_clean());
}

#[test]
fn failures_are_counted_by_kind_and_survived() {
    let address = server(|number, _| match number % 4 {
        0 => None,
        1 => Some(b"nonsense\r\n\r\n".to_vec()),
        2 => Some(b"HTTP/1.1 503 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => Some(OK.to_vec()),
    });
    let outcome = run(&Plan {
        connections: 2,
        most_requests: Some(40),
        ..plan(address, Pace::Closed)
    });
    assert_eq!(outcome.errors.get("closed"), Some(&10), "{outcome:?}");
    assert_eq!(outcome.errors.get("malformed"), Some(&10), "{outcome:?}");
    assert_eq!(outcome.statuses.get(&503), Some(&10), "{outcome:?}");
    assert_eq!(outcome.statuses.get(&200), Some(&10), "{outcome:?}");
    assert!(outcome.reopened >= 10);
    assert!(!outcome.is_clean());
}

#[test]
fn what_answers_too_late_is_given_up() {
    let address = server(|_, _| Some(Vec::new()));
    let outcome = run(&Plan {
        most_requests: Some(4),
        patience: Duration::from_millis(50),
        ..plan(address, Pace::Closed)
    });
    assert_eq!(outcome.errors.get("timeout"), Some(&4), "{outcome:?}");
}

#[test]
fn it_may_be_ended_early_and_tells_how_far_it_is() {
    let address = server(|_, _| Some(OK.to_vec()));
    let mut seen = Vec::new();
    let outcome = Plan {
        most_requests: None,
        ..plan(address, Pace::Closed)
    }
    .run(|progress: Progress| {
        seen.push(progress.answers);
        if seen.len() == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .unwrap();
    assert!(seen.is_sorted() && outcome.answers >= *seen.last().unwrap());
}

#[test]
fn no_run_goes_beyond_its_bounds_or_off_this_machine() {
    let here: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let fails = |plan: Plan| plan.run(|_| ControlFlow::Continue(())).unwrap_err();
    let good = plan(here, Pace::Closed);
    for address in [
        "192.0.2.1:80",
        "[2001:db8::1]:80",
        "0.0.0.0:80",
        "[::ffff:192.0.2.1]:80",
    ] {
        let addresses = vec![address.parse().unwrap()];
        assert!(
            matches!(
                fails(Plan {
                    addresses,
                    ..good.clone()
                }),
                RunError::NotLoopback(_)
            ),
            "{address}"
        );
    }
    for bad in [
        Plan {
            connections: 0,
            ..good.clone()
        },
        Plan {
            connections: 4097,
            ..good.clone()
        },
        Plan {
            duration: Duration::ZERO,
            ..good.clone()
        },
        Plan {
            duration: Duration::from_secs(3601),
            ..good.clone()
        },
        Plan {
            warm_up: Duration::from_hours(1),
            ..good.clone()
        },
        Plan {
            most_requests: Some(0),
            ..good.clone()
        },
        Plan {
            most_requests: Some(u64::MAX),
            ..good.clone()
        },
        Plan {
            pace: Pace::Open(0.0),
            ..good.clone()
        },
        Plan {
            pace: Pace::Open(-1.0),
            ..good.clone()
        },
        Plan {
            pace: Pace::Open(f64::NAN),
            ..good.clone()
        },
        Plan {
            pace: Pace::Open(f64::INFINITY),
            ..good.clone()
        },
        Plan {
            requests: Vec::new(),
            ..good.clone()
        },
        Plan {
            addresses: Vec::new(),
            ..good.clone()
        },
    ] {
        let told = format!("{bad:?}");
        assert!(matches!(fails(bad), RunError::Bound(_)), "{told}");
    }
    assert!(matches!(fails(good), RunError::Connect(..)));
}
