//! `vestibule serve`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::runtime;

use super::{Place, load};
use crate::server::{Reload, Start};
use crate::traces::Traces;
use crate::{logs, server};

/// How long a file that is being read may keep the process once everything else has ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// Start the server
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule serve\n  \
    vestibule serve --data /var/lib/vestibule --listen 127.0.0.1:9000\n  \
    vestibule serve --config /etc/vestibule.toml\n\n\
    It is ready when it says `listening on http://…` (or https) on standard error; Ctrl-C or SIGTERM stops it.")]
pub struct Serve {
    /// Address and port to listen on, again for more [default: localhost:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// The URL that browsers use [default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// End TLS here, with this certificate and its intermediates (PEM)
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The clock is right, although it is far behind the last start; recorded in the audit trail
    #[arg(long)]
    accept_clock: bool,
}

pub fn run(serve: Serve, place: &Place) -> Result<ExitCode> {
    let mut flags = place.flags();
    flags.listen = serve.listen;
    flags.issuer = serve.issuer;
    flags.tls_cert = serve.tls_cert;
    flags.tls_key = serve.tls_key;
    let in_force = load(&flags)?;
    let accept_clock = serve
        .accept_clock
        .then(|| rustix::process::getuid().as_raw());
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let traces = Traces::start(in_force.settings.otlp_endpoint.as_ref())?;
        let levels = logs::start(&in_force.settings, traces.as_ref());
        let anew = Reload::new(in_force.clone(), levels, move || load(&flags));
        let start = Start {
            accept_clock,
            ready: None,
        };
        let ended = server::run(&in_force, anew, start).await;
        if let Some(traces) = traces {
            traces.finish().await;
        }
        ended
    });
    // A file that is still waited for keeps nobody from the end: what is to be stored is stored by now.
    runtime.shutdown_timeout(PATIENCE);
    ended
}
