//! `/console/settings`.

use http::StatusCode;
use vestibule_http::{SettingInForce, SettingOrigin};

use super::ROOT;
use crate::house::{House, Plan};

fn setting(name: &str, value: &str, origin: SettingOrigin) -> SettingInForce {
    SettingInForce {
        name: name.to_owned(),
        value: value.to_owned(),
        secret: name == "mail.password",
        reloads: name.starts_with("mail"),
        waits: name == "server.issuer",
        meaning: format!("What {name} <means>."),
        origin,
    }
}

/// Holds: ASVS 13.3.1
#[tokio::test]
async fn asvs_13_3_1_every_setting_is_shown_with_its_origin_and_no_secret_is() {
    let plan = Plan {
        settings: vec![
            setting(
                "server.listen",
                "[\"127.0.0.1:8080\"]",
                SettingOrigin::Default,
            ),
            setting(
                "server.issuer",
                "\"https://id.example.test\"",
                SettingOrigin::File("/etc/vestibule.toml:3".to_owned()),
            ),
            setting(
                "mail.password",
                "set",
                SettingOrigin::Environment("VESTIBULE_MAIL__PASSWORD".to_owned()),
            ),
            setting(
                "mail.from",
                "\"\"",
                SettingOrigin::Flag("--from".to_owned()),
            ),
        ],
        ..Plan::default()
    };
    let house = House::planned(plan).await;
    house.add_with(ROOT, &["admin"], true).await;
    let root = house.signed_in(ROOT).await;
    let all = root.get("/console/settings").await;
    assert_eq!(all.status, StatusCode::OK);
    for told in [
        "[server]",
        "[mail]",
        "the default",
        "/etc/vestibule.toml:3",
        "VESTIBULE_MAIL__PASSWORD",
        "--from",
        "waits for a restart",
        "1 changed setting waits",
        "What server.listen &#60;means&#62;.",
        "a change takes a reload",
    ] {
        assert!(all.body.contains(told), "{told}");
    }
    let set = root.get("/console/settings?set=changed").await;
    assert!(set.body.contains("server.issuer") && !set.body.contains(">server.listen"));
    let found = root.get("/console/settings?text=LISTEN").await;
    assert!(found.body.contains(">server.listen") && !found.body.contains(">server.issuer"));
    let none = root.get("/console/settings?text=zzz").await;
    assert!(none.body.contains("No setting fits"));
    let strange = root.get("/console/settings?set=zzz").await;
    assert_eq!(strange.status, StatusCode::BAD_REQUEST);
}
