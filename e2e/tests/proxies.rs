//! An application on a host of its own behind each real proxy, with the book's own configuration and settings, visited as a
//! browser would and as no decent client would.

#[path = "proxies/away.rs"]
mod away;
#[path = "proxies/console.rs"]
mod console;
#[path = "proxies/crooked.rs"]
mod crooked;
#[path = "proxies/identity.rs"]
mod identity;
#[path = "proxies/passage.rs"]
mod passage;
#[path = "proxies/sign_in.rs"]
mod sign_in;
#[path = "proxies/street.rs"]
mod street;

use anyhow::ensure;
use vestibule_e2e::proxies::Kind;

use street::Street;

type Step = fn(&Street) -> anyhow::Result<()>;

/// All that holds behind every proxy, on one street.
fn behind(kind: Kind) -> anyhow::Result<()> {
    let street = Street::open(kind)?;
    let steps: [(&str, Step); 18] = [
        (
            "a_person_gets_to_the_page_first_asked_for",
            sign_in::a_person_gets_to_the_page_first_asked_for,
        ),
        ("a_program_is_told", sign_in::a_program_is_told),
        (
            "a_form_without_a_login_is_not_sent",
            sign_in::a_form_without_a_login_is_not_sent,
        ),
        (
            "who_is_calling_is_told_whole_or_empty",
            identity::who_is_calling_is_told_whole_or_empty,
        ),
        (
            "no_spelling_of_a_client_s_claim_arrives",
            identity::no_spelling_of_a_client_s_claim_arrives,
        ),
        (
            "the_application_has_its_cookies_and_none_of_ours",
            identity::the_application_has_its_cookies_and_none_of_ours,
        ),
        ("roles_and_rules_decide", passage::roles_and_rules_decide),
        (
            "only_the_application_s_own_pages_change_something",
            passage::only_the_application_s_own_pages_change_something,
        ),
        (
            "large_uploads_stream_through_and_refusals_wait_for_none",
            passage::large_uploads_stream_through_and_refusals_wait_for_none,
        ),
        (
            "a_websocket_passes_for_whom_it_is",
            passage::a_websocket_passes_for_whom_it_is,
        ),
        (
            "head_and_options_stay_what_they_are",
            passage::head_and_options_stay_what_they_are,
        ),
        (
            "what_could_be_read_two_ways_never_arrives",
            passage::what_could_be_read_two_ways_never_arrives,
        ),
        ("nobody_outside_can_ask", passage::nobody_outside_can_ask),
        (
            "no_client_chooses_which_application_is_judged",
            crooked::no_client_chooses_which_application_is_judged,
        ),
        (
            "nothing_but_a_websocket_opens_a_tunnel",
            crooked::nothing_but_a_websocket_opens_a_tunnel,
        ),
        (
            "no_connection_header_takes_ours_away",
            crooked::no_connection_header_takes_ours_away,
        ),
        (
            "nobody_traces_to_the_application",
            crooked::nobody_traces_to_the_application,
        ),
        (
            "logout_and_kill_bite_at_the_next_request",
            sign_in::logout_and_kill_bite_at_the_next_request,
        ),
    ];
    // All of them, so that one fault hides no other.
    let mut faults = Vec::new();
    for (name, step) in steps {
        if let Err(fault) = step(&street) {
            faults.push(format!("{name}: {fault:#}"));
        }
    }
    ensure!(
        faults.is_empty(),
        "{}:\n{}\n{}",
        kind.name(),
        faults.join("\n"),
        street.proxy.process.said()
    );
    street.look_back()
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_nginx() -> anyhow::Result<()> {
    behind(Kind::Nginx)
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_haproxy() -> anyhow::Result<()> {
    behind(Kind::Haproxy)
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_apache() -> anyhow::Result<()> {
    behind(Kind::Apache)
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_caddy() -> anyhow::Result<()> {
    behind(Kind::Caddy)
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_traefik() -> anyhow::Result<()> {
    behind(Kind::Traefik)
}

/// Holds: R25, R23, N10, N12, ASVS 4.1.3, ASVS 3.5.1, ASVS 7.4.1, ASVS 7.4.5
#[test]
fn behind_envoy() -> anyhow::Result<()> {
    behind(Kind::Envoy)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn nginx_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Nginx)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn haproxy_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Haproxy)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn apache_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Apache)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn caddy_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Caddy)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn traefik_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Traefik)
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn envoy_stays_shut_while_vestibule_is_away() -> anyhow::Result<()> {
    away::behind(Kind::Envoy)
}

/// What the console's guided 'add' shows is what stands in the book, and lets people in as it is.
#[test]
fn nginx_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Nginx)
}

#[test]
fn haproxy_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Haproxy)
}

#[test]
fn caddy_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Caddy)
}

#[test]
fn apache_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Apache)
}

#[test]
fn traefik_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Traefik)
}

#[test]
fn envoy_works_with_what_the_console_shows() -> anyhow::Result<()> {
    console::behind(Kind::Envoy)
}

/// Each page of the book holds the files that are to be copied, letter by letter.
#[test]
fn the_book_shows_each_proxy_s_snippets() -> anyhow::Result<()> {
    let snippets = vestibule_e2e::checkout().join("docs/snippets");
    for kind in Kind::ALL {
        let page = kind.page()?;
        for file in kind.snippets() {
            let text = std::fs::read_to_string(snippets.join(file))?;
            ensure!(
                page.contains(&format!("\n{text}```\n")),
                "docs/behind-{}.md does not show {file} as it is",
                kind.name()
            );
        }
    }
    Ok(())
}
