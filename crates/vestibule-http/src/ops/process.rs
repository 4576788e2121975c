//! What the system tells of this process, under the names that everybody's dashboards know.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use vestibule_core::time::UnixMillis;

/// Clock ticks a second in what Linux tells of a process, whatever the kernel's own are (`proc(5)`, `USER_HZ`).
const TICKS: f64 = 100.0;

type Number = Gauge<f64, AtomicU64>;

/// The figures. Where the system tells none, they stay 0.
#[derive(Debug, Default)]
pub(super) struct Process {
    cpu: Counter<f64, AtomicU64>,
    resident: Number,
    virtual_memory: Number,
    open_files: Number,
    most_files: Number,
    threads: Number,
    started: Number,
}

impl Process {
    /// One that starts now, which is as good as a moment ago.
    pub(super) fn starting(now: UnixMillis) -> Self {
        let process = Self::default();
        let since_1970 = Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        process.started.set(since_1970.as_secs_f64());
        process
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "process_cpu_seconds",
            "CPU time spent, the system's for it included",
            self.cpu.clone(),
        );
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory held",
                &self.resident,
            ),
            (
                "process_virtual_memory_bytes",
                "Address space taken; far more than memory held",
                &self.virtual_memory,
            ),
            (
                "process_open_fds",
                "Files open, connections among them",
                &self.open_files,
            ),
            (
                "process_max_fds",
                "Files that may be open; connections beyond wait",
                &self.most_files,
            ),
            ("process_threads", "Threads", &self.threads),
            (
                "process_start_time_seconds",
                "When the process started, in seconds since 1970",
                &self.started,
            ),
        ];
        for (name, meaning, gauge) in gauges {
            registry.register(name, meaning, gauge.clone());
        }
    }

    /// Asks the system. A few files in memory, but one entry for each open file: for who watches alone.
    pub(super) fn read(&self) {
        let status = contents("status");
        let kib = |name| number_after(&status, name).map(|kib| kib * 1024.0);
        set(&self.resident, kib("VmRSS:"));
        set(&self.virtual_memory, kib("VmSize:"));
        set(&self.threads, number_after(&status, "Threads:"));
        set(
            &self.most_files,
            number_after(&contents("limits"), "Max open files"),
        );
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 files open")]
        let open = fs::read_dir("/proc/self/fd").map(|entries| entries.count() as f64);
        set(&self.open_files, open.ok());
        let stat = contents("stat");
        if let Some(spent) = cpu(&stat) {
            // The one counter that is told to us whole.
            let bits = spent.to_bits();
            self.cpu.inner().store(bits, Ordering::Relaxed);
        }
    }
}

fn contents(name: &str) -> String {
    fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}

fn set(gauge: &Number, value: Option<f64>) {
    if let Some(value) = value {
        gauge.set(value);
    }
}

/// The first number on the line that begins so.
fn number_after(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/self/stat`, numbered from 1 as in `proc(5)`. The second is a name and may hold anything.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let field = rest.split_whitespace().nth(number.checked_sub(3)?)?;
    field.parse().ok()
}

/// Seconds in user mode and in the kernel.
fn cpu(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_of_itself() {
        let process = Process::starting(UnixMillis(1_700_000_000_001));
        process.read();
        assert!(process.resident.get() > 1024.0 * 1024.0);
        assert!(process.virtual_memory.get() >= process.resident.get());
        assert!(process.open_files.get() >= 3.0);
        assert!(process.most_files.get() >= process.open_files.get());
        assert!(process.threads.get() >= 1.0);
        assert!(process.started.get() > 1_700_000_000.0);
    }

    #[test]
    fn a_name_with_spaces_and_brackets_moves_no_field() {
        let stat = "7 (a) b) (c)) S 1 7 7 0 -1 4194304 99 0 0 0 250 150 0 0 20 0 4 0 12345 1000 20";
        assert_eq!(cpu(stat), Some(4.0));
    }
}
