//! `/api/v1/admin/settings`.

use http::StatusCode;
use serde_json::json;
use vestibule_http::{SettingInForce, SettingOrigin};

use super::caller::Caller;
use crate::house::{House, Plan};

fn setting(name: &str, value: &str, origin: SettingOrigin, secret: bool) -> SettingInForce {
    SettingInForce {
        name: name.to_owned(),
        value: value.to_owned(),
        origin,
        secret,
        reloads: name == "login.fresh",
        waits: false,
        meaning: "What it does.".to_owned(),
    }
}

/// Holds: ASVS 13.3.1
#[tokio::test]
async fn asvs_13_3_1_the_settings_in_force_come_with_their_origin_and_no_secret() {
    let settings = vec![
        setting("login.fresh", "\"5m\"", SettingOrigin::Default, false),
        setting(
            "mail.password",
            "set, and not shown",
            SettingOrigin::Environment("VESTIBULE_MAIL__PASSWORD".to_owned()),
            true,
        ),
    ];
    let plan = Plan {
        settings,
        ..Plan::default()
    };
    let caller = Caller::of(House::planned(plan).await);
    let told = caller.get("/api/v1/admin/settings").await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(
        told.body,
        json!({"settings": [
            {
                "name": "login.fresh", "value": "\"5m\"", "origin": "default", "place": null,
                "secret": false, "reloads": true, "waits": false, "meaning": "What it does.",
            },
            {
                "name": "mail.password", "value": "set, and not shown", "origin": "environment",
                "place": "VESTIBULE_MAIL__PASSWORD", "secret": true, "reloads": false, "waits": false,
                "meaning": "What it does.",
            },
        ]})
    );
}
