//! `vestibule loadgen`.

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vestibule_load::address::Target;
use vestibule_load::process;
use vestibule_load::report::{self, Page};
use vestibule_load::request::Request;
use vestibule_load::run::{Outcome, Pace, Plan};

use super::output;

/// Most kinds of requests that are put together beforehand.
const MOST_KINDS: usize = 100_000;
/// An answer may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Load on your own server on this machine: how fast, how late, at what cost. Exits 0 if every request was answered below
/// 400, 1 if not
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule loadgen http://127.0.0.1:8080/healthz\n  \
    vestibule loadgen http://127.0.0.1:8080/login --rate 500 --duration 30s --html load.html\n  \
    vestibule loadgen http://127.0.0.1:8080/verify --cookies cookies.txt \\\n      \
    --header 'X-Forwarded-Method: GET' --header 'X-Forwarded-Proto: http' \\\n      \
    --header 'X-Forwarded-Host: localhost:8080' --header 'X-Forwarded-Uri: /'\n\n\
    Loopback only. Without --rate each connection asks again as soon as it has its answer; with it, times count\n\
    from when a request was due (corrected for coordinated omission).")]
pub struct Loadgen {
    /// What to ask for, over plain http on 127.0.0.1, [::1] or localhost; again for more, in turns
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// Connections at a time, kept open
    #[arg(long, default_value_t = 64, value_name = "N")]
    connections: usize,
    /// So many requests a second, whether or not they are answered
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// For how long, such as 10s or 5m
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    duration: Duration,
    /// Beforehand, counting for nothing
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = duration)]
    warm_up: Duration,
    /// At most so many requests
    #[arg(long, value_name = "N")]
    requests: Option<u64>,
    /// Sent with each, again for more
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<String>,
    /// Cookie headers, one a line, in turns
    #[arg(long, value_name = "FILE")]
    cookies: Option<PathBuf>,
    /// The method
    #[arg(long, default_value = "GET")]
    method: String,
    /// Sent as the body
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// The server's process, for its CPU time and memory [default: whoever listens there]
    #[arg(long)]
    pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a report with a plot
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub fn run(command: &Loadgen) -> Result<ExitCode> {
    let plan = plan(command)?;
    let progress = progress(command);
    let outcome = plan.run(|at| {
        progress.set_position(u64::try_from(at.elapsed.as_millis()).unwrap_or(u64::MAX));
        progress.set_message(format!("{} answers", at.answers));
        ControlFlow::Continue(())
    });
    progress.finish_and_clear();
    let outcome = outcome?;
    if let Some(file) = &command.html {
        let page = page(command, &outcome);
        std::fs::write(file, page.html())
            .with_context(|| format!("cannot write the report to {}", file.display()))?;
    }
    if command.json {
        output::json(&outcome)?;
    } else {
        tell(&outcome)?;
    }
    Ok(if outcome.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::settings::parse_duration(text)
        .ok_or_else(|| format!("{text} is no time: write it like 10s or 5m"))
}

fn plan(command: &Loadgen) -> Result<Plan> {
    let targets: Vec<Target> = command
        .urls
        .iter()
        .map(|url| Target::parse(url))
        .collect::<Result<_, _>>()?;
    let first = targets.first().context("no URL was given")?;
    ensure!(
        targets
            .iter()
            .all(|target| target.addresses() == first.addresses()),
        "the URLs name more than one server: one run is about one server, so give URLs with the same address and port"
    );
    Ok(Plan {
        addresses: first.addresses().to_vec(),
        requests: requests(command, &targets)?,
        connections: command.connections,
        pace: command.rate.map_or(Pace::Closed, Pace::Open),
        warm_up: command.warm_up,
        duration: command.duration,
        most_requests: command.requests,
        patience: PATIENCE,
        server: command.pid.or_else(|| {
            let mut addresses = first.addresses().iter();
            addresses.find_map(|address| process::listening_on(*address))
        }),
    })
}

/// Each URL with each cookie.
fn requests(command: &Loadgen, targets: &[Target]) -> Result<Vec<Request>> {
    let headers: Vec<_> = command
        .headers
        .iter()
        .map(|header| Request::header(header))
        .collect::<Result<_, _>>()?;
    let body = match &command.body_file {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    let cookies = match &command.cookies {
        Some(file) => String::from_utf8(read(file)?)
            .with_context(|| format!("{} is not text", file.display()))?,
        None => String::new(),
    };
    let cookies: Vec<&str> = cookies.lines().filter(|line| !line.is_empty()).collect();
    if command.cookies.is_some() && cookies.is_empty() {
        bail!("the file of cookies is empty: write a Cookie header's value on each line");
    }
    let kinds = targets.len().saturating_mul(cookies.len().max(1));
    ensure!(
        kinds <= MOST_KINDS,
        "{kinds} kinds of requests are too many: at most {MOST_KINDS} are put together, so give fewer URLs or cookies"
    );
    let mut requests = Vec::with_capacity(kinds);
    for target in targets {
        for cookie in cookies
            .iter()
            .map(Some)
            .chain(cookies.is_empty().then_some(None))
        {
            let cookie = cookie.map(|cookie| ("cookie".to_owned(), (*cookie).to_owned()));
            let headers: Vec<_> = headers.iter().cloned().chain(cookie).collect();
            requests.push(Request::new(&command.method, target, &headers, &body)?);
        }
    }
    Ok(requests)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn progress(command: &Loadgen) -> ProgressBar {
    let whole = command.warm_up.saturating_add(command.duration);
    let bar = ProgressBar::new(u64::try_from(whole.as_millis()).unwrap_or(u64::MAX));
    if !io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    } else if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent} %, {msg}") {
        bar.set_style(style);
    }
    bar
}

fn tell(outcome: &Outcome) -> Result<()> {
    let rows: Vec<Vec<String>> = report::rows(outcome)
        .into_iter()
        .map(|(name, value)| vec![name, value])
        .collect();
    output::rows(&["", "measured"], &rows, "")?;
    if outcome.generator_busy > 0.95 {
        output::note(
            "the generator was busy all the time: the server may be able to do more than it was asked",
        )?;
    }
    Ok(())
}

fn page(command: &Loadgen, outcome: &Outcome) -> Page {
    Page {
        title: "Load".to_owned(),
        facts: vec![("Asked".to_owned(), command.urls.join(" "))],
        sections: report::sections(outcome),
        ..Page::default()
    }
}
