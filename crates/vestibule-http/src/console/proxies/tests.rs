//! What an operator copies is what the battery in `e2e` runs, and holds nothing but what belongs there.

use super::*;

fn origin(text: &str) -> Origin {
    text.parse().unwrap()
}

fn filled(proxy: Proxy, issuer: &str, host: &str, name: &str) -> Vec<Snippet> {
    let (issuer, origin) = (origin(issuer), origin(host));
    let (vestibule, application) = ("10.0.0.5:8081".parse(), "10.0.0.9:4000".parse());
    proxy.snippets(&Values {
        issuer: &issuer,
        origin: &origin,
        name: &name.parse().unwrap(),
        vestibule: &vestibule.unwrap(),
        application: &application.unwrap(),
    })
}

#[test]
fn the_book_s_own_values_give_the_book_s_own_files() {
    let (issuer, origin) = (
        origin("https://id.example.com"),
        origin("https://shop.example.com"),
    );
    for proxy in Proxy::ALL {
        let snippets = proxy.snippets(&Values {
            issuer: &issuer,
            origin: &origin,
            name: &"shop".parse().unwrap(),
            vestibule: &Upstream::here(8080),
            application: &Upstream::here(3000),
        });
        for (book, snippet) in proxy.books().iter().zip(&snippets) {
            assert_eq!(
                snippet.text,
                without_instruction(book.text),
                "{}",
                book.path
            );
            // Nothing is cut but comment lines.
            let statements = |text: &str| {
                let lines = text.lines().map(str::trim);
                let lines = lines.filter(|line| {
                    !line.is_empty() && !line.starts_with('#') && !line.starts_with("--")
                });
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(statements(&snippet.text), statements(book.text));
        }
    }
}

#[test]
fn every_place_that_the_book_names_is_filled_in() {
    for proxy in Proxy::ALL {
        for snippet in filled(
            proxy,
            "https://login.house.test",
            "https://wiki.other.test",
            "my-wiki",
        ) {
            for theirs in [
                "example.com",
                ":8080",
                "8080 ",
                ":3000",
                "Put your own",
                "app=shop",
                "vestibule shop",
                "about_shop",
                "\"shop\"",
            ] {
                assert!(
                    !snippet.text.contains(theirs),
                    "{theirs} in {}",
                    snippet.path
                );
            }
        }
        let all: String = filled(
            proxy,
            "https://login.house.test",
            "https://wiki.other.test",
            "my-wiki",
        )
        .into_iter()
        .map(|snippet| snippet.text)
        .collect();
        for ours in [
            "login.house.test",
            "wiki.other.test",
            "my-wiki",
            "10.0.0.5",
            "8081",
        ] {
            assert!(all.contains(ours), "no {ours} for {}", proxy.as_str());
        }
    }
    let lua = &filled(Proxy::Apache, "https://a.test", "https://b.test", "my-wiki")[1].text;
    assert!(lua.contains("function ask_about_my_wiki(r)\n    return ask(r, \"my-wiki\")"));
}

/// A host that reads like one of the book's is a value and no place.
#[test]
fn what_is_put_in_is_not_filled_in_again() {
    let text = &filled(
        Proxy::Nginx,
        "https://shop.example.com",
        "https://id.example.com",
        "shop",
    )[0]
    .text;
    assert!(text.contains("upstream vestibule {\n    server 10.0.0.5:8081;"));
    assert!(text.contains("# The application, for everybody who is signed in and may.\nserver {\n    listen 443 ssl;\n    server_name id.example.com;"));
}

/// Holds: ASVS 1.2.1
#[test]
fn asvs_1_2_1_nothing_that_could_be_configuration_is_a_value() {
    for hostile in [
        "127.0.0.1:3000;",
        "127.0.0.1:3000\nserver evil",
        "127.0.0.1 :3000",
        "a b:3000",
        "a\"b:3000",
        "a}b:3000",
        "a{b:3000",
        "a;b:3000",
        "a`b:3000",
        "a#b:3000",
        "a'b:3000",
        "a$b:3000",
        "a%b:3000",
        "a\\b:3000",
        "a/b:3000",
        "a@b:3000",
        "-a:3000",
        "_a:3000",
        "a-:3000",
        "[::1]:3000",
        "127.1:3000",
        "1234:3000",
        "a..b:3000",
        ":3000",
        "a:",
        "a",
        "",
        "a:0",
        "a:65536",
        "a:+1",
        "a:3000:4000",
        "bücher:3000",
    ] {
        assert_eq!(
            hostile.parse::<Upstream>(),
            Err(ParseUpstreamError),
            "{hostile:?}"
        );
    }
    for (typed, read) in [
        (" 10.1.2.3:80 ", "10.1.2.3:80"),
        ("App.Internal:3000", "app.internal:3000"),
        ("my_app:8000", "my_app:8000"),
    ] {
        let upstream: Upstream = typed.parse().unwrap();
        assert_eq!(upstream.to_string(), read);
    }
    for hostile in [
        "shop; }",
        "shop\n",
        "sh\"op",
        "shop&app=wiki",
        "shop wiki",
        "Shop",
    ] {
        assert!(hostile.parse::<ApplicationName>().is_err(), "{hostile:?}");
    }
    for hostile in [
        "https://shop.example.com;",
        "https://shop.example.com\"",
        "https://shop.example.com`)",
        "https://shop.example.com{}",
        "https://shop.example.com\nserver_name evil",
        "https://shop example.com",
    ] {
        assert!(hostile.parse::<Origin>().is_err(), "{hostile:?}");
    }
}
