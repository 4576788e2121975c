//! Applications, roles and people in the settings file: in force at the start, taken in anew by SIGHUP, all or nothing; and by
//! commands, with a running server and without one.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use serde_json::Value;
use vestibule_e2e::http::{Answer, Client};
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, Server};

const PASSWORD: &str = "seven green doors open";
const BOB: &str = "bob@example.test";
const ADA: &str = "ada@example.test";
/// Where the shop is reached, as its browsers write it.
const SHOP: &str = "shop.localhost:8081";

/// A server whose settings file the test writes.
struct House {
    launch: Launch,
    server: Server,
    file: PathBuf,
}

impl House {
    /// With these settings, an administrator, and Bob.
    fn open(settings: &str) -> anyhow::Result<Self> {
        let launch = Launch::new()?.config(settings)?;
        let server = launch.start()?;
        let file = launch.scratch().join("vestibule.toml");
        let house = Self {
            launch,
            server,
            file,
        };
        house.server.add_user(BOB, PASSWORD)?;
        house.command(["user", "add", ADA, "--role", "admin"])?;
        Ok(house)
    }

    /// Writes other settings and has them read; what the server said of it.
    fn reload(&self, settings: &str) -> anyhow::Result<String> {
        let told = |said: &str| {
            let of_it = |line: &&str| {
                line.contains("the settings were reloaded") || line.contains("cannot be reloaded")
            };
            said.lines().filter(of_it).count()
        };
        let before = self.server.process.said();
        fs::write(&self.file, settings)?;
        self.server.process.signal(Signal::HUP)?;
        let began = Instant::now();
        loop {
            let said = self.server.process.said();
            if told(&said) > told(&before) {
                return Ok(said[before.len()..].to_owned());
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "nothing was said of SIGHUP:\n{said}"
            );
            std::thread::yield_now();
        }
    }

    /// What a command prints that is carried out.
    fn command<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<String> {
        let output = self.server.command(arguments, "")?;
        let err = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {err}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What a command says that cannot be carried out.
    fn refused<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<String> {
        let output = self.server.command(arguments, "")?;
        ensure!(output.status.code() == Some(2), "{arguments:?}: {output:?}");
        Ok(String::from_utf8(output.stderr)?)
    }

    /// Bob, signed in at the issuer.
    fn bob(&self) -> anyhow::Result<Client> {
        let mut bob = self.server.client();
        let answer = bob.sign_in(BOB, PASSWORD)?;
        ensure!(answer.status == 303, "{answer:?}");
        Ok(bob)
    }

    /// His browser's cookies at the shop, once it has been through the handshake.
    fn at_the_shop(&self, bob: &mut Client) -> anyhow::Result<Client> {
        let mut shop = Client::new(self.server.port, SHOP.to_owned());
        let start = shop.get("/vestibule/start?next=/cart")?;
        // From the shop's host, as his browser tells: after our own form, a page would lead on instead.
        let from = [("Sec-Fetch-Site", "cross-site")];
        let offer = bob.send("GET", &path(&start)?, &from, "")?;
        let finish = shop.get(&path(&offer)?)?;
        ensure!(finish.status == 303, "{finish:?}");
        Ok(shop)
    }

    /// What the shop's proxy is told of a page view with these cookies: a status, and whose it is.
    fn verify(&self, shop: &Client, page: &str) -> anyhow::Result<(u16, String)> {
        let mut proxy = self.server.client();
        proxy.cookies.clone_from(&shop.cookies);
        let headers = [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", SHOP),
            ("X-Forwarded-Uri", page),
            ("Accept", "text/html"),
            ("Sec-Fetch-Mode", "navigate"),
        ];
        let answer = proxy.send("GET", "/verify", &headers, "")?;
        let groups = answer
            .header("remote-groups")
            .unwrap_or_default()
            .to_owned();
        Ok((answer.status, groups))
    }
}

/// Where an answer leads, by a redirect or by a page that goes on, without its host.
fn path(answer: &Answer) -> anyhow::Result<String> {
    let page = || answer.body.split("0;url=").nth(1)?.split('"').next();
    let location = answer.header("location").or_else(page);
    let location = location.with_context(|| format!("{answer:?}"))?;
    let (_, rest) = location
        .split_once("://")
        .with_context(|| location.to_owned())?;
    Ok(rest[rest.find('/').context("no path")?..]
        .replace("&#38;", "&")
        .replace("&#61;", "="))
}

fn shop(more: &str) -> String {
    format!("[[applications]]\nname = \"shop\"\norigins = [\"http://{SHOP}\"]\n{more}\n")
}

/// Holds: ASVS 8.3.2, ASVS 8.3.1, ASVS 7.4.1
#[test]
fn asvs_8_3_2_what_the_file_says_is_in_force_at_the_next_request() -> anyhow::Result<()> {
    let house = House::open(&shop(""))?;
    let mut bob = house.bob()?;
    let cookies = house.at_the_shop(&mut bob)?;
    ensure!(
        house.verify(&cookies, "/cart")?.0 == 200,
        "declared at the start"
    );

    // A role that Bob lacks, but for a page that anybody may see.
    let rules =
        "roles = [\"staff\"]\n[[applications.rules]]\npaths = [\"/public/*\"]\npublic = true";
    let said = house.reload(&shop(rules))?;
    ensure!(
        said.contains("reloaded") && said.contains("applications"),
        "{said}"
    );
    ensure!(house.verify(&cookies, "/cart")?.0 == 403, "the rule bites");
    ensure!(house.verify(&cookies, "/public/a")?.0 == 200);

    // Faults: nothing changes, each is told with its line, and the server goes on.
    let faulty = shop("public = true") + "rolez = []\n[sessions]\nidle = \"soon\"\n";
    let said = house.reload(&faulty)?;
    ensure!(said.contains("nothing changed"), "{said}");
    for fault in [
        "vestibule.toml:5) has no key rolez; the nearest is roles",
        "vestibule.toml:7): must be a duration",
    ] {
        house.server.process.wait_line(fault)?;
    }
    ensure!(house.verify(&cookies, "/cart")?.0 == 403, "as it was");

    // The role, by command and by file.
    house.command(["user", "set-roles", BOB, "staff"])?;
    ensure!(house.verify(&cookies, "/cart")? == (200, "staff".to_owned()));
    house.command(["user", "set-roles", BOB, "--none"])?;
    ensure!(house.verify(&cookies, "/cart")?.0 == 403, "taken away");
    let told = house.refused(["user", "set-roles", ADA, "staff"])?;
    ensure!(told.contains("only administrator"), "{told}");

    // Without the application, its cookie is worth nothing, also once another has its name and place.
    house.reload("")?;
    ensure!(
        !matches!(house.verify(&cookies, "/cart")?.0, 200..300),
        "gone"
    );
    house.reload(&shop(""))?;
    let status = house.verify(&cookies, "/cart")?.0;
    ensure!(
        matches!(status, 302 | 303),
        "the old cookie opens the new one: {status}"
    );
    ensure!(
        bob.signed_in()?,
        "at the issuer he is signed in all the while"
    );
    let again = house.at_the_shop(&mut bob)?;
    ensure!(house.verify(&again, "/cart")?.0 == 200);
    Ok(())
}

/// Holds: ASVS 7.4.2
#[test]
fn asvs_7_4_2_whom_the_file_lets_go_of_is_signed_out_everywhere() -> anyhow::Result<()> {
    let house = House::open(&shop(""))?;
    let people = |people: &str| format!("{}{people}", shop(""));
    let ada = format!("[[users]]\nemail = \"{ADA}\"\nroles = [\"admin\"]\n");
    let bob_too =
        format!("{ada}[[users]]\nemail = \"{BOB}\"\nname = \"Bob\"\nroles = [\"staff\"]\n");
    house.reload(&people(&bob_too))?;
    let mut bob = house.bob()?;
    let cookies = house.at_the_shop(&mut bob)?;
    ensure!(
        house.verify(&cookies, "/cart")? == (200, "staff".to_owned()),
        "as declared"
    );

    house.reload(&people(&ada))?;
    let status = house.verify(&cookies, "/cart")?.0;
    ensure!(matches!(status, 302 | 303), "at the shop: {status}");
    ensure!(!bob.signed_in()?, "at the issuer");
    ensure!(
        house.server.client().sign_in(BOB, PASSWORD)?.status != 303,
        "disabled"
    );
    let users = house.command(["user", "list"])?;
    ensure!(
        users
            .lines()
            .any(|line| line.contains(BOB) && line.contains("disabled")),
        "{users}"
    );

    // The last administrator stays, whatever the file says.
    let disabled = people(&format!("{ada}disabled = true\n"));
    for without in [people(""), disabled.clone()] {
        let said = house.reload(&without)?;
        ensure!(
            said.contains("cannot be reloaded") && said.contains("no administrator"),
            "{said}"
        );
        ensure!(
            house.command(["user", "list"])?.contains("active"),
            "{without}"
        );
    }
    // A start refuses the same.
    let House {
        launch,
        mut server,
        file,
    } = house;
    ensure!(server.process.terminate()?.success());
    fs::write(&file, disabled)?;
    let output = launch.command()?.output()?;
    let err = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(2) && err.contains("no administrator"),
        "{output:?}"
    );
    fs::write(&file, people(&ada))?;
    launch.start()?;
    Ok(())
}

#[test]
fn what_needs_a_restart_says_so_and_what_does_not_is_in_force() -> anyhow::Result<()> {
    let house = House::open("[login]\nfresh = \"5m\"\n")?;
    let said = house.reload("[login]\nfresh = \"1m\"\n[server]\nbrand = \"Example\"\n[registration]\nmode = \"open\"\n[log]\nlevel = \"debug\"\n")?;
    for part in ["login.fresh", "registration.mode", "log.level"] {
        ensure!(said.contains(part), "no {part:?} in {said}");
    }
    house.server.process.wait_line("need a restart")?;
    ensure!(house.server.process.said().contains("server.brand"));
    // Registration is open now; the brand is as it was.
    let page = house.server.client().get("/register")?;
    ensure!(
        page.status == 200 && !page.body.contains("Example"),
        "{page:?}"
    );
    // A file that is gone is a slip, and no wish for the defaults.
    fs::rename(&house.file, house.file.with_extension("away"))?;
    house.server.process.signal(Signal::HUP)?;
    house.server.process.wait_line("does not exist")?;
    ensure!(house.server.client().get("/register")?.status == 200);
    fs::rename(house.file.with_extension("away"), &house.file)?;
    house.reload("[registration]\nmode = \"off\"\n")?;
    ensure!(house.server.client().get("/register")?.status != 200);
    Ok(())
}

/// Holds: ASVS 7.4.1
#[test]
fn applications_by_command_with_a_running_server_and_without_one() -> anyhow::Result<()> {
    let mut house = House::open("")?;
    let origin = format!("http://{SHOP}");
    let added: Value = serde_json::from_str(
        &house.command(["app", "add", "shop", "--origin", &origin, "--json"])?,
    )?;
    let id = added["client_id"]
        .as_str()
        .context("no client_id")?
        .to_owned();
    let mut bob = house.bob()?;
    let cookies = house.at_the_shop(&mut bob)?;
    ensure!(house.verify(&cookies, "/cart")?.0 == 200);

    house.command(["app", "set", "shop", "--role", "staff"])?;
    ensure!(house.verify(&cookies, "/cart")?.0 == 403);
    house.command(["app", "set", "shop", "--any-role", "--title", "The shop"])?;
    ensure!(house.verify(&cookies, "/cart")?.0 == 200);
    let told = house.refused(["app", "add", "other", "--origin", &origin])?;
    ensure!(told.contains("shop is reached at"), "{told}");
    let told = house.refused([
        "app",
        "add",
        "other",
        "--kind",
        "spa",
        "--origin",
        "http://other.localhost",
    ])?;
    ensure!(told.contains("come with tokens"), "{told}");

    // The same without a server, on what the server left.
    ensure!(house.server.process.terminate()?.success());
    let shown = house.command(["app", "show", "shop"])?;
    ensure!(shown.contains("The shop") && shown.contains(&id), "{shown}");
    house.command([
        "app",
        "add",
        "wiki",
        "--origin",
        "http://wiki.localhost:8082",
        "--public",
    ])?;
    let list = house.command(["app", "list"])?;
    ensure!(list.contains("shop") && list.contains("wiki"), "{list}");
    let told = house.refused(["app", "remove", "wiki"])?;
    ensure!(told.contains("--yes"), "{told}");
    house.command(["app", "remove", "wiki", "--yes"])?;

    house.server = house.launch.start()?;
    ensure!(
        house.verify(&cookies, "/cart")?.0 == 200,
        "the cookie outlived the restart"
    );
    house.command(["app", "remove", "shop", "--yes"])?;
    ensure!(
        !matches!(house.verify(&cookies, "/cart")?.0, 200..300),
        "the cookie did not outlive the application"
    );
    ensure!(house.command(["app", "list", "--json"])?.contains("[]"));
    Ok(())
}
