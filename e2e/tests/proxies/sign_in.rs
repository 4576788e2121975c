//! In, and out again.

use anyhow::ensure;
use vestibule_e2e::proxies::{ISSUER, SHOP};
use vestibule_e2e::visitor::Asked;

use crate::street::{ALICE, BOB, PASSWORD, Street, issuer, url};

pub fn a_person_gets_to_the_page_first_asked_for(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.visitor()?;
    let wanted = url("/orders?id=7&sort=a%20b&mark=first");
    let page = alice.open(&wanted)?;
    ensure!(
        page.0.starts_with(ISSUER) && page.1.status == 200,
        "to sign in, and not to {}: {}",
        page.0,
        page.1.body
    );
    ensure!(!street.reached("mark=first"), "nobody reached the shop");
    let (end, answer) = alice.fill_in(&page, &[("identifier", ALICE), ("password", PASSWORD)])?;
    ensure!(end == wanted, "back to {end}");
    ensure!(answer.status == 200 && answer.body.contains("Orders"));
    ensure!(answer.header("strict-transport-security").is_some());
    // Straight in from now on.
    let answer = alice.view(&url("/orders?mark=second"))?;
    ensure!(answer.status == 200, "{}", answer.status);
    // A browser that comes back to the login another way needs no password.
    let mut jars = alice.clone();
    jars.jars.remove("shop.example.com");
    let (end, answer) = jars.open(&url("/orders?mark=third"))?;
    ensure!(end == url("/orders?mark=third") && answer.status == 200);
    Ok(())
}

pub fn a_program_is_told(street: &Street) -> anyhow::Result<()> {
    for more in [
        ("Accept", "application/json"),
        ("Authorization", "Bearer evil-claim"),
    ] {
        let answer = street.visitor()?.send(Asked {
            method: "GET",
            url: &url("/data?mark=program"),
            headers: &[more],
            body: "",
        })?;
        ensure!(answer.status == 401, "{more:?}: {}", answer.status);
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        ensure!(challenge.starts_with("Bearer"), "{more:?}: {challenge:?}");
    }
    ensure!(
        !street.reached("mark=program"),
        "a program reached the shop"
    );
    Ok(())
}

pub fn a_form_without_a_login_is_not_sent(street: &Street) -> anyhow::Result<()> {
    let mut nobody = street.visitor()?;
    let answer = nobody.post(&url("/orders?mark=unsent"), &[("item", "7")])?;
    ensure!(
        matches!(answer.status, 302 | 303),
        "{}: {}",
        answer.status,
        answer.body
    );
    let location = answer.header("location").unwrap_or_default();
    ensure!(
        location.starts_with(&format!("{SHOP}/vestibule/not-sent")),
        "{location}"
    );
    let answer = nobody.view(location)?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    ensure!(
        !street.reached("mark=unsent"),
        "a form reached the shop without a login"
    );
    Ok(())
}

pub fn logout_and_kill_bite_at_the_next_request(street: &Street) -> anyhow::Result<()> {
    let page = url("/orders?mark=afterwards");
    let mut alice = street.signed_in(ALICE)?;
    let form = alice.open(&issuer("/logout"))?;
    alice.fill_in(&form, &[])?;
    ensure!(alice.view(&page)?.status != 200, "signed out at the issuer");

    let mut bob = street.signed_in(BOB)?;
    let form = bob.open(&url("/vestibule/logout"))?;
    bob.fill_in(&form, &[])?;
    ensure!(bob.view(&page)?.status != 200, "signed out at the shop");

    let mut alice = street.signed_in(ALICE)?;
    let killed = street
        .server
        .command(["session", "revoke", "--user", ALICE], "")?;
    ensure!(
        killed.status.success(),
        "{}",
        String::from_utf8_lossy(&killed.stderr)
    );
    ensure!(alice.view(&page)?.status != 200, "ended by the operator");

    let mut bob = street.signed_in(BOB)?;
    let disabled = street.server.command(["user", "disable", BOB], "")?;
    ensure!(
        disabled.status.success(),
        "{}",
        String::from_utf8_lossy(&disabled.stderr)
    );
    ensure!(bob.view(&page)?.status != 200, "disabled");
    ensure!(!street.reached("mark=afterwards"), "the shop was reached");
    Ok(())
}
