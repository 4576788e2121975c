//! The demo's data directory: made for it, and gone with it, unless it was asked for by name.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use vestibule_engine::Entropy as _;

use crate::os::SystemEntropy;
use crate::settings::{Flags, InForce};

use super::load;
use super::rooms::Places;

/// Its own directory, removed with it where nobody asked to keep it.
pub struct Directory {
    path: PathBuf,
    kept: bool,
}

impl Directory {
    /// A new one: `--data`, which must hold nothing yet, or one among the system's temporary files.
    pub fn make(asked: Option<PathBuf>) -> Result<Self> {
        let Some(path) = asked else {
            return Self::temporary();
        };
        // Whose data that is the demo does not know, and must not touch.
        if path.exists() && !is_empty(&path)? {
            bail!(
                "{} holds something already: the demo begins with nothing, so name a new directory with --data, or leave it \
                 out (`vestibule serve --data {0}` goes on with what is there)",
                path.display()
            );
        }
        vestibule_sqlite::make_directory(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, kept: true })
    }

    fn temporary() -> Result<Self> {
        let mut random = [0; 8];
        SystemEntropy::new().fill(&mut random)?;
        let name = format!("vestibule-demo-{:016x}", u64::from_be_bytes(random));
        let path = std::env::temp_dir().join(name);
        // One that is there already was made by somebody else, and is not taken.
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| {
                format!(
                    "cannot make {}: name a directory with --data",
                    path.display()
                )
            })?;
        Ok(Self { path, kept: false })
    }

    /// Writes the settings down where the server finds them, and reads them.
    pub fn settle(&self, places: &Places) -> Result<InForce> {
        let file = self.path.join("vestibule.toml");
        fs::write(&file, settings(places))
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(load(&self.flags())?)
    }

    /// As a command line would name it.
    pub fn flags(&self) -> Flags {
        Flags {
            data: Some(self.path.clone()),
            ..Flags::default()
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!(%error, "{} could not be removed", self.path.display());
        }
    }
}

fn is_empty(path: &Path) -> Result<bool> {
    let mut entries =
        fs::read_dir(path).with_context(|| format!("cannot look into {}", path.display()))?;
    Ok(entries.next().is_none())
}

/// The server listens where only this process looks for it; browsers know the issuer.
fn settings(places: &Places) -> String {
    format!(
        "\
# Written by `vestibule demo`.
server.listen = [\"127.0.0.1:0\"]
server.issuer = \"{issuer}\"
ops.listen = \"off\"
log.level = \"warn\"

[[applications]]
name = \"shop\"
title = \"The corner shop\"
kind = \"proxy\"
origins = [\"{shop}\"]

# What anybody may look at. Everything else asks for a login.
[[applications.rules]]
paths = [\"/\", \"/basket\", \"/basket/*\", \"/assets/*\", \"/favicon.ico\"]
public = true
",
        issuer = places.issuer,
        shop = places.shop,
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn places() -> Places {
        Places {
            issuer: "http://localhost:8080".to_owned(),
            shop: "http://shop.localhost:8081".to_owned(),
            demo: "http://localhost:8081".to_owned(),
            issuer_at: "127.0.0.1:8080".parse().unwrap(),
            shop_at: "127.0.0.1:8081".parse().unwrap(),
        }
    }

    #[test]
    fn a_temporary_one_is_its_owners_alone_and_goes() {
        let directory = Directory::make(None).unwrap();
        let path = directory.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        let in_force = directory.settle(&places()).unwrap();
        assert_eq!(in_force.settings.data, path);
        assert_eq!(in_force.settings.declarations.applications.len(), 1);
        drop(directory);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_holds_something_is_left_alone_and_one_with_a_name_stays() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("lock"), "").unwrap();
        let told = Directory::make(Some(scratch.path().to_owned()));
        assert!(told.err().unwrap().to_string().contains("--data"));
        let named = scratch.path().join("new");
        drop(Directory::make(Some(named.clone())).unwrap());
        assert!(named.is_dir());
    }
}
