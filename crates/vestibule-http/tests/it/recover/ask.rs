use http::StatusCode;
use vestibule_core::letter::Says;

use crate::house::{Answer, House, Plan};

const ALICE: &str = "alice@example.test";

/// The code on the page, in two groups.
pub fn code(answer: &Answer) -> String {
    let (_, rest) = answer.body.split_once("id=\"code\">").expect("a code");
    rest.split('<').next().unwrap().to_owned()
}

/// Holds: ASVS 6.3.8, ASVS 6.6.2
#[tokio::test]
async fn asvs_6_3_8_known_and_unknown_addresses_get_the_same_answer_but_for_the_code() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mut answers = Vec::new();
    for email in [ALICE, "nobdy@example.test"] {
        let browser = house.browser();
        browser.get("/recover").await;
        let answer = browser
            .submit("/recover", "/recover", &[("identifier", email)])
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        let code = code(&answer);
        assert_eq!(code.len(), 9, "{code}");
        assert!(code.chars().all(|c| c.is_ascii_digit() || c == ' '));
        let body = answer
            .steady()
            .replace(email, "ADDRESS")
            .replace(&code, "CODE");
        answers.push((answer.headers.clone(), body));
    }
    assert_eq!(answers[0], answers[1]);
    let says: Vec<_> = house
        .letters()
        .await
        .into_iter()
        .map(|letter| letter.says)
        .collect();
    assert!(
        matches!(&says[..], [Says::Recover { .. }, Says::NoAccount]),
        "{says:?}"
    );
}

#[tokio::test]
async fn what_is_no_address_is_refused_at_its_field() {
    let house = House::new().await;
    let browser = house.browser();
    for typed in ["", "alice", "alice@"] {
        let answer = browser
            .submit("/recover", "/recover", &[("identifier", typed)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer
                .body
                .contains("aria-describedby=\"identifier-fault\"")
        );
    }
    assert!(house.letters().await.is_empty());
}

#[tokio::test]
async fn without_mail_the_page_says_whom_to_ask() {
    let house = House::planned(Plan {
        mailless: true,
        ..Plan::default()
    })
    .await;
    let browser = house.browser();
    let page = browser.get("/recover").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("Ask whoever runs this server"));
    let csrf = browser.get("/login").await.csrf();
    let fields = [("csrf", csrf.as_str()), ("identifier", ALICE)];
    assert_eq!(
        browser.post("/recover", &fields).await.status,
        StatusCode::NOT_FOUND
    );
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn asvs_6_3_1_asked_too_often_is_429_and_known_or_not_makes_no_difference() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mut refusals = Vec::new();
    for email in [ALICE, "nobdy@example.test"] {
        let browser = house.browser();
        let mut statuses = Vec::new();
        for _ in 0..4 {
            let answer = browser
                .submit("/recover", "/recover", &[("identifier", email)])
                .await;
            statuses.push(answer.status.as_u16());
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                let when = answer.header("retry-after").to_owned();
                refusals.push((when, answer.steady().replace(email, "ADDRESS")));
            }
        }
        assert_eq!(statuses, [200, 200, 200, 429]);
    }
    assert_eq!(refusals[0], refusals[1]);
    assert_eq!(refusals[0].0, "60");
    assert!(refusals[0].1.contains("in 1 minute"));
}
