//! Argon2id and nothing else, at the cost of a new password's hash: what password logins are held against
//! (`cargo xtask bench p5`). `raw_argon2 SECONDS` prints how many one thread made, and in how much time; it reuses its block
//! of memory, as the server does.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use vestibule_core::password::Cost;

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Processor time of this thread, in nanoseconds.
fn cpu() -> Result<u64, Box<dyn Error>> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(told.split(' ').next().ok_or("no time is told")?.parse()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u64 = std::env::args()
        .nth(1)
        .ok_or("how many seconds?")?
        .parse()?;
    let Cost { memory, passes } = Cost::DEFAULT;
    let argon2 = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(memory, passes, 1, Some(32))?,
    );
    let mut blocks = vec![Block::new(); Cost::DEFAULT.blocks()];
    let mut out = [0; 32];
    let mut hash = |out: &mut [u8; 32]| {
        argon2.hash_password_into_with_memory(b"a dozen red bicycles", &[7; 16], out, &mut blocks)
    };
    // The first touches the memory.
    hash(&mut out)?;
    let begun = now();
    let cpu = cpu()?;
    let mut hashes = 0_u32;
    while begun.elapsed() < Duration::from_secs(seconds) {
        hash(&mut out)?;
        hashes += 1;
    }
    let took = begun.elapsed();
    let cpu = self::cpu()? - cpu;
    writeln!(
        std::io::stdout(),
        "hashes={hashes} seconds={} cpu={}",
        took.as_secs_f64(),
        Duration::from_nanos(cpu).as_secs_f64()
    )?;
    Ok(())
}
