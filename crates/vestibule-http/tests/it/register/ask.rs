use http::{StatusCode, header};
use vestibule_core::letter::Says;
use vestibule_engine::{NameAsked, ProfileField, RegistrationMode};

use crate::house::{House, Plan, token};

const BOB: &str = "bob@example.test";

#[tokio::test]
async fn the_form_asks_for_an_address_and_leads_to_the_mail() {
    let house = House::planned(Plan::open()).await;
    let browser = house.browser();
    let page = browser.get("/register").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "name=\"identifier\" type=\"email\" required autocomplete=\"username\"",
        "autocomplete=\"name\"",
        "href=\"/login\"",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    let login = browser.get("/login").await;
    assert!(login.body.contains("href=\"/register\"") && login.body.contains("href=\"/recover\""));

    let fields = [("identifier", " Bob@Example.TEST "), ("name", "Bob")];
    let asked = browser.submit("/register", "/register", &fields).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("role=\"status\""));
    assert_eq!(house.trail().await, ["registration.asked"]);
    let letter = house.letter().await;
    assert_eq!(letter.to.as_str(), BOB);
    assert!(matches!(letter.says, Says::FinishRegistration { .. }));
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_known_and_unknown_addresses_get_the_same_answer() {
    let house = House::planned(Plan::open()).await;
    house.add("alice@example.test").await;
    let mut answers = Vec::new();
    for email in ["alice@example.test", "nobdy@example.test"] {
        let browser = house.browser();
        browser.get("/register").await;
        let fields = [("identifier", email), ("name", "")];
        let answer = browser.submit("/register", "/register", &fields).await;
        assert_eq!(answer.status, StatusCode::OK);
        answers.push((
            answer.headers.clone(),
            answer.steady().replace(email, "ADDRESS"),
        ));
    }
    assert_eq!(answers[0], answers[1]);
    let says: Vec<_> = house
        .letters()
        .await
        .into_iter()
        .map(|letter| letter.says)
        .collect();
    assert!(
        matches!(
            &says[..],
            [Says::AlreadyRegistered, Says::FinishRegistration { .. }]
        ),
        "{says:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_nothing_is_asked() {
    let mut plan = Plan::open();
    let registration = &mut plan.policy.registration;
    registration.name = NameAsked::Required;
    registration.terms = Some("https://example.test/terms".to_owned());
    registration.fields = vec![ProfileField {
        id: "company".to_owned(),
        labels: [("en", "Company"), ("de", "Firma")]
            .map(|(tag, label)| (tag.to_owned(), label.to_owned()))
            .into(),
        required: true,
    }];
    let house = House::planned(plan).await;
    let browser = house.browser();
    let good = [
        ("identifier", BOB),
        ("name", "Bob"),
        ("field-company", "Example & Sons"),
        ("terms", "on"),
    ];
    let with = |name: &str, value: Option<&'static str>| {
        let kept = good.iter().copied().filter(|(other, _)| *other != name);
        let name = good.iter().find(|(other, _)| *other == name).unwrap().0;
        kept.chain(value.map(|value| (name, value)))
            .collect::<Vec<_>>()
    };
    for (fields, fault) in [
        (with("identifier", Some("bob")), "identifier-fault"),
        (with("identifier", Some("")), "identifier-fault"),
        (with("name", Some("")), "name-fault"),
        (with("name", None), "name-fault"),
        (with("field-company", Some("")), "field-company-fault"),
        (with("field-company", Some("a\nb")), "field-company-fault"),
        (with("terms", None), "terms-fault"),
    ] {
        let answer = browser.submit("/register", "/register", &fields).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{fields:?}"
        );
        assert!(
            answer.body.contains(&format!("aria-describedby=\"{fault}"))
                && answer.body.contains(&format!("id=\"{fault}\"")),
            "{fields:?}"
        );
        assert!(answer.body.contains("role=\"alert\""), "{fields:?}");
        let typed = fields.iter().find(|(name, _)| *name == "field-company");
        if let Some((_, "Example & Sons")) = typed {
            assert!(
                answer.body.contains("Example &#38; Sons"),
                "what was typed stays"
            );
        }
    }
    assert!(house.trail().await.is_empty());
    let asked = browser.submit("/register", "/register", &good).await;
    assert_eq!(asked.status, StatusCode::OK);
    let german = {
        let mut request = browser.request(http::Method::GET, "/register", "");
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_LANGUAGE, "de".parse().unwrap());
        browser.send(request).await
    };
    assert!(german.body.contains("Firma") && !german.body.contains("Company"));
    assert!(german.body.contains("href=\"https://example.test/terms\""));
}

#[tokio::test]
async fn where_registration_is_closed_the_page_says_so() {
    for (mode, mailless, status) in [
        (RegistrationMode::Off, false, StatusCode::NOT_FOUND),
        (RegistrationMode::Invited, false, StatusCode::FORBIDDEN),
        (RegistrationMode::Open, true, StatusCode::NOT_FOUND),
    ] {
        let mut plan = Plan::open();
        plan.policy.registration.mode = mode;
        plan.mailless = mailless;
        let house = House::planned(plan).await;
        let browser = house.browser();
        let login = browser.get("/login").await;
        assert!(!login.body.contains("/register"), "{mode:?}");
        assert_eq!(login.body.contains("/recover"), !mailless);
        let page = browser.get("/register").await;
        assert_eq!(page.status, status, "{mode:?}");
        assert!(page.body.contains("href=\"/login\""), "{}", page.body);
        let fields = [("csrf", login.csrf()), ("identifier", BOB.to_owned())];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        assert_eq!(browser.post("/register", &fields).await.status, status);
        assert!(house.trail().await.is_empty() && house.letters().await.is_empty());
    }
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn asvs_6_3_1_asked_too_often_is_429_and_says_when() {
    let house = House::planned(Plan::open()).await;
    let browser = house.browser();
    let fields = [("identifier", BOB), ("name", "")];
    let mut answer = browser.submit("/register", "/register", &fields).await;
    for _ in 0..5 {
        if answer.status == StatusCode::OK {
            answer = browser.submit("/register", "/register", &fields).await;
        }
    }
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "60");
    assert!(answer.body.contains("in 1 minute"), "{}", answer.body);
    assert!(answer.body.contains(BOB), "what was typed stays");

    let token = browser.get("/register").await.csrf();
    let mut request = browser.form("/register", &[("csrf", &token), fields[0]]);
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert(header::ACCEPT, json);
    let problem = browser.send(request).await;
    assert_eq!(problem.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(problem.header("retry-after"), "60");
    assert!(problem.body.contains("\"code\":\"too_many_requests\""));
}

/// Holds: H01
#[tokio::test]
async fn h01_no_header_of_the_request_moves_the_links_in_its_mail() {
    let house = House::planned(Plan::open()).await;
    let browser = house.browser();
    for path in ["/register", "/recover"] {
        let csrf = browser.get(path).await.csrf();
        let mut request = browser.form(path, &[("csrf", &csrf), ("identifier", BOB)]);
        for (name, value) in [
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-server", "evil.test"),
            ("x-host", "evil.test"),
            ("forwarded", "host=evil.test;proto=http"),
            ("x-original-url", "https://evil.test/"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(browser.send(request).await.status, StatusCode::OK);
        let mut poisoned = browser.form(path, &[("csrf", &csrf), ("identifier", BOB)]);
        let evil = "evil.test".parse().unwrap();
        poisoned.headers_mut().insert(header::HOST, evil);
        let refused = browser.send(poisoned).await.status;
        assert_eq!(refused, StatusCode::MISDIRECTED_REQUEST);
        let letter = house.letter().await;
        let written = vestibule_http::letters::write(
            &letter,
            &house.context.site.issuer,
            &house.context.site.brand,
            &house.context.texts,
            None,
        )
        .unwrap();
        for text in [&written.text, &written.html, &written.subject] {
            assert!(!text.contains("evil.test"), "{text}");
        }
        if path == "/register" {
            let link = format!(
                "https://id.example.test/register/finish?token={}\n",
                token(&letter)
            );
            assert!(written.text.contains(&link), "{}", written.text);
        }
    }
}

/// Holds: ASVS 3.5.1, H03
#[tokio::test]
async fn asvs_3_5_1_a_form_of_another_browser_asks_for_nothing() {
    let house = House::planned(Plan::open()).await;
    let foreign = house.browser().get("/register").await.csrf();
    for path in ["/register", "/recover"] {
        let browser = house.browser();
        browser.get(path).await;
        for fields in [
            &[("identifier", BOB)][..],
            &[("csrf", &foreign), ("identifier", BOB)],
        ] {
            let answer = browser.post(path, fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.body.contains(&format!("href=\"{path}\"")));
        }
    }
    assert!(house.trail().await.is_empty());
}
