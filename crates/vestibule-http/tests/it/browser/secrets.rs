//! Everything that is written down while the whole story is told, searched for everything that must not be in it.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use http::StatusCode;
use tracing_subscriber::fmt::MakeWriter;

use crate::handshake::town::{APP, SIBLING, Town};
use crate::house::{Answer, House, Plan, token};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The log of this whole test binary, every thread, at the finest level. Other tests write to it too, which only makes the
/// search wider.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    log
});

const PASSWORDS: [&str; 4] = [
    "seventeen silver keys",
    "nineteen brazen locks",
    "not the silver keys at all",
    "one wrong brazen lock",
];

/// Holds: ASVS 16.2.5, ASVS 3.3.4, ASVS 14.2.1
#[tokio::test]
async fn asvs_16_2_5_no_secret_is_in_a_log_a_page_or_the_data_directory() {
    let log = LOG.clone();
    let house = House::new().await;
    let mut secrets: Vec<String> = PASSWORDS.map(str::to_owned).into();
    let mut pages: Vec<Answer> = Vec::new();

    let setup = house.setup_token().await;
    let browser = house.browser();
    let page = format!("/setup?token={setup}");
    let fields = [
        ("token", setup.as_str()),
        ("identifier", "alice@example.test"),
        ("password", PASSWORDS[0]),
    ];
    pages.push(browser.submit(&page, "/setup", &fields).await);
    secrets.push(browser.session().unwrap());
    let other = house.browser();
    pages.push(other.sign_in("alice@example.test", PASSWORDS[2]).await);
    secrets.push(other.cookie("__Host-vestibule-form").unwrap());
    pages.push(other.sign_in("alice@example.test", PASSWORDS[0]).await);
    secrets.push(other.session().unwrap());
    house.clock.forward(Duration::from_mins(6));
    let asked = browser
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    let csrf = asked.csrf();
    for password in [PASSWORDS[2], PASSWORDS[0]] {
        pages.push(
            browser
                .post(
                    "/account/devices/end-others",
                    &[("csrf", &csrf), ("password", password)],
                )
                .await,
        );
    }
    secrets.push(browser.session().unwrap());
    for (current, new) in [(PASSWORDS[3], PASSWORDS[1]), (PASSWORDS[0], PASSWORDS[1])] {
        let fields = [("current_password", current), ("new_password", new)];
        pages.push(
            browser
                .submit("/account/security", "/account/security", &fields)
                .await,
        );
    }
    secrets.push(browser.session().unwrap());
    for path in [
        "/account",
        "/account/security",
        "/account/activity",
        "/logout",
        &page,
        "/nothing",
        "/login?next=%zz",
    ] {
        pages.push(browser.get(path).await);
    }
    pages.push(browser.submit("/logout", "/logout", &[]).await);
    house.lose_the_store().await;
    let last = house.browser();
    pages.push(last.sign_in("alice@example.test", PASSWORDS[1]).await);
    assert_eq!(
        pages.last().unwrap().status,
        StatusCode::SERVICE_UNAVAILABLE
    );

    let mut disk = Vec::new();
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        disk.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let disk = String::from_utf8_lossy(&disk);
    let log = log.text();
    assert!(
        log.contains("answered") && log.contains("/account/devices/end-others"),
        "the log was kept"
    );
    // A session's id may be known; the 43 characters after it may not.
    let secrets = secrets.iter().map(|secret| {
        if secret.len() == 64 {
            &secret[22..]
        } else {
            secret
        }
    });
    for secret in secrets {
        for spelled in [
            secret.to_owned(),
            secret.replace(' ', "+"),
            secret.replace(' ', "%20"),
        ] {
            assert!(!log.contains(&spelled), "{spelled} is in the log");
            assert!(!disk.contains(&spelled), "{spelled} is on disk");
            for page in &pages {
                assert!(!page.body.contains(&spelled), "{spelled} is in a page");
            }
        }
    }
    // The page of the link carries the link's token, and the forms carry theirs; the log and the disk neither.
    for token in [setup, csrf] {
        assert!(!log.contains(&token) && !disk.contains(&token), "{token}");
    }
}

/// Holds: ASVS 16.2.5, ASVS 14.2.1
#[tokio::test]
async fn asvs_16_2_5_a_link_that_confirms_an_address_is_in_no_log_on_its_way_through_the_sign_in() {
    const ALICE: &str = "alice@example.test";
    let log = LOG.clone();
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    let fields = [("email", "alice@work.example.test")];
    browser
        .submit("/account/addresses", "/account/addresses/add", &fields)
        .await;
    let letter = house.letter().await;
    let token = token(&letter);
    let link = format!("/account/addresses/confirm?token={token}");
    let elsewhere = house.browser();
    let door = elsewhere.get(&link).await.location().to_owned();
    for password in ["not hers at all, I fear", crate::house::PASSWORD] {
        let fields = [
            ("identifier", ALICE),
            ("password", password),
            ("next", link.as_str()),
        ];
        elsewhere.submit(&door, "/login", &fields).await;
    }
    let fields = [("token", token)];
    for _ in 0..2 {
        elsewhere
            .submit("/account/addresses", "/account/addresses/confirm", &fields)
            .await;
        elsewhere.get(&link).await;
    }
    house.lose_the_store().await;
    let away = elsewhere.get(&link).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!away.body.contains(token), "nor on an error's page");
    let log = log.text();
    assert!(log.contains("/account/addresses/confirm"));
    assert!(!log.contains(random(token)));
}

/// Holds: ASVS 16.3.4, ASVS 16.5.1
#[tokio::test]
async fn asvs_16_5_1_the_log_line_carries_the_id_that_the_page_shows() {
    let log = LOG.clone();
    let house = House::new().await;
    let browser = house.browser();
    house.lose_the_store().await;
    let token = "vst_setup_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let answer = browser.get(&format!("/setup?token={token}")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let id = answer
        .body
        .split("<span class=\"mono\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert_eq!(id.len(), 8);
    let log = log.text();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(id)).collect();
    let [line] = &lines[..] else {
        panic!("one line a failure: {lines:?}")
    };
    for part in [
        "ERROR",
        "error.code=\"unavailable\"",
        "http.path=\"/setup\"",
        "http.status=503",
        "the store cannot be reached",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains(token));
}

/// Holds: ASVS 16.2.5, ASVS 14.2.1, C8
#[tokio::test]
async fn asvs_16_2_5_no_mailed_link_code_or_device_is_in_a_log_or_the_data_directory() {
    const BOB: &str = "bob@example.test";
    let log = LOG.clone();
    let house = House::planned(Plan::open()).await;
    let browser = house.browser();
    let fields = [("identifier", BOB), ("name", "Bob")];
    browser.submit("/register", "/register", &fields).await;
    let register = token(&house.letter().await).to_owned();
    let page = format!("/register/finish?token={register}");
    let fields = [("token", register.as_str()), ("password", PASSWORDS[0])];
    let done = browser.submit(&page, "/register/finish", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let device = browser.cookie("__Host-vestibule-device").unwrap();

    let other = house.browser();
    other.sign_in(BOB, PASSWORDS[0]).await;
    let letters = house.letters().await;
    let end_login = token(&letters[0]).to_owned();
    let page = format!("/recover/end-login?token={end_login}");
    let fields = [("token", end_login.as_str())];
    other.submit(&page, "/recover/end-login", &fields).await;

    let reader = house.browser();
    let asked = reader
        .submit("/recover", "/recover", &[("identifier", BOB)])
        .await;
    let (_, code) = asked.body.split_once("id=\"code\">").unwrap();
    let code = code.split('<').next().unwrap().to_owned();
    let recover = token(&house.letter().await).to_owned();
    let page = format!("/recover/finish?token={recover}");
    for (password, code) in [(PASSWORDS[1], "1"), (PASSWORDS[1], code.as_str())] {
        let fields = [
            ("token", recover.as_str()),
            ("code", code),
            ("password", password),
        ];
        house
            .browser()
            .submit(&page, "/recover/finish", &fields)
            .await;
    }
    house.letters().await;
    house.lose_the_store().await;

    let mut disk = Vec::new();
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        disk.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let disk = String::from_utf8_lossy(&disk);
    let log = log.text();
    assert!(log.contains("/recover/finish") && log.contains("/register/finish"));
    let plain = code.replace(' ', "");
    for secret in [&register, &end_login, &recover, &device, &code, &plain] {
        // The part that is random: a prefix is no secret.
        let random = random(secret);
        assert!(!log.contains(random), "{secret} is in the log");
        assert!(!disk.contains(random), "{secret} is on the disk");
    }
}

/// Holds: ASVS 16.4.1
#[tokio::test]
async fn asvs_16_4_1_nothing_that_a_stranger_sends_breaks_a_log_line() {
    let log = LOG.clone();
    let house = House::new().await;
    let browser = house.browser();
    let hostile = "mark7f3a\r\n2026-01-01 ERROR forged\u{1b}[2Jline\u{202e}";
    browser.sign_in(hostile, hostile).await;
    browser
        .submit(
            "/login",
            "/login",
            &[("mark7f3a\nforged", "x"), ("password", hostile)],
        )
        .await;
    browser.get("/mark7f3a%0d%0aforged").await;
    let encoded =
        percent_encoding::utf8_percent_encode(hostile, percent_encoding::NON_ALPHANUMERIC);
    browser
        .post("/login", &[(hostile, "1"), (&encoded.to_string(), "2")])
        .await;
    let log = log.text();
    assert!(log.contains("mark7f3a"));
    for line in log.lines() {
        assert!(!line.starts_with("2026-01-01 ERROR forged"));
        assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}'));
    }
}

/// What follows the prefix of a link's token; all of anything else.
fn random(secret: &str) -> &str {
    let prefixed = secret.strip_prefix("vst_");
    let parts = prefixed.and_then(|rest| rest.split_once('_'));
    parts.map_or(secret, |(_, random)| random)
}

/// Holds: ASVS 16.2.5, ASVS 14.2.1
#[tokio::test]
async fn asvs_16_2_5_nothing_of_a_handshake_is_in_the_log() {
    let log = LOG.clone();
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let stolen = alice.until_finish(SIBLING, "/").await;
    alice.open(&finish).await;
    let mut mallory = town.person();
    assert_eq!(mallory.open(&stolen).await.status, StatusCode::FORBIDDEN);
    let again = alice.open(&finish).await;
    assert_eq!(again.status, StatusCode::GONE);
    let cookie = alice.at(SIBLING).cookie(APP).unwrap();
    town.ask(SIBLING, "/", &format!("{APP}={cookie}"))
        .send()
        .await;
    let code = |url: &str| url.split("code=").nth(1).unwrap()[..43].to_owned();
    let mut secrets = vec![code(&finish), code(&stolen), cookie];
    secrets.extend(alice.secrets(SIBLING).into_iter().map(|(_, value)| value));
    let written = log.text();
    assert!(written.contains("handshake_elsewhere") || written.contains("no_cookie_kept"));
    for secret in secrets {
        assert!(secret.len() >= 43 && !written.contains(&secret));
    }
}
