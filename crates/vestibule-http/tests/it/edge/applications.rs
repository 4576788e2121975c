//! Applications with rules of their own, at hosts of their own.

use http::StatusCode;
use vestibule_core::application::{ApplicationSpec, Demand, Kind, Rule};
use vestibule_core::session::Acr;
use vestibule_core::user::DisplayName;

use super::asker::{Ask, ISSUER};
use crate::handshake::town::{SIBLING, Town, UNRELATED};
use crate::house::Plan;

const RULED: &str = "https://ruled.example.test";
const FRIEND: &str = "https://friend.example.test";

fn rule(paths: &[&str], methods: &[&str], demand: Demand) -> Rule {
    Rule {
        paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
        methods: methods
            .iter()
            .map(|method| method.parse().unwrap())
            .collect(),
        demand,
    }
}

fn plain() -> Demand {
    Demand::default()
}

/// An application with a rule of every kind.
async fn ruled(town: &Town) {
    let roles = |name: &str| vec![name.parse().unwrap()];
    town.add(ApplicationSpec {
        name: "ruled".parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec![RULED.parse().unwrap()],
        demand: plain(),
        rules: vec![
            rule(
                &["/admin/*"],
                &[],
                Demand {
                    roles: roles("owners"),
                    ..plain()
                },
            ),
            rule(
                &["/sure"],
                &[],
                Demand {
                    acr: Some(Acr::Aal2),
                    ..plain()
                },
            ),
            rule(
                &["/open/*"],
                &[],
                Demand {
                    public: true,
                    ..plain()
                },
            ),
            rule(
                &["/hook"],
                &["POST"],
                Demand {
                    cross_site: true,
                    ..plain()
                },
            ),
            rule(
                &["/friends/*"],
                &[],
                Demand {
                    origins: vec![FRIEND.parse().unwrap()],
                    preflight: true,
                    ..plain()
                },
            ),
        ],
    })
    .await;
}

/// Holds: ASVS 8.3.1
#[tokio::test]
async fn asvs_8_3_1_no_spelling_of_a_path_dodges_a_role_or_widens_what_is_open() {
    use StatusCode as S;
    let (town, cookies) = street().await;
    for (target, signed_in, nobody) in [
        ("/Admin", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/ADMIN/x", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/admin.json", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/admin%3Fx", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/sure/", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/Sure.html", S::FORBIDDEN, S::UNAUTHORIZED),
        ("/admin-area", S::OK, S::UNAUTHORIZED),
        ("/open/x", S::OK, S::OK),
        ("/Open/x", S::OK, S::UNAUTHORIZED),
        ("/open.x", S::OK, S::UNAUTHORIZED),
    ] {
        assert_eq!(
            status(town.ask(RULED, target, &cookies)).await,
            signed_in,
            "{target}"
        );
        assert_eq!(
            status(town.ask(RULED, target, "")).await,
            nobody,
            "{target}"
        );
    }
    // What lets other sites in is for that very path alone.
    for (target, expected) in [
        ("/hook", S::OK),
        ("/Hook", S::FORBIDDEN),
        ("/hook/", S::FORBIDDEN),
    ] {
        let family = vestibule_http::HeaderFamily::XForwarded;
        let ask = Ask::new(&town.house.router, RULED, family, "POST", target);
        let ask = ask.with("cookie", &cookies).with("origin", FRIEND);
        assert_eq!(status(ask).await, expected, "{target}");
    }
}

/// An application that is open to all but for a part of it.
///
/// Holds: ASVS 8.3.1
#[tokio::test]
async fn asvs_8_3_1_what_is_open_everywhere_else_is_not_open_by_another_spelling() {
    use StatusCode as S;
    let town = Town::new().await;
    let staff = Demand {
        roles: vec!["owners".parse().unwrap()],
        ..plain()
    };
    let open = Demand {
        public: true,
        cross_site: true,
        preflight: true,
        ..plain()
    };
    let origin = "https://blog.example.test";
    town.add(ApplicationSpec {
        name: "blog".parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec![origin.parse().unwrap()],
        demand: open,
        rules: vec![rule(&["/admin/*"], &["GET", "POST", "OPTIONS"], staff)],
    })
    .await;
    let mut alice = town.person();
    alice.sign_in().await;
    let start = format!("{origin}/vestibule/start?next=/");
    let offer = alice.open(&start).await.location().to_owned();
    let finish = alice.open(&offer).await.location().to_owned();
    alice.open(&finish).await;
    let cookies = alice.at(origin).cookie_header();
    for (target, expected) in [
        ("/", S::OK),
        ("/post.html", S::OK),
        ("/admin", S::UNAUTHORIZED),
        ("/Admin", S::UNAUTHORIZED),
        ("/admin.php/x", S::UNAUTHORIZED),
    ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let family = vestibule_http::HeaderFamily::XForwarded;
            let ask = Ask::new(&town.house.router, origin, family, method, target);
            let ask = ask
                .with("origin", FRIEND)
                .with("access-control-request-method", "PUT");
            let expected_of_alice = match expected {
                S::OK => S::OK,
                _ => S::FORBIDDEN,
            };
            assert_eq!(status(ask.clone()).await, expected, "{method} {target}");
            let ask = ask.with("cookie", &cookies);
            assert_eq!(status(ask).await, expected_of_alice, "{method} {target}");
        }
    }
}

/// The town, and the cookies of Alice at the application with the rules.
async fn street() -> (Town, String) {
    let town = Town::new().await;
    ruled(&town).await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(RULED, "/").await;
    let cookies = alice.at(RULED).cookie_header();
    (town, cookies)
}

async fn status(ask: Ask) -> StatusCode {
    let plain = ask.clone().send().await.status;
    let nginx = ask.of_nginx().send().await.status;
    match plain {
        StatusCode::BAD_REQUEST => assert_eq!(nginx, StatusCode::FORBIDDEN),
        plain => assert_eq!(nginx, plain),
    }
    plain
}

/// Holds: ASVS 8.3.1, ASVS 16.3.2
#[tokio::test]
async fn asvs_8_3_1_each_application_s_rules_hold_on_their_paths_and_methods() {
    use StatusCode as S;
    let (town, cookies) = street().await;
    for (target, query, expected) in [
        ("/", "", S::OK),
        ("/admin", "", S::FORBIDDEN),
        ("/admin/x?y", "", S::FORBIDDEN),
        ("/%61dmin/x", "", S::FORBIDDEN),
        ("/administer", "", S::OK),
        ("/sure", "", S::FORBIDDEN),
        ("/", "role=owners", S::FORBIDDEN),
        ("/open/x", "role=owners", S::FORBIDDEN),
        ("/", "acr=aal2", S::FORBIDDEN),
        ("/", "app=ruled", S::OK),
        ("/", "app=shop", S::FORBIDDEN),
        ("/", "app=nobody", S::FORBIDDEN),
        ("/", "app=No", S::BAD_REQUEST),
        ("/vestibule/start", "", S::FORBIDDEN),
        ("/vestibule/", "", S::FORBIDDEN),
        ("/%76estibule/x", "", S::FORBIDDEN),
        ("/login", "", S::OK),
        ("/a//b", "", S::BAD_REQUEST),
    ] {
        let ask = town.ask(RULED, target, &cookies);
        let ask = if query.is_empty() {
            ask
        } else {
            ask.query(query)
        };
        assert_eq!(status(ask).await, expected, "{target} {query}");
    }
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn where_anybody_may_pass_the_application_still_learns_who_it_is_and_never_from_the_client() {
    let (town, cookies) = street().await;
    for (ask, known) in [
        (town.ask(RULED, "/open/x", &cookies), true),
        (town.ask(RULED, "/open/x", ""), false),
        (
            town.ask(RULED, "/open/x", "__Host-vestibule-app=dead"),
            false,
        ),
        (
            town.ask(RULED, "/open/x", "").with("remote-user", "alice"),
            false,
        ),
        // A webhook brings a token of the application's own.
        (
            town.ask(RULED, "/open/x", "")
                .with("authorization", "Bearer theirs"),
            false,
        ),
        // Another site's page sends nothing in her name.
        (
            town.ask(RULED, "/open/x", &cookies)
                .with("x-forwarded-method", "POST")
                .with("origin", "https://evil.test"),
            false,
        ),
        (
            town.ask(RULED, "/open/x", &cookies)
                .with("x-forwarded-method", "POST")
                .with("origin", RULED),
            true,
        ),
    ] {
        let answer = ask.send().await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(!answer.header("remote-user").is_empty(), known);
        assert_eq!(!answer.header("remote-session").is_empty(), known);
    }
    let token = town
        .ask(RULED, "/", &cookies)
        .with("authorization", "Bearer x");
    assert_eq!(status(token).await, StatusCode::UNAUTHORIZED);
}

/// Holds: N12, ASVS 3.5.1, ASVS 3.5.8
#[tokio::test]
async fn n12_only_the_application_s_own_pages_change_something_but_for_exceptions_by_rule() {
    use StatusCode as S;
    let (town, cookies) = street().await;
    for (method, target, origin, expected) in [
        ("POST", "/", RULED, S::OK),
        ("POST", "/", SIBLING, S::FORBIDDEN),
        ("POST", "/", ISSUER, S::FORBIDDEN),
        ("POST", "/", "https://evil.test", S::FORBIDDEN),
        ("POST", "/", "null", S::FORBIDDEN),
        ("POST", "/", "", S::FORBIDDEN),
        ("DELETE", "/", FRIEND, S::FORBIDDEN),
        ("POST", "/friends/x", FRIEND, S::OK),
        ("POST", "/friends/x", RULED, S::OK),
        ("POST", "/friends/x", "https://evil.test", S::FORBIDDEN),
        ("POST", "/hook", "https://evil.test", S::OK),
        ("PUT", "/hook", "https://evil.test", S::FORBIDDEN),
        ("GET", "/", "https://evil.test", S::OK),
    ] {
        let ask = town
            .ask(RULED, target, &cookies)
            .with("x-forwarded-method", method);
        let ask = if origin.is_empty() {
            ask
        } else {
            ask.with("origin", origin)
        };
        assert_eq!(status(ask).await, expected, "{method} {target} {origin}");
    }
    for (origin, expected) in [(RULED, S::OK), ("https://evil.test", S::FORBIDDEN)] {
        let ask = town
            .ask(RULED, "/socket", &cookies)
            .with("upgrade", "websocket");
        assert_eq!(status(ask.with("origin", origin)).await, expected);
    }
}

/// Holds: ASVS 3.4.2
#[tokio::test]
async fn a_preflight_passes_by_rule_without_a_login_and_tells_of_nobody() {
    let (town, cookies) = street().await;
    let preflight = |target: &str, cookies: &str| {
        town.ask(RULED, target, cookies)
            .with("x-forwarded-method", "OPTIONS")
            .with("origin", FRIEND)
            .with("access-control-request-method", "POST")
    };
    for cookies in ["", cookies.as_str()] {
        let answer = preflight("/friends/x", cookies).send().await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("remote-user"), "");
    }
    for ask in [
        preflight("/", ""),
        preflight("/friends/x", "").without("origin"),
        preflight("/friends/x", "").without("access-control-request-method"),
        preflight("/friends/x", "").with("x-forwarded-method", "GET"),
    ] {
        assert_eq!(status(ask).await, StatusCode::UNAUTHORIZED);
    }
}

/// Holds: R36, R25
#[tokio::test]
async fn r36_an_application_is_known_by_host_port_and_scheme() {
    let (town, cookies) = street().await;
    for (host, proto, expected) in [
        ("ruled.example.test", "https", StatusCode::OK),
        ("RULED.example.test:443", "https", StatusCode::OK),
        ("ruled.example.test", "http", StatusCode::FORBIDDEN),
        ("ruled.example.test:80", "http", StatusCode::FORBIDDEN),
        ("ruled.example.test:8443", "https", StatusCode::FORBIDDEN),
        ("shop.example.test", "https", StatusCode::UNAUTHORIZED),
        ("evil.test", "https", StatusCode::FORBIDDEN),
    ] {
        let ask = town.ask(RULED, "/", &cookies);
        let ask = ask
            .with("x-forwarded-host", host)
            .with("x-forwarded-proto", proto);
        assert_eq!(status(ask).await, expected, "{proto} {host}");
    }
}

/// Holds: C24
#[tokio::test]
async fn c24_an_application_that_is_registered_on_the_issuer_s_host_has_rules_and_the_issuer_s_cookie()
 {
    for (trusted, registered) in [(true, true), (false, true), (true, false)] {
        let plan = Plan {
            own_host_application: trusted,
            ..Plan::default()
        };
        let town = Town::planned(plan).await;
        let mut alice = town.person();
        alice.sign_in().await;
        if registered {
            let demand = Demand {
                roles: vec!["owners".parse().unwrap()],
                ..plain()
            };
            town.register("own", &[ISSUER], demand).await;
        }
        let cookies = alice.at(ISSUER).cookie_header();
        let answer = town.ask(ISSUER, "/app", &cookies).send().await;
        let expected = if trusted && !registered {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(answer.status, expected);
        assert_eq!(
            answer.body.contains("the role that this needs"),
            trusted && registered
        );
        if trusted && registered {
            let hash = "A".repeat(43);
            let url = format!("{ISSUER}/vestibule/handshake?origin={ISSUER}&browser={hash}&next=/");
            assert_eq!(alice.open(url).await.status, StatusCode::BAD_REQUEST);
            let named = town.ask(ISSUER, "/app", &cookies).query("app=own");
            assert!(named.send().await.body.contains("the role"));
            let nobody = town
                .ask(ISSUER, "/app", "")
                .with("sec-fetch-mode", "navigate");
            assert_eq!(
                nobody.send().await.location(),
                format!("{ISSUER}/login?next=/app")
            );
        }
    }
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 8.3.2
#[tokio::test]
async fn asvs_7_4_1_whatever_ends_the_login_the_application_or_the_role_bites_at_the_next_request()
{
    use StatusCode as S;
    let (town, cookies) = street().await;
    let check = async || town.ask(RULED, "/", &cookies).send().await.status;
    assert_eq!(check().await, S::OK);
    let doorways = town.house.engine.doorways();
    let application = doorways
        .at("ruled.example.test")
        .unwrap()
        .application()
        .clone();
    drop(doorways);
    let change = async |spec: ApplicationSpec| {
        let put = town
            .house
            .store
            .change_application(application.id, spec, town.act());
        put.await.unwrap();
    };
    let mut spec = application.spec.clone();
    spec.demand.roles = vec!["owners".parse().unwrap()];
    change(spec).await;
    assert_eq!(check().await, S::FORBIDDEN);
    let mut spec = application.spec.clone();
    spec.origins = vec!["https://moved.example.test".parse().unwrap()];
    change(spec).await;
    // Nobody is registered there any more; and what was good there is not good where it went.
    assert_eq!(check().await, S::FORBIDDEN);
    let moved = town.ask("https://moved.example.test", "/", &cookies);
    assert_eq!(moved.send().await.status, S::UNAUTHORIZED);
    change(application.spec.clone()).await;
    // What was good at a door that closed is not good again when it opens.
    assert_eq!(check().await, S::UNAUTHORIZED);
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(RULED, "/").await;
    let cookies = alice.at(RULED).cookie_header();
    let check = async || town.ask(RULED, "/", &cookies).send().await.status;
    assert_eq!(check().await, S::OK);
    town.house
        .engine
        .revoke_all(&town.house.operator())
        .await
        .unwrap();
    assert_eq!(check().await, S::UNAUTHORIZED);
    let page = town.ask(UNRELATED, "/x", "").with("accept", "text/html");
    assert_eq!(
        page.send().await.location(),
        format!("{UNRELATED}/vestibule/start?next=/x")
    );
}
