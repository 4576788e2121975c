//! `/console/applications` and what is below it.

use std::time::Duration;

use http::StatusCode;
use vestibule_http::HeaderFamily;

use super::ROOT;
use crate::house::{Browser, House, PASSWORD, Plan};

const ADD: &str = "/console/applications/add";

async fn house(plan: Plan) -> (House, Browser) {
    let house = House::planned(plan).await;
    house.add_with(ROOT, &["admin"], true).await;
    let root = house.signed_in(ROOT).await;
    (house, root)
}

/// What the form sends for the shop.
const SHOP: [(&str, &str); 6] = [
    ("title", "The shop"),
    ("name", "shop"),
    ("origins", "https://shop.example.com"),
    ("who", "anyone"),
    ("roles", ""),
    ("proxy", "nginx"),
];

fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    SHOP.into_iter()
        .map(|(field, usual)| (field, if field == name { value } else { usual }))
        .collect()
}

/// The text in the `pre` of this id, as a browser shows it.
fn copied(body: &str, id: &str) -> String {
    let (_, rest) = body.split_once(&format!("<pre id=\"{id}\"")).unwrap();
    let (_, text) = rest.split_once('>').unwrap();
    let (text, _) = text.split_once("</pre>").unwrap();
    let entities = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    entities
        .into_iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[tokio::test]
async fn the_guided_add_ends_on_the_proxy_s_configuration_with_what_is_really_so() {
    let plan = Plan::default().proxy("127.0.0.1/32", HeaderFamily::XForwarded);
    let (house, root) = house(plan).await;
    let answer = root.submit(ADD, ADD, &SHOP).await;
    let next = "/console/applications/shop/connect?proxy=nginx&done=added";
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, next)
    );
    let page = root.follow(next).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("The application is known now"));
    let text = copied(&page.body, "file-1");
    for line in [
        "server_name id.example.test;",
        "server_name shop.example.com;",
        "auth-request?app=shop&cookies=application;",
    ] {
        assert!(text.contains(line), "{line}");
    }
    let settings = copied(&page.body, "settings");
    assert_eq!(
        settings,
        "[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-original\"\n"
    );
    // This installation trusts the address to send the other family.
    assert!(page.body.contains("another family of headers"));
    assert!(
        page.body
            .contains("vestibule doctor --url https://shop.example.com")
    );

    // Another proxy is a click away, and this one is trusted as it should be.
    let query = "proxy=haproxy&application=10.0.0.9%3A4000&vestibule=vestibule.internal%3A8081&from=127.0.0.1";
    let page = root
        .get(&format!("/console/applications/shop/connect?{query}"))
        .await;
    assert!(page.body.contains("name this proxy already"));
    let text = copied(&page.body, "file-1");
    assert!(text.contains("server shop 10.0.0.9:4000"));
    assert!(text.contains("server vestibule vestibule.internal:8081"));
    assert!(copied(&page.body, "file-2").contains("http://vestibule.internal:8081/verify"));
    let trail = house.trail().await;
    assert!(trail.contains(&"application.added".to_owned()), "{trail:?}");
}

/// Holds: ASVS 1.2.1, ASVS 2.2.1
#[tokio::test]
async fn asvs_1_2_1_nothing_typed_is_more_than_a_value_in_the_configuration() {
    let (_house, root) = house(Plan::default()).await;
    let title = "Shop\"; } # <script>alert(1)</script> {{args[0]}}";
    let answer = root.submit(ADD, ADD, &with("title", title)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    for proxy in ["nginx", "haproxy", "apache", "caddy", "traefik", "envoy"] {
        let path = format!("/console/applications/shop/connect?proxy={proxy}");
        let page = root.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{proxy}");
        // The title is shown, as text, and stands in no file.
        assert!(!page.body.contains("<script>alert"), "{proxy}");
        assert!(page.body.contains("&#60;script&#62;alert"), "{proxy}");
        assert!(
            !copied(&page.body, "file-1").contains("alert(1)"),
            "{proxy}"
        );
        for field in ["application", "vestibule", "from"] {
            for hostile in [
                "10.0.0.9%3A4000%3B%20%7D",
                "a%0Aserver%20evil%3A1",
                "%22%3A1",
            ] {
                let page = root.get(&format!("{path}&{field}={hostile}")).await;
                assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{hostile}");
                assert!(!page.body.contains("<pre"), "{proxy} {field} {hostile}");
            }
        }
        for strange in ["origin=https%3A%2F%2Fevil.example", "proxy=evil"] {
            let path = format!("/console/applications/shop/connect?{strange}");
            let page = root.get(&path).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{strange}");
        }
    }
    for (field, hostile) in [
        ("name", "shop; }"),
        ("name", "shop\nevil"),
        ("name", ""),
        ("title", "two\nlines"),
        ("origins", "https://shop.example.com/;"),
        ("origins", "https://shop.example.com\"{"),
        ("origins", "http://shop.example.com"),
        ("origins", "https://id.example.test"),
        ("origins", "https://b.example.com https://b.example.com"),
        ("origins", ""),
        ("proxy", "iis"),
    ] {
        let answer = root.submit(ADD, ADD, &with(field, hostile)).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{hostile:?}"
        );
        assert!(
            answer.body.contains("id=\"") && answer.body.contains("-wrong\""),
            "{hostile:?}"
        );
    }
}

/// Holds: ASVS 8.3.1
#[tokio::test]
async fn asvs_8_3_1_who_may_come_in_is_never_left_open_by_a_role_that_was_forgotten() {
    let (house, root) = house(Plan::default()).await;
    let forgotten = root.submit(ADD, ADD, &with("who", "roles")).await;
    assert_eq!(forgotten.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(forgotten.body.contains("name at least one role"));
    let mut staff = with("who", "roles");
    staff.retain(|(field, _)| *field != "roles");
    staff.push(("roles", "staff, editors"));
    let answer = root.submit(ADD, ADD, &staff).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = root.get("/console/applications/shop").await;
    assert!(
        page.body
            .contains("Who has one of these roles: editors, staff")
    );
    let shop = house.engine.application(&"shop".parse().unwrap()).await;
    assert_eq!(shop.unwrap().unwrap().spec.demand.roles.len(), 2);
}

#[tokio::test]
async fn what_another_application_has_is_told_at_the_field() {
    let (_house, root) = house(Plan::default()).await;
    root.submit(ADD, ADD, &SHOP).await;
    let same = root.submit(ADD, ADD, &SHOP).await;
    assert_eq!(same.status, StatusCode::CONFLICT);
    assert!(same.body.contains("Another application has this name"));
    let origin = root.submit(ADD, ADD, &with("name", "wiki")).await;
    assert_eq!(origin.status, StatusCode::CONFLICT);
    assert!(
        origin
            .body
            .contains("The application shop is reached at shop.example.com")
    );
    assert!(
        origin.body.contains("value=\"wiki\""),
        "what was typed stays"
    );
}

/// Holds: ASVS 7.5.3, ASVS 8.4.2
#[tokio::test]
async fn asvs_7_5_3_a_stale_login_proves_itself_and_does_it_in_one_step() {
    let (house, root) = house(Plan::default()).await;
    root.submit(ADD, ADD, &SHOP).await;
    house.clock.forward(Duration::from_mins(6));
    let mut fields = with("name", "wiki");
    fields.retain(|(field, _)| *field != "origins");
    fields.push(("origins", "https://wiki.example.com"));
    let asked = root.submit(ADD, ADD, &fields).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(
        asked.body.contains("name=\"password\"")
            && asked.body.contains("The shop will be made known")
    );
    fields.push(("password", PASSWORD));
    let csrf = asked.csrf();
    fields.push(("csrf", &csrf));
    let done = root.post(ADD, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);

    house.clock.forward(Duration::from_mins(6));
    let remove = "/console/applications/wiki/remove";
    let asked = root.get(remove).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.body.contains("name=\"password\""),
        "the page asks at once"
    );
    let refused = root
        .submit(remove, remove, &[("password", "not at all this one")])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let refused = root.submit(remove, remove, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(house.engine.applications().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_application_is_removed_once_it_was_said_what_that_means() {
    let (house, root) = house(Plan::default()).await;
    root.submit(ADD, ADD, &SHOP).await;
    let remove = "/console/applications/shop/remove";
    let asked = root.get(remove).await;
    assert!(asked.body.contains("refused at this 1 address"));
    assert!(asked.body.contains("Nobody is signed in there just now."));
    assert_eq!(house.engine.applications().await.unwrap().len(), 1);
    let done = root.submit(remove, remove, &[]).await;
    assert_eq!(
        done.location(),
        "/console/applications?done=removed&count=0"
    );
    assert!(house.engine.applications().await.unwrap().is_empty());
    let list = root.follow(done.location()).await;
    assert!(
        list.body
            .contains("The application is removed. Nobody was signed in there.")
    );
    for gone in ["", "/connect", "/remove", "/secret"] {
        let answer = root.get(&format!("/console/applications/shop{gone}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

/// Holds: ASVS 3.5.1
#[tokio::test]
async fn asvs_3_5_1_no_form_of_another_site_or_without_its_token_does_anything() {
    let (house, root) = house(Plan::default()).await;
    root.submit(ADD, ADD, &SHOP).await;
    let trail = house.trail().await;
    for path in [
        ADD,
        "/console/applications/shop/remove",
        "/console/applications/shop/secret",
    ] {
        let bare = root.post(path, &SHOP).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN, "{path}");
        let token = root.get("/account").await.csrf();
        let mut request = root.form(path, &[("csrf", &token)]);
        let origin = "https://evil.example".parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let foreign = root.send(request).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(house.trail().await, trail);
}

/// Holds: ASVS 13.3.4
#[tokio::test]
async fn asvs_13_3_4_a_secret_is_shown_once_and_the_one_before_lives_as_long_as_was_chosen() {
    let (house, root) = house(Plan::default()).await;
    root.submit(ADD, ADD, &SHOP).await;
    let secret = "/console/applications/shop/secret";
    let shop = house.engine.application(&"shop".parse().unwrap()).await;
    let id = shop.unwrap().unwrap().id.to_string();
    let good = |secret: &str| house.engine.authenticate_application(&id, secret).is_some();

    let asked = root.get(secret).await;
    assert!(asked.body.contains("present one stays good"));
    let first = root.submit(secret, secret, &[("previous", "stays")]).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header("cache-control"), "no-store");
    let one = copied(&first.body, "secret");
    assert!(good(&one));
    let page = root.get("/console/applications/shop").await;
    assert!(!page.body.contains(&one), "shown once");

    let second = root.submit(secret, secret, &[("previous", "stays")]).await;
    let two = copied(&second.body, "secret");
    assert!(second.body.contains("stays good until the next"));
    assert!(good(&one) && good(&two) && one != two);

    let now = format!("{secret}?previous=ends");
    let asked = root.get(&now).await;
    assert!(asked.body.contains("Every older one ends at once"));
    let third = root.submit(&now, secret, &[("previous", "ends")]).await;
    let three = copied(&third.body, "secret");
    assert!(!good(&one) && !good(&two) && good(&three));
    assert!(third.body.contains("Every older one has ended"));
}
