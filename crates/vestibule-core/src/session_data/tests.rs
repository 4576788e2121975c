use super::*;
use crate::time::UnixMillis;

fn key(text: &str) -> DataKey {
    text.parse().unwrap()
}

fn entry(name: &str, version: u64, length: usize) -> DataEntry {
    DataEntry {
        key: key(name),
        version: DataVersion(version),
        length,
    }
}

#[test]
fn a_key_is_what_a_url_can_name() {
    let longest = "k".repeat(64);
    for good in ["a", "cart", "Cart.v2_x-1", "...", "0", &longest] {
        assert_eq!(good.parse::<DataKey>().unwrap().as_str(), good);
    }
    let longer = "k".repeat(65);
    for wrong in [
        "",
        ".",
        "..",
        "a/b",
        "a b",
        "a%2e",
        "caf\u{e9}",
        "a\0",
        &longer,
    ] {
        assert_eq!(wrong.parse::<DataKey>(), Err(ParseDataKeyError), "{wrong}");
    }
}

#[test]
fn a_version_has_one_spelling_and_every_backend_can_hold_it() {
    let greatest = DataVersion::new([0xff; 8]);
    assert_eq!(greatest.0, i64::MAX.unsigned_abs());
    assert_eq!(greatest.to_string().parse(), Ok(greatest));
    for wrong in ["", "01", "+1", "-1", "1 ", "0x1", "18446744073709551616"] {
        assert_eq!(
            wrong.parse::<DataVersion>(),
            Err(ParseDataVersionError),
            "{wrong}"
        );
    }
}

#[test]
fn a_write_happens_where_what_must_be_so_is_so() {
    let kept = [entry("cart", 7, 10), entry("seen", 8, 10)];
    let there = |precondition| judge_put(&kept, &key("cart"), 10, precondition);
    let new = |precondition| judge_put(&kept, &key("new"), 10, precondition);
    let other = Precondition::Matches(DataVersion(8));
    for (precondition, there_is, new_is) in [
        (Precondition::None, JudgedPut::Replace, JudgedPut::Insert),
        (
            Precondition::Matches(DataVersion(7)),
            JudgedPut::Replace,
            JudgedPut::PreconditionFailed,
        ),
        (
            other,
            JudgedPut::PreconditionFailed,
            JudgedPut::PreconditionFailed,
        ),
        (
            Precondition::Exists,
            JudgedPut::Replace,
            JudgedPut::PreconditionFailed,
        ),
        (
            Precondition::Absent,
            JudgedPut::PreconditionFailed,
            JudgedPut::Insert,
        ),
    ] {
        assert_eq!(
            (there(precondition), new(precondition)),
            (there_is, new_is),
            "{precondition:?}"
        );
    }
    let gone = |name, precondition| judge_delete(&kept, &key(name), precondition);
    assert_eq!(gone("cart", Precondition::None), JudgedDelete::Delete);
    assert_eq!(gone("cart", other), JudgedDelete::PreconditionFailed);
    assert_eq!(
        gone("cart", Precondition::Absent),
        JudgedDelete::PreconditionFailed
    );
    assert_eq!(gone("new", Precondition::None), JudgedDelete::Absent);
    assert_eq!(gone("new", Precondition::Absent), JudgedDelete::Absent);
    assert_eq!(
        gone("new", Precondition::Exists),
        JudgedDelete::PreconditionFailed
    );
}

/// Holds: ASVS 15.2.2
#[test]
fn asvs_15_2_2_an_application_keeps_so_much_and_no_more() {
    let put =
        |kept: &[DataEntry], name, length| judge_put(kept, &key(name), length, Precondition::None);
    assert_eq!(put(&[], "a", MOST_PER_KEY), JudgedPut::Insert);
    assert_eq!(put(&[], "a", MOST_PER_KEY + 1), JudgedPut::TooLarge);
    let full = ["a", "b", "c", "d"].map(|name| entry(name, 1, MOST_PER_KEY));
    assert_eq!(put(&full, "a", MOST_PER_KEY), JudgedPut::Replace);
    assert_eq!(put(&full, "a", 0), JudgedPut::Replace);
    assert_eq!(put(&full, "e", 1), JudgedPut::TooLarge);
    assert_eq!(put(&full, "e", 0), JudgedPut::Insert);
    assert_eq!(put(&full, "e", usize::MAX), JudgedPut::TooLarge);
    let many: Vec<_> = (0..MOST_KEYS)
        .map(|n| entry(&format!("k{n}"), 1, 1))
        .collect();
    assert_eq!(put(&many, "k0", 2), JudgedPut::Replace);
    assert_eq!(put(&many, "another", 1), JudgedPut::TooMany);
    assert_eq!(put(&many[1..], "another", 1), JudgedPut::Insert);
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_debug_shows_no_value() {
    let value = b"{\"card\":4111}".to_vec();
    let version = DataVersion(5);
    let new = NewDatum {
        place: DataPlace {
            session: SessionId::new(UnixMillis(1), [1; 10]),
            application: ApplicationId::new(UnixMillis(1), [2; 10]),
            key: key("cart"),
        },
        value: value.clone(),
        version,
        precondition: Precondition::None,
    };
    let shown = format!("{:?} {new:?}", Datum { value, version });
    assert!(shown.contains("13") && !shown.contains("4111"), "{shown}");
    assert!(!shown.contains("52, 49"), "{shown}");
}
