//! `vestibule user export`.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

use super::list::Filter;
use super::records::{Format, HEADINGS, Record, cells, quoted};
use crate::cli::{output, wait};
use crate::client::{Client, Missing, Refused, part};
use crate::progress;
use crate::settings::Settings;

/// What a server answers while as many export as may.
const BUSY: &str = "busy";
/// Longer than an export may hold its turn, and shorter than a begun one is remembered (docs/accounts.md).
const PATIENCE: Duration = Duration::from_mins(7);
const SHORTEST: Duration = Duration::from_secs(1);
const ROUTE: &str = "/api/v1/admin/users/export?limit=1000";

/// Where the accounts go.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    filter: Filter,
    /// Write them into this file, which is made; otherwise they are printed
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// JSON lines or CSV [default: as the file's name ends, otherwise jsonl]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Print JSON, a line for each account: the same as --format jsonl
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

pub fn run(settings: &Settings, export: &Export) -> Result<()> {
    let ending = export.output.as_ref().and_then(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        Format::of_name(&name)
    });
    let asked = export.format.or(export.json.then_some(Format::Jsonl));
    let format = asked.or(ending).unwrap_or(Format::Jsonl);
    let Some(path) = &export.output else {
        let shown = io::stdout().is_terminal();
        let stdout = io::stdout().lock();
        return wait(write(settings, &export.filter, stdout, format, !shown)).map(drop);
    };
    // What stands in it is personal: for its owner's eyes.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    let count = wait(write(settings, &export.filter, file, format, true))
        .with_context(|| format!("{} is not whole", path.display()))?;
    output::line(&format!(
        "wrote {} into {}",
        output::count(count, "account"),
        path.display()
    ))
}

async fn write(
    settings: &Settings,
    filter: &Filter,
    out: impl Write,
    format: Format,
    with_progress: bool,
) -> Result<u64> {
    let route = format!("{ROUTE}{}", filter.query());
    let mut out = Out::new(BufWriter::new(out), format)?;
    Client::with(settings, Missing::Refuse, async |client| {
        let bar = with_progress.then(|| progress::rows("exporting"));
        let mut count = 0;
        let mut next: Option<String> = None;
        loop {
            let path = next.as_deref().map_or(route.clone(), |next| {
                format!("{route}&after={}", part(next))
            });
            let mut page = page(client, &path).await?;
            let records: Vec<Record> = serde_json::from_value(page["users"].take())?;
            for record in &records {
                out.put(record)?;
            }
            count += records.len() as u64;
            if let Some(bar) = &bar {
                bar.inc(records.len() as u64);
            }
            match page["next"].take() {
                Value::String(more) => next = Some(more),
                _ => break,
            }
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        out.finish()?;
        Ok(count)
    })
    .await
}

/// Asks for a page, and again while as many export as may: each of them has its turn, and gives it back.
async fn page(client: &Client, path: &str) -> Result<Value> {
    let mut waited = Duration::ZERO;
    loop {
        let error = match client.get(path).await {
            Ok(page) => return Ok(page),
            Err(error) => error,
        };
        let refused = error.downcast_ref::<Refused>();
        let busy = refused.filter(|refused| refused.code == BUSY);
        let Some(wait) = busy.and_then(|busy| busy.retry_after) else {
            return Err(error);
        };
        waited += wait.max(SHORTEST);
        if waited > PATIENCE {
            return Err(error);
        }
        pause(wait.max(SHORTEST)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server says how long it wants not to be asked"
)]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

/// Accounts on their way out.
enum Out<W: Write> {
    Jsonl(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Out<W> {
    fn new(out: W, format: Format) -> Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => {
                let mut writer = quoted(out);
                writer.write_record(HEADINGS).map_err(io::Error::from)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    fn put(&mut self, record: &Record) -> Result<()> {
        match self {
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, record).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
            Self::Csv(writer) => writer
                .write_record(cells(record))
                .map_err(io::Error::from)?,
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Jsonl(out) => out.flush(),
            Self::Csv(writer) => writer.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::response::{IntoResponse as _, Response};
    use axum::routing::get;
    use axum::{Json, Router};
    use serde_json::json;

    use super::*;

    /// Is busy so many times, and is asked so often.
    fn busy(times: u64) -> (Client, Arc<AtomicU64>) {
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let answer = move || {
            let nth = count.fetch_add(1, Ordering::SeqCst);
            async move {
                if nth < times {
                    turned_away()
                } else {
                    Json(json!({ "users": [] })).into_response()
                }
            }
        };
        (
            Client::asking(Router::new().route("/page", get(answer))),
            asked,
        )
    }

    fn turned_away() -> Response {
        let problem = Json(json!({ "code": BUSY, "title": "Too much at once" }));
        (
            http::StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "5")],
            problem,
        )
            .into_response()
    }

    /// Holds: ASVS 15.2.2
    #[tokio::test(start_paused = true)]
    async fn asvs_15_2_2_an_export_waits_for_its_turn_and_not_for_ever() {
        let (client, asked) = busy(3);
        assert_eq!(
            page(&client, "/page").await.unwrap(),
            json!({ "users": [] })
        );
        assert_eq!(asked.load(Ordering::SeqCst), 4);
        let (client, asked) = busy(u64::MAX);
        let refused = page(&client, "/page").await.unwrap_err();
        assert_eq!(refused.to_string(), "Too much at once");
        assert_eq!(asked.load(Ordering::SeqCst), 1 + PATIENCE.as_secs() / 5);
    }
}
