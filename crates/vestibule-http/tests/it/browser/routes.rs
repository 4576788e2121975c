//! The list of routes itself, read from the source: what holds for every page must hold for the next one too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use http::{Method, StatusCode};
use vestibule_core::letter::Says;
use vestibule_core::ticket::{PlainTicket, Purpose};

use crate::house::{House, PASSWORD, Plan, token};

/// Path and the methods it answers to.
pub fn pages() -> Vec<(String, Vec<Method>)> {
    let lists = [
        (include_str!("../../../src/lib.rs"), "fn pages("),
        (include_str!("../../../src/console.rs"), "fn routes("),
    ];
    let lists = lists.map(|(source, list)| source.split_once(list).expect("a list of pages").1);
    let mut pages = Vec::new();
    for route in lists.iter().flat_map(|list| list.split(".route(").skip(1)) {
        let mut quoted = route.splitn(3, '"').skip(1);
        let (path, handlers) = (quoted.next().unwrap(), quoted.next().unwrap());
        let handlers = handlers.split(".fallback(").next().unwrap();
        let mut methods = Vec::new();
        if handlers.contains("get(") {
            methods.extend([Method::GET, Method::HEAD]);
        }
        if handlers.contains("post(") {
            methods.push(Method::POST);
        }
        assert!(!methods.is_empty(), "{route}");
        let path = path.replace(
            "{asset}",
            vestibule_http::assets::STYLESHEET
                .path()
                .trim_start_matches("/assets/"),
        );
        pages.push((path, methods));
    }
    assert!(pages.len() >= 10, "{pages:?}");
    pages
}

/// What the first column of the table 'Ways in' names.
fn ways_in() -> BTreeSet<&'static str> {
    let accounts = include_str!("../../../../../docs/accounts.md");
    let (_, section) = accounts.split_once("## Ways in").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next one");
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(1)
        .map(|row| row.split('|').nth(1).expect("a cell").trim())
        .collect()
}

/// Holds: ASVS 6.1.3
#[tokio::test]
async fn asvs_6_1_3_a_form_that_visitors_may_send_is_a_documented_way_in_or_opens_nothing() {
    // Each form, and the row that tells of it. A form that is new must be put here, and so into the table.
    let known = BTreeMap::from([
        ("/login", Some("`/login`")),
        ("/setup", Some("`/setup`")),
        ("/register", Some("`/register`")),
        ("/register/finish", Some("an invitation")),
        ("/recover", Some("`/recover`")),
        ("/recover/finish", Some("`/recover`")),
        // They end sessions.
        ("/logout", None),
        ("/recover/end-login", None),
    ]);
    let house = House::planned(Plan::open()).await;
    let visitor = house.browser();
    let csrf = visitor.get("/login").await.csrf();
    let mut open = BTreeSet::new();
    let posts = pages().into_iter();
    for (path, _) in posts.filter(|(_, methods)| methods.contains(&Method::POST)) {
        let answer = visitor.post(&path, &[("csrf", &csrf)]).await;
        let sent_to_the_door =
            answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/login");
        if !sent_to_the_door {
            open.insert(path);
        }
    }
    assert!(open.iter().eq(known.keys()), "{open:?}");
    let mut documented: BTreeSet<_> = known.into_values().flatten().collect();
    documented.extend([
        "`vestibule user add`, `invite`, `recover`, `import`",
        "re-authentication, change of password",
    ]);
    assert_eq!(ways_in(), documented);
}

/// Holds: ASVS 4.1.4
#[tokio::test]
async fn asvs_4_1_4_a_method_that_a_page_does_not_have_is_405_with_those_it_has() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for (path, methods) in pages() {
        let allowed: Vec<_> = methods.iter().map(Method::as_str).collect();
        let unused = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::TRACE,
        ];
        for method in unused
            .into_iter()
            .filter(|method| !methods.contains(method))
        {
            let answer = browser
                .send(browser.request(method.clone(), &path, ""))
                .await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_eq!(answer.header("allow"), allowed.join(","), "{method} {path}");
            assert!(answer.body.contains("405"), "a page");
        }
    }
}

/// Holds: ASVS 3.5.3
#[tokio::test]
async fn asvs_3_5_3_no_get_changes_anything_whatever_its_query_says() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let alice = house.add("alice@example.test").await;
    house.signed_in("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let page = browser.get("/account").await;
    let (csrf, device) = (page.csrf(), page.field("device").unwrap());
    let query = format!(
        "csrf={csrf}&device={device}&identifier=alice%40example.test&password={0}&current_password={0}&new_password=another+long+one&token={token}",
        PASSWORD.replace(' ', "+")
    );
    let (trail, cookie) = (house.trail().await, browser.session());
    for (path, _) in pages() {
        for method in [Method::GET, Method::HEAD] {
            for path in [path.clone(), format!("{path}?{query}")] {
                let answer = browser
                    .send(browser.request(method.clone(), &path, ""))
                    .await;
                assert!(answer.status.as_u16() < 500, "{method} {path}");
                assert!(
                    !answer
                        .set_cookies()
                        .iter()
                        .any(|set| set.starts_with("__Host-vestibule=")),
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(house.trail().await, trail);
    assert_eq!(browser.session(), cookie);
    assert_eq!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// All that is in the data directory's files; not the memory that processes share about them.
fn stored(house: &House) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(house.directory.path()).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.is_file() && !path.to_str().unwrap().ends_with("-shm"));
    files
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// Holds: ASVS 3.5.3
#[tokio::test]
async fn asvs_3_5_3_whoever_follows_a_mailed_link_ahead_of_its_reader_spends_nothing() {
    const ALICE: &str = "alice@example.test";
    let house = House::planned(Plan::open()).await;
    house.add(ALICE).await;
    let alice = house.signed_in(ALICE).await;
    house.letters().await;
    let thief = house.signed_in(ALICE).await;
    for (page, path, field, email) in [
        ("/register", "/register", "identifier", "carol@example.test"),
        ("/recover", "/recover", "identifier", ALICE),
        (
            "/account/addresses",
            "/account/addresses/add",
            "email",
            "alice@home.test",
        ),
    ] {
        let asked = alice.submit(page, path, &[(field, email)]).await;
        assert_eq!(asked.status, StatusCode::OK, "{path}");
    }
    let mut links = BTreeMap::new();
    for letter in house.letters().await {
        let (path, purpose) = match letter.says {
            Says::FinishRegistration { .. } => ("/register/finish", Purpose::Register),
            Says::Recover { .. } => ("/recover/finish", Purpose::Recover),
            Says::NewLogin { .. } => ("/recover/end-login", Purpose::EndLogin),
            Says::ConfirmAddress { .. } => ("/account/addresses/confirm", Purpose::Address),
            other => panic!("{other:?}"),
        };
        let token = token(&letter).to_owned();
        let secret = PlainTicket::parse(purpose, &token).unwrap().hashed();
        links.insert(format!("{path}?token={token}"), secret);
    }
    assert_eq!(links.len(), Purpose::ALL.len());

    let (before, trail) = (stored(&house), house.trail().await);
    for (link, secret) in &links {
        let now = house.engine.now();
        let ticket = house.store.ticket(*secret, now).await.unwrap();
        assert!(ticket.is_some(), "{link}");
        let scanner = house.browser();
        let more = format!("{link}&password=four+violet+umbrellas+up&name=X&code=00000000");
        for browser in [&scanner, &alice] {
            for method in [Method::GET, Method::HEAD] {
                for link in [link, &more] {
                    let answer = browser
                        .send(browser.request(method.clone(), link, ""))
                        .await;
                    assert!(answer.status.as_u16() < 400, "{method} {link}");
                }
            }
        }
        let after = house.store.ticket(*secret, now).await.unwrap();
        assert_eq!(after, ticket, "{link}");
        assert_eq!(alice.get(link).await.status, StatusCode::OK, "{link}");
        assert_eq!(scanner.session(), None);
    }
    assert_eq!(house.trail().await, trail);
    assert!(stored(&house) == before, "a link wrote something");
    assert_eq!(thief.get("/account").await.status, StatusCode::OK);

    // What a button does is seen by the same means.
    let (link, _) = links.last_key_value().expect("a link");
    let (path, token) = link.split_once("?token=").expect("a token");
    assert_eq!(path, "/register/finish");
    let fields = [("token", token), ("name", ""), ("password", PASSWORD)];
    let made = house.browser().submit(link, path, &fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    assert!(stored(&house) != before);
}

#[tokio::test]
async fn head_says_what_get_says_and_sends_nothing() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let pages = pages()
        .into_iter()
        .filter(|(_, methods)| methods.contains(&Method::GET))
        .map(|(path, _)| path);
    for path in pages.chain(["/nothing-here".to_owned()]) {
        let get = browser.get(&path).await;
        let head = browser.send(browser.request(Method::HEAD, &path, "")).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_start_page_leads_in_or_to_the_door() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.browser();
    let answer = browser.get("/").await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/login")
    );
    browser.sign_in("alice@example.test", PASSWORD).await;
    assert_eq!(browser.get("/").await.location(), "/account");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let house = House::new().await;
    for path in [
        "/nothing-here",
        "/account/nothing",
        "/login/",
        "/LOGIN",
        "//login",
        "/assets/x",
        "/assets/../login",
        "/%2e/login",
        "/favicon.ico",
    ] {
        let answer = house.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.body.contains("404") && answer.body.contains("href=\"/account\""),
            "{path}"
        );
    }
}
