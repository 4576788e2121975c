//! `/console` and what is below it.

mod applications;
mod audit;
mod events;
mod frame;
mod people;
mod roles;
mod sessions;
mod settings;

use crate::house::{Browser, House};

/// Who administers in these tests.
pub const ROOT: &str = "root@example.test";

/// A house with an administrator, and their browser.
pub async fn administered() -> (House, Browser) {
    let house = House::new().await;
    house.add_with(ROOT, &["admin"], true).await;
    let browser = house.signed_in(ROOT).await;
    (house, browser)
}

/// What a page says, without its tags and without what stands between them.
pub fn said(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
