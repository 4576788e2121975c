use super::*;

const QUICK: Stretch = Stretch {
    memory: 64,
    passes: 1,
    lanes: 1,
};

fn header(lock: Lock) -> Header {
    Header {
        layout: 3,
        at: UnixMillis(1_800_000_000_000),
        told: Told {
            postgres: true,
            version: "0.1.0".to_owned(),
        },
        lock,
        salt: [5; 32],
    }
}

const KEY: BackupSecret = BackupSecret::Key([7; 32]);

fn written(plain: &[u8], header: &Header, secret: &BackupSecret) -> Vec<u8> {
    let (mut closing, mut file) = Closing::begin(header, secret).unwrap();
    let mut chunks: Vec<Vec<u8>> = plain.chunks(CHUNK_LEN).map(<[u8]>::to_vec).collect();
    if chunks.is_empty() {
        chunks.push(Vec::new());
    }
    let count = chunks.len();
    for (number, mut chunk) in (1..).zip(chunks) {
        closing.close(&mut chunk, number == count).unwrap();
        file.extend(chunk);
    }
    file
}

fn read(file: &[u8], secret: &BackupSecret) -> Result<Vec<u8>, BackupError> {
    let (head, rest) = file.split_first_chunk().ok_or(BackupError::NotABackup)?;
    let header = Header::parse(head)?;
    let (commitment, mut rest) = rest.split_first_chunk().ok_or(BackupError::Header)?;
    let opening = Opening::begin(&header, commitment, secret)?;
    let mut plain = Vec::new();
    for number in 0.. {
        let (chunk, after) = rest.split_at(rest.len().min(SEALED_LEN));
        let mut chunk = chunk.to_vec();
        opening.open(number, &mut chunk, after.is_empty())?;
        plain.extend(chunk);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    Ok(plain)
}

fn plain(length: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(length).collect()
}

/// Holds: ASVS 11.3.3
#[test]
fn asvs_11_3_3_what_was_written_reads_back_under_its_own_key_alone() {
    for length in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN] {
        let plain = plain(length);
        let file = written(&plain, &header(Lock::KeyFile), &KEY);
        assert_eq!(read(&file, &KEY).unwrap(), plain, "{length} bytes");
        let other = BackupSecret::Key([8; 32]);
        assert_eq!(read(&file, &other), Err(BackupError::WrongKey));
    }
}

#[test]
fn a_passphrase_is_the_same_however_it_was_typed() {
    let header = header(Lock::Passphrase(QUICK));
    let secret = |text| BackupSecret::passphrase(text).unwrap();
    let file = written(b"rows", &header, &secret("Gr\u{fc}\u{df}e aus der Ferne"));
    let typed = secret("Gru\u{308}\u{df}e aus der Ferne");
    assert_eq!(read(&file, &typed).unwrap(), b"rows");
    let wrong = secret("Gr\u{fc}\u{df}e aus der N\u{e4}he");
    assert_eq!(read(&file, &wrong), Err(BackupError::WrongKey));
    assert_eq!(read(&file, &KEY), Err(BackupError::WantsPassphrase));
    let file = written(b"rows", &self::header(Lock::KeyFile), &KEY);
    assert_eq!(read(&file, &wrong), Err(BackupError::WantsKeyFile));
}

#[test]
fn a_passphrase_is_long_enough() {
    for short in ["", "fourteen chars", &"x".repeat(MOST_PASSPHRASE + 1)] {
        assert_eq!(
            BackupSecret::passphrase(short).unwrap_err(),
            BackupError::Passphrase
        );
    }
}

/// No byte of a file can be another: not one of the header, the commitment, a chunk or a tag.
///
/// Holds: ASVS 11.3.3
#[test]
fn asvs_11_3_3_a_changed_byte_is_never_accepted() {
    let file = written(b"the rows of an installation", &header(Lock::KeyFile), &KEY);
    for at in 0..file.len() {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut changed = file.clone();
            changed[at] ^= flip;
            assert!(read(&changed, &KEY).is_err(), "byte {at}");
        }
    }
    for length in 0..file.len() {
        assert!(read(&file[..length], &KEY).is_err(), "{length} bytes");
    }
    assert!(read(&[&file[..], b"x"].concat(), &KEY).is_err());
}

#[test]
fn chunks_are_not_cut_off_left_out_repeated_or_exchanged() {
    let file = written(&plain(3 * CHUNK_LEN + 9), &header(Lock::KeyFile), &KEY);
    let start = HEADER_LEN + COMMITMENT_LEN;
    let chunk = |number: usize| &file[start + number * SEALED_LEN..][..SEALED_LEN];
    let (head, tail) = (&file[..start], &file[start + 3 * SEALED_LEN..]);
    let at = |number: u64| start as u64 + number * SEALED_LEN as u64;
    for (made, error) in [
        (
            [head, chunk(0), chunk(1)].concat(),
            BackupError::CutOff(at(2)),
        ),
        (
            [head, chunk(0), chunk(1), chunk(2)].concat(),
            BackupError::CutOff(at(3)),
        ),
        (
            [head, chunk(0), &chunk(1)[..100]].concat(),
            BackupError::Changed(at(1)),
        ),
        (
            [head, chunk(1), chunk(2), tail].concat(),
            BackupError::Changed(at(0)),
        ),
        (
            [head, chunk(0), chunk(2), chunk(1), tail].concat(),
            BackupError::Changed(at(1)),
        ),
        (
            [head, chunk(0), chunk(0), chunk(1), chunk(2), tail].concat(),
            BackupError::Changed(at(1)),
        ),
        ([head, chunk(0), tail].concat(), BackupError::Changed(at(1))),
        ([&file[..], tail].concat(), BackupError::Changed(at(3))),
        (head.to_vec(), BackupError::Changed(at(0))),
    ] {
        assert_eq!(read(&made, &KEY), Err(error));
    }

    // One of another backup, under the same key file.
    let mut other = header(Lock::KeyFile);
    other.salt = [6; 32];
    let other = written(&plain(3 * CHUNK_LEN + 9), &other, &KEY);
    let spliced = [&file[..start + SEALED_LEN], &other[start + SEALED_LEN..]].concat();
    assert_eq!(read(&spliced, &KEY), Err(BackupError::Changed(at(1))));
}

#[test]
fn what_is_another_file_or_another_format_is_told() {
    let parse = |bytes: &[u8; HEADER_LEN]| Header::parse(bytes);
    let good = header(Lock::Passphrase(Stretch::DEFAULT));
    assert_eq!(parse(&good.encode()).unwrap(), good);
    assert_eq!(parse(&[b'P'; HEADER_LEN]), Err(BackupError::NotABackup));
    let mut newer = good.encode();
    newer[19] = 2;
    assert_eq!(parse(&newer), Err(BackupError::Format(2)));
    let mut long = good.clone();
    long.told.version = "9.9.9-a-name-longer-than-there-is-room-for".to_owned();
    assert!(
        parse(&long.encode())
            .unwrap()
            .told
            .version
            .starts_with("9.9.9-a")
    );
}

/// Holds: ASVS 15.2.2
#[test]
fn asvs_15_2_2_a_file_cannot_ask_for_all_memory() {
    for stretch in [
        Stretch {
            memory: u32::MAX,
            ..Stretch::DEFAULT
        },
        Stretch {
            passes: 17,
            ..Stretch::DEFAULT
        },
        Stretch {
            lanes: u32::MAX,
            ..Stretch::DEFAULT
        },
    ] {
        let bytes = header(Lock::Passphrase(stretch)).encode();
        assert_eq!(Header::parse(&bytes), Err(BackupError::Unbearable));
    }
    let nothing = header(Lock::Passphrase(NO_STRETCH));
    let file = [&nothing.encode()[..], &[0; 64]].concat();
    let secret = BackupSecret::passphrase("a passphrase of some length").unwrap();
    assert_eq!(read(&file, &secret), Err(BackupError::Header));
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_debug_shows_no_secret() {
    let secret = BackupSecret::passphrase("swordfish swordfish").unwrap();
    assert_eq!(format!("{secret:?}"), "BackupSecret");
}
