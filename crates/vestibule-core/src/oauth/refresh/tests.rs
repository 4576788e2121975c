use super::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const DAY: Duration = Duration::from_hours(24);

fn key() -> RefreshKey {
    RefreshKey::new(&[1; 32])
}

fn application(n: u8) -> ApplicationId {
    ApplicationId::new(NOW, [n; 10])
}

fn first() -> PlainRefreshToken {
    key().mint(FamilyId::new(NOW, [2; 10]), Generation(0), [7; 32])
}

fn family() -> RefreshFamily {
    RefreshFamily {
        id: first().family(),
        grant: GrantId::new(NOW, [3; 10]),
        application: application(1),
        generation: Generation(0),
        current: first().hashed(),
        previous: None,
        issued_at: NOW,
        used_at: NOW,
        idle: IDLE,
        expires_at: NOW.plus(30 * DAY),
        dead: None,
        rotating: Rotating::Rotates,
        jkt: None,
    }
}

/// Presents a token; `secret` is what its successor would get.
fn present(
    family: &RefreshFamily,
    token: &PlainRefreshToken,
    secret: u8,
    now: UnixMillis,
) -> (Rotation, PlainRefreshToken) {
    let (next, successor) = token.succeeded_by(&key(), [secret; 32], [4; 12]).unwrap();
    let presented = Presented {
        token,
        application: application(1),
        jkt: None,
    };
    (rotate(family.clone(), &presented, successor, now), next)
}

fn rotated(
    family: &RefreshFamily,
    token: &PlainRefreshToken,
    secret: u8,
) -> (RefreshFamily, PlainRefreshToken) {
    match present(family, token, secret, NOW) {
        (Rotation::Rotated { family }, next) => (family, next),
        (other, _) => panic!("{other:?}"),
    }
}

/// Holds: ASVS 10.4.5
#[test]
fn asvs_10_4_5_the_same_successor_until_it_is_used_however_long_and_then_the_family_dies() {
    let first = first();
    let (family, second) = rotated(&family(), &first, 8);
    // A laptop that slept for thirteen days, and another thirteen.
    let mut slept = family.clone();
    for days in [13, 26] {
        let now = NOW.plus(days * DAY);
        let (Rotation::Repeated { family, successor }, _) = present(&slept, &first, 9, now) else {
            panic!("after {days} days");
        };
        let again = first.open(&key(), &successor).unwrap();
        assert_eq!(again.encode(), second.encode());
        assert_eq!((family.used_at, family.generation), (now, Generation(1)));
        slept = family;
    }
    let (used, third) = rotated(&family, &second, 10);
    let (Rotation::Reused { family: dead }, _) = present(&used, &first, 11, NOW) else {
        panic!("evidence");
    };
    assert_eq!(dead.dead, Some(Death::Reused));
    for token in [first, second, third] {
        let (outcome, _) = present(&dead, &token, 12, NOW);
        assert_eq!(outcome, Rotation::Dead(Death::Reused));
    }
}

#[test]
fn no_token_is_stored_and_only_the_one_presented_opens_its_successor() {
    let first = first();
    let (family, second) = rotated(&family(), &first, 8);
    let spent = family.previous.clone().unwrap();
    let kept = [
        family.current.as_bytes().as_slice(),
        spent.hash.as_bytes(),
        spent.successor.as_bytes(),
    ]
    .concat();
    for secret in [[7; 16], [8; 16]] {
        assert!(kept.windows(16).all(|window| window != secret));
    }
    assert!(first.open(&key(), &spent.successor).is_ok());
    // Not even a token of the same place in the same family, under the same key.
    let other = key().mint(family.id, Generation(0), [9; 32]);
    for stranger in [&other, &second] {
        assert!(stranger.open(&key(), &spent.successor).is_err());
    }
    let mut changed = *spent.successor.as_bytes();
    changed[20] ^= 1;
    assert!(
        first
            .open(&key(), &SealedSuccessor::from_bytes(changed))
            .is_err()
    );
    assert_eq!(
        format!("{first:?} {:?} {:?}", key(), spent.successor),
        format!(
            "PlainRefreshToken({}) RefreshKey SealedSuccessor",
            family.id
        )
    );
}

/// Holds: R29
#[test]
fn r29_a_token_reads_back_and_a_flipped_bit_or_another_key_makes_it_nobodys() {
    let text = first().encode();
    let read = key().read(&text).unwrap();
    assert_eq!(
        (read.encode(), read.hashed()),
        (text.clone(), first().hashed())
    );
    assert_eq!(
        (read.family(), read.generation()),
        (first().family(), Generation(0))
    );
    assert!(RefreshKey::new(&[2; 32]).read(&text).is_none());
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let flipped = String::from_utf8(bytes).unwrap();
            assert!(key().read(&flipped).is_none(), "{at} {bit}");
        }
    }
    let longer = format!("{text}AAAA");
    for wrong in [
        "",
        "vst_refresh_",
        &text[1..],
        &text[..text.len() - 4],
        &longer,
    ] {
        assert!(key().read(wrong).is_none(), "{wrong}");
    }
}

/// Holds: R29
#[test]
fn r29_after_a_restore_newer_tokens_are_refused_until_the_family_has_gone_beyond_them() {
    let (family, second) = rotated(&family(), &first(), 8);
    let (family, _) = rotated(&family, &second, 9);
    // Tokens that were issued after the backup was made: ours, and nothing kept knows them.
    let lost = |generation| key().mint(family.id, Generation(generation), [99; 32]);
    for generation in [1, 2, 3, 99] {
        let (outcome, _) = present(&family, &lost(generation), 10, NOW);
        assert_eq!(outcome, Rotation::Refused(Refusal::Unknown), "{generation}");
    }
    // The third limit: the family has gone on, and an older one is evidence, of whatever time line.
    let (outcome, _) = present(&family, &lost(0), 10, NOW);
    assert!(matches!(outcome, Rotation::Reused { .. }), "{outcome:?}");
    let foreign = key().mint(FamilyId::new(NOW, [9; 10]), Generation(0), [6; 32]);
    let (outcome, _) = present(&family, &foreign, 10, NOW);
    assert_eq!(outcome, Rotation::Refused(Refusal::Unknown));
    // A successor that was prepared from another token.
    let (_, successor) = foreign.succeeded_by(&key(), [1; 32], [4; 12]).unwrap();
    let token = first();
    let presented = Presented {
        token: &token,
        application: application(1),
        jkt: None,
    };
    let outcome = rotate(self::family(), &presented, successor, NOW);
    assert_eq!(outcome, Rotation::Refused(Refusal::Unknown));
}

#[test]
fn another_applications_token_is_refused_and_changes_nothing() {
    let first = first();
    let (used, second) = rotated(&family(), &first, 8);
    let (used, third) = rotated(&used, &second, 9);
    for token in [&first, &second, &third] {
        let (_, successor) = token.succeeded_by(&key(), [1; 32], [4; 12]).unwrap();
        let presented = Presented {
            token,
            application: application(2),
            jkt: None,
        };
        let outcome = rotate(used.clone(), &presented, successor, NOW);
        assert_eq!(outcome, Rotation::Refused(Refusal::OtherApplication));
    }
    assert!(Refusal::OtherApplication.is_suspicious());
}

/// Holds: ASVS 10.4.8
#[test]
fn asvs_10_4_8_idle_and_absolute_ends_both_count() {
    let first = first();
    let at = |family: &RefreshFamily, now| present(family, &first, 8, now).0;
    let idle = UnixMillis(NOW.plus(IDLE).0 - 1);
    assert!(matches!(at(&family(), idle), Rotation::Rotated { family } if family.used_at == idle));
    assert_eq!(at(&family(), NOW.plus(IDLE)), Rotation::Expired);
    let busy = RefreshFamily {
        used_at: NOW.plus(29 * DAY),
        ..family()
    };
    let end = UnixMillis(NOW.plus(30 * DAY).0 - 1);
    assert!(matches!(at(&busy, end), Rotation::Rotated { .. }));
    assert_eq!(at(&busy, NOW.plus(30 * DAY)), Rotation::Expired);
    let ahead = UnixMillis(NOW.0 - 60_001);
    assert_eq!(
        at(&family(), ahead),
        Rotation::Expired,
        "N01: from a clock ahead"
    );
}

/// Holds: D08
#[test]
fn d08_a_bound_family_keeps_its_token_and_another_key_changes_nothing() {
    let own = Some(Thumbprint::from_bytes([5; 32]));
    let foreign = Some(Thumbprint::from_bytes([6; 32]));
    let token = first();
    let with = |family: &RefreshFamily, token: &PlainRefreshToken, jkt| {
        let (_, successor) = token.succeeded_by(&key(), [8; 32], [4; 12]).unwrap();
        let presented = Presented {
            token,
            application: application(1),
            jkt,
        };
        rotate(family.clone(), &presented, successor, NOW.plus(DAY))
    };
    let bound = RefreshFamily {
        jkt: own,
        rotating: Rotating::Keeps,
        ..family()
    };
    let Rotation::Kept { family: kept } = with(&bound, &token, own) else {
        panic!("the key is the proof");
    };
    let used_at = NOW.plus(DAY);
    assert_eq!(
        kept,
        RefreshFamily {
            used_at,
            ..bound.clone()
        }
    );
    assert_eq!(
        with(&bound, &token, None),
        Rotation::Refused(Refusal::NoProof)
    );
    assert_eq!(
        with(&bound, &token, foreign),
        Rotation::Refused(Refusal::OtherKey)
    );
    assert!(Refusal::OtherKey.is_suspicious() && !Refusal::NoProof.is_suspicious());
    // A bound family that rotates: without the key not even a spent token ends it.
    let (used, second) = rotated(&family(), &token, 8);
    let (used, _) = rotated(&used, &second, 9);
    let used = RefreshFamily { jkt: own, ..used };
    assert_eq!(
        with(&used, &token, foreign),
        Rotation::Refused(Refusal::OtherKey)
    );
    assert!(matches!(with(&used, &token, own), Rotation::Reused { .. }));
}

/// Holds: ASVS 10.4.5
#[test]
fn asvs_10_4_5_a_public_client_without_a_key_always_rotates() {
    use RotationSetting::{Always, Auto, Never};
    for setting in [Auto, Always, Never] {
        assert_eq!(setting.rotation_of(false, false), Rotating::Rotates);
    }
    for (confidential, bound) in [(true, false), (false, true), (true, true)] {
        assert_eq!(Auto.rotation_of(confidential, bound), Rotating::Keeps);
        assert_eq!(Never.rotation_of(confidential, bound), Rotating::Keeps);
        assert_eq!(Always.rotation_of(confidential, bound), Rotating::Rotates);
    }
    let kept = [Rotating::Rotates, Rotating::Keeps];
    assert!(
        kept.iter()
            .all(|rotating| Rotating::parse(rotating.code()) == Some(*rotating))
    );
    let deaths = [Death::Reused, Death::Revoked];
    assert!(
        deaths
            .iter()
            .all(|death| Death::parse(death.code()) == Some(*death))
    );
}
