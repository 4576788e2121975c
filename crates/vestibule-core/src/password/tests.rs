use base64::Engine as _;

use super::*;

const CHEAP: Cost = Cost {
    memory: 64,
    passes: 1,
};

/// Fifteen different letters of the Latin alphabet that are no word and no walk.
const PLAIN_LETTERS: &str = "mvqhzkturbypgco";

fn parse(text: &str) -> Result<NewPassword, NewPasswordError> {
    let email = EmailAddress::parse("alice@example.test").unwrap();
    let of = Concerned {
        emails: &[&email],
        name: &DisplayName::parse("Alice B. Example").unwrap(),
    };
    let site = ["Acme Login", "sso", "example", "example.test"].map(str::to_owned);
    NewPassword::parse(text, &of, &Blocklist::new(site))
}

fn refused(text: &str) -> Option<NewPasswordError> {
    parse(text).err()
}

fn pepper(byte: u8) -> Pepper {
    Pepper::new(Zeroizing::new([byte; 32]))
}

fn hash_with(text: &str, peppers: &Peppers) -> HashedPassword {
    let plain = PlainPassword::presented(text);
    HashedPassword::make(
        &plain,
        [5; 16],
        CHEAP,
        peppers,
        &mut WorkingMemory::default(),
    )
    .unwrap()
}

fn hash(text: &str) -> HashedPassword {
    hash_with(text, &Peppers::default())
}

fn fits_with(hashed: &HashedPassword, text: &str, peppers: &Peppers) -> Result<bool, HashError> {
    let plain = PlainPassword::presented(text);
    hashed.verify(&plain, peppers, &mut WorkingMemory::default())
}

fn fits(hashed: &HashedPassword, text: &str) -> bool {
    fits_with(hashed, text, &Peppers::default()).unwrap()
}

/// Holds: N20, N22, N24, ASVS 6.2.1, ASVS 6.2.5
#[test]
fn n20_n22_length_counts_code_points_and_no_class_is_asked_for() {
    assert!(parse(PLAIN_LETTERS).is_ok(), "15 of a-z are enough");
    assert_eq!(
        refused(&PLAIN_LETTERS[1..]),
        Some(NewPasswordError::TooShort(14))
    );
    let emoji = "🗝🐢🚲🧭🎻🍐🪁🛶🧲🦉🌋🪡🎈🧊🥁";
    assert!(parse(emoji).is_ok());
    assert_eq!(
        refused(&emoji.chars().take(8).collect::<String>()),
        Some(NewPasswordError::TooShort(8))
    );
}

/// Holds: N21, ASVS 6.2.9
#[test]
fn n21_long_passwords_are_taken_up_to_256() {
    let long = |length| -> String {
        let letters = (0_usize..).map(|at| char::from(b'a' + u8::try_from(at * at % 23).unwrap()));
        "{é ".chars().chain(letters).take(length).collect()
    };
    assert!(parse(&long(64)).is_ok());
    assert!(parse(&long(256)).is_ok());
    assert_eq!(refused(&long(257)), Some(NewPasswordError::TooLong));
    assert_eq!(refused(&long(1 << 20)), Some(NewPasswordError::TooLong));
}

/// Holds: N21, ASVS 6.2.5
#[test]
fn n21_every_printing_character_and_the_space_may_be_in_a_password() {
    let scripts = "åßğ Ωψ Жя אב شق कम ไท あカ漢 한글 🗝";
    for one in (' '..='~').chain(scripts.chars()) {
        for text in [
            format!("{one}{PLAIN_LETTERS}"),
            format!("mvqhzkt{one}urbypgco"),
            format!("{PLAIN_LETTERS}{one}"),
        ] {
            assert_eq!(refused(&text), None, "{text:?}");
            let shorter = text.replacen(one, "", 1);
            assert!(fits(&hash(&text), &text), "{text:?}");
            assert!(!fits(&hash(&text), &shorter), "{one:?} counts");
        }
    }
}

/// Holds: N28
#[test]
fn n28_the_address_its_local_part_and_the_name_are_no_passwords() {
    for text in [
        "alice@example.test",
        "Alice@Example.test",
        "ALICE@example.TEST!!!",
        "alice2026!!!!!!",
        "12345678901Alice",
        "alicealicealice",
        "alice alice alice",
    ] {
        assert_eq!(refused(text), Some(NewPasswordError::IsAddress), "{text}");
    }
    for text in ["Alice B. Example", "alicebexample99", "ALICE B EXAMPLE!"] {
        assert_eq!(refused(text), Some(NewPasswordError::IsName), "{text}");
    }
}

/// Holds: N28
#[test]
fn n28_every_address_of_the_account_counts_and_an_empty_name_none() {
    let emails = ["alice@example.test", "a.liddell@example.test"];
    let emails = emails.map(|text| EmailAddress::parse(text).unwrap());
    let name = DisplayName::parse("").unwrap();
    let of = Concerned {
        emails: &[&emails[0], &emails[1]],
        name: &name,
    };
    let refused = |text| NewPassword::parse(text, &of, &Blocklist::default()).err();
    assert_eq!(
        refused("aliddell aliddell"),
        Some(NewPasswordError::IsAddress)
    );
    assert_eq!(refused("[.....]{.....}(.....)"), None);
}

/// Holds: N28, ASVS 6.2.11
#[test]
fn n28_the_whole_password_is_compared_and_not_a_part_of_it() {
    for text in [
        "a vestibule of seven bricks",
        "my alice@example.test mail",
        "alice counts bicycles",
        "password of the seven bricks",
        "example turnip cartwheel",
    ] {
        assert_eq!(refused(text), None, "{text}");
    }
}

/// Holds: ASVS 6.1.2, ASVS 6.2.11, N28
#[test]
fn asvs_6_1_2_asvs_6_2_11_words_of_the_site_are_no_passwords() {
    for text in [
        "vestibule2026!!!",
        "vestibulevestibule",
        "Vestibule-Vestibule",
        "VESTIBULE 123456",
        "!!!vestibule!!!",
        "2026vestibule2026",
        "acmelogin2026!!",
        "Acme Login Acme Login",
        "example-example-",
        "example.test.2026",
        "sso!!!!!!!!!!!!",
    ] {
        assert_eq!(refused(text), Some(NewPasswordError::SiteWord), "{text}");
    }
}

/// Holds: N23, C6
#[test]
fn n23_composed_and_decomposed_forms_are_one_password() {
    assert!(fits(&hash("cafe\u{301} au lait"), "caf\u{e9} au lait"));
}

/// Holds: N27, ASVS 6.2.8
#[test]
fn n27_the_whole_password_counts() {
    let long = "x".repeat(72);
    let hashed = hash(&long);
    assert!(fits(&hashed, &long));
    for other in [
        format!("{long}y"),
        "x".repeat(71),
        long.to_uppercase(),
        format!("{long} "),
        format!(" {long}"),
    ] {
        assert!(!fits(&hashed, &other));
    }
}

/// Holds: N30, ASVS 11.4.2
#[test]
fn n30_the_cost_is_recorded_and_the_salt_is_used() {
    let plain = PlainPassword::presented("correct horse battery");
    let (mut memory, none) = (WorkingMemory::default(), Peppers::default());
    let one = HashedPassword::make(&plain, [1; 16], CHEAP, &none, &mut memory).unwrap();
    let two = HashedPassword::make(&plain, [2; 16], CHEAP, &none, &mut memory).unwrap();
    assert_eq!(one.cost(), Ok(CHEAP));
    assert_ne!(one.as_phc(), two.as_phc());
    assert!(one.as_phc().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    const { assert!(Cost::DEFAULT.memory >= 19 * 1024 && Cost::DEFAULT.passes >= 2) };
}

/// Holds: N30
#[test]
fn n30_a_hash_below_the_present_cost_is_not_current() {
    let (hashed, none) = (hash("correct horse battery"), Peppers::default());
    let current = |memory, passes| hashed.is_current(Cost { memory, passes }, &none);
    assert!(current(64, 1) && current(32, 1));
    assert!(!current(65, 1) && !current(64, 2));
    let foreign = HashedPassword::from_phc("$2b$10$abc".to_owned());
    assert!(!foreign.is_current(CHEAP, &none));
}

/// Holds: N31
#[test]
fn n31_a_hash_fits_with_its_pepper_alone() {
    let with = Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    };
    let hashed = hash_with("correct horse battery", &with);
    assert_eq!(fits_with(&hashed, "correct horse battery", &with), Ok(true));
    assert_eq!(
        fits_with(&hashed, "correct horse batterz", &with),
        Ok(false)
    );
    // The pepper is in the hash and not beside it: with another one under its name, nothing fits.
    let forged = hashed
        .as_phc()
        .replace(pepper(1).key_id(), pepper(2).key_id());
    let other = Peppers {
        current: Some(pepper(2)),
        older: Vec::new(),
    };
    let forged = HashedPassword::from_phc(forged);
    assert_eq!(
        fits_with(&forged, "correct horse battery", &other),
        Ok(false)
    );
    // And without its name it is another hash.
    let plain = hashed
        .as_phc()
        .replace(&format!(",keyid={}", pepper(1).key_id()), "");
    assert!(!fits(
        &HashedPassword::from_phc(plain),
        "correct horse battery"
    ));
}

/// Holds: N31
#[test]
fn n31_the_hash_records_which_pepper_and_not_the_pepper() {
    let with = Peppers {
        current: Some(pepper(7)),
        older: Vec::new(),
    };
    let phc = hash_with("correct horse battery", &with)
        .as_phc()
        .to_owned();
    let sha256 = digest(&aws_lc_rs::digest::SHA256, &[7; 32]);
    let key_id = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&sha256.as_ref()[..8]);
    assert!(
        phc.starts_with(&format!("$argon2id$v=19$m=64,t=1,p=1,keyid={key_id}$")),
        "{phc}"
    );
    assert!(!format!("{with:?}").contains('7'));
}

/// Holds: N31
#[test]
fn n31_hashes_without_and_with_an_older_pepper_still_verify_and_are_due_anew() {
    let before = hash("correct horse battery");
    let old = Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    };
    let older = hash_with("correct horse battery", &old);
    let now = Peppers {
        current: Some(pepper(2)),
        older: vec![pepper(9), pepper(1)],
    };
    let newest = hash_with("correct horse battery", &now);
    for (hashed, current) in [(&before, false), (&older, false), (&newest, true)] {
        assert_eq!(fits_with(hashed, "correct horse battery", &now), Ok(true));
        assert_eq!(fits_with(hashed, "wrong horse battery", &now), Ok(false));
        assert_eq!(hashed.is_current(CHEAP, &now), current);
    }
    // Giving up on peppers works the same way.
    let none = Peppers {
        current: None,
        older: vec![pepper(2)],
    };
    assert_eq!(fits_with(&newest, "correct horse battery", &none), Ok(true));
    assert!(!newest.is_current(CHEAP, &none) && before.is_current(CHEAP, &none));
}

/// Holds: N31
#[test]
fn n31_a_pepper_that_is_not_here_is_an_error_that_names_the_setting() {
    let with = Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    };
    let hashed = hash_with("correct horse battery", &with);
    let error = fits_with(&hashed, "correct horse battery", &Peppers::default()).unwrap_err();
    assert_eq!(error, HashError::UnknownPepper);
    assert!(error.to_string().contains("passwords.pepper_file"));
}

/// Holds: ASVS 6.3.8
#[test]
fn asvs_6_3_8_the_hash_of_nothing_is_as_a_new_one_and_fits_nothing() {
    let with = Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    };
    for peppers in [&Peppers::default(), &with] {
        let nothing = HashedPassword::of_nothing(CHEAP, peppers);
        assert!(nothing.is_current(CHEAP, peppers));
        assert_eq!(
            nothing.as_phc().len(),
            hash_with("x", peppers).as_phc().len()
        );
        assert_eq!(fits_with(&nothing, "", peppers), Ok(false));
    }
}

#[test]
fn a_foreign_hash_is_an_error_and_not_a_match() {
    for text in [
        "",
        "$2b$10$abc",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$AA",
        "$argon2id$v=19$m=1,t=1,p=1$$",
        "$argon2id$v=19$m=64,t=1,p=1,data=AA$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let hashed = HashedPassword::from_phc(text.to_owned());
        assert!(
            fits_with(&hashed, "x", &Peppers::default()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn lists_of_breached_passwords_know_a_password_by_its_sha_1() {
    let new = parse(PLAIN_LETTERS).unwrap();
    let expected = digest(&SHA1_FOR_LEGACY_USE_ONLY, PLAIN_LETTERS.as_bytes());
    assert_eq!(new.sha1(), expected.as_ref());
}
