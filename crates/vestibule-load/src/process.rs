//! What the server's process takes, as the operating system tells it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

/// As long as a tick mostly is.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process up to one moment.
#[derive(Debug, Clone)]
pub struct Cpu {
    /// All threads, those that ended among them; in ticks of mostly ten milliseconds.
    ticks: Duration,
    /// Each thread that lives, to the nanosecond.
    threads: BTreeMap<u32, u64>,
}

impl Cpu {
    /// Up to now.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let Some(thread) = entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            // A kernel may be built without it, and a thread may have ended meanwhile.
            let text = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat"));
            let nanos = text
                .ok()
                .and_then(|text| text.split(' ').next()?.parse().ok());
            if let Some(nanos) = nanos {
                threads.insert(thread, nanos);
            }
        }
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let ticks = ticks(&stat)
            .ok_or_else(|| io::Error::other(format!("/proc/{pid}/stat is not as expected")))?;
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Self {
            ticks: Duration::from_millis(ticks * 1000 / per_second),
            threads,
        })
    }

    /// All that it ever took, in ticks.
    pub const fn whole(&self) -> Duration {
        self.ticks
    }

    /// What was taken since: to the nanosecond while no thread ended, also none that began meanwhile, else in ticks.
    pub fn since(&self, before: &Self) -> Duration {
        let all_live = !before.threads.is_empty()
            && before
                .threads
                .keys()
                .all(|thread| self.threads.contains_key(thread));
        if !all_live {
            return self.ticks.saturating_sub(before.ticks);
        }
        let nanos = self.threads.iter().map(|(thread, now)| {
            now.saturating_sub(before.threads.get(thread).copied().unwrap_or(0))
        });
        let living = Duration::from_nanos(nanos.sum());
        // Ticks tell of those as well that came and went; both ends are rounded.
        let all = self.ticks.saturating_sub(before.ticks);
        if all > living + 2 * TICK { all } else { living }
    }
}

/// `utime` and `stime`, behind the name, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Resident memory of a process, in bytes.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| {
            let kib = line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?;
            kib.parse::<u64>().ok()
        })
        .map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other(format!("/proc/{pid}/status tells no VmRSS")))
}

/// The process that listens at this address of ours, or at this port of all of them, if we may see it.
pub fn listening_on(address: SocketAddr) -> Option<u32> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, address))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?;
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .find(|pid| holds(*pid, &sockets))
}

/// Inodes of what listens at `address`.
fn listeners(table: &str, address: SocketAddr) -> Vec<String> {
    let listens = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (host, port) = fields.next()?.rsplit_once(':')?;
        let host = host_of(host)?.to_canonical();
        let state = fields.nth(1)?;
        let inode = fields.nth(5)?;
        let ours = state == "0A"
            && u16::from_str_radix(port, 16) == Ok(address.port())
            && (host.is_unspecified() || host == address.ip().to_canonical());
        ours.then(|| inode.to_owned())
    };
    table.lines().skip(1).filter_map(listens).collect()
}

/// One or four words, each as this machine has it in memory.
fn host_of(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(digits.get(8 * at..8 * at + 8)?, 16);
        Some(word.ok()?.to_ne_bytes())
    };
    if digits.len() == 8 {
        return Some(IpAddr::from(word(0)?));
    }
    let words = [word(0)?, word(1)?, word(2)?, word(3)?];
    let bytes: [u8; 16] = words.as_flattened().try_into().ok()?;
    Some(IpAddr::from(bytes))
}

fn holds(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .any(|link| is_one_of(&link, sockets))
}

fn is_one_of(link: &Path, sockets: &[String]) -> bool {
    sockets
        .iter()
        .any(|socket| link.as_os_str() == socket.as_str())
}

/// Runs this thread, and what it starts from now on, on this core alone.
pub fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    if core >= CpuSet::MAX_CPU {
        return Err(io::Error::other("no such core"));
    }
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn our_own_time_and_memory_are_read() {
        let pid = std::process::id();
        let before = Cpu::of(pid).unwrap();
        let begun = crate::now();
        let mut sum = 0_u64;
        while begun.elapsed() < Duration::from_millis(30) {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        let took = Cpu::of(pid).unwrap().since(&before);
        // Other tests run beside this one, and other programs; some of it was ours.
        assert!(
            took > Duration::from_millis(1),
            "{took:?} after {sum} rounds"
        );
        assert!(resident(pid).unwrap() > 100_000);
        assert!(Cpu::of(u32::MAX).is_err() && resident(u32::MAX).is_err());
    }

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "7 (a) b (c) S 1 1 1 0 -1 4194560 1 0 0 0 31 11 0 0 20 0 1 0 5 1 1";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn ended_threads_are_counted_by_ticks() {
        let at = |ticks, threads: &[(u32, u64)]| Cpu {
            ticks: Duration::from_millis(ticks),
            threads: threads.iter().copied().collect(),
        };
        let before = at(100, &[(1, 5), (2, 7)]);
        assert_eq!(
            at(120, &[(1, 6), (2, 9), (3, 1)]).since(&before),
            Duration::from_nanos(4)
        );
        assert_eq!(at(120, &[(1, 6)]).since(&before), Duration::from_millis(20));
        // A third one came and went.
        assert_eq!(
            at(170, &[(1, 6), (2, 9)]).since(&before),
            Duration::from_millis(70)
        );
    }

    #[test]
    fn addresses_are_read_as_the_system_writes_them() {
        let written = |address: &str| {
            let bytes = match address.parse().unwrap() {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let words = bytes.as_chunks::<4>().0.iter();
            let words = words.map(|word| format!("{:08X}", u32::from_ne_bytes(*word)));
            words.collect::<Vec<_>>().concat()
        };
        for address in ["127.0.0.1", "0.0.0.0", "::1", "::", "2001:db8::17"] {
            assert_eq!(host_of(&written(address)), address.parse().ok());
        }
        assert_eq!(host_of("0100"), None);
    }

    #[test]
    fn who_listens_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(listening_on(address), Some(std::process::id()));
        let elsewhere = SocketAddr::from(([127, 0, 0, 2], address.port()));
        assert_eq!(listening_on(elsewhere), None);
        drop(listener);
        assert_eq!(listening_on(address), None);
    }
}
