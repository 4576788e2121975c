//! An application that the console's guided 'add' makes known, behind a proxy with the very text that its last page shows.

use anyhow::{Context as _, ensure};
use vestibule_e2e::application::Application;
use vestibule_e2e::proxies::{ISSUER, Kind, Proxy};
use vestibule_e2e::visitor::Visitor;

use crate::street::{BOB, PASSWORD, Street};

const ROOT: &str = "root@example.test";
const HOST: &str = "blog.example.com";
const BLOG: &str = "https://blog.example.com";

pub fn behind(kind: Kind) -> anyhow::Result<()> {
    let street = Street::open(kind)?;
    let root = ["user", "add", ROOT, "--role", "admin", "--password-stdin"];
    let root = street.server.command(root, PASSWORD)?;
    ensure!(root.status.success(), "user add: {root:?}");
    let blog = Application::start()?;

    // Through the book's proxy to the console.
    let mut root = street.visitor()?;
    let page = root.open(&format!("{ISSUER}/console/applications/add"))?;
    let (end, form) = root.fill_in(&page, &[("identifier", ROOT), ("password", PASSWORD)])?;
    ensure!(form.status == 200, "{end}: {} {}", form.status, form.body);
    let page = add(&mut root, kind, &form.body)?;
    ensure!(
        page.contains(&format!("vestibule doctor --url {BLOG}")),
        "the way on is not shown: {page}"
    );

    // The page again, with where things listen here.
    let query = format!(
        "proxy={}&application=127.0.0.1%3A{}&vestibule=127.0.0.1%3A{}",
        kind.name(),
        blog.port,
        street.server.port
    );
    let url = format!("{ISSUER}/console/applications/my-blog/connect?{query}");
    let page = root.view(&url)?;
    ensure!(page.status == 200, "{url}: {} {}", page.status, page.body);
    ensure!(
        page.body.contains("name this proxy already"),
        "the settings of the book trust it already"
    );
    let files: Vec<(&str, String)> = kind
        .snippets()
        .iter()
        .enumerate()
        .map(|(at, file)| Ok((*file, copied(&page.body, at + 1)?)))
        .collect::<anyhow::Result<_>>()?;

    let proxy = Proxy::start_with(kind, &files, HOST, (street.server.port, blog.port))?;
    let mut bob = proxy.visitor()?;
    let wanted = format!("{BLOG}/orders?mark=first");
    let page = bob.open(&wanted)?;
    ensure!(page.0.starts_with(ISSUER), "to sign in, not to {}", page.0);
    let (end, answer) = bob.fill_in(&page, &[("identifier", BOB), ("password", PASSWORD)])?;
    ensure!(
        end == wanted && answer.status == 200,
        "{} behind the page's text: ended at {end}: {} {}\n{}",
        kind.name(),
        answer.status,
        answer.body,
        proxy.process.said()
    );
    let first = blog
        .received()
        .into_iter()
        .find(|request| request.target().contains("mark=first"));
    let first = first.context("nothing reached the application")?;
    ensure!(!first.header("remote-user").is_empty(), "nobody was named");
    let evil = proxy
        .visitor()?
        .view(&format!("{BLOG}/orders?mark=nobody"))?;
    ensure!(evil.status != 200, "a stranger passed");
    Ok(())
}

/// Sends the form, and follows to the page that it ends on.
fn add(root: &mut Visitor, kind: Kind, form: &str) -> anyhow::Result<String> {
    let marker = "name=\"csrf\" value=\"";
    let at = form.rfind(marker).context("no form")? + marker.len();
    let csrf = form[at..].split('"').next().context("no token")?.to_owned();
    let fields = [
        ("csrf", csrf.as_str()),
        ("title", "The \"blog\"; } {"),
        ("name", "my-blog"),
        ("origins", BLOG),
        ("who", "anyone"),
        ("roles", ""),
        ("proxy", kind.name()),
    ];
    let answer = root.post(&format!("{ISSUER}/console/applications/add"), &fields)?;
    ensure!(answer.status == 303, "{}: {}", answer.status, answer.body);
    let next = answer.header("location").context("no way on")?;
    let page = root.view(&format!("{ISSUER}{next}"))?;
    ensure!(page.status == 200, "{next}: {} {}", page.status, page.body);
    Ok(page.body)
}

/// The text of the page's n-th file, as somebody copies it.
fn copied(body: &str, n: usize) -> anyhow::Result<String> {
    let start = format!("<pre id=\"file-{n}\"");
    let (_, rest) = body.split_once(&start).context("no such file there")?;
    let (_, text) = rest.split_once('>').context("a tag ends")?;
    let (text, _) = text.split_once("</pre>").context("a file ends")?;
    let entities = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    Ok(entities
        .into_iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to)))
}
