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
    assert_eq!(shop.demand_on("GET", "/public/logo"), &public);
    assert_eq!(shop.demand_on("POST", "/public/logo"), &staff);
    assert_eq!(shop.demand_on("GET", "/admin"), &staff);
    assert_eq!(
        shop.demand_on("get", "/public/logo"),
        &staff,
        "methods are case-sensitive"
    );
    assert_eq!(shop.demand_on("GET", "/"), &Demand::default());
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
