//! `/api/v1/admin/roles` and `/api/v1/admin/users/{email}/roles`.

use http::StatusCode;
use serde_json::json;
use vestibule_core::application::{ApplicationSpec, Demand, Kind};
use vestibule_core::email::EmailAddress;
use vestibule_core::role::RoleSpec;
use vestibule_core::user::DisplayName;
use vestibule_engine::applications::{Declarations, Person};

use super::caller::{Caller, Told};
use crate::house::PASSWORD;

const ROUTE: &str = "/api/v1/admin/roles";
const ALICE: &str = "alice@example.test";

async fn put(caller: &Caller, path: &str, body: &str) -> Told {
    caller.send(Caller::request("PUT", path, body)).await
}

#[tokio::test]
async fn a_role_is_described_listed_and_removed_when_nobody_holds_it() {
    let caller = Caller::new().await;
    let staff = format!("{ROUTE}/staff");
    let body =
        r#"{"description": "Whoever works here", "permissions": ["orders:write", "orders:read"]}"#;
    let told = put(&caller, &staff, body).await;
    assert_eq!(
        told.body,
        json!({
            "name": "staff", "description": "Whoever works here", "permissions": ["orders:read", "orders:write"],
            "changed": true,
        })
    );
    assert_eq!(put(&caller, &staff, body).await.body["changed"], false);
    caller.house.add(ALICE).await;
    let roles = format!("/api/v1/admin/users/{ALICE}/roles");
    put(&caller, &roles, r#"{"roles": ["staff", "editors"]}"#).await;
    let told = caller.get(ROUTE).await;
    let held: Vec<_> = told.body["roles"].as_array().unwrap().iter().collect();
    let of = |name: &str| *held.iter().find(|role| role["name"] == name).unwrap();
    assert_eq!(
        (&of("staff")["holders"], &of("staff")["described"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        (&of("editors")["holders"], &of("editors")["described"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(of("admin")["holders"], 0);

    let told = caller.delete(&staff).await;
    assert_eq!(
        (told.status, told.problem()),
        (StatusCode::CONFLICT, "role_held")
    );
    assert!(
        told.body["detail"]
            .as_str()
            .unwrap()
            .contains("1 account holds")
    );
    put(&caller, &roles, r#"{"roles": []}"#).await;
    assert_eq!(caller.delete(&staff).await.body, json!({ "name": "staff" }));
    assert_eq!(caller.delete(&staff).await.problem(), "role_not_found");
    assert_eq!(
        put(&caller, &format!("{ROUTE}/Staff"), "{}")
            .await
            .problem(),
        "invalid_role"
    );
}

/// Holds: ASVS 8.3.2, ASVS 16.2.1
#[tokio::test]
async fn asvs_8_3_2_roles_are_in_force_at_once_and_the_operator_stands_in_the_trail() {
    let caller = Caller::new().await;
    caller.house.add(ALICE).await;
    caller.house.browser().sign_in(ALICE, PASSWORD).await;
    let before = caller.position().await;
    let roles = format!("/api/v1/admin/users/{ALICE}/roles");
    let told = put(&caller, &roles, r#"{"roles": ["staff", "admin", "staff"]}"#).await;
    assert_eq!(told.body["user"]["roles"], json!(["admin", "staff"]));
    assert_eq!(told.body["changed"], true);
    let told = put(&caller, &roles, r#"{"roles": ["staff", "admin"]}"#).await;
    assert_eq!(told.body["changed"], false);
    assert_eq!(caller.acts_since(before).await, ["user.roles_changed"]);

    let told = put(&caller, &roles, r#"{"roles": ["staff"]}"#).await;
    assert_eq!(
        (told.status, told.problem()),
        (StatusCode::CONFLICT, "last_administrator")
    );
    let nobody = "/api/v1/admin/users/nobody@example.test/roles";
    assert_eq!(
        put(&caller, nobody, r#"{"roles": []}"#).await.problem(),
        "user_not_found"
    );
    assert_eq!(
        put(&caller, &roles, r#"{"roles": ["No"]}"#).await.problem(),
        "invalid_role"
    );
}

#[tokio::test]
async fn what_the_settings_declare_is_managed_there() {
    let caller = Caller::new().await;
    let engine = &caller.house.engine;
    let declared = Declarations {
        applications: vec![spec()],
        roles: vec![RoleSpec::new(
            "staff".parse().unwrap(),
            DisplayName::default(),
            Vec::new(),
        )],
        users: vec![Person {
            email: EmailAddress::parse(ALICE).unwrap(),
            verified: true,
            name: None,
            roles: vec!["admin".parse().unwrap()],
            disabled: false,
        }],
    };
    engine.declare(&declared, engine.now()).await.unwrap();
    let shop = "/api/v1/admin/applications/shop";
    assert_eq!(caller.get(shop).await.body["declared"], true);
    let other = r#"{"name": "shop", "origins": ["https://other.example.test"]}"#;
    for told in [
        put(&caller, shop, other).await,
        caller.delete(shop).await,
        put(
            &caller,
            &format!("{ROUTE}/staff"),
            r#"{"description": "x"}"#,
        )
        .await,
        caller.delete(&format!("{ROUTE}/staff")).await,
    ] {
        assert_eq!(
            (told.status, told.problem()),
            (StatusCode::CONFLICT, "declared")
        );
        assert!(told.body["detail"].as_str().unwrap().contains("SIGHUP"));
    }
}

fn spec() -> ApplicationSpec {
    ApplicationSpec {
        name: "shop".parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec!["https://shop.example.test".parse().unwrap()],
        demand: Demand::default(),
        rules: Vec::new(),
    }
}
