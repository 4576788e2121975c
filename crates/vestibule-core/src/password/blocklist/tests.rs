use super::*;

fn common(text: &str) -> bool {
    Blocklist::default().is_common(&Forms::of(text))
}

fn site(text: &str, words: &[&str]) -> bool {
    let words = words.iter().map(|&word| word.to_owned());
    Blocklist::new(words).is_site_word(&Forms::of(text))
}

/// Holds: ASVS 6.2.4, ASVS 6.2.12, N28
#[test]
fn asvs_6_2_4_asvs_6_2_12_the_embedded_filter_has_the_commonest_that_are_long_enough() {
    let embedded = Common::decode(EMBEDDED).expect("it is the file that was made");
    assert!(embedded.entries() > 300_000);
    assert!(EMBEDDED.len() < 3_000_000);
    let sample = include_str!("../../../data/common-sample.txt");
    let keys = sample.lines().filter(|line| !line.starts_with('#'));
    let keys: Vec<u64> = keys
        .map(|key| u64::from_str_radix(key, 16).unwrap())
        .collect();
    assert_eq!(keys.len(), 100, "one in thirty of the 3000 commonest");
    for key in keys {
        assert!(embedded.filter.contains(&key), "{key:016x}");
    }
}

/// Holds: ASVS 6.2.4, ASVS 6.2.12, N28
#[test]
fn asvs_6_2_4_common_passwords_and_what_is_made_of_them_are_refused() {
    for text in [
        // As the lists have them, and otherwise cased or parted.
        "1q2w3e4r5t6y7u8i",
        "qwertyuiopasdfghjkl",
        "footballismylife",
        "FootballIsMyLife",
        "football is my life",
        "Football-is-my-life!",
        "122333444455555",
        // A common one, longer: repeated, or with digits and signs around it.
        "passwordpassword",
        "password password",
        "password1234567",
        "Password2026!!!!",
        "!!!password2026",
        "iloveyouiloveyou",
        "sunflower 31.07.1984",
        // Two common ones.
        "princesspassword",
        "dragon-superman-1",
        // Fingers walking.
        "asdfghjklqwertyuiopzxcvbnm",
        "qwertzuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "zyxwvutsrqponmlkj",
        "123456789012345",
        "987654321987654321",
        "345678901234567",
        // Little, over and over.
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "!?!?!?!?!?!?!?!?",
        "🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝",
        "2026 2026 2026 2026",
    ] {
        assert!(common(text), "{text}");
    }
}

/// Holds: ASVS 6.2.5, N24, N28
#[test]
fn asvs_6_2_5_what_only_contains_common_words_is_taken() {
    for text in [
        "mvqhzkturbypgco",
        "correct horse battery",
        "a dozen red bicycles",
        "wrong horse battery!",
        "my password is a turnip",
        "turnip cartwheel lantern",
        "drei Ziegen im Keller",
        "829103948571920",
        "k7$Qz!p0-Vr2#mX9",
        "пять синих велосипедов",
        "五本の赤い傘と七匹の黒い猫が歩く",
    ] {
        assert!(!common(text), "{text}");
    }
}

/// Holds: ASVS 6.2.12
#[test]
fn few_texts_that_are_none_are_taken_for_an_entry() {
    let taken = (0..100_000).filter(|number| common(&format!("k{number}qz vx{number}")));
    assert!(
        taken.count() < 30,
        "expected: four in a hundred thousand for each form"
    );
}

/// Holds: ASVS 6.1.2, ASVS 6.2.11
#[test]
fn asvs_6_1_2_vestibule_is_a_site_word_without_being_named() {
    assert!(site("Vestibule 2026 !!!", &[]));
    assert!(!site("acme login 2026", &[]));
    assert!(site("acme login 2026", &["Acme Login"]));
    assert!(!site("acme login 2026", &["acme", "login", ""]));
}

/// Digits alone are no word: what is left of a site word without its digits must still be one.
#[test]
fn a_site_word_with_digits_is_compared_whole_and_bare() {
    assert!(site("route66-route66-", &["route66"]));
    assert!(site("route 2026 2026 2026", &["route66"]));
    assert!(!site("a12345678901234", &["a1"]));
}

/// Whatever a stranger types is compared: every length, characters of any width, those that grow in lower case.
#[test]
fn any_text_is_judged() {
    let odd: Vec<char> = "aA1!- İßǅé\u{301}\u{200d}ﬁ五🗝\u{0}\u{feff}\u{10ffff}"
        .chars()
        .collect();
    let blocklist = Blocklist::new(["İstanbul".to_owned(), "🗝".to_owned()]);
    let mut state = 1_usize;
    for length in (0..300).chain([1000]) {
        let text: String = (0..length)
            .map(|at| {
                // Every third text is a repetition.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                odd[if length % 3 == 0 { at % 7 } else { state >> 33 } % odd.len()]
            })
            .collect();
        let forms = Forms::of(&text);
        assert!(forms.iter().all(|form| !form.is_empty()) && forms.iter().count() <= 6);
        let _ = (blocklist.is_site_word(&forms), blocklist.is_common(&forms));
    }
    assert!(blocklist.is_site_word(&Forms::of("İSTANBUL İstanbul")));
    assert!(blocklist.is_site_word(&Forms::of("🗝 🗝 🗝 🗝")));
}

#[test]
fn what_is_no_filter_is_not_read_as_one() {
    let good = Common::build(&[1, 2, 3]).unwrap().encode();
    assert_eq!(Common::decode(&good).unwrap().encode(), good);
    for bytes in [
        &good[..good.len() - 1],
        &good[..good.len() - 2],
        &good[1..],
        &good[..20],
        &[],
    ] {
        assert!(Common::decode(bytes).is_none());
    }
    // A description that reaches past the fingerprints would make a look-up panic.
    for at in 56..68 {
        let mut bent = good.clone();
        bent[at] ^= 0x10;
        assert!(Common::decode(&bent).is_none(), "byte {at}");
    }
    let longer = [&good[..], &[0, 0]].concat();
    assert!(Common::decode(&longer).is_none());
}

#[test]
fn the_same_entries_make_the_same_filter() {
    let keys: Vec<u64> = ["one", "two", "three"].map(key).into();
    let [one, other] = [&keys, &keys].map(|keys| Common::build(keys).unwrap());
    assert_eq!(one.encode(), other.encode());
    assert!(one.holds("two") && !one.holds("four"));
}
