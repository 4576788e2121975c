use http::{Method, StatusCode, header};

use super::{ALICE, asking};
use crate::house::House;

#[tokio::test]
async fn every_language_is_there_in_its_own_name_and_the_person_s_is_chosen() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let page = browser.get("/account/profile").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("cache-control"), "no-store");
    for option in [
        "<option value=\"en\" lang=\"en\" selected>English</option>",
        "<option value=\"de\" lang=\"de\">Deutsch</option>",
    ] {
        assert!(page.body.contains(option), "{option}");
    }
    assert!(page.body.contains("href=\"/account/delete\""));
    assert!(!page.body.contains("name=\"terms\""));
}

#[tokio::test]
async fn the_settings_fields_are_asked_in_the_reader_s_language() {
    let house = asking().await;
    let browser = house.signed_in(ALICE).await;
    let mut request = browser.request(Method::GET, "/account/profile", "");
    let german = "de".parse().unwrap();
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, german);
    let page = browser.send(request).await;
    assert!(page.body.contains("<html lang=\"de\">"));
    assert!(page.body.contains("Abteilung") && page.body.contains("Room"));
    let english = browser.get("/account/profile").await;
    assert!(english.body.contains("Department"));
}

#[tokio::test]
async fn a_notice_is_believed_only_after_a_page_of_ours() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let path = "/account/profile?changed=1";
    let notice = "class=\"notice\"";
    assert!(browser.follow(path).await.body.contains(notice));
    assert!(!browser.get(path).await.body.contains(notice));
}
