use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, header};
use vestibule_core::place::{Country, Located};
use vestibule_engine::Places;
use vestibule_http::{Context, Extras};

use crate::house::{Answer, Browser, House, PASSWORD};

const ALICE: &str = "alice@example.test";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

#[tokio::test]
async fn a_person_reads_what_happened_on_their_account_and_nobody_else_s() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let mut stranger = house.browser();
    stranger.peer = "203.0.113.66:4000".parse().unwrap();
    stranger.sign_in(ALICE, "guessed in the dark").await;
    let browser = house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    browser
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    let mut bob = house.browser();
    bob.peer = "203.0.113.99:4000".parse().unwrap();
    bob.sign_in("bob@example.test", PASSWORD).await;

    let page = browser.get("/account/activity").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("203.0.113.66"),
        "the failed try, and from where"
    );
    assert!(!page.body.contains("203.0.113.99"), "bob's");
    assert!(page.body.contains("Firefox on Linux"));
    let rows = page.body.matches("<time").count();
    assert_eq!(
        rows, 5,
        "made, failed, signed in twice, others ended: {}",
        page.body
    );
    assert!(!page.body.contains("guessed in the dark"));
}

/// Holds: ASVS 6.3.5
#[tokio::test]
async fn asvs_6_3_5_what_is_suspicious_is_marked_and_a_new_device_is_named() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let mut phone = house.browser();
    phone.user_agent = IPHONE;
    for _ in 0..6 {
        phone.sign_in(ALICE, "not it, I fear").await;
    }
    house.clock.forward(Duration::from_mins(5));
    phone.sign_in(ALICE, PASSWORD).await;
    let page = browser.get("/account/activity").await;
    let marked = |text: &str| -> bool {
        let row = row(&page, text);
        assert!(row.contains("<time datetime="), "{text}");
        row.contains("badge bad")
    };
    assert!(marked("Sign-in refused: wrong password"));
    assert!(marked("Too many wrong passwords"));
    assert!(!marked("Signed in on a new device"));
    assert!(row(&page, "Signed in on a new device").contains("Safari on iPhone"));
    assert_eq!(
        page.body.matches("on a new device").count(),
        2,
        "once a login"
    );
    phone.submit("/account", "/logout", &[]).await;
    phone.sign_in(ALICE, PASSWORD).await;
    let page = browser.get("/account/activity").await;
    assert_eq!(page.body.matches("on a new device").count(), 2, "known now");
}

#[tokio::test]
async fn changes_are_told_in_the_reader_s_language_with_what_they_concern() {
    let house = House::new().await;
    house.add_with(ALICE, &[], false).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    let prove = browser.submit("/account/addresses", "/account/addresses/prove", &[]);
    assert_eq!(prove.await.status, StatusCode::OK);
    let link = house.letter().await;
    let token = [("token", crate::house::token(&link))];
    let confirmed = browser.submit("/account/addresses", "/account/addresses/confirm", &token);
    assert_eq!(confirmed.await.status, StatusCode::SEE_OTHER);
    let profile = [("name", "Alice"), ("language", "de")];
    browser
        .submit("/account/profile", "/account/profile", &profile)
        .await;
    let offered = house
        .engine
        .offer_recovery(
            &vestibule_core::email::EmailAddress::parse(ALICE).unwrap(),
            &house.operator(),
        )
        .await;
    assert!(offered.unwrap().is_some());
    let change = [
        ("current_password", PASSWORD),
        ("new_password", "eleven green tandems"),
    ];
    browser
        .submit("/account/security", "/account/security", &change)
        .await;

    let english = browser.get("/account/activity").await;
    let german = spoken(&browser, "/account/activity", "de").await;
    for (page, texts) in [
        (
            &english,
            [
                "Asked for a link that confirms an address",
                "Confirmed the address alice@example.test",
                "Changed the profile",
                "An administrator mailed a link",
                "Changed the password",
            ],
        ),
        (
            &german,
            [
                "Einen Link angefordert, der eine Adresse bestätigt",
                "alice@example.test bestätigt",
                "Profil geändert",
                "Die Verwaltung hat einen Link",
                "Passwort geändert",
            ],
        ),
    ] {
        for text in texts {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_a_page_is_on_the_next() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for n in 0..70 {
        let fields = [("name", &*format!("Alice {n}")), ("language", "en")];
        let answer = browser.submit("/account/profile", "/account/profile", &fields);
        assert_eq!(answer.await.status, StatusCode::SEE_OTHER);
        // Across more than one day, so that no two pages look alike.
        house.clock.forward(Duration::from_mins(10));
    }
    let first = browser.get("/account/activity").await;
    assert_eq!(first.body.matches("<time").count(), 50);
    assert!(!first.body.contains("Newest"));
    let older = first.body.split("href=\"/account/activity?before=").nth(1);
    let older = older.unwrap().split('"').next().unwrap();
    let next = browser
        .get(&format!("/account/activity?before={older}"))
        .await;
    assert_eq!(next.status, StatusCode::OK);
    assert_eq!(
        next.body.matches("<time").count(),
        22,
        "20, signed in, made"
    );
    assert!(next.body.contains("Account created"));
    assert!(next.body.contains("Newest") && !next.body.contains("before="));
    let times = |page: &Answer| -> Vec<String> {
        let times = page.body.split("<time datetime=\"").skip(1);
        times.map(|time| time[..20].to_owned()).collect()
    };
    let mut all = times(&first);
    all.extend(times(&next));
    assert!(all.is_sorted_by(|newer, older| newer >= older), "{all:?}");
    for wrong in ["x", "-1", "1e3", "99999999999999999999"] {
        let path = format!("/account/activity?before={wrong}");
        assert_eq!(
            browser.get(&path).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    for far in [0, u64::MAX] {
        let path = format!("/account/activity?before={far}");
        assert_eq!(browser.get(&path).await.status, StatusCode::OK, "{far}");
    }
}

/// A list that knows one network.
struct Atlas;

impl Places for Atlas {
    fn locate(&self, address: IpAddr, language: &str) -> Option<Located> {
        let known: IpAddr = "203.0.113.66".parse().unwrap();
        (address == known).then(|| Located {
            country: Country {
                code: "DE".to_owned(),
                name: if language == "de" {
                    "Deutschland"
                } else {
                    "Germany"
                }
                .to_owned(),
            },
            city: Some("<b>Göttingen</b>".to_owned()),
        })
    }
}

#[tokio::test]
async fn a_place_is_said_in_words_where_it_is_known() {
    let house = House::new().await;
    house.add(ALICE).await;
    let extras = Extras {
        places: Some(Arc::new(Atlas)),
        ..Extras::default()
    };
    let site = house.context.site.clone();
    let context = Context::furnished(Arc::clone(&house.engine), site, extras);
    let mut browser = house.browser();
    browser.router = vestibule_http::public(context);
    browser.peer = "127.0.0.1:4000".parse().unwrap();
    browser.sign_in(ALICE, PASSWORD).await;
    let mut stranger = house.browser();
    stranger.peer = "203.0.113.66:4000".parse().unwrap();
    stranger.sign_in(ALICE, "guessed in the dark").await;
    let page = browser.get("/account/activity").await;
    let refused = row(&page, "Sign-in refused");
    assert!(refused.contains("Germany") && refused.contains("203.0.113.66"));
    assert!(!page.body.contains("<b>Göttingen"), "ASVS 3.2.2");
    assert!(row(&page, "Signed in").contains("the machine this server runs on"));
    let german = spoken(&browser, "/account/activity", "de").await;
    assert!(german.body.contains("Deutschland"));
    let devices = browser.get("/account").await;
    assert!(devices.body.contains("the machine this server runs on"));
}

/// The list's row that has this text.
fn row<'a>(page: &'a Answer, text: &str) -> &'a str {
    let rows = page.body.split("<li>").skip(1);
    let mut rows = rows.map(|row| row.split("</li>").next().unwrap());
    rows.find(|row| row.contains(text))
        .unwrap_or_else(|| panic!("no {text} in {}", page.body))
}

async fn spoken(browser: &Browser, path: &str, language: &str) -> Answer {
    let mut request = browser.request(Method::GET, path, "");
    let language = language.parse().unwrap();
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, language);
    browser.send(request).await
}
