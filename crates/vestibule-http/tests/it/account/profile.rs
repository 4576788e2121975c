//! `/account/profile`

mod get;
mod post;

use std::collections::BTreeMap;

use vestibule_engine::{NameAsked, ProfileField};

use crate::house::{Answer, Browser, House, Plan};

const ALICE: &str = "alice@example.test";

/// A house that asks for a department, and perhaps a room.
async fn asking() -> House {
    let mut plan = Plan::default();
    let field = |id: &str, labels: &[(&str, &str)], required| ProfileField {
        id: id.to_owned(),
        labels: labels
            .iter()
            .map(|(language, label)| ((*language).to_owned(), (*label).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        required,
    };
    let registration = &mut plan.policy.registration;
    registration.name = NameAsked::Required;
    registration.fields = vec![
        field(
            "department",
            &[("de", "Abteilung"), ("en", "Department")],
            true,
        ),
        field("room", &[("en", "Room")], false),
    ];
    let house = House::planned(plan).await;
    house.add(ALICE).await;
    house
}

async fn change(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    browser
        .submit("/account/profile", "/account/profile", fields)
        .await
}
