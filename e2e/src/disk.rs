//! A disk small enough to be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// A tmpfs of a few megabytes; unmounted when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it, as root or by sudo.
    pub fn mount(path: PathBuf, size: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&path)?;
        let option = format!("size={size},mode=0777");
        run(&["mount", "-t", "tmpfs", "-o", &option, "none"], &path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Takes all the room there is.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = std::fs::File::create(self.ballast())?;
        for block in [vec![0; 65536], vec![0; 4096], vec![0]] {
            while file.write_all(&block).is_ok() {}
        }
        Ok(())
    }

    /// Gives it back.
    pub fn free(&self) -> anyhow::Result<()> {
        std::fs::remove_file(self.ballast()).context("there was no ballast")
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may be ending still.
        let _ = run(&["umount", "-l"], &self.0);
    }
}

fn run(command: &[&str], path: &Path) -> anyhow::Result<()> {
    let root = rustix::process::geteuid().is_root();
    let whole: Vec<&str> = if root {
        command.to_vec()
    } else {
        [&["sudo", "-n"], command].concat()
    };
    let output = Command::new(whole[0])
        .args(&whole[1..])
        .arg(path)
        .output()?;
    ensure!(
        output.status.success(),
        "{whole:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
