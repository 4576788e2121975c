use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;
use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::ActId;
use vestibule_core::time::UnixMillis;

use super::{ROOT, administered, said};
use crate::house::{Answer, Browser, House};

const ALICE: &str = "alice@example.test";

/// A stream that is read piece by piece.
struct Stream {
    body: Body,
    text: String,
    /// The last `id`.
    id: String,
}

impl Stream {
    async fn open(browser: &Browser, path: &str) -> Self {
        Self::go_on(browser, path, None).await
    }

    /// Opens it behind what was told last.
    async fn go_on(browser: &Browser, path: &str, last: Option<&str>) -> Self {
        let mut request = browser.request(Method::GET, path, "");
        let headers = request.headers_mut();
        if let Some(last) = last {
            headers.insert("last-event-id", last.parse().unwrap());
        }
        headers.insert("accept", "text/event-stream".parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        headers.insert("sec-fetch-mode", "cors".parse().unwrap());
        headers.insert("sec-fetch-dest", "empty".parse().unwrap());
        let answer = browser.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self {
            body: answer.into_body(),
            text: String::new(),
            id: String::new(),
        }
    }

    /// The next position that comes without an event.
    async fn past(&mut self) -> u64 {
        loop {
            if let Some((told, rest)) = self.text.split_once("\n\n") {
                let position = told.strip_prefix("id: ").map(|id| id.parse().unwrap());
                assert!(position.is_some() || told == ":", "{told}");
                self.text = String::from(rest);
                if let Some(position) = position {
                    return position;
                }
                continue;
            }
            self.hear().await.expect("a stream that goes on");
        }
    }

    /// What comes next is behind what there is; nothing: it is over.
    async fn hear(&mut self) -> Option<()> {
        let frame = timeout(Duration::from_secs(20), self.body.frame()).await;
        let frame = frame.expect("a stream that goes on says something")?;
        let data = frame.unwrap().into_data().unwrap();
        self.text.push_str(std::str::from_utf8(&data).unwrap());
        Some(())
    }

    /// The next event: its name, and its data.
    async fn next(&mut self) -> Option<(String, serde_json::Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(id) = event.strip_prefix("id: ") {
                    id.clone_into(&mut self.id);
                }
                let Some(named) = event.strip_prefix("event: ") else {
                    continue;
                };
                let (name, data) = named.split_once("\ndata:").unwrap();
                assert!(!data.contains('\n'));
                let data = serde_json::from_str(data).unwrap_or_default();
                let name = match name.split_once("\nid: ") {
                    None => name,
                    Some((name, id)) => {
                        id.clone_into(&mut self.id);
                        name
                    }
                };
                return Some((name.to_owned(), data));
            }
            self.hear().await?;
        }
    }
}

#[tokio::test]
async fn the_overview_is_told_anew_when_its_figures_change() {
    let (house, browser) = administered().await;
    let page = browser.get("/console").await;
    assert!(page.body.contains("data-events=\"/console/events\""));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("connect-src 'self'") && policy.contains("default-src 'none'"));
    let elsewhere = browser.get("/console/sessions").await;
    assert!(
        !elsewhere
            .header("content-security-policy")
            .contains("connect-src")
    );

    let mut stream = Stream::open(&browser, "/console/events").await;
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["into"]), ("put", &"figures".into()));
    let html = data["html"].as_str().unwrap();
    assert!(html.contains("Live sessions") && html.contains("<strong>1</strong>"));
    let (_, table) = stream.next().await.unwrap();
    assert_eq!(table["into"], "hours");
    let rows = table["html"].as_str().unwrap().trim();
    assert!(rows.starts_with("<tr><th scope=\"row\">"), "{rows}");
    assert!(page.body.contains("<tbody id=\"hours\">"));
    // Nothing is told that the page does not show.
    let figures = page.body.split("<details").next().unwrap();
    assert!(
        figures.ends_with(&format!("{}</div> ", html.trim_end()))
            || figures.contains("<strong>1</strong>")
    );
    house.signed_in(ROOT).await;
    let (_, data) = stream.next().await.unwrap();
    assert!(
        data["html"]
            .as_str()
            .unwrap()
            .contains("<strong>2</strong>")
    );
}

#[tokio::test]
async fn the_trail_is_followed_by_the_same_filter() {
    let (house, browser) = administered().await;
    house.add("alice@example.test").await;
    let page = browser.get("/console/audit?kind=login.").await;
    let mut stream = Stream::open(&browser, &followed(&page)).await;
    house.add("bob@example.test").await;
    house
        .browser()
        .sign_in("alice@example.test", "<i>not</i> the password")
        .await;
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["into"]), ("put", &"trail".into()));
    assert_eq!(data["above"], true);
    let html = data["html"].as_str().unwrap();
    assert!(html.contains("login.refused") && !html.contains("user.created"));
    assert_eq!(html.matches("<tr").count(), 1);
    for wrong in ["trail=x", "trail=1&kind=no.such", "trail=1&person=nobody"] {
        let answer = browser.get(&format!("/console/events?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

/// Holds: ASVS 7.4.1, ASVS 8.3.2
#[tokio::test]
async fn asvs_7_4_1_a_stream_is_over_with_the_session_the_role_and_the_idle_time() {
    let end_session = async |house: &House, browser: &Browser| {
        browser.submit("/account", "/logout", &[]).await;
        let _ = house;
    };
    let take_role = async |house: &House, _: &Browser| {
        let email = EmailAddress::parse(ROOT).unwrap();
        let taken = house
            .engine
            .set_roles(&email, Vec::new(), &house.operator())
            .await;
        taken.unwrap();
    };
    let run_out = async |house: &House, _: &Browser| house.clock.forward(Duration::from_mins(31));
    for which in 0..3 {
        let (house, browser) = administered().await;
        house.add_with("other@example.test", &["admin"], true).await;
        let mut stream = Stream::open(&browser, "/console/events").await;
        assert_eq!(stream.next().await.unwrap().0, "put");
        match which {
            0 => end_session(&house, &browser).await,
            1 => take_role(&house, &browser).await,
            _ => run_out(&house, &browser).await,
        }
        let mut last = stream.next().await.unwrap().0;
        while last == "put" {
            last = stream.next().await.unwrap().0;
        }
        assert_eq!(last, "over", "{which}");
        assert_eq!(stream.next().await, None, "{which}");
    }
}

/// Holds: ASVS 7.3.1
#[tokio::test]
async fn asvs_7_3_1_a_tab_that_stays_open_keeps_nobody_signed_in() {
    let (house, browser) = administered().await;
    let mut stream = Stream::open(&browser, "/console/events").await;
    stream.next().await.unwrap();
    house.clock.forward(Duration::from_mins(20));
    // Told of something after twenty minutes, and asked about the session for it.
    house.signed_in(ROOT).await;
    let told = async {
        loop {
            let (_, data) = stream.next().await.unwrap();
            if data.to_string().contains("<strong>2</strong>") {
                break;
            }
        }
    };
    timeout(Duration::from_secs(20), told).await.unwrap();
    house.clock.forward(Duration::from_mins(20));
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 7.3.1
#[tokio::test]
async fn asvs_7_3_1_nor_does_one_that_takes_its_stream_up_anew() {
    let (house, browser) = administered().await;
    for _ in 0..2 {
        house.clock.forward(Duration::from_mins(14));
        let mut stream = Stream::open(&browser, "/console/events").await;
        assert_eq!(stream.next().await.unwrap().0, "put");
    }
    house.clock.forward(Duration::from_mins(14));
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_streams_are_few_and_all_end_when_the_server_stops() {
    let (house, browser) = administered().await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(Stream::open(&browser, "/console/events").await);
    }
    let refused = browser.get("/console/events").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    house.context.streams.close();
    for stream in &mut streams {
        while let Some((name, _)) = stream.next().await {
            assert_eq!(name, "put");
        }
    }
    let refused = browser.get("/console/events").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_place_comes_back_when_nobody_reads_any_more() {
    let (_house, browser) = administered().await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = Stream::open(&browser, "/console/events").await;
        stream.next().await.unwrap();
        streams.push(stream);
    }
    assert_eq!(opened(&browser).await, StatusCode::TOO_MANY_REQUESTS);
    drop(streams);
    // At once, and not when there is something to tell.
    for _ in 0..8 {
        assert_eq!(opened(&browser).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_followed_goes_on_behind_the_last_that_was_told() {
    let (house, browser) = administered().await;
    house.add(ALICE).await;
    let page = browser.get("/console/audit?kind=login.").await;
    let path = followed(&page);
    let refused = async |count: usize| {
        for _ in 0..count {
            house.browser().sign_in(ALICE, "not the password, no").await;
        }
    };
    let mut stream = Stream::open(&browser, &path).await;
    refused(1).await;
    let first = positions(&stream.next().await.unwrap().1);
    assert_eq!(first.len(), 1);
    let last = stream.id.clone();
    assert_eq!(last, first[0].to_string());
    // Cut off; two more happen meanwhile, and something else.
    drop(stream);
    refused(2).await;
    house.add("bob@example.test").await;
    let mut stream = Stream::go_on(&browser, &path, Some(&last)).await;
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["above"]), ("put", &true.into()));
    let more = positions(&data);
    assert_eq!(more.len(), 2);
    assert!(more.iter().all(|position| *position > first[0]));
    refused(1).await;
    let latest = positions(&stream.next().await.unwrap().1);
    assert_eq!(latest.len(), 1, "no row twice");
    assert!(latest[0] > more[0]);

    // Where it cannot go on, the page is loaded anew: behind what there is, and behind what no stream tells.
    for last in ["1000000", "x", ""] {
        let mut stream = Stream::go_on(&browser, &path, Some(last)).await;
        assert_eq!(stream.next().await.unwrap().0, "anew", "{last}");
        assert_eq!(stream.next().await, None);
    }
}

/// What is followed seldom has news: whoever is cut off has nothing looked through twice for it.
#[tokio::test]
async fn where_nothing_is_like_that_the_position_goes_on_all_the_same() {
    let (house, browser) = administered().await;
    let page = browser.get("/console/audit?kind=setup.").await;
    let mut stream = Stream::open(&browser, &followed(&page)).await;
    house.add(ALICE).await;
    let settled = house.engine.settled().await.unwrap();
    assert_eq!(stream.past().await, settled);
    house.add("bob@example.test").await;
    assert!(stream.past().await > settled);
}

#[tokio::test]
async fn a_list_that_is_empty_yet_is_followed() {
    let (house, browser) = administered().await;
    house.add(ALICE).await;
    let page = browser.get("/console/audit?kind=login.refused").await;
    assert!(said(&page.body).contains("No event is like that."));
    assert!(page.body.contains("<div class=\"panel\" hidden>"));
    let mut stream = Stream::open(&browser, &followed(&page)).await;
    house.browser().sign_in(ALICE, "not the password, no").await;
    let data = stream.next().await.unwrap().1;
    assert_eq!(positions(&data).len(), 1);
    // Nobody is like that, nor will be: there is nothing to wait for.
    let unknown = browser.get("/console/audit?person=nobody").await;
    assert!(!unknown.body.contains("data-events"));
}

#[tokio::test]
async fn a_burst_comes_in_above_and_what_a_page_holds_of_it_is_whole() {
    let (house, browser) = administered().await;
    let page = browser.get("/console/audit?kind=setup.completed").await;
    let path = followed(&page);
    let before = house.engine.settled().await.unwrap();
    for n in 0..300_u16 {
        let mut salt = [0; 10];
        salt[..2].copy_from_slice(&n.to_be_bytes());
        let at = UnixMillis(1_767_225_600_000);
        let act = Act {
            id: ActId::new(at, salt),
            at,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        };
        let kinds = [EventKind::AllSessionsEnded, EventKind::SetupCompleted];
        let events = kinds.map(Event::plain).to_vec();
        house.store.record(events, act).await.unwrap();
    }
    let mut stream = Stream::open(&browser, &path).await;
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["above"]), ("put", &true.into()));
    let told = positions(&data);
    // Every second one is looked for: the newest 200 of them, newest first, none left out.
    let newest: Vec<u64> = (0..200).map(|n| before + 600 - 2 * n).collect();
    assert_eq!(told, newest);
    assert_eq!(stream.id, (before + 600).to_string());
}

/// Where a page of the trail follows.
fn followed(page: &Answer) -> String {
    let path = page.body.split("data-events=\"").nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    path.replace("&#38;", "&").replace("&amp;", "&")
}

/// The events that a stream put in.
fn positions(data: &serde_json::Value) -> Vec<u64> {
    let html = data["html"].as_str().unwrap();
    let rows = html.split("<dt>#</dt><dd>").skip(1);
    rows.map(|row| row.split('<').next().unwrap().parse().unwrap())
        .collect()
}

/// What a stream is answered with; it is not read.
async fn opened(browser: &Browser) -> StatusCode {
    let request = browser.request(Method::GET, "/console/events", "");
    let answer = browser.router.clone().oneshot(request).await.unwrap();
    answer.status()
}
