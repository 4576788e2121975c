//! Who is calling, as the shop hears it.

use anyhow::ensure;
use vestibule_e2e::visitor::{Asked, PAGE_VIEW};

use crate::street::{ALICE, BOB, Street, url};

const IDENTITY: [&str; 5] = [
    "Remote-User",
    "Remote-Email",
    "Remote-Name",
    "Remote-Groups",
    "Remote-Session",
];

pub fn who_is_calling_is_told_whole_or_empty(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    alice.view(&url("/who?mark=alice"))?;
    let heard = street.shop.wait_for("mark=alice")?;
    ensure!(heard.header("remote-email") == ALICE, "{}", heard.head);
    ensure!(
        heard.header("remote-name") == "%C3%84lice%20%C3%9Cnger%2C%20%E6%84%9B",
        "{}",
        heard.head
    );
    ensure!(heard.header("remote-groups") == "editors", "{}", heard.head);
    let user = heard.header("remote-user");
    ensure!(user.len() == 36, "{}", heard.head);
    ensure!(heard.header("remote-session").len() == 36, "{}", heard.head);

    let mut bob = street.signed_in(BOB)?;
    bob.view(&url("/who?mark=bob"))?;
    let heard = street.shop.wait_for("mark=bob")?;
    for name in ["remote-email", "remote-name", "remote-groups"] {
        ensure!(heard.header(name).is_empty(), "{name}: {}", heard.head);
    }
    ensure!(heard.header("remote-user").len() == 36);
    ensure!(heard.header("remote-user") != user);
    Ok(())
}

pub fn no_spelling_of_a_client_s_claim_arrives(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    let mut bob = street.signed_in(BOB)?;
    let mut claims = Vec::new();
    for name in IDENTITY {
        claims.push(name.to_owned());
        claims.push(name.to_lowercase());
        for other in ["_", ".", "~", "!", "*"] {
            claims.push(name.replace('-', other));
            claims.push(name.replace('-', other).to_lowercase());
        }
    }
    claims.extend(
        [
            "X-Forwarded-User",
            "X-Forwarded-Email",
            "X-Forwarded-Groups",
            "X-Remote-User",
            "X-Auth-Request-User",
            "X-Auth-Request-Email",
            "X-Forwarded-Method",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Uri",
            "X-Forwarded-For",
            "X-Original-Method",
            "X-Original-URL",
            "X-Original-URI",
            "X-Rewrite-URL",
            "Forwarded",
            // Where the application stands, and by which method it is asked.
            "X-Forwarded-Prefix",
            "X-Script-Name",
            "X-HTTP-Method-Override",
            "X-HTTP-Method",
            "X-Method-Override",
            // Application servers take some for their own, whatever their case.
            "SCRIPT_NAME",
            "PATH_INFO",
            "path_info",
            "X_Forwarded_Prefix",
            "X_HTTP_Method_Override",
            "_",
        ]
        .map(str::to_owned),
    );
    for (at, claim) in claims.iter().enumerate() {
        for (who, visitor) in [("alice", &mut alice), ("bob", &mut bob)] {
            let mark = format!("mark=claim-{who}-{at}.");
            let value = if claim == "X-Forwarded-For" {
                "192.0.2.77"
            } else {
                "evil-claim"
            };
            let answer = visitor.send(Asked {
                method: "GET",
                url: &url(&format!("/claim?{mark}")),
                headers: &[&PAGE_VIEW[..], &[(claim, value), (claim, value)]].concat(),
                body: "",
            })?;
            // Refused is as good as deleted.
            if matches!(answer.status, 400 | 403) {
                ensure!(!street.reached(&mark), "{claim}: refused, and it arrived");
                continue;
            }
            ensure!(answer.status == 200, "{claim}: {}", answer.status);
            let heard = street.shop.wait_for(&mark)?;
            ensure!(
                !heard.head.contains("evil-claim") && !heard.head.contains("192.0.2.77"),
                "{claim} of {who} arrived:\n{}",
                heard.head
            );
        }
    }
    // What is said of the request itself is overwritten, and not believed.
    alice.view(&url("/claim?mark=overwritten"))?;
    let heard = street.shop.wait_for("mark=overwritten")?;
    ensure!(
        heard.header("x-forwarded-proto") == "https",
        "{}",
        heard.head
    );
    ensure!(
        heard.header("x-forwarded-for") == "127.0.0.1",
        "{}",
        heard.head
    );
    ensure!(heard.header("host") == "shop.example.com", "{}", heard.head);

    // Nor does any of it let somebody in who has no login.
    for claim in &claims {
        let answer = street.visitor()?.send(Asked {
            method: "GET",
            url: &url("/claim?mark=unclaimed"),
            headers: &[(claim, "evil-claim")],
            body: "",
        })?;
        ensure!(answer.status >= 300, "{claim}: {}", answer.status);
    }
    ensure!(!street.reached("mark=unclaimed"), "a claim let somebody in");
    Ok(())
}

pub fn the_application_has_its_cookies_and_none_of_ours(street: &Street) -> anyhow::Result<()> {
    let mut alice = street.signed_in(ALICE)?;
    let jar = alice.jars.entry("shop.example.com".to_owned()).or_default();
    ensure!(jar.contains_key("__Host-vestibule-app"), "{:?}", jar.keys());
    for (name, value) in [
        ("a-cart", "7"),
        ("__Host-vestibule-handshake", "x"),
        ("__Host-vestibule", "y"),
        ("theme", "dark"),
        ("z", "1"),
    ] {
        jar.insert(name.to_owned(), value.to_owned());
    }
    alice.view(&url("/cookies?mark=cookies"))?;
    let heard = street.shop.wait_for("mark=cookies")?;
    ensure!(
        heard.header("cookie") == "a-cart=7; theme=dark; z=1",
        "{}",
        heard.head
    );
    Ok(())
}
