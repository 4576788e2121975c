//! `vestibule demo`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use super::Place;
use crate::demo;

/// Try it: a server with sample people and a shop, gone when it ends
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule demo\n  \
    vestibule demo --listen localhost:9000 --no-open\n  \
    vestibule demo --data ./demo-data        keeps what it made\n\n\
    It needs nothing else installed, listens on this machine alone, and touches no other data directory. It is ready when it \
    says `demo at http://…` on standard error; Ctrl-C or SIGTERM stops it and removes everything it made.")]
pub struct Demo {
    /// Where Vestibule listens, on loopback [default: localhost:8080, or a free port]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
}

pub fn run(asked: Demo, place: &Place) -> Result<ExitCode> {
    if place.config.is_some() {
        bail!("the demo has settings of its own: leave --config out, or start `vestibule serve`");
    }
    demo::run(demo::Asked {
        listen: asked.listen,
        data: place.data.clone(),
        open: !asked.no_open,
    })
}
