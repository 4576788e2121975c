use super::*;

fn pattern(text: &str) -> PathPattern {
    text.parse().unwrap()
}

fn spec(rules: Vec<Rule>) -> ApplicationSpec {
    ApplicationSpec {
        name: "shop".parse().unwrap(),
        title: DisplayName::default(),
        kind: Kind::Proxy,
        origins: vec!["https://shop.example.test".parse().unwrap()],
        demand: Demand::default(),
        rules,
    }
}

/// Holds: ASVS 8.3.1
#[test]
fn a_pattern_covers_the_path_as_the_application_reads_it() {
    for (covers, path) in [
        ("/admin/*", "/admin"),
        ("/admin/*", "/admin/"),
        ("/admin/*", "/admin/users/7"),
        ("/admin/*", "/%61dmin/users"),
        ("/cart", "/c%61rt"),
        ("/*", "/"),
        ("/*", "/anything"),
        ("/", "/"),
        ("/caf\u{e9}", "/caf%C3%A9"),
    ] {
        assert!(pattern(covers).covers(path), "{covers} {path}");
    }
    for (covers, path) in [
        ("/admin/*", "/administration"),
        ("/admin/*", "/Admin"),
        ("/admin/*", "/x/admin"),
        ("/cart", "/cart/"),
        ("/cart", "/cart/7"),
        ("/", "/cart"),
        ("/cart", "/%2563art"),
    ] {
        assert!(!pattern(covers).covers(path), "{covers} {path}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_and_what_is_one_reads_back() {
    for wrong in [
        "", "admin", "admin/*", "/a*", "/*/a", "//", "//*", "/a//b", "/a//*", "/../a", "/a?b",
        "/a%62", "/a;b", "/a\\b",
    ] {
        assert_eq!(
            wrong.parse::<PathPattern>(),
            Err(ParsePathPatternError),
            "{wrong}"
        );
    }
    for right in ["/", "/*", "/a", "/a/", "/a/b/*"] {
        assert_eq!(pattern(right).to_string(), right);
    }
}

#[test]
fn the_first_rule_that_covers_counts_and_stands_alone() {
    let public = Demand {
        public: true,
        ..Demand::default()
    };
    let staff = Demand {
        roles: vec!["staff".parse().unwrap()],
        ..Demand::default()
    };
    let shop = spec(vec![
        Rule {
            paths: vec![pattern("/public/*")],
            methods: vec!["GET".parse().unwrap(), "HEAD".parse().unwrap()],
            demand: public.clone(),
        },
        Rule {
            paths: vec![pattern("/admin/*"), pattern("/public/*")],
            methods: vec![],
            demand: staff.clone(),
        },
    ]);
    assert_eq!(
        shop.demands_on("GET", "/public/logo"),
        Demands::only(&public)
    );
    assert_eq!(
        shop.demands_on("POST", "/public/logo"),
        Demands::only(&staff)
    );
    assert_eq!(shop.demands_on("GET", "/admin"), Demands::only(&staff));
    assert_eq!(
        shop.demands_on("get", "/public/logo"),
        Demands::only(&staff),
        "methods are case-sensitive"
    );
    assert_eq!(
        shop.demands_on("GET", "/"),
        Demands::only(&Demand::default())
    );
}

/// Holds: ASVS 8.3.1
#[test]
fn asvs_8_3_1_what_tightens_counts_for_all_that_an_application_might_take_for_its_path() {
    for (own, path) in [
        ("/admin/*", "/Admin"),
        ("/admin/*", "/aDmIn/users"),
        ("/admin/*", "/%41dmin"),
        ("/admin/*", "/admin.json"),
        ("/admin/*", "/admin.php/users"),
        ("/admin/*", "/admin%3Fx"),
        ("/admin/*", "/admin%23/x"),
        ("/admin/*", "/admin%20"),
        ("/a/b", "/A/b.html"),
        ("/a/b", "/a.x/B/"),
        ("/a/", "/a"),
        ("/cart", "/cart/"),
        ("/cart", "/cart%3Fx/7"),
        ("/cart", "/cart%23/7"),
        ("/cart", "/cart/%3Fx"),
        ("/*", "/x"),
    ] {
        assert!(pattern(own).may_mean(path), "{own} {path}");
    }
    for (own, path) in [
        ("/admin/*", "/administration"),
        ("/admin/*", "/admin-area"),
        ("/admin/*", "/admin_"),
        ("/admin/*", "/admin2"),
        ("/admin/*", "/admin%C3%BC"),
        ("/admin/*", "/x/admin"),
        ("/admin/*", "/"),
        ("/cart", "/cart/7"),
        ("/a/b", "/a"),
        ("/", "/.hidden"),
        ("/", "/x"),
    ] {
        assert!(!pattern(own).may_mean(path), "{own} {path}");
    }
}

/// Holds: ASVS 8.3.1
#[test]
fn asvs_8_3_1_no_spelling_dodges_a_rule_that_tightens_or_widens_one_that_opens() {
    let demand = |role: &str| Demand {
        roles: vec![role.parse().unwrap()],
        ..Demand::default()
    };
    let open = Demand {
        public: true,
        ..demand("nobody")
    };
    let rule = |paths: &str, demand: &Demand| Rule {
        paths: vec![pattern(paths)],
        methods: vec!["GET".parse().unwrap()],
        demand: demand.clone(),
    };
    let (staff, owners) = (demand("staff"), demand("owners"));
    let sure = Demand {
        acr: Some(Acr::Aal2),
        ..Demand::default()
    };
    let shop = spec(vec![
        rule("/admin/help", &open),
        rule("/admin/*", &owners),
        rule("/reports", &staff),
        rule("/reports.secret", &owners),
        rule("/sure", &sure),
        rule("/assets/*", &open),
        rule("/shop/*", &open),
    ]);
    let nothing = Demand::default();
    for (path, written, meant) in [
        ("/admin", &owners, vec![]),
        ("/admin/help", &open, vec![]),
        ("/Admin", &nothing, vec![&owners]),
        ("/admin/Help", &owners, vec![]),
        ("/ADMIN/help", &nothing, vec![&owners]),
        ("/Sure/", &nothing, vec![&sure]),
        // A rule that is written for this very path does not lose to one that might mean it: both count.
        ("/reports.secret", &owners, vec![&staff]),
        // Which of two that might mean it is meant, nobody knows: both count.
        ("/Reports.secret", &nothing, vec![&staff, &owners]),
        ("/assets/x", &open, vec![]),
        ("/Assets/x", &nothing, vec![]),
        ("/assets.x", &nothing, vec![]),
    ] {
        for method in ["GET", "HEAD"] {
            let demands = shop.demands_on(method, path);
            let meant = meant.clone();
            assert_eq!(demands, Demands { written, meant }, "{method} {path}");
        }
        assert_eq!(shop.demands_on("PUT", path), Demands::only(&nothing));
    }
}

/// Holds: ASVS 8.3.1
#[test]
fn asvs_8_3_1_no_spelling_opens_what_asks_for_a_login_where_anybody_may_pass() {
    let mut site = spec(vec![Rule {
        paths: vec![pattern("/account/*")],
        methods: vec![],
        demand: Demand::default(),
    }]);
    site.demand.public = true;
    let asks = |path: &str| !site.demands_on("GET", path).all(|demand| demand.public);
    assert!(asks("/account") && asks("/Account") && asks("/account.json"));
    assert!(!asks("/") && !asks("/accounting"));
}

#[test]
fn a_description_needs_origins_each_of_them_once() {
    assert!(spec(vec![]).checked().is_ok());
    let none = ApplicationSpec {
        origins: vec![],
        ..spec(vec![])
    };
    assert_eq!(none.checked(), Err(SpecError::NoOrigin));
    let twice = ApplicationSpec {
        origins: vec![
            "http://localhost:443".parse().unwrap(),
            "http://localhost:444".parse().unwrap(),
            "http://localhost:443".parse().unwrap(),
        ],
        ..spec(vec![])
    };
    assert_eq!(
        twice.checked(),
        Err(SpecError::Twice("localhost:443".to_owned()))
    );
}
