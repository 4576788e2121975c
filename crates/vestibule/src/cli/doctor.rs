//! `vestibule doctor`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::{Place, ask, load, output, wait};
use crate::doctor::{self, Credentials, Finding, Request, Resolved};
use crate::logs;

/// Find the classic faults of an installation. Exits 0 if there is none, 1 if there is one
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule doctor\n  \
    vestibule doctor --url https://app.example.com\n  \
    vestibule doctor --url https://app.example.com --email alice@example.test --password-stdin < password\n\n\
    It changes nothing. A login that --url makes is ended again.")]
pub struct Doctor {
    /// A page of an application's: a login to it is followed as a browser would
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// As whom to sign in there
    #[arg(long, value_name = "EMAIL", requires = "url")]
    email: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "email")]
    password_stdin: bool,
    /// Find a name at this address, whatever the resolver says, again for more
    #[arg(long, value_name = "HOST=ADDRESS[:PORT]")]
    resolve: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: Doctor, place: &Place) -> Result<ExitCode> {
    let json = command.json;
    let request = request(command)?;
    let findings = match load(&place.flags()) {
        Err(faults) => doctor::of_settings(&faults),
        Ok(in_force) => {
            logs::start_for_command(&in_force.settings);
            wait(doctor::examine(&in_force, request))?
        }
    };
    let faults = findings.iter().filter(|finding| finding.is_fault()).count();
    if json {
        output::json(&json!({ "faults": faults, "findings": findings }))?;
    } else {
        tell(&findings, faults as u64)?;
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn request(command: Doctor) -> Result<Request> {
    let url = command.url.as_deref().map(page).transpose()?;
    let credentials = match (&url, command.email) {
        (Some(_), Some(email)) => Some(Credentials {
            password: password(&email, command.password_stdin)?,
            email,
        }),
        (Some(url), None) if io::stdin().is_terminal() => asked(url)?,
        _ => None,
    };
    Ok(Request {
        url,
        credentials,
        resolved: command
            .resolve
            .iter()
            .map(|text| resolved(text))
            .collect::<Result<_>>()?,
    })
}

fn page(text: &str) -> Result<Url> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => bail!(
            "--url {text} is no address of a page: write it as the browser shows it, like https://app.example.com/"
        ),
    }
}

fn resolved(text: &str) -> Result<Resolved> {
    let read = || {
        let (host, at) = text.split_once('=')?;
        let address = at.parse::<IpAddr>().map(|address| (address, None));
        let socket = |_| {
            let socket = at.parse::<SocketAddr>();
            socket.map(|socket| (socket.ip(), Some(socket.port())))
        };
        let (address, port) = address.or_else(socket).ok()?;
        let host = host.to_ascii_lowercase();
        (!host.is_empty()).then_some(Resolved {
            host,
            address,
            port,
        })
    };
    read().with_context(|| {
        format!("--resolve {text} is no HOST=ADDRESS: write it like app.example.com=192.0.2.1")
    })
}

fn password(email: &str, from_input: bool) -> Result<Zeroizing<String>> {
    if !from_input {
        if io::stdin().is_terminal() {
            return ask::password(&format!("Password of {email}: "));
        }
        bail!(
            "nobody is there to be asked for the password of {email}: give it with --password-stdin"
        );
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// Somebody at a terminal may say as whom; nothing is an answer, too.
fn asked(url: &Url) -> Result<Option<Credentials>> {
    write!(
        io::stderr(),
        "Sign in to {url} as (an address, or nothing to stop at the sign-in page): "
    )?;
    let mut email = String::new();
    io::stdin().lock().read_line(&mut email)?;
    let email = email.trim().to_owned();
    if email.is_empty() {
        return Ok(None);
    }
    let password = ask::password(&format!("Password of {email}: "))?;
    Ok(Some(Credentials { email, password }))
}

fn tell(findings: &[Finding], faults: u64) -> Result<()> {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            vec![
                finding.check.to_owned(),
                finding.verdict.as_str().to_owned(),
                finding.what.clone(),
            ]
        })
        .collect();
    output::rows(&["check", "", "what"], &rows, "")?;
    for finding in findings.iter().filter(|finding| finding.is_fault()) {
        let told = |text: &Option<String>| output::harmless(text.as_deref().unwrap_or_default());
        output::line("")?;
        output::line(&format!(
            "{}: {}",
            finding.check,
            output::harmless(&finding.what)
        ))?;
        output::line(&format!("  why     {}", told(&finding.why)))?;
        output::line(&format!("  change  {}", told(&finding.change)))?;
    }
    output::line("")?;
    output::line(&match faults {
        0 => "no fault found".to_owned(),
        faults => format!("{} found", output::count(faults, "fault")),
    })
}
