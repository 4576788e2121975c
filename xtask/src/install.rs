//! The programs that the tests talk to and nobody here wrote: which are missing, and how they get here.

mod components;
pub mod proxies;
pub mod schemathesis;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres;
use crate::steps::{is_root, succeed};

/// Something the tests need, and the package that brings it.
struct Need {
    what: &'static str,
    found_by: Found,
    debian: &'static str,
    ubuntu: &'static str,
}

enum Found {
    /// One of these programs is on the path.
    Program(&'static [&'static str]),
    /// This file is there.
    File(&'static str),
    /// A file with this ending lies below this directory.
    Below(&'static str, &'static str),
    /// This finds where its programs are.
    Folder(fn() -> Option<PathBuf>),
}

const NEEDS: &[Need] = &[
    Need {
        what: "nginx",
        found_by: Found::Program(&["nginx"]),
        debian: "nginx",
        ubuntu: "nginx",
    },
    Need {
        what: "Chromium",
        found_by: Found::Program(&[
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
        ]),
        debian: "chromium",
        // A package that installs the snap; see `snap_trouble`.
        ubuntu: "chromium-browser",
    },
    Need {
        what: "a font for screenshots",
        found_by: Found::Below("/usr/share/fonts", "ttf"),
        debian: "fonts-dejavu-core",
        ubuntu: "fonts-dejavu-core",
    },
    Need {
        what: "node",
        found_by: Found::Program(&["node"]),
        debian: "nodejs",
        ubuntu: "nodejs",
    },
    Need {
        what: "npm",
        found_by: Found::Program(&["npm"]),
        debian: "npm",
        ubuntu: "npm",
    },
    Need {
        what: "faketime",
        found_by: Found::Program(&["faketime"]),
        debian: "faketime",
        ubuntu: "faketime",
    },
    Need {
        what: "strace",
        found_by: Found::Program(&["strace"]),
        debian: "strace",
        ubuntu: "strace",
    },
    Need {
        what: "curl",
        found_by: Found::Program(&["curl"]),
        debian: "curl",
        ubuntu: "curl",
    },
    Need {
        what: "openssl",
        found_by: Found::Program(&["openssl"]),
        debian: "openssl",
        ubuntu: "openssl",
    },
    Need {
        what: "aiosmtpd",
        // A module of the system's own Python, for which `e2e/src/smtp.rs` starts just that one.
        found_by: Found::File("/usr/lib/python3/dist-packages/aiosmtpd/smtp.py"),
        debian: "python3-aiosmtpd",
        ubuntu: "python3-aiosmtpd",
    },
    Need {
        what: "PostgreSQL",
        found_by: Found::Folder(postgres::programs),
        debian: "postgresql",
        ubuntu: "postgresql",
    },
    Need {
        what: "Prometheus, with promtool",
        found_by: Found::Program(&["promtool"]),
        debian: "prometheus",
        ubuntu: "prometheus",
    },
    Need {
        what: "systemd-analyze",
        found_by: Found::Program(&["systemd-analyze"]),
        debian: "systemd",
        ubuntu: "systemd",
    },
    Need {
        what: "HAProxy",
        found_by: Found::Program(&["haproxy"]),
        debian: "haproxy",
        ubuntu: "haproxy",
    },
    Need {
        what: "Apache",
        found_by: Found::Program(&["apache2"]),
        debian: "apache2",
        ubuntu: "apache2",
    },
    Need {
        what: "sockets for Apache's Lua",
        found_by: Found::File("/usr/share/lua/5.3/socket.lua"),
        debian: "lua-socket",
        ubuntu: "lua-socket",
    },
    Need {
        what: "Python with venv",
        found_by: Found::Folder(proxies::python),
        debian: "python3-venv",
        ubuntu: "python3-venv",
    },
    Need {
        what: "certificate authorities",
        found_by: Found::File("/etc/ssl/certs/ca-certificates.crt"),
        debian: "ca-certificates",
        ubuntu: "ca-certificates",
    },
];

/// Services that a package above starts when it is installed, with their pid file or the folder of such.
const SERVICES: &[(&str, &str)] = &[
    ("nginx", "/run/nginx.pid"),
    ("haproxy", "/run/haproxy.pid"),
    ("apache2", "/run/apache2/apache2.pid"),
    // The package makes a cluster of its own, which the tests have no need of.
    ("postgresql", "/run/postgresql"),
    ("prometheus", "/run/prometheus/prometheus.pid"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum System {
    Debian,
    Ubuntu,
    Other,
}

/// Fails with the exact line to type when something is missing.
pub fn require() -> Result<()> {
    components::require()?;
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = missing.iter().map(|need| need.what).collect();
    let system = System::here();
    bail!(
        "the tests need {}. Type\n\n    {}\n\nor let `cargo xtask test --install` do it.{}",
        what.join(", "),
        line_to_type(&packages(&missing, system)),
        if system == System::Other {
            " (These are Debian's names; other systems have their own.)"
        } else {
            ""
        },
    )
}

/// Installs what is missing, and nothing else; leaves no service running that was not.
pub fn install() -> Result<()> {
    components::install()?;
    let missing = missing();
    if missing.is_empty() {
        println!("   nothing is missing");
        return Ok(());
    }
    let system = System::here();
    let packages = packages(&missing, system);
    if system == System::Other || program("apt-get").is_none() {
        let what: Vec<&str> = missing.iter().map(|need| need.what).collect();
        bail!(
            "--install knows Debian and Ubuntu (apt-get). Install {} by this system's own means and run `cargo xtask test`",
            what.join(", ")
        );
    }
    println!("   installing {}", packages.join(" "));
    let running: Vec<bool> = SERVICES
        .iter()
        .map(|(_, pid_file)| is_running(Path::new(pid_file)))
        .collect();
    succeed(&mut apt_get(&["update", "-q"])?)?;
    let mut install = apt_get(&["install", "-q", "-y", "--no-install-recommends"])?;
    succeed(install.args(&packages))?;
    for ((service, pid_file), was_running) in SERVICES.iter().zip(running) {
        if packages.contains(service) && !was_running {
            stop(service, Path::new(pid_file))?;
        }
    }
    if let Some(trouble) = snap_trouble(system) {
        bail!("{trouble}");
    }
    let still: Vec<&str> = self::missing().iter().map(|need| need.what).collect();
    if !still.is_empty() {
        bail!(
            "the packages are installed and still missing: {}. Is /usr/bin on the PATH?",
            still.join(", ")
        );
    }
    Ok(())
}

/// The browser tests' packages, exactly as their lock file says, no package's own script run.
pub fn node_packages(root: &Path) -> Result<()> {
    let folder = root.join("e2e/browser");
    if !folder.join("package.json").is_file() {
        println!("   no browser tests here");
        return Ok(());
    }
    let lock = fs::read(folder.join("package-lock.json"))
        .context("e2e/browser/package-lock.json is not there")?;
    let installed_from = folder.join("node_modules/.installed-from");
    if fs::read(&installed_from).is_ok_and(|installed| installed == lock) {
        println!("   as the lock file says already");
        return Ok(());
    }
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    succeed(Command::new("npm").args(npm).current_dir(&folder))?;
    // A project without packages has no folder for them.
    if let Some(folder) = installed_from.parent().filter(|folder| folder.is_dir()) {
        fs::write(&installed_from, lock)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    Ok(())
}

fn missing() -> Vec<&'static Need> {
    NEEDS
        .iter()
        .filter(|need| !need.found_by.is_here())
        .collect()
}

fn packages(needs: &[&Need], system: System) -> Vec<&'static str> {
    needs
        .iter()
        .map(|need| {
            if system == System::Ubuntu {
                need.ubuntu
            } else {
                need.debian
            }
        })
        .collect()
}

fn line_to_type(packages: &[&str]) -> String {
    let sudo = if is_root() || program("sudo").is_none() {
        ""
    } else {
        "sudo "
    };
    format!(
        "{sudo}apt-get update && {sudo}apt-get install --no-install-recommends -y {}",
        packages.join(" ")
    )
}

/// `apt-get`, as root or by sudo. The variables go through `env`, since sudo drops those that stand before it.
fn apt_get(arguments: &[&str]) -> Result<Command> {
    let environment = [
        "DEBIAN_FRONTEND=noninteractive",
        // For invoke-rc.d: the single-user runlevel starts no service.
        "RUNLEVEL=1",
        "apt-get",
    ];
    let mut command = as_root("env")?;
    command.args(environment).args(arguments);
    Ok(command)
}

fn as_root(name: &str) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(name));
    }
    if program("sudo").is_none() {
        bail!("--install needs root: run it as root, or install sudo");
    }
    let mut command = Command::new("sudo");
    command.arg(name);
    Ok(command)
}

/// Stops a service that an installation started, and keeps it from coming back at the next boot.
fn stop(service: &str, pid_file: &Path) -> Result<()> {
    if Path::new("/run/systemd/system").is_dir() {
        succeed(as_root("systemctl")?.args(["disable", "--now", service]))?;
    } else if is_running(pid_file) {
        succeed(as_root("service")?.args([service, "stop"]))?;
    }
    if is_running(pid_file) {
        bail!("{service} was installed, runs, and does not stop: stop it by hand and run again");
    }
    println!("   {service} is installed and does not run");
    Ok(())
}

fn is_running(pid_file: &Path) -> bool {
    if let Ok(folder) = fs::read_dir(pid_file) {
        let mut files = folder.flatten().map(|entry| entry.path());
        return files
            .any(|file| file.extension().is_some_and(|it| it == "pid") && is_running(&file));
    }
    fs::read_to_string(pid_file)
        .ok()
        .and_then(|pid| pid.trim().parse::<u32>().ok())
        .is_some_and(|pid| Path::new(&format!("/proc/{pid}")).is_dir())
}

/// Ubuntu's package is a wrapper around a snap, which runs only beside snapd.
fn snap_trouble(system: System) -> Option<&'static str> {
    let browser = program("chromium-browser")?;
    let starts = Command::new(browser)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    (system == System::Ubuntu && !starts).then_some(
        "Ubuntu brings Chromium only as a snap, and it does not start here (snapd does not run, as in most containers). \
         Install Google Chrome's own package, or run the tests on Debian",
    )
}

impl Found {
    fn is_here(&self) -> bool {
        match self {
            Self::Program(names) => names.iter().any(|name| program(name).is_some()),
            Self::File(path) => Path::new(path).exists(),
            Self::Below(folder, extension) => has_file_below(Path::new(folder), extension),
            Self::Folder(find) => find().is_some(),
        }
    }
}

/// Where a program lies: on the path, or where Debian keeps what root runs.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn has_file_below(folder: &Path, extension: &str) -> bool {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .any(|path| {
            path.extension().is_some_and(|found| found == extension)
                || (path.is_dir() && has_file_below(&path, extension))
        })
}

impl System {
    fn here() -> Self {
        Self::of(&fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    fn of(os_release: &str) -> Self {
        let value = |key: &str| {
            let line = os_release
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let likes = value("ID_LIKE");
        let names: Vec<String> = std::iter::once(value("ID"))
            .chain(likes.split_whitespace().map(str::to_owned))
            .collect();
        // What is like Ubuntu is like Debian too, so that Ubuntu is asked first.
        if names.iter().any(|name| name == "ubuntu") {
            Self::Ubuntu
        } else if names.iter().any(|name| name == "debian") {
            Self::Debian
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_told_by_its_id_or_by_what_it_is_like() {
        assert_eq!(System::of("PRETTY_NAME=\"x\"\nID=debian\n"), System::Debian);
        assert_eq!(System::of("ID=ubuntu\nID_LIKE=debian\n"), System::Ubuntu);
        assert_eq!(
            System::of("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            System::Ubuntu
        );
        assert_eq!(System::of("ID=fedora\n"), System::Other);
        assert_eq!(System::of(""), System::Other);
    }

    #[test]
    fn the_line_to_type_names_the_packages() {
        let needs: Vec<&Need> = NEEDS
            .iter()
            .filter(|need| matches!(need.what, "nginx" | "Chromium"))
            .collect();
        let line = line_to_type(&packages(&needs, System::Debian));
        assert!(line.contains("apt-get update && "), "{line}");
        assert!(
            line.ends_with("apt-get install --no-install-recommends -y nginx chromium"),
            "{line}"
        );
        assert_eq!(
            packages(&needs, System::Ubuntu),
            ["nginx", "chromium-browser"]
        );
    }

    #[test]
    fn a_pid_file_of_nobody_is_not_a_running_service() {
        assert!(!is_running(Path::new("/nonexistent.pid")));
    }
}
