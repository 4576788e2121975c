//! What an operator watches by: our metrics, dashboard and alerts, read by Prometheus' own programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use vestibule_e2e::http::Client;
use vestibule_e2e::process::{PATIENCE, Process};
use vestibule_e2e::secure::Authority;
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::{checkout, free_port};

const PASSWORD: &str = "correct horse battery staple";

fn contrib() -> PathBuf {
    checkout().join("contrib")
}

/// A server on which something has happened, and the port of its metrics.
fn watched() -> anyhow::Result<(Server, u16)> {
    let server = Launch::new()?
        .environment("VESTIBULE_OPS__LISTEN", "127.0.0.1:0")
        .start()?;
    let port = port_of(&server.process)?;
    server.add_user("alice@example.test", PASSWORD)?;
    let answer = server.client().sign_in("alice@example.test", PASSWORD)?;
    ensure!(answer.status == 303, "sign-in answered {}", answer.status);
    server
        .client()
        .sign_in("alice@example.test", "not her password")?;
    Ok((server, port))
}

/// Where a server says its metrics are.
fn port_of(process: &Process) -> anyhow::Result<u16> {
    let before = "metrics are at http://127.0.0.1:";
    let line = process.wait_line(before)?;
    let rest = line.split(before).nth(1).unwrap_or_default();
    Ok(rest.split('/').next().context("no port")?.parse()?)
}

fn metrics(port: u16) -> anyhow::Result<String> {
    let answer = Client::new(port, format!("localhost:{port}")).get("/metrics")?;
    ensure!(answer.status == 200, "/metrics answered {}", answer.status);
    Ok(answer.body)
}

fn promtool(folder: &Path, arguments: &[&str], input: &str) -> anyhow::Result<String> {
    use std::io::Write as _;
    use std::process::Stdio;

    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("promtool is missing: run `cargo xtask test --install`")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(output.status.success(), "promtool {arguments:?}: {said}");
    Ok(said)
}

/// Names of metrics in an expression: what a histogram's parts are called is its own name.
fn names(expression: &str) -> BTreeSet<String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("vestibule_") || word.starts_with("process_"))
        .map(|word| {
            let base = ["_bucket", "_count", "_sum"]
                .into_iter()
                .find_map(|ending| word.strip_suffix(ending));
            base.unwrap_or(word).to_owned()
        })
        .collect()
}

/// The metrics that the book lists.
fn documented() -> anyhow::Result<BTreeSet<String>> {
    let page = fs::read_to_string(checkout().join("docs/reference/metrics.md"))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    Ok(rows
        .filter_map(|row| row.split('`').next())
        .map(str::to_owned)
        .collect())
}

/// The metrics that the server has, as its own text names them.
fn told(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn dashboard() -> anyhow::Result<Value> {
    let text = fs::read_to_string(contrib().join("grafana/vestibule.json"))?;
    Ok(serde_json::from_str(&text)?)
}

/// Every query of the dashboard, with Grafana's variables as they would be.
fn queries() -> anyhow::Result<Vec<(String, String)>> {
    let dashboard = dashboard()?;
    let panels = dashboard["panels"].as_array().context("no panels")?;
    let mut queries = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap_or_default();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().context("a target without expr")?;
            let query = query
                .replace("$__rate_interval", "1m")
                .replace("$job", "vestibule")
                .replace("$instance", ".*");
            ensure!(!query.contains('$'), "an unknown variable in {query}");
            queries.push((title.to_owned(), query));
        }
    }
    Ok(queries)
}

#[test]
fn promtool_takes_the_metrics_and_the_book_lists_them() -> anyhow::Result<()> {
    let (_server, port) = watched()?;
    let text = metrics(port)?;
    let said = promtool(&checkout(), &["check", "metrics"], &text)?;
    assert_eq!(said.trim(), "", "promtool has something to say");
    assert_eq!(
        told(&text),
        documented()?,
        "docs/reference/metrics.md: run `cargo xtask check --write`"
    );
    Ok(())
}

#[test]
fn every_alert_is_taken_by_promtool_and_has_a_case_in_which_it_fires() -> anyhow::Result<()> {
    let folder = contrib().join("prometheus");
    promtool(&folder, &["check", "rules", "vestibule.rules.yml"], "")?;
    promtool(&folder, &["test", "rules", "vestibule.rules.test.yml"], "")?;
    let rules = fs::read_to_string(folder.join("vestibule.rules.yml"))?;
    let cases = fs::read_to_string(folder.join("vestibule.rules.test.yml"))?;
    let book = fs::read_to_string(checkout().join("docs/monitoring.md"))?;
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(
            cases.contains(&format!("alertname: {alert}\n        exp_alerts:\n")),
            "no case in which {alert} fires"
        );
        assert!(
            cases.contains(&format!("alertname: {alert}, exp_alerts: []")),
            "no case in which {alert} stays silent"
        );
        assert!(
            book.contains(alert),
            "docs/monitoring.md says nothing of {alert}"
        );
    }
    Ok(())
}

#[test]
fn dashboard_and_alerts_name_metrics_that_exist() -> anyhow::Result<()> {
    let known = documented()?;
    let rules = fs::read_to_string(contrib().join("prometheus/vestibule.rules.yml"))?;
    let mut texts: Vec<(String, String)> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .map(|expression| ("alert".to_owned(), expression.to_owned()))
        .collect();
    assert!(texts.len() > 10, "the alerts were not read");
    texts.extend(queries()?);
    for variable in dashboard()?["templating"]["list"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let query = variable["query"]["query"].as_str().unwrap_or_default();
        texts.push(("variable".to_owned(), query.to_owned()));
    }
    for (place, expression) in texts {
        for name in names(&expression) {
            assert!(known.contains(&name), "{place}: there is no {name}");
        }
    }
    Ok(())
}

#[test]
fn the_dashboard_is_whole() -> anyhow::Result<()> {
    let dashboard = dashboard()?;
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().context("no panels")? {
        let title = panel["title"].as_str().unwrap_or_default();
        assert!(!title.is_empty(), "a panel without a title: {panel}");
        assert!(ids.insert(panel["id"].as_u64()), "{title}: its id is taken");
        if panel["type"] != "row" {
            let about = panel["description"].as_str().unwrap_or_default();
            assert!(!about.is_empty(), "{title} says nothing of itself");
            assert!(
                panel["targets"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty()),
                "{title} asks nothing"
            );
        }
    }
    // Whoever imports it chooses their own source.
    assert!(!dashboard.to_string().contains("localhost"));
    Ok(())
}

#[test]
fn the_end_of_the_certificate_is_told() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let (cert, key) = (
        launch.scratch().join("cert.pem"),
        launch.scratch().join("key.pem"),
    );
    let authority = Authority::new(launch.scratch())?;
    let pair = authority.issue_for_years(&["id.example.test"], (2020, 2090))?;
    pair.write(&cert, &key)?;
    let launch = launch
        .argument("--issuer")
        .argument("https://id.example.test")
        .argument("--tls-cert")
        .argument(cert.display().to_string())
        .argument("--tls-key")
        .argument(key.display().to_string())
        .environment("VESTIBULE_OPS__LISTEN", "127.0.0.1:0");
    let process = Process::start(&mut launch.command()?)?;
    let port = port_of(&process)?;
    // 2090-01-01, which the server reads a moment after its start.
    let told = "vestibule_certificate_expires_seconds 3786912000.0";
    let until = deadline();
    while !metrics(port)?.lines().any(|line| line == told) {
        ensure!(is_before(until), "no {told} in\n{}", metrics(port)?);
        std::thread::yield_now();
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test of the running product bounds its waits by the real clock"
)]
fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

fn is_before(deadline: Instant) -> bool {
    deadline.elapsed().is_zero()
}

/// Prometheus with our alerts, watching one server.
struct Prometheus {
    _process: Process,
    port: u16,
}

impl Prometheus {
    fn start(scratch: &Path, target: u16) -> anyhow::Result<Self> {
        let port = free_port()?;
        let rules = contrib().join("prometheus/vestibule.rules.yml");
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files:\n  - {}\nscrape_configs:\n  \
             - job_name: vestibule\n    static_configs:\n      - targets: [\"127.0.0.1:{target}\"]\n",
            rules.canonicalize()?.display()
        );
        let file = scratch.join("prometheus.yml");
        fs::write(&file, config)?;
        let process = Process::start(
            Command::new("prometheus")
                .arg(format!("--config.file={}", file.display()))
                .arg(format!(
                    "--storage.tsdb.path={}",
                    scratch.join("tsdb").display()
                ))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .current_dir(scratch),
        )?;
        process.wait_line("Server is ready to receive web requests")?;
        Ok(Self {
            _process: process,
            port,
        })
    }

    fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let answer = Client::new(self.port, format!("localhost:{}", self.port)).get(path)?;
        let answer: Value = serde_json::from_str(&answer.body)?;
        ensure!(answer["status"] == "success", "{path}: {answer}");
        Ok(answer["data"].clone())
    }

    fn query(&self, expression: &str) -> anyhow::Result<Vec<Value>> {
        let mut encoded = String::new();
        for byte in expression.bytes() {
            if byte.is_ascii_alphanumeric() {
                encoded.push(char::from(byte));
            } else {
                use std::fmt::Write as _;
                write!(encoded, "%{byte:02X}")?;
            }
        }
        let data = self.ask(&format!("/api/v1/query?query={encoded}"))?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until the expression has a value.
    fn wait(&self, expression: &str) -> anyhow::Result<()> {
        let until = deadline();
        while self.query(expression)?.is_empty() {
            if !is_before(until) {
                bail!("Prometheus never saw {expression}");
            }
            std::thread::yield_now();
        }
        Ok(())
    }
}

#[test]
fn prometheus_reads_it_and_every_query_of_the_dashboard_has_an_answer() -> anyhow::Result<()> {
    let (server, port) = watched()?;
    let scratch = tempfile::tempdir()?;
    let prometheus = Prometheus::start(scratch.path(), port)?;
    prometheus.wait("up{job=\"vestibule\"} == 1")?;
    prometheus.wait("vestibule_logins_total{outcome=\"succeeded\"} == 1")?;
    // A rate needs two looks.
    prometheus.wait("rate(vestibule_store_commits_total[1m])")?;
    for (title, query) in queries()? {
        let answer = prometheus.query(&query)?;
        // Without TLS of its own the server has no certificate.
        assert_eq!(
            answer.is_empty(),
            title == "Certificate",
            "{title}: {query}"
        );
    }
    // What is pending depends on how busy this machine is.
    let alerts = prometheus.ask("/api/v1/alerts")?;
    let alerts = alerts["alerts"].as_array().context("no alerts")?;
    let fires = |alert: &&Value| alert["state"] == "firing";
    assert_eq!(alerts.iter().find(fires), None);
    drop(server);
    Ok(())
}
