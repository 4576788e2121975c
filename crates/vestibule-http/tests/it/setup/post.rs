use http::StatusCode;
use vestibule_core::filter::UserFilter;
use vestibule_core::user::Role;

use crate::house::{Browser, House, PASSWORD};

const ALICE: &str = "alice@example.test";

async fn set_up(
    browser: &Browser,
    token: &str,
    email: &str,
    password: &str,
) -> crate::house::Answer {
    let page = format!("/setup?token={token}");
    let fields = [
        ("token", token),
        ("identifier", email),
        ("name", "Alice Example"),
        ("password", password),
    ];
    browser.submit(&page, "/setup", &fields).await
}

/// Holds: ASVS 6.3.2
#[tokio::test]
async fn asvs_6_3_2_the_link_makes_the_administrator_once_and_signs_them_in() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let browser = house.browser();
    let late = house.browser();
    let late_form = late.get(&format!("/setup?token={token}")).await.csrf();
    let answer = set_up(&browser, &token, "Alice@Example.test", PASSWORD).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account")
    );
    assert!(answer.set_cookies()[0].starts_with("__Host-vestibule="));
    assert!(answer.set_cookies()[1].starts_with("__Host-vestibule-form=;"));
    assert!(browser.get("/account").await.body.contains(ALICE));
    let users = house
        .engine
        .users(UserFilter::default(), None, 10)
        .await
        .unwrap()
        .users;
    assert_eq!(users.len(), 1);
    assert_eq!(
        (users[0].roles.as_slice(), users[0].name.as_str()),
        (&[Role::admin()][..], "Alice Example")
    );
    assert!(!users[0].email_verified, "nobody has proved it");

    let used = house.browser().get(&format!("/setup?token={token}")).await;
    assert_eq!(used.status, StatusCode::GONE);
    assert!(used.body.contains("href=\"/login\""));
    let fields = [
        ("csrf", &*late_form),
        ("token", &token),
        ("identifier", "mallory@example.test"),
        ("password", PASSWORD),
    ];
    assert_eq!(late.post("/setup", &fields).await.status, StatusCode::GONE);
    assert_eq!(
        house.trail().await,
        [
            "setup.completed",
            "user.created",
            "login.succeeded",
            "device.known"
        ]
    );
    assert!(
        house
            .engine
            .offer_setup(house.engine.now())
            .await
            .unwrap()
            .is_none()
    );
}

/// Holds: H02
#[tokio::test]
async fn h02_a_set_up_over_a_live_session_ends_that_one() {
    let house = House::new().await;
    let bob = house.add("bob@example.test").await;
    let browser = house.signed_in("bob@example.test").await;
    let token = house.setup_token().await;
    let answer = set_up(&browser, &token, ALICE, PASSWORD).await;
    assert_eq!(answer.location(), "/account");
    let left = house.store.sessions_of(bob.id, house.engine.now()).await;
    assert!(left.unwrap().is_empty());
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// Holds: H04, ASVS 15.4.2
#[tokio::test(flavor = "multi_thread")]
async fn h04_parallel_forms_make_one_administrator() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let mut forms = Vec::new();
    for number in 0..20 {
        let browser = house.browser();
        let csrf = browser.get(&format!("/setup?token={token}")).await.csrf();
        forms.push((number, browser, csrf));
    }
    let mut tries = tokio::task::JoinSet::new();
    for (number, browser, csrf) in forms {
        let token = token.clone();
        tries.spawn(async move {
            let email = format!("admin{number}@example.test");
            let fields = [
                ("csrf", &*csrf),
                ("token", &token),
                ("identifier", &email),
                ("password", PASSWORD),
            ];
            browser.post("/setup", &fields).await.status
        });
    }
    let mut statuses = tries.join_all().await;
    statuses.sort();
    assert_eq!(statuses[0], StatusCode::SEE_OTHER);
    assert!(
        statuses[1..]
            .iter()
            .all(|status| *status == StatusCode::GONE),
        "{statuses:?}"
    );
    assert_eq!(
        house
            .engine
            .users(UserFilter::default(), None, 100)
            .await
            .unwrap()
            .users
            .len(),
        1
    );
}

/// Holds: ASVS 6.2.1, N20, N22
#[tokio::test]
async fn n20_what_is_wrong_is_said_and_the_link_stays_good() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let browser = house.browser();
    for (email, password, field) in [
        ("", PASSWORD, "identifier"),
        ("alice", PASSWORD, "identifier"),
        (ALICE, "fourteen chars", "password"),
        (ALICE, "", "password"),
        (ALICE, ALICE, "password"),
    ] {
        let answer = set_up(&browser, &token, email, password).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{email} {password}"
        );
        let input = answer
            .body
            .split("<input")
            .find(|input| input.contains(&format!("name=\"{field}\"")))
            .unwrap();
        assert!(
            input.contains("aria-invalid=\"true\""),
            "{email} {password}: {input}"
        );
        assert_eq!(answer.field("token"), Some(token.clone()));
        assert_eq!(browser.session(), None);
    }
    assert_eq!(
        set_up(&browser, &token, ALICE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_to_be_no_good_and_the_link_stays() {
    let house = House::new().await;
    house.add(ALICE).await;
    let token = house.setup_token().await;
    let browser = house.browser();
    assert_eq!(
        set_up(&browser, &token, ALICE, PASSWORD).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        set_up(&browser, &token, "admin@example.test", PASSWORD)
            .await
            .status,
        StatusCode::SEE_OTHER
    );
}

/// Holds: H03, ASVS 3.5.1
#[tokio::test]
async fn h03_the_form_is_bound_to_the_browser_that_opened_the_link() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let foreign = house
        .browser()
        .get(&format!("/setup?token={token}"))
        .await
        .csrf();
    let browser = house.browser();
    browser.get(&format!("/setup?token={token}")).await;
    let fields = [
        ("csrf", &*foreign),
        ("token", &token),
        ("identifier", ALICE),
        ("password", PASSWORD),
    ];
    assert_eq!(
        browser.post("/setup", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(house.trail().await.is_empty());
}
