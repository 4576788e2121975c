//! A backup, taken: from the running server, or from the store itself while none runs.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use http_body_util::BodyExt as _;
use serde::Serialize;

use vestibule_core::backup::{BackupSecret, Header, Told};
use vestibule_core::keys::MasterKey;
use vestibule_core::secret::HashedSecret;
use vestibule_engine::Entropy;
use vestibule_store::archive::{Begin, Decoder, End, LAYOUT, Record, RecordError, TABLES};

use super::file::{Installation, Writer, check_new};
use super::secret;
use crate::client::{Client, Missing};
use crate::keys;
use crate::progress;
use crate::settings::Settings;

/// What was taken.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows in all.
    pub rows: u64,
    /// Rows of each table.
    pub tables: Vec<(&'static str, u64)>,
    /// When the rows were so, in milliseconds.
    pub at: i64,
    /// Where they are stored.
    pub store: String,
}

/// Takes a backup into a new file.
pub async fn take(
    settings: &Settings,
    path: &Path,
    secret: &BackupSecret,
    entropy: &dyn Entropy,
) -> Result<Report> {
    check_new(path)?;
    Client::with(settings, Missing::Refuse, async |client| {
        // Behind the server's or this command's own start, which may make the key.
        let master = keys::existing(&settings.data, settings.master_key_file.as_deref())?;
        let mut salt = [0; 32];
        entropy.fill(&mut salt)?;
        let taking = Taking {
            path,
            secret,
            master: &master,
            salt,
        };
        taking.run(client).await
    })
    .await
}

struct Taking<'a> {
    path: &'a Path,
    secret: &'a BackupSecret,
    master: &'a MasterKey,
    salt: [u8; 32],
}

impl Taking<'_> {
    async fn run(&self, client: &Client) -> Result<Report> {
        let lost = "the server broke the backup off: its log says why; nothing was written";
        let mut body = client.stream("/api/v1/admin/backup").await?;
        let bar = progress::rows("taking the backup");
        let mut decoder = Decoder::default();
        let mut file: Option<(Writer, Begin)> = None;
        let mut end: Option<End> = None;
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let Ok(bytes) = frame.context(lost)?.into_data() else {
                continue;
            };
            decoder.push(&bytes);
            while let Some(record) = decoder.next_record().map_err(of_server)? {
                match record {
                    Record::Begin(begin) => file = Some((self.begin(&begin)?, begin)),
                    Record::Rows(chunk) => {
                        self.check_key(Installation::of(&chunk).as_ref())?;
                        seen += chunk.rows().len() as u64;
                        bar.set_position(seen);
                    }
                    Record::End(told) => end = Some(told),
                }
            }
            let (writer, _) = file.as_mut().context(lost)?;
            writer.write(&bytes)?;
        }
        decoder.finish().context(lost)?;
        let (Some((writer, begin)), Some(end)) = (file, end) else {
            bail!(lost);
        };
        let bytes = writer.finish()?;
        bar.finish_and_clear();
        Ok(Report {
            bytes,
            rows: end.rows(),
            tables: tables(&end),
            at: begin.at.0,
            store: begin.backend,
        })
    }

    fn begin(&self, begin: &Begin) -> Result<Writer> {
        let header = Header {
            layout: LAYOUT,
            at: begin.at,
            told: Told {
                postgres: begin.backend == "postgres",
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            lock: secret::lock(self.secret),
            salt: self.salt,
        };
        let mut writer = Writer::begin(self.path, &header, self.secret)?;
        writer.write(self.master.as_bytes())?;
        Ok(writer)
    }

    /// A backup with another master key than its rows' would be worth nothing.
    fn check_key(&self, installation: Option<&Installation>) -> Result<()> {
        let Some(Installation {
            key_check: Some(adopted),
            ..
        }) = installation
        else {
            return Ok(());
        };
        if !is_own(self.master, adopted)? {
            bail!(
                "the master key here is not the one that the server's data was made with: see keys.master_key_file; nothing was \
                 written"
            );
        }
        Ok(())
    }
}

/// Whether rows belong to a master key.
pub fn is_own(master: &MasterKey, adopted: &[u8]) -> Result<bool> {
    let adopted: Option<[u8; 32]> = adopted.try_into().ok();
    let own = HashedSecret::from_bytes(master.check_value()?);
    Ok(adopted.is_some_and(|adopted| HashedSecret::from_bytes(adopted) == own))
}

/// Rows of each table that has some.
pub fn tables(end: &End) -> Vec<(&'static str, u64)> {
    let counts = TABLES.iter().zip(&end.counts);
    counts
        .filter(|(_, count)| **count > 0)
        .map(|(table, count)| (table.name, *count))
        .collect()
}

fn of_server(error: RecordError) -> anyhow::Error {
    match error {
        RecordError::Layout(_) => anyhow::Error::new(error).context(
            "the server that runs is of another version than this command: restart it with this one, then try again",
        ),
        error => anyhow::Error::new(error).context("what the server sent is no backup"),
    }
}
