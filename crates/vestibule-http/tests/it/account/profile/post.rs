use http::StatusCode;

use super::{ALICE, asking, change};
use crate::house::{House, PASSWORD};

#[tokio::test]
async fn name_language_and_answers_are_kept_and_the_next_mail_is_in_that_language() {
    let house = asking().await;
    let browser = house.signed_in(ALICE).await;
    let fields = [
        ("name", " Alice Exemplar "),
        ("language", "de"),
        ("field-department", "Letters"),
        ("field-room", ""),
        // ASVS 15.3.3: what is not asked for is not kept.
        ("field-role", "admin"),
        ("terms", "on"),
    ];
    let done = change(&browser, &fields).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/account/profile?changed=1")
    );
    let page = browser.follow(done.location()).await;
    assert!(page.body.contains("class=\"notice\""));
    assert!(page.body.contains("value=\"Alice Exemplar\""));
    assert!(page.body.contains("value=\"Letters\""));
    assert!(
        page.body
            .contains("<option value=\"de\" lang=\"de\" selected>")
    );
    assert!(!page.body.contains("admin"));
    assert_eq!(house.trail().await.last().unwrap(), "profile.changed");

    house.letters().await;
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "eleven green tandems"),
    ];
    browser
        .submit("/account/security", "/account/security", &fields)
        .await;
    assert_eq!(house.letter().await.language.as_str(), "de");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_kept() {
    let house = asking().await;
    let browser = house.signed_in(ALICE).await;
    let long = "x".repeat(201);
    for (name, department, room, field) in [
        ("", "Letters", "", "name"),
        (&*long, "Letters", "", "name"),
        ("a\u{1b}[31m", "Letters", "", "name"),
        ("Alice", " ", "", "field-department"),
        ("Alice", &long, "", "field-department"),
        ("Alice", "Letters", "1\n2", "field-room"),
    ] {
        let fields = [
            ("name", name),
            ("language", "de"),
            ("field-department", department),
            ("field-room", room),
        ];
        let answer = change(&browser, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let input = answer
            .body
            .split("<input")
            .find(|input| input.contains(&format!("name=\"{field}\"")))
            .unwrap();
        assert!(input.contains("aria-invalid=\"true\""), "{field}: {input}");
        assert!(
            answer.body.contains(&format!("href=\"#{field}\"")),
            "summary"
        );
        assert!(
            answer.body.contains("lang=\"de\" selected"),
            "what was chosen stays chosen"
        );
    }
    assert!(!house.trail().await.contains(&"profile.changed".to_owned()));
}

#[tokio::test]
async fn a_language_that_there_is_not_is_a_bad_request() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for fields in [
        &[("name", "Alice"), ("language", "tlh")][..],
        &[("name", "Alice"), ("language", "")],
        &[("name", "Alice")],
        &[("language", "de")],
    ] {
        let answer = change(&browser, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
}

/// Holds: ASVS 3.2.2
#[tokio::test]
async fn asvs_3_2_2_a_hostile_name_is_only_text_wherever_it_stands() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let name = "\"><script>alert(1)</script>";
    let fields = [("name", name), ("language", "en")];
    assert_eq!(
        change(&browser, &fields).await.status,
        StatusCode::SEE_OTHER
    );
    for path in ["/account/profile", "/account", "/account/activity"] {
        let page = browser.get(path).await;
        assert!(!page.body.contains("<script>alert"), "{path}");
    }
}

/// Holds: N12
#[tokio::test]
async fn n12_without_this_session_s_token_nothing_changes() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.signed_in(ALICE).await.get("/account").await.csrf();
    let browser = house.signed_in(ALICE).await;
    for token in ["", &other] {
        let fields = [("csrf", token), ("name", "Mallory"), ("language", "en")];
        let answer = browser.post("/account/profile", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert!(
        !browser
            .get("/account/profile")
            .await
            .body
            .contains("Mallory")
    );
}
