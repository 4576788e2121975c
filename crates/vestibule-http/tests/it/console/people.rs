//! `/console/people` and what is below it.

use std::time::Duration;

use http::StatusCode;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::letter::Says;
use vestibule_core::user::User;
use vestibule_http::{SettingInForce, SettingOrigin};

use super::ROOT;
use crate::house::{Browser, House, PASSWORD, Plan};

const ADD: &str = "/console/people/add";
const BOB: &str = "bob@example.test";

/// An administrator's browser, and Bob.
async fn house(plan: Plan) -> (House, Browser, UserId) {
    let house = House::planned(plan).await;
    house.add_with(ROOT, &["admin"], true).await;
    let bob = house.add_with(BOB, &["editors"], true).await;
    let root = house.signed_in(ROOT).await;
    house.letters().await;
    (house, root, bob.id)
}

fn path(user: UserId) -> String {
    format!("/console/people/{user}")
}

async fn own_id(house: &House) -> UserId {
    account(house, ROOT).await.id
}

async fn account(house: &House, email: &str) -> User {
    let email = EmailAddress::parse(email).unwrap();
    house.engine.user(&email).await.unwrap().unwrap()
}

fn mailless() -> Plan {
    Plan {
        mailless: true,
        ..Plan::default()
    }
}

/// Somebody to be added.
fn carol<'a>(how: &'a str, roles: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("how", how),
        ("email", "carol@example.test"),
        ("name", "Carol"),
        ("roles", roles),
    ]
}

#[tokio::test]
async fn people_are_looked_for_by_text_status_and_role_and_paged() {
    let (house, root, bob) = house(Plan::default()).await;
    for n in 0..60 {
        house
            .add_without_password(&format!("n{n:02}@example.test"))
            .await;
    }
    let all = root.get("/console/people").await;
    assert_eq!(all.status, StatusCode::OK);
    assert!(all.body.contains("62 accounts"), "{}", all.body);
    assert!(all.body.contains(&path(bob)));
    assert!(!all.body.contains("n59@"));
    let more = all.body.split("rel=\"next\" href=\"").nth(1).unwrap();
    let more = more.split('"').next().unwrap();
    let rest = root.get(more).await;
    assert!(rest.body.contains("n59@") && !rest.body.contains(&path(bob)));
    assert!(rest.body.contains("To the beginning"));
    for (query, bob_is_there) in [
        ("text=BOB", true),
        ("text=n1", false),
        ("role=editors", true),
        ("role=admin", false),
        ("status=active&role=editors&text=bob%40", true),
        ("status=disabled", false),
    ] {
        let found = root.get(&format!("/console/people?{query}")).await;
        assert_eq!(found.status, StatusCode::OK, "{query}");
        assert_eq!(found.body.contains(&path(bob)), bob_is_there, "{query}");
    }
    let nobody = root.get("/console/people?text=zzz").await;
    assert!(nobody.body.contains("Nobody fits"));
    for strange in ["status=zzz", "role=A%20B", "before=x", "text=%00"] {
        let answer = root.get(&format!("/console/people?{strange}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{strange}");
    }
}

/// Holds: ASVS 3.2.2
#[tokio::test]
async fn asvs_3_2_2_a_hostile_name_is_text_on_every_page_about_its_owner() {
    let (house, root, _) = house(Plan::default()).await;
    let name = "<script>alert(1)</script>\" onload=x";
    let account = vestibule_engine::NewAccount {
        email: "mallory@example.test",
        name,
        roles: &[],
        password: None,
        verified: false,
    };
    let mallory = house.engine.add_user(account, &house.operator()).await;
    let own = path(mallory.unwrap().id);
    let pages = ["", "/end", "/disable", "/delete", "/recover"].map(|act| format!("{own}{act}"));
    for page in pages.iter().map(String::as_str).chain(["/console/people"]) {
        let answer = root.get(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert!(!answer.body.contains("<script>alert"), "{page}");
        assert!(answer.body.contains("&#60;script&#62;alert"), "{page}");
    }
}

/// Holds: ASVS 6.4.6
#[tokio::test]
async fn asvs_6_4_6_no_page_shows_or_takes_a_password_of_somebody_else() {
    let (house, root, bob) = house(mailless()).await;
    for page in [
        path(bob),
        ADD.to_owned(),
        "/console/people".to_owned(),
        format!("{}/recover", path(bob)),
    ] {
        let answer = root.get(&page).await;
        assert!(!answer.body.contains("type=\"password\""), "{page}");
        assert!(!answer.body.contains("$argon2"), "{page}");
    }
    // What nobody's form sends is passed over: the account has no password.
    let mut fields = carol("now", "").to_vec();
    fields.push(("new_password", "a password of their choosing"));
    let made = root.submit(ADD, ADD, &fields).await;
    assert_eq!(made.status, StatusCode::OK);
    let carol = account(&house, "carol@example.test").await;
    let detail = house.engine.user_detail(carol.id).await.unwrap().unwrap();
    assert!(!detail.has_password);
}

#[tokio::test]
async fn an_invitation_goes_by_mail_or_its_link_is_shown_once() {
    let (invited, root, _) = house(Plan::default()).await;
    let answer = root.submit(ADD, ADD, &carol("invite", "staff")).await;
    assert_eq!(answer.location(), "/console/people?done=invited");
    let letter = invited.letter().await;
    assert!(matches!(letter.says, Says::Invitation { .. }));
    assert_eq!(letter.to.as_str(), "carol@example.test");
    let list = root.follow("/console/people?done=invited").await;
    assert!(list.body.contains("The invitation is on its way"));

    let (_house, root, _) = house(mailless()).await;
    let answer = root.submit(ADD, ADD, &carol("invite", "staff")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(
        answer
            .body
            .contains("https://id.example.test/register/finish?token=")
    );
    let list = root.get("/console/people").await;
    assert!(!list.body.contains("token="));
}

#[tokio::test]
async fn an_account_is_made_without_a_password_and_its_owner_sets_one_by_the_link() {
    let (house, root, _) = house(mailless()).await;
    let answer = root.submit(ADD, ADD, &carol("now", "staff editors")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (_, link) = answer.body.split_once("https://id.example.test").unwrap();
    let link = link.split('<').next().unwrap().to_owned();
    assert!(link.starts_with("/recover/finish?token="));
    let carol = account(&house, "carol@example.test").await;
    let roles: Vec<_> = carol
        .roles
        .iter()
        .map(|role| role.as_str().to_owned())
        .collect();
    assert_eq!(roles, ["editors", "staff"]);
    let browser = house.browser();
    let token = link.split('=').nth(1).unwrap();
    let set = [("token", token), ("password", "eleven quiet lighthouses")];
    let answer = browser.submit(&link, "/recover/finish", &set).await;
    assert!(
        answer.status.is_success() || answer.status.is_redirection(),
        "{}",
        answer.body
    );
    let carol = house.browser();
    let answer = carol
        .sign_in("carol@example.test", "eleven quiet lighthouses")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_cannot_be_added_is_told_at_its_field() {
    let (_house, root, _) = house(Plan::default()).await;
    for (fields, status, told) in [
        (
            [
                ("how", "invite"),
                ("email", "nobody"),
                ("name", ""),
                ("roles", ""),
            ],
            StatusCode::UNPROCESSABLE_ENTITY,
            "email-fault",
        ),
        (
            [
                ("how", "now"),
                ("email", "x@example.test"),
                ("name", "a\nb"),
                ("roles", ""),
            ],
            StatusCode::UNPROCESSABLE_ENTITY,
            "name-fault",
        ),
        (
            [
                ("how", "now"),
                ("email", "x@example.test"),
                ("name", ""),
                ("roles", "A;B"),
            ],
            StatusCode::UNPROCESSABLE_ENTITY,
            "roles-fault",
        ),
        (
            [("how", "now"), ("email", BOB), ("name", ""), ("roles", "")],
            StatusCode::CONFLICT,
            "There is an account with this address already",
        ),
        (
            [
                ("how", "invite"),
                ("email", BOB),
                ("name", ""),
                ("roles", ""),
            ],
            StatusCode::CONFLICT,
            "There is an account with this address already",
        ),
    ] {
        let answer = root.submit(ADD, ADD, &fields).await;
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(answer.body.contains(told), "{fields:?}");
    }
}

/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_roles_are_set_for_others_at_once_and_not_given_up_by_accident() {
    let (house, root, bob) = house(Plan::default()).await;
    let other = house.signed_in(BOB).await;
    assert_eq!(other.get("/console").await.status, StatusCode::FORBIDDEN);
    let of_bob = path(bob);
    let action = format!("{of_bob}/roles");
    let set = root
        .submit(&of_bob, &action, &[("roles", "admin, editors")])
        .await;
    assert_eq!(set.location(), format!("{of_bob}?done=roles"));
    assert_eq!(other.get("/console").await.status, StatusCode::OK);
    let same = root
        .submit(&of_bob, &action, &[("roles", "admin editors")])
        .await;
    assert_eq!(same.location(), format!("{of_bob}?done=nothing"));
    let wrong = root.submit(&of_bob, &action, &[("roles", "Admin")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("value=\"Admin\"") && wrong.body.contains("roles-fault"));

    // One's own: asked first.
    let own = path(own_id(&house).await);
    let action = format!("{own}/roles");
    let asked = root.submit(&own, &action, &[("roles", "")]).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("You give up the role admin"));
    assert_eq!(root.get("/console").await.status, StatusCode::OK);
    let left = root
        .submit(&own, &action, &[("roles", ""), ("sure", "on")])
        .await;
    assert_eq!(left.location(), "/account");
    assert_eq!(root.get("/console").await.status, StatusCode::FORBIDDEN);
    // And the last one stays.
    let own = path(bob);
    let stays = other
        .submit(
            &own,
            &format!("{own}/roles"),
            &[("roles", ""), ("sure", "on")],
        )
        .await;
    assert_eq!(stays.status, StatusCode::CONFLICT);
    assert!(stays.body.contains("This is the only administrator"));
}

/// Holds: ASVS 7.4.2, ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_everything_of_a_person_is_ended_once_it_was_said_in_numbers() {
    let (house, root, bob) = house(Plan::default()).await;
    let one = house.signed_in(BOB).await;
    let two = house.signed_in(BOB).await;
    let own = path(bob);
    let page = root.get(&own).await;
    assert!(
        page.body.contains("Signed in on 2 devices."),
        "{}",
        page.body
    );
    for link in [
        format!("/console/sessions?user={bob}"),
        format!("/console/audit?person={bob}"),
    ] {
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{link}");
        assert_eq!(root.get(&link).await.status, StatusCode::OK, "{link}");
    }
    let end = format!("{own}/end");
    let asked = root.get(&end).await;
    assert!(
        asked.body.contains("That ends 2 devices."),
        "{}",
        asked.body
    );
    assert_eq!(one.get("/account").await.status, StatusCode::OK);
    let done = root.submit(&end, &end, &[]).await;
    assert_eq!(done.location(), format!("{own}?done=ended&count=2"));
    for gone in [one, two] {
        assert_eq!(gone.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    let page = root.follow(done.location()).await;
    assert!(
        page.body.contains("Signed out of 2 devices")
            && page.body.contains("Not signed in anywhere")
    );

    // A name that a stranger puts into a link is not believed.
    let led = root.get(done.location()).await;
    assert!(!led.body.contains("Signed out of 2 devices"));

    let third = house.signed_in(BOB).await;
    let disable = format!("{own}/disable");
    let done = root.submit(&disable, &disable, &[]).await;
    assert_eq!(done.location(), format!("{own}?done=disabled&count=1"));
    assert_eq!(third.get("/account").await.status, StatusCode::SEE_OTHER);
    let refused = house.browser().sign_in(BOB, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let link = root.get(&format!("{own}/recover")).await;
    assert_eq!(link.status, StatusCode::CONFLICT);
    let enable = format!("{own}/enable");
    let done = root.submit(&enable, &enable, &[]).await;
    assert_eq!(done.location(), format!("{own}?done=enabled"));
    house.signed_in(BOB).await;

    let delete = format!("{own}/delete");
    let asked = root.get(&delete).await;
    assert!(asked.body.contains("cannot be brought back"));
    let done = root.submit(&delete, &delete, &[]).await;
    assert_eq!(done.location(), "/console/people?done=deleted&count=1");
    assert_eq!(root.get(&own).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_shuts_out_themselves_and_ending_one_s_own_signs_out_here_too() {
    let (house, root, _) = house(Plan::default()).await;
    let own = path(own_id(&house).await);
    let trail = house.trail().await;
    for act in ["disable", "delete"] {
        let path = format!("{own}/{act}");
        let asked = root.get(&path).await;
        assert_eq!(asked.status, StatusCode::CONFLICT, "{act}");
        assert!(asked.body.contains("This is your own account"), "{act}");
        let refused = root.submit(&own, &path, &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{act}");
    }
    assert_eq!(house.trail().await, trail);
    let end = format!("{own}/end");
    let asked = root.get(&end).await;
    assert!(asked.body.contains("here too"));
    let done = root.submit(&end, &end, &[]).await;
    assert_eq!(done.location(), "/logout");
    assert_eq!(root.get("/console").await.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 7.5.3, ASVS 8.4.2
#[tokio::test]
async fn asvs_7_5_3_who_signed_in_a_while_ago_proves_themselves_before_anything_is_done() {
    let (house, root, bob) = house(Plan::default()).await;
    let other = house.signed_in(BOB).await;
    house.clock.forward(Duration::from_mins(6));
    let own = path(bob);
    for act in ["end", "disable", "delete", "recover"] {
        let path = format!("{own}/{act}");
        let asked = root.get(&path).await;
        assert!(asked.body.contains("name=\"password\""), "{act}");
        for fields in [&[][..], &[("password", "not at all this one")][..]] {
            let refused = root.submit(&path, &path, fields).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{act}");
        }
    }
    let roles = format!("{own}/roles");
    let asked = root.submit(&own, &roles, &[("roles", "admin")]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.body.contains("exactly these roles: admin"));
    let asked = root.submit(ADD, ADD, &carol("now", "admin")).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(
        asked
            .body
            .contains("An account will be made for carol@example.test")
    );
    assert_eq!(other.get("/account").await.status, StatusCode::OK);
    let end = format!("{own}/end");
    let done = root.submit(&end, &end, &[("password", PASSWORD)]).await;
    assert_eq!(done.location(), format!("{own}?done=ended&count=1"));
    assert_eq!(done.set_cookies().len(), 1, "the login is renewed");
}

/// Holds: ASVS 3.5.1
#[tokio::test]
async fn asvs_3_5_1_no_form_about_a_person_works_without_its_token() {
    let (house, root, bob) = house(Plan::default()).await;
    let trail = house.trail().await;
    let own = path(bob);
    for path in ["end", "disable", "enable", "delete", "recover", "roles"]
        .map(|act| format!("{own}/{act}"))
        .iter()
        .map(String::as_str)
        .chain([ADD])
    {
        let answer = root.post(path, &[("roles", "admin")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    for strange in ["/console/people/zzz", "/console/people/zzz/end"] {
        assert_eq!(
            root.get(strange).await.status,
            StatusCode::NOT_FOUND,
            "{strange}"
        );
    }
    let strange = root.get(&format!("{own}/explode")).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);
    assert_eq!(house.trail().await, trail);
}

#[tokio::test]
async fn who_stands_in_the_settings_file_is_shown_so() {
    let plan = Plan {
        settings: vec![SettingInForce {
            name: "users".to_owned(),
            value: format!("[\"x@example.test\", \"{BOB}\"]"),
            origin: SettingOrigin::File("/etc/vestibule.toml".to_owned()),
            secret: false,
            reloads: true,
            waits: false,
            meaning: String::new(),
        }],
        ..Plan::default()
    };
    let (house, root, bob) = house(plan).await;
    let page = root.get(&path(bob)).await;
    assert!(page.body.contains("stands in the settings file"));
    assert!(
        !page.body.contains("/delete\""),
        "no button that would be refused"
    );
    let own = root.get(&path(own_id(&house).await)).await;
    assert!(!own.body.contains("stands in the settings file"));
}
