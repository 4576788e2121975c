//! `/console/roles` and what is below it.

use std::time::Duration;

use http::StatusCode;
use vestibule_core::application::{ApplicationSpec, Demand, Kind};
use vestibule_core::role::RoleSpec;
use vestibule_core::user::DisplayName;
use vestibule_engine::applications::Declarations;

use super::{administered, said};
use crate::house::{House, PASSWORD};

const ROLES: &str = "/console/roles";
const ADD: &str = "/console/roles/add";
const REMOVE: &str = "/console/roles/staff/remove";

const STAFF: [(&str, &str); 3] = [
    ("name", "staff"),
    ("description", "Whoever <b>works</b> here"),
    ("permissions", "orders:write\norders:read, orders:read"),
];

fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let fields = STAFF.into_iter();
    fields
        .map(|(field, usual)| (field, if field == name { value } else { usual }))
        .collect()
}

async fn events(house: &House, code: &str) -> usize {
    let trail = house.trail().await;
    trail.iter().filter(|event| *event == code).count()
}

#[tokio::test]
async fn a_role_is_described_changed_and_removed() {
    let (house, root) = administered().await;
    let page = said(&root.get(ROLES).await.body);
    assert!(
        page.contains("admin nobody described it 1 person holds it"),
        "{page}"
    );

    let answer = root.submit(ADD, ADD, &STAFF).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/console/roles?done=added");
    let page = root.follow("/console/roles?done=added").await;
    let text = said(&page.body);
    assert!(text.contains("The role is described now."), "{text}");
    let row = "staff Whoever &#60;b&#62;works&#60;/b&#62; here Allows: orders:read orders:write Nobody holds it";
    assert!(text.contains(row), "{text}");

    // Whoever adds it again did not see that it is there.
    let taken = root.submit(ADD, ADD, &with("description", "Another")).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(said(&taken.body).contains("This role is described already."));

    let form = root.get("/console/roles/add?role=staff").await;
    assert!(
        form.body.contains("value=\"staff\"") && form.body.contains("orders:read\norders:write")
    );
    let mut change = with("permissions", "orders:read");
    change.push(("changes", "on"));
    let answer = root
        .submit("/console/roles/add?role=staff", ADD, &change)
        .await;
    assert_eq!(answer.location(), "/console/roles?done=changed");
    let answer = root.submit(ADD, ADD, &change).await;
    assert_eq!(answer.location(), "/console/roles?done=nothing");

    // Said in numbers first, which changes nothing.
    let spec = ApplicationSpec {
        name: "shop".parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec!["https://shop.example.com".parse().unwrap()],
        demand: Demand {
            roles: vec!["staff".parse().unwrap()],
            ..Demand::default()
        },
        rules: Vec::new(),
    };
    let added = house.engine.add_application(spec, &house.operator()).await;
    added.unwrap();
    let confirm = said(&root.get(REMOVE).await.body);
    for part in [
        "its one permission is gone",
        "Nobody holds it",
        "One application goes on asking for it",
    ] {
        assert!(confirm.contains(part), "{part}: {confirm}");
    }
    assert_eq!(events(&house, "role.removed").await, 0);
    let answer = root.submit(REMOVE, REMOVE, &[]).await;
    assert_eq!(answer.location(), "/console/roles?done=removed");
    assert_eq!(events(&house, "role.removed").await, 1);
    assert!(!said(&root.get(ROLES).await.body).contains("Whoever"));
    for gone in [
        REMOVE,
        "/console/roles/add?role=staff",
        "/console/roles/St%20aff/remove",
    ] {
        assert_eq!(root.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    // Changed by somebody who saw it before it went.
    let gone = root.submit(ADD, ADD, &change).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(said(&gone.body).contains("Somebody removed this role meanwhile."));
}

#[tokio::test]
async fn a_role_that_somebody_holds_stays_and_says_how_many() {
    let (house, root) = administered().await;
    root.submit(ADD, ADD, &STAFF).await;
    let csrf = root.get(REMOVE).await.csrf();
    house.add_with("alice@example.test", &["staff"], true).await;
    house.add_with("bob@example.test", &["staff"], true).await;
    let page = root.get(ROLES).await;
    assert!(page.body.contains("href=\"/console/people?role=staff\""));
    for answer in [
        root.get(REMOVE).await,
        root.post(REMOVE, &[("csrf", &csrf)]).await,
    ] {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(
            said(&answer.body).contains("2 people hold this role."),
            "{}",
            answer.body
        );
    }
    assert_eq!(events(&house, "role.removed").await, 0);
}

#[tokio::test]
async fn a_role_of_the_settings_file_is_changed_there_and_says_so() {
    let (house, root) = administered().await;
    let declarations = Declarations {
        roles: vec![RoleSpec::new(
            "staff".parse().unwrap(),
            DisplayName::parse("Whoever works here").unwrap(),
            Vec::new(),
        )],
        ..Declarations::default()
    };
    house
        .engine
        .declare(&declarations, house.engine.now())
        .await
        .unwrap();
    let page = root.get(ROLES).await;
    assert!(
        said(&page.body)
            .contains("Its description stands in the settings file and is changed there.")
    );
    assert!(!page.body.contains(REMOVE));
    let csrf = root.get(ADD).await.csrf();
    let mut change = STAFF.to_vec();
    change.extend([("changes", "on"), ("csrf", &*csrf)]);
    for answer in [
        root.get(REMOVE).await,
        root.post(REMOVE, &[("csrf", &csrf)]).await,
        root.get("/console/roles/add?role=staff").await,
        root.post(ADD, &change).await,
    ] {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(said(&answer.body).contains("Nothing was changed."));
    }
}

#[tokio::test]
async fn what_is_no_role_is_told_at_its_field() {
    let (house, root) = administered().await;
    let many: Vec<_> = (0..201).map(|n| format!("p{n}")).collect();
    let many = many.join(" ");
    for (field, value, said_of_it) in [
        ("name", "Staff", "name-wrong"),
        ("name", "", "name-wrong"),
        ("description", "a\u{7}b", "description-wrong"),
        ("permissions", "Orders", "permissions-wrong"),
        ("permissions", &many, "permissions-wrong"),
    ] {
        let answer = root.submit(ADD, ADD, &with(field, value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(answer.body.contains(said_of_it), "{field}");
    }
    assert_eq!(events(&house, "role.added").await, 0);
}

/// Holds: ASVS 7.5.3
#[tokio::test]
async fn asvs_7_5_3_both_need_a_fresh_login() {
    let (house, root) = administered().await;
    root.submit(ADD, ADD, &STAFF).await;
    house.clock.forward(Duration::from_mins(6));
    let asked = root.submit(REMOVE, REMOVE, &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(said(&asked.body).contains("Confirm it is you"));
    let other = root.submit(ADD, ADD, &with("name", "editors")).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(events(&house, "role.removed").await, 0);
    let text = said(&root.get(ROLES).await.body);
    assert!(text.contains("staff") && !text.contains("editors"));
    let done = root.submit(REMOVE, REMOVE, &[("password", PASSWORD)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(events(&house, "role.removed").await, 1);
}
