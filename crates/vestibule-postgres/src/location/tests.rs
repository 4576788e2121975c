use super::*;

fn refusal(url: &str) -> String {
    Location::parse(url).map(|_| ()).unwrap_err().to_string()
}

/// Holds: ASVS 12.3.1
#[test]
fn asvs_12_3_1_off_this_machine_nothing_but_a_verified_way_is_taken() {
    let far = Location::parse("postgres://v@db.example.test/v").unwrap();
    assert!(far.tls.is_some());
    assert_eq!(far.config.get_ssl_mode(), SslMode::Require);
    for mode in ["allow", "prefer", "require", "verify-ca", "disable", "x"] {
        let url = format!("postgres://v:secret@db.example.test/v?sslmode={mode}");
        let told = refusal(&url);
        assert!(told.contains("sslmode=verify-full"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
    let one_far = "postgres://v@localhost,db.example.test/v";
    assert!(Location::parse(one_far).unwrap().tls.is_some());
    let elsewhere = "postgres://v@localhost/v?hostaddr=192.0.2.7";
    assert!(Location::parse(elsewhere).unwrap().tls.is_some());
}

#[test]
fn on_this_machine_the_way_is_clear_unless_asked_otherwise() {
    for host in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
        let near = Location::parse(&format!("postgres://v@{host}/v")).unwrap();
        assert!(near.tls.is_none(), "{host}");
        assert_eq!(near.config.get_ssl_mode(), SslMode::Disable);
    }
    let asked = Location::parse("postgres://v@localhost/v?sslmode=verify-full").unwrap();
    assert!(asked.tls.is_some());
}

#[test]
fn a_url_is_shown_without_its_password() {
    for (url, is_shown) in [
        ("postgres://v@h/v", "postgres://v@h/v"),
        ("postgres://v:s@h:5433/v", "postgres://v:…@h:5433/v"),
        (
            "postgres://v:s@t@h/v?sslmode=verify-full",
            "postgres://v:…@h/v?sslmode=verify-full",
        ),
        (
            "postgres://h/v?user=v&password=s",
            "postgres://h/v?user=v&password=…",
        ),
    ] {
        assert_eq!(shown(url), is_shown);
    }
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    assert!(refusal("mysql://v:secret@localhost/v").contains("postgres://"));
    let port = refusal("postgres://v:secret@localhost:x/v");
    assert!(!port.contains("secret"), "{port}");
    let roots = refusal("postgres://v@db.example.test/v?sslrootcert=/nowhere");
    assert!(roots.contains("sslrootcert=/nowhere"), "{roots}");
}
