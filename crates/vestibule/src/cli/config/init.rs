//! `vestibule config init`: five questions, and a settings file with the answers that can be started with.

mod answers;
mod asking;
mod text;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::super::{Place, output};
use crate::settings::{self, Flags};

use self::answers::{Answers, Data, Mail, Registration, Store, Tls};
use self::asking::{Asking, Question};

/// Ask five questions, and write a settings file with the answers
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule config init\n  \
    vestibule config init --data /var/lib/vestibule\n  \
    vestibule config init --issuer https://id.example.com --tls 'proxy nginx' --store sqlite \\\n      \
        --mail none --registration invited\n\n\
    What no flag answers is asked: at the terminal, or a line each from a pipe, where an empty line\n\
    is the default. The file is DATA/vestibule.toml, or what --config names; it is never overwritten.")]
pub struct Init {
    /// The URL in people's browsers
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// 'proxy [NAME|FAMILY] [ADDRESS]' or 'here CERTIFICATE KEY'; for an https issuer
    #[arg(long, value_name = "WHERE")]
    tls: Option<String>,
    /// 'sqlite' or a postgres:// URL
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// 'none' or 'SERVER FROM [USERNAME PASSWORD_FILE]'
    #[arg(long, value_name = "MAIL")]
    mail: Option<String>,
    /// 'invited', 'open' or 'off'
    #[arg(long, value_name = "MODE")]
    registration: Option<String>,
}

const ISSUER: Question = Question {
    flag: "--issuer",
    text: "Where will people reach Vestibule? The URL in their browser, such as https://id.example.com",
    default: answers::ON_THIS_MACHINE,
};
const TLS: Question = Question {
    flag: "--tls",
    text: "Who ends TLS? 'proxy', perhaps with its name and address (proxy nginx 10.0.0.2),\nor 'here' with the files of \
           certificate and key (here /etc/…/fullchain.pem /etc/…/privkey.pem)",
    default: "proxy",
};
const DATA: Question = Question {
    flag: "--data and --store",
    text: "Where is the data kept? A directory, and behind it a postgres:// URL if it is not to be SQLite",
    default: "./vestibule-data",
};
const MAIL: Question = Question {
    flag: "--mail",
    text: "Which mail server? Its URL and the address mails come from, and perhaps a username and its password's file\n\
           (smtps://mail.example.com id@example.com vestibule /etc/…/password), or 'none' for now",
    default: "none",
};
const REGISTRATION: Question = Question {
    flag: "--registration",
    text: "Who may have an account? 'invited' whom you invite, 'open' everybody, 'off' whom you add yourself",
    default: "invited",
};

/// Asks what no flag says, and writes the file.
pub fn run(init: &Init, place: &Place) -> Result<ExitCode> {
    let answers = ask(init, place, &mut Asking::start())?;
    let own = answers.data.directory.join("vestibule.toml");
    let file = match &place.config {
        Some(file) => absolute(file)?,
        None => own.clone(),
    };
    if file.exists() {
        refuse_to_overwrite(&file)?;
    }
    if file == own {
        vestibule_sqlite::make_directory(&answers.data.directory).with_context(|| {
            format!(
                "the data directory {}: name another with --data",
                answers.data.directory.display()
            )
        })?;
    }
    write(&file, &text::of(&answers, file == own))?;
    let start = if file == own {
        format!("--data {}", answers.data.directory.display())
    } else {
        format!("--config {}", file.display())
    };
    output::line(&format!(
        "{}: written, readable by you alone\nstart with: vestibule serve {start}",
        file.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn ask(init: &Init, place: &Place, asking: &mut Asking) -> Result<Answers> {
    let issuer = asking.answer(&ISSUER, init.issuer.as_deref(), answers::issuer)?;
    // Plain http is for this machine alone, and has no TLS to end.
    let tls = if issuer.https() {
        Some(asking.answer(&TLS, init.tls.as_deref(), Tls::parse)?)
    } else if init.tls.is_some() {
        bail!(
            "--tls is for an https issuer, and --issuer is {}: make it https, or leave --tls out",
            issuer.origin()
        );
    } else {
        None
    };
    let data = match (&place.data, &init.store) {
        (None, None) => asking.answer(&DATA, None, Data::parse)?,
        (directory, store) => {
            let directory = directory
                .clone()
                .unwrap_or_else(|| PathBuf::from(DATA.default));
            let store = store.as_deref().unwrap_or("sqlite");
            let store =
                Store::parse(store).map_err(|why| anyhow::anyhow!("--store {store}: {why}"))?;
            Data::new(directory, store)?
        }
    };
    Ok(Answers {
        issuer,
        tls,
        data,
        mail: asking.answer(&MAIL, init.mail.as_deref(), Mail::parse)?,
        registration: asking.answer(
            &REGISTRATION,
            init.registration.as_deref(),
            Registration::parse,
        )?,
    })
}

fn refuse_to_overwrite(file: &Path) -> Result<()> {
    bail!(
        "{} is there already, and is not overwritten: move it away, or name another with --config",
        file.display()
    )
}

/// Writes what `config check` finds good, and only that; whole or not at all.
fn write(file: &Path, text: &str) -> Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = Draft(PathBuf::from(draft));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft.0)
        .and_then(|mut open| {
            open.write_all(text.as_bytes())?;
            open.sync_all()
        });
    written.with_context(|| {
        format!(
            "{} cannot be written: name another with --config",
            file.display()
        )
    })?;
    let flags = Flags {
        config: Some(draft.0.clone()),
        ..Flags::default()
    };
    // The environment is another start's business.
    let faults = super::faults_of(&settings::load(&flags, []))?;
    if !faults.is_empty() {
        let (draft, file) = (draft.0.display().to_string(), file.display().to_string());
        let faults = faults.join("\n").replace(&draft, &file);
        bail!("nothing is written, since the answers do not go together:\n{faults}");
    }
    // A link fails where a name is taken; a rename would replace what somebody wrote meanwhile.
    match fs::hard_link(&draft.0, file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => refuse_to_overwrite(file),
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", file.display())),
    }
}

/// Gone when it is done with.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // What was never made cannot be taken away.
        let _ = fs::remove_file(&self.0);
    }
}
