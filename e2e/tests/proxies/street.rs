//! Vestibule, the shop, and one proxy in front of both.

use anyhow::ensure;
use vestibule_e2e::application::Application;
use vestibule_e2e::http::Answer;
use vestibule_e2e::proxies::{ISSUER, Kind, Proxy, SHOP};
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::visitor::{Asked, Visitor};

use crate::crooked::WIKI;

/// Of everybody here.
pub const PASSWORD: &str = "seven green doors open";
/// Has a name beyond ASCII, a verified address and roles.
pub const ALICE: &str = "alice@example.test";
/// Has nothing but an address that was not verified.
pub const BOB: &str = "bob@example.test";

/// The book's hosts, on ports of this test.
pub struct Street {
    /// The proxy.
    pub proxy: Proxy,
    /// What it leads to.
    pub shop: Application,
    /// Who it asks.
    pub server: Server,
}

impl Street {
    /// Starts all three, and lets Alice and Bob have accounts.
    pub fn open(kind: Kind) -> anyhow::Result<Self> {
        Self::open_with(Launch::new()?, kind)
    }

    /// As [`Street::open`], with Vestibule as `launch` says.
    pub fn open_with(launch: Launch, kind: Kind) -> anyhow::Result<Self> {
        let server = launch.config(&(kind.settings()? + WIKI))?.start()?;
        let alice = [
            "user",
            "add",
            ALICE,
            "--name",
            "Älice Ünger, 愛",
            "--verified",
            "--role",
            "editors",
            "--password-stdin",
        ];
        let alice = server.command(alice, PASSWORD)?;
        ensure!(
            alice.status.success(),
            "user add: {}",
            String::from_utf8_lossy(&alice.stderr)
        );
        server.add_user(BOB, PASSWORD)?;
        let shop = Application::start()?;
        let proxy = Proxy::start(kind, server.port, shop.port)?;
        Ok(Self {
            proxy,
            shop,
            server,
        })
    }

    /// Somebody with a browser and no cookies.
    pub fn visitor(&self) -> anyhow::Result<Visitor> {
        self.proxy.visitor()
    }

    /// Somebody who signed in on the way to the shop's front page.
    pub fn signed_in(&self, email: &str) -> anyhow::Result<Visitor> {
        let mut visitor = self.visitor()?;
        let page = visitor.open(&url("/"))?;
        let (end, answer) =
            visitor.fill_in(&page, &[("identifier", email), ("password", PASSWORD)])?;
        ensure!(
            end == url("/") && answer.status == 200,
            "{email} ended at {end}: {} {}",
            answer.status,
            answer.body
        );
        Ok(visitor)
    }

    /// Holds of all that ever reached the shop.
    pub fn look_back(&self) -> anyhow::Result<()> {
        for request in self.shop.received() {
            let head = request.head.to_ascii_lowercase();
            for ours in ["__host-vestibule", "evil-claim", "upgrade: h2c"] {
                ensure!(!head.contains(ours), "{ours} reached the shop:\n{head}");
            }
            let upgrade = request.header("upgrade").to_ascii_lowercase();
            ensure!(
                matches!(upgrade.as_str(), "" | "websocket"),
                "{upgrade} reached the shop:\n{head}"
            );
            let connection = request.header("connection").to_ascii_lowercase();
            ensure!(
                matches!(connection.as_str(), "" | "close" | "keep-alive" | "upgrade"),
                "Connection: {connection} reached the shop:\n{head}"
            );
        }
        Ok(())
    }

    /// Whether something whose path and query hold `mark` reached the shop.
    pub fn reached(&self, mark: &str) -> bool {
        let received = self.shop.received();
        received.iter().any(|one| one.target().contains(mark))
    }
}

/// A path of the shop's.
pub fn url(path: &str) -> String {
    format!("{SHOP}{path}")
}

/// A path of the issuer's.
pub fn issuer(path: &str) -> String {
    format!("{ISSUER}{path}")
}

/// A request by a script of the shop's own pages.
pub fn own(visitor: &mut Visitor, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    visitor.send(Asked {
        method,
        url: &url(path),
        headers: &[
            ("Accept", "application/json"),
            ("Origin", SHOP),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
        body,
    })
}
