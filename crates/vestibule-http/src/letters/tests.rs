//! Every letter in both languages: complete, plain, and with links to the issuer alone.

use std::net::IpAddr;
use std::{fs, path::Path};

use vestibule_core::letter::Says;
use vestibule_core::place::{Country, Located};
use vestibule_engine::Places;

use super::samples::{self, TOKEN, letter};
use super::{WIDTH, Written, write};
use crate::site::Issuer;
use crate::texts::Texts;

const ISSUER: &str = "https://id.example.test";

struct Berlin;

impl Places for Berlin {
    fn locate(&self, _address: IpAddr, language: &str) -> Option<Located> {
        let name = if language == "de" {
            "Deutschland"
        } else {
            "Germany"
        };
        Some(Located {
            country: Country {
                code: "DE".into(),
                name: name.into(),
            },
            city: Some("Berlin".into()),
        })
    }
}

fn written(language: &str, says: Says, brand: &str) -> Written {
    let issuer = Issuer::parse(ISSUER).expect("an issuer");
    write(
        &letter(language, says),
        &issuer,
        brand,
        &Texts::embedded(),
        Some(&Berlin),
    )
    .expect("written")
}

fn each(check: impl Fn(&str, &Says, &Written)) {
    for language in ["en", "de"] {
        for (name, says) in samples::all() {
            let written = written(language, says.clone(), "Vestibule");
            check(&format!("{name} in {language}"), &says, &written);
        }
    }
}

/// Written to `target/gallery`, beside the pages.
#[test]
fn gallery_of_every_letter_in_every_language() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery/letters");
    fs::create_dir_all(&target).expect("a place to write to");
    each(|name, _, written| {
        let file = name.replace(" in ", ".");
        fs::write(target.join(format!("{file}.html")), &written.html).expect("written");
        let text = format!("Subject: {}\n\n{}", written.subject, written.text);
        fs::write(target.join(format!("{file}.txt")), text).expect("written");
    });
}

#[test]
fn a_letter_reads_as_one_would_write_it() {
    let (_, says) = samples::all().swap_remove(5);
    let written = written("en", says, "Vestibule");
    assert_eq!(written.subject, "Set a new password · Vestibule");
    assert_eq!(
        written.text,
        format!(
            "\
Set a new password

Somebody, we hope you, wants to set a new password for your account at
Vestibule.

When: 20 November 2026, 14:00 UTC
Device: Firefox on Linux
Place: Berlin, Germany
Network address: 203.0.113.7

Set a new password:
https://id.example.test/recover/finish?token={TOKEN}

The link works once, until 20 November 2026, 14:30 UTC.

In another browser than the one that asked, the link also asks for the
code that is shown there.

It ends every login of your account. After that you sign in with the new
password.

If it was not you, there is nothing to do: without the link nobody
changes your password. Give neither the link nor a code to anybody.

-- \n\
You get this mail because this address belongs to your account at
id.example.test. Such mails cannot be turned off: they are how you
notice what you did not do yourself.
"
        )
    );
}

#[test]
fn every_letter_is_complete_in_its_language() {
    each(|name, _, written| {
        for text in [&written.subject, &written.text, &written.html] {
            assert!(!text.contains("letter-") && !text.contains("{ $"), "{name}");
        }
        assert!(written.subject.ends_with(" · Vestibule"), "{name}");
        assert!(!written.subject.contains('\n'), "{name}");
        let paragraphs = written.text.matches("\n\n").count();
        assert!(paragraphs >= 2, "{name}: {}", written.text);
        let lang = if name.ends_with("de") { "de" } else { "en" };
        assert!(
            written.html.contains(&format!("<html lang=\"{lang}\">")),
            "{name}"
        );
        for line in written.text.lines() {
            let fits = line.chars().count() <= WIDTH || line.starts_with(ISSUER);
            assert!(fits, "{name}: {line}");
        }
    });
    let english = written("en", Says::Test, "Vestibule");
    assert_eq!(english, written("fr", Says::Test, "Vestibule"));
    assert_ne!(english, written("de-AT", Says::Test, "Vestibule"));
}

/// Holds: H01
#[test]
fn h01_every_link_leads_to_the_issuer() {
    each(|name, _, written| {
        for text in [&written.text, &written.html] {
            for (at, _) in text.match_indices("http") {
                let rest = &text[at..];
                assert!(rest.starts_with(&format!("{ISSUER}/")), "{name}: {rest}");
            }
        }
        for href in written.html.split("href=\"").skip(1) {
            assert!(href.starts_with(ISSUER), "{name}: {href}");
        }
    });
}

/// Holds: H01
#[test]
fn h01_a_token_is_only_ever_a_token() {
    let says = Says::NewLogin {
        token: "a&next=//evil.test#\"><b>\r\n".into(),
        from: samples::whence(),
        because: Vec::new(),
    };
    let written = written("en", says, "Vestibule");
    let path = "/recover/end-login?token=a%26next%3D%2F%2Fevil.test%23%22%3E%3Cb%3E%0D%0A";
    assert!(written.text.contains(&format!("{ISSUER}{path}\n")));
    assert!(written.html.contains(&format!("href=\"{ISSUER}{path}\"")));
}

/// Holds: ASVS 1.3.11, ASVS 3.2.2
#[test]
fn asvs_1_3_11_nothing_that_a_stranger_wrote_breaks_out() {
    let says = Says::PasswordChanged {
        from: vestibule_core::errand::Whence {
            at: samples::NOW,
            address: Some("<b>\r\nBcc: eve@evil.test".into()),
            user_agent: Some("<script>alert(1)</script>\r\n\r\nhttps://evil.test".into()),
        },
    };
    let written = written("en", says, "Shop\r\nBcc: eve@evil.test <i>");
    assert!(!written.subject.contains(['\r', '\n']));
    for text in [&written.text, &written.html] {
        assert!(!text.contains("https://evil.test"), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }
    assert!(!written.html.contains("<i>"), "{}", written.html);
}

/// Holds: ASVS 3.6.1
#[test]
fn asvs_3_6_1_a_letter_loads_nothing() {
    each(|name, _, written| {
        for remote in ["<img", "<link", "<script", "src=", "url(", "@import"] {
            assert!(!written.html.contains(remote), "{name}: {remote}");
        }
        assert!(written.html.len() < 20_000, "{name}");
    });
}

/// Holds: ASVS 6.3.5, ASVS 6.3.7, N62
#[test]
fn asvs_6_3_7_what_was_done_is_told_with_when_and_where_and_what_to_do() {
    each(|name, says, written| {
        let told = matches!(
            says,
            Says::NewLogin { .. }
                | Says::PasswordChanged { .. }
                | Says::PasswordReset { .. }
                | Says::PasswordDisabled { .. }
                | Says::AddressAdded { .. }
                | Says::AddressRemoved { .. }
                | Says::PrimaryChanged { .. }
        );
        if told {
            for text in [&written.text, &written.html] {
                for fact in ["14:00 UTC", "Firefox", "Berlin", "203.0.113.7"] {
                    assert!(text.contains(fact), "{name}: {fact}");
                }
                assert!(text.contains(&format!("{ISSUER}/recover")), "{name}");
            }
        }
    });
}

/// Holds: ASVS 6.3.8
#[test]
fn asvs_6_3_8_a_letter_to_a_stranger_says_nothing_of_anybody() {
    for language in ["en", "de"] {
        let written = written(language, Says::NoAccount, "Vestibule");
        assert!(!written.text.contains('@') && !written.text.contains(ISSUER));
        let written = self::written(language, Says::AddressInUse, "Vestibule");
        assert!(!written.text.contains('@'));
    }
}

#[test]
fn an_address_that_belongs_to_no_account_any_more_is_offered_no_recovery() {
    let from = samples::whence();
    let removed = |address| Says::AddressRemoved {
        address: samples::address(address),
        from: from.clone(),
    };
    for (language, belonged, belongs) in [
        (
            "en",
            "belonged to an account at",
            "belongs to your account at",
        ),
        (
            "de",
            "Konto bei id.example.test gehört hat.",
            "zu Ihrem Konto bei",
        ),
    ] {
        for says in [
            removed("alice@example.test"),
            Says::AccountDeleted { at: samples::NOW },
        ] {
            let written = written(language, says, "Vestibule");
            for text in [&written.text, &written.html] {
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words.contains(belonged), "{words}");
                assert!(!text.contains(ISSUER), "{text}");
            }
        }
        // What the addresses that stay are told.
        let written = written(language, removed("alice@work.example.test"), "Vestibule");
        let words = written
            .text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(words.contains(belongs), "{words}");
        assert!(written.text.contains(&format!("{ISSUER}/recover")));
    }
}
