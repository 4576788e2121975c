//! P10: what there is before anybody comes.

use std::collections::BTreeSet;

use anyhow::ensure;
use vestibule_e2e::server::binary;
use vestibule_load::process;
use vestibule_load::report::{Goal, Measured, Value};

use super::served::{self, Ground, Running};

pub fn measure(quick: bool) -> anyhow::Result<Measured> {
    let rounds = if quick { 2 } else { 15 };
    let (mut first, mut again, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    let mut page = 0;
    for _ in 0..rounds {
        let ground = Ground::new()?;
        let mut server = served::start(&ground)?;
        first.push(server.ready_after.as_secs_f64() * 1e3);
        server.process.terminate()?;
        let mut server = served::start(&ground)?;
        again.push(server.ready_after.as_secs_f64() * 1e3);
        resident.push(mebibytes(process::resident(server.pid())?));
        page = login_page(&server)?;
        server.process.terminate()?;
    }
    let size = std::fs::metadata(binary()?)?.len();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let page = page as f64 / 1000.0;
    let figures = [
        Value::new("idle memory", "MiB", Some(Goal::AtMost(30.0)), resident),
        Value::new(
            "start to ready, with an empty store",
            "ms",
            Some(Goal::AtMost(200.0)),
            again,
        ),
        Value::new(
            "the very first start, which makes the store and its keys",
            "ms",
            None,
            first,
        ),
        Value::new("binary", "MiB", Some(Goal::AtMost(40.0)), [mebibytes(size)]),
        Value::new(
            "login page with all it needs",
            "kB",
            Some(Goal::AtMost(50.0)),
            [page],
        ),
    ];
    Ok(Measured {
        id: "P10".to_owned(),
        title: "at rest".to_owned(),
        machine: String::new(),
        method: vec![format!(
            "{rounds} times a server of its own, on one core: started on no data, ended, started again. Ready is the first 200 of \
             /readyz, from the start of the process, asked about every half millisecond. Memory is what is resident then. The \
             page is its HTML and every stylesheet and script it names, as bytes of their bodies, uncompressed."
        )],
        figures: figures.into_iter().flatten().collect(),
        tables: Vec::new(),
        plots: Vec::new(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be told")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Bytes of the page and of what it names.
fn login_page(server: &Running) -> anyhow::Result<usize> {
    let mut client = server.client();
    let page = client.get("/login")?;
    ensure!(
        page.status == 200,
        "the login page answered {}",
        page.status
    );
    let mut bytes = page.body.len();
    let named: BTreeSet<&str> = page
        .body
        .split(['"', '\''])
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    ensure!(!named.is_empty(), "the login page names no stylesheet");
    for path in named {
        let asset = client.get(path)?;
        ensure!(asset.status == 200, "{path} answered {}", asset.status);
        bytes += asset.body.len();
    }
    Ok(bytes)
}
