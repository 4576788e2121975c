//! Traces, as a collector gets them. For a binary that was built with the feature `otlp`: `cargo xtask test` does.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::process::Process;
use vestibule_e2e::server::{Launch, Server};

const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "correct horse battery staple";
const ENDPOINT: &str = "VESTIBULE_TELEMETRY__OTLP_ENDPOINT";

/// Takes what is posted to it, and answers that all is well.
struct Collector {
    port: u16,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(body) = take(stream) {
                    own.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(body);
                }
            }
        });
        Ok(Self { port, taken })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn spans(&self) -> anyhow::Result<Vec<Span>> {
        let mut spans = Vec::new();
        for body in self.bodies() {
            for resource in fields(&body, 1)? {
                for scope in fields(resource, 2)? {
                    for span in fields(scope, 2)? {
                        spans.push(Span::read(span)?);
                    }
                }
            }
        }
        Ok(spans)
    }
}

fn take(mut stream: TcpStream) -> anyhow::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    ensure!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
    let (mut length, mut kind) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.parse()?,
            "content-type" => value.clone_into(&mut kind),
            _ => {}
        }
    }
    ensure!(kind == "application/x-protobuf", "{kind}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
    )?;
    Ok(body)
}

/// What this looks at of an OTLP span (`opentelemetry/proto/trace/v1/trace.proto`).
#[derive(Debug)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
}

impl Span {
    fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let one = |number| -> anyhow::Result<Vec<u8>> {
            Ok(fields(bytes, number)?
                .first()
                .copied()
                .unwrap_or_default()
                .to_vec())
        };
        Ok(Self {
            trace: one(1)?,
            id: one(2)?,
            parent: one(4)?,
            name: String::from_utf8(one(5)?)?,
        })
    }
}

/// The length-delimited fields of a protobuf message that have this number.
fn fields(mut bytes: &[u8], number: u64) -> anyhow::Result<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?)?,
            5 => 4,
            other => bail!("no such wire type: {other}"),
        };
        let (value, rest) = bytes.split_at_checked(length).context("cut short")?;
        if key & 7 == 2 && key >> 3 == number {
            found.push(value);
        }
        bytes = rest;
    }
    Ok(found)
}

fn varint(bytes: &mut &[u8]) -> anyhow::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().context("cut short")?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("no number")
}

fn launch(collector: &Collector) -> anyhow::Result<Launch> {
    Ok(Launch::new()?.environment(ENDPOINT, collector.url()))
}

/// What is left is handed over at the end.
fn stop(mut server: Server) -> anyhow::Result<()> {
    let ended = server.process.terminate()?;
    ensure!(ended.success(), "{ended}: {}", server.process.said());
    Ok(())
}

#[test]
fn a_login_is_a_span_with_what_it_asked_of_the_store_within_it() -> anyhow::Result<()> {
    let collector = Collector::start()?;
    let server = launch(&collector)?.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let answer = server.client().sign_in(EMAIL, PASSWORD)?;
    ensure!(answer.status == 303, "{}", answer.status);
    stop(server)?;

    let spans = collector.spans()?;
    let login = spans.iter().find(|span| span.name == "login.post");
    let login = login.with_context(|| format!("no login.post in {spans:?}"))?;
    let inside: BTreeSet<&str> = spans
        .iter()
        .filter(|span| span.parent == login.id && span.trace == login.trace)
        .map(|span| span.name.as_str())
        .collect();
    assert!(inside.contains("store.open_session"), "{inside:?}");
    assert!(
        inside.iter().all(|name| name.starts_with("store.")),
        "{inside:?}"
    );
    Ok(())
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The traces of `/login` that were asked for with a `traceparent`.
fn asked_within_a_trace(launch: &Launch, host: Option<&str>) -> anyhow::Result<()> {
    let mut process = Process::start(&mut launch.command()?)?;
    let line = process.wait_line("listening on http://")?;
    let port: u16 = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|address| address.rsplit(':').next()?.parse().ok())
        .with_context(|| format!("no port in {line}"))?;
    let host = host.map_or(format!("localhost:{port}"), str::to_owned);
    let mut client = Client::new(port, host);
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let answer = client.send("GET", "/login", &[("traceparent", &parent)], "")?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    ensure!(process.terminate()?.success(), "{}", process.said());
    Ok(())
}

fn is_continued(collector: &Collector) -> anyhow::Result<bool> {
    let spans = collector.spans()?;
    let page = spans.iter().find(|span| span.name == "login.get");
    let page = page.with_context(|| format!("no login.get in {spans:?}"))?;
    // A trace's id is sixteen bytes, and its number is what `traceparent` writes.
    let id: [u8; 16] = page.trace.as_slice().try_into()?;
    let trace = format!("{:032x}", u128::from_be_bytes(id));
    Ok(trace == TRACE)
}

#[test]
fn a_trace_is_continued_for_a_trusted_proxy_and_for_nobody_else() -> anyhow::Result<()> {
    let collector = Collector::start()?;
    // On loopback, whoever is on this machine may be the proxy.
    asked_within_a_trace(&launch(&collector)?, None)?;
    assert!(is_continued(&collector)?);

    let proxies = |address: &str| {
        format!(
            "[server]\nissuer = \"https://id.example.test\"\n[[trusted_proxies]]\naddress = \"{address}\"\nheaders = \
             \"x-forwarded\"\n"
        )
    };
    for (address, trusted) in [("127.0.0.1", true), ("10.9.8.7", false)] {
        let collector = Collector::start()?;
        let launch = launch(&collector)?.config(&proxies(address))?;
        asked_within_a_trace(&launch, Some("id.example.test"))?;
        assert_eq!(is_continued(&collector)?, trusted, "{address}");
    }
    Ok(())
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_no_span_tells_who_or_what() -> anyhow::Result<()> {
    let collector = Collector::start()?;
    let server = launch(&collector)?.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let mut alice = server.client();
    alice.sign_in(EMAIL, "not-her-password-at-all")?;
    alice.sign_in(EMAIL, PASSWORD)?;
    ensure!(alice.signed_in()?, "alice is not signed in");
    let mut secrets: Vec<String> = alice.cookies.values().cloned().collect();
    secrets.push(alice.get("/account")?.hidden("csrf")?);
    alice.get("/account/security")?;
    alice.get("/recover/finish?token=a-token-that-was-mailed")?;
    alice.get("/a-path/that-somebody-made-up?with=a-query")?;
    alice.send("BREW", "/login", &[("Accept", "an-odd-header")], "")?;
    alice.submit("/recover", "/recover", &[("email", EMAIL)])?;
    stop(server)?;

    let names: BTreeSet<String> = collector
        .spans()?
        .into_iter()
        .map(|span| span.name)
        .collect();
    for name in [
        "account.get",
        "recover.finish.get",
        "not_found.get",
        "recover.post",
    ] {
        assert!(names.contains(name), "no {name} in {names:?}");
    }
    secrets.extend(
        [
            "alice",
            "example.test",
            PASSWORD,
            "not-her-password",
            "a-token-that-was-mailed",
            "that-somebody-made-up",
            "a-query",
            "BREW",
            "an-odd-header",
            "Firefox",
            "localhost",
            "127.0.0.1",
        ]
        .map(str::to_owned),
    );
    for body in collector.bodies() {
        let text = String::from_utf8_lossy(&body);
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
    Ok(())
}

#[test]
fn without_its_collector_the_server_does_its_work_and_says_so_once() -> anyhow::Result<()> {
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Launch::new()?
        .environment(ENDPOINT, format!("http://{gone}"))
        .environment("OTEL_BSP_SCHEDULE_DELAY", "50")
        .start()?;
    server.add_user(EMAIL, PASSWORD)?;
    for _ in 0..3 {
        ensure!(server.client().sign_in(EMAIL, PASSWORD)?.status == 303);
    }
    let line = server
        .process
        .wait_line("traces do not reach the collector")?;
    assert!(line.contains("telemetry.otlp_endpoint"), "{line}");
    ensure!(server.client().sign_in(EMAIL, PASSWORD)?.status == 303);
    let mut server = server;
    let ended = server.process.terminate()?;
    let said = server.process.said();
    ensure!(ended.success(), "{ended}: {said}");
    assert_eq!(
        said.matches("do not reach the collector").count(),
        1,
        "{said}"
    );
    Ok(())
}
