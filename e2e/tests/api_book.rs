//! The book's page about the API: each of its examples is run as it is printed, so that none goes stale.

use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use vestibule_e2e::checkout;
use vestibule_e2e::server::{Launch, Server};

/// Who signs in on the page.
const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "a dozen red bicycles";
/// The server of the page.
const PRINTED: &str = "http://localhost:8080";

/// The page's examples, in their order.
fn examples() -> anyhow::Result<Vec<String>> {
    let page = std::fs::read_to_string(checkout().join("docs/api.md"))?;
    let fenced = page.split("\n```sh\n").skip(1);
    fenced
        .map(|rest| {
            let (block, _) = rest.split_once("\n```").context("a fence stays open")?;
            Ok(block.to_owned())
        })
        .collect()
}

/// Somebody with a shell: the jar and the variables that the page speaks of.
struct Reader<'a> {
    server: &'a Server,
    variables: Vec<(&'static str, String)>,
}

impl Reader<'_> {
    /// What the commands print. curl fails where it is told of a problem.
    fn run(&self, commands: &str) -> anyhow::Result<String> {
        let room = self.server.data.parent().context("no directory")?;
        std::fs::write(
            room.join(".curlrc"),
            "fail-with-body\nsilent\nshow-error\nnoproxy = \"*\"\nmax-time = 60\n",
        )?;
        let output = Command::new("sh")
            .args(["-eu", "-c"])
            .arg(commands.replace(PRINTED, &self.server.origin()))
            .env("CURL_HOME", room)
            .envs(self.variables.iter().map(|(name, is)| (name, is)))
            .current_dir(room)
            .output()
            .context("could not run sh")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{commands}\n{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// The session of the jar, if it is signed in.
    fn session(&self) -> Option<String> {
        let asked = format!("curl --cookie jar {PRINTED}/api/v1/session");
        let told: Value = serde_json::from_str(&self.run(&asked).ok()?).ok()?;
        told["id"].as_str().map(str::to_owned)
    }

    /// Opens the shop as a browser does, which signs in there.
    fn open(&self, shop: &str) -> anyhow::Result<()> {
        let opened = self.run(&format!(
            "curl --location --cookie jar --cookie-jar jar --header 'Sec-Fetch-Mode: navigate' \
             --header 'Sec-Fetch-Dest: document' --header 'Accept: text/html' \
             '{shop}/vestibule/start?next=/vestibule/session' || true\n\
             curl --cookie jar {shop}/vestibule/session"
        ))?;
        ensure!(
            opened.contains(EMAIL),
            "not signed in at the shop: {opened}"
        );
        Ok(())
    }
}

fn application(server: &Server, shop: &str) -> anyhow::Result<[(&'static str, String); 2]> {
    let add = ["app", "add", "shop", "--origin", shop];
    let added = server.command(add, "")?;
    ensure!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );
    let rotate = ["app", "rotate-secret", "shop", "--yes", "--json"];
    let rotated: Value = serde_json::from_slice(&server.command(rotate, "")?.stdout)?;
    let text = |name: &str| rotated[name].as_str().map(str::to_owned);
    Ok([
        ("client_id", text("client_id").context("no client_id")?),
        ("secret", text("client_secret").context("no secret")?),
    ])
}

#[test]
fn every_example_of_the_page_does_what_it_says() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let shop = format!("http://shop.localhost:{}", server.port);
    let credentials = application(&server, &shop)?;
    let examples = examples()?;
    let (sign_in, _) = examples.split_first().context("no examples")?;
    ensure!(examples.len() >= 4, "{examples:?}");
    let (mut ended, mut kept) = (false, false);
    for example in &examples {
        // Each begins signed in, here and at the shop.
        let mut reader = Reader {
            server: &server,
            variables: credentials.to_vec(),
        };
        let told: Value = serde_json::from_str(&reader.run(sign_in)?)?;
        ensure!(told["status"] == "ok", "{told}");
        let session = reader.session().context("nobody is signed in")?;
        ensure!(told["session"]["id"] == *session, "{told}");
        reader.open(&shop)?;
        reader.variables.push(("session", session));
        reader.run(example)?;
        if example.contains("--request DELETE") {
            ensure!(reader.session().is_none(), "still signed in:\n{example}");
            ended = true;
        }
        if example.contains("/session/data/") {
            let read = "curl --user \"$client_id:$secret\" \"http://localhost:8080/api/v1/session/data/basket?session=$session\"";
            let read: Value = serde_json::from_str(&reader.run(read)?)?;
            ensure!(read["items"][0] == 7, "{read}");
            kept = true;
        }
    }
    ensure!(ended && kept, "the page shows less than it did");
    Ok(())
}
