use std::collections::VecDeque;

use super::*;

struct Given(VecDeque<Chunk>);

impl Source for Given {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        let next = self.0.pop_front();
        Box::pin(async move { Ok(next) })
    }
}

fn roles(names: &[&str]) -> Chunk {
    let rows = names.iter().map(|name| {
        vec![
            Value::Text((*name).to_owned()),
            Value::Text("what for".to_owned()),
            Value::Text(String::new()),
            Value::Integer(0),
        ]
    });
    Chunk::new(table("roles").unwrap(), rows.collect()).unwrap()
}

fn stream(chunks: &[Chunk]) -> Vec<u8> {
    let begin = Begin {
        backend: "sqlite".to_owned(),
        at: vestibule_core::time::UnixMillis(5),
    };
    let mut bytes = encode_begin(&begin);
    let mut meter = Meter::default();
    for chunk in chunks {
        bytes.extend(meter.encode(chunk));
    }
    bytes.extend(encode_end(&meter.end()));
    bytes
}

fn read(bytes: &[u8], piece: usize) -> Result<Vec<Record>, RecordError> {
    let mut decoder = Decoder::default();
    let mut records = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        while let Some(record) = decoder.next_record()? {
            records.push(record);
        }
    }
    decoder.finish()?;
    Ok(records)
}

fn all_kinds() -> Chunk {
    let row = vec![
        Value::Integer(1),
        Value::Integer(i64::MIN),
        Value::Integer(0),
        Value::Bytes(vec![0; 32]),
        Value::Null,
        Value::Integer(7),
        Value::Null,
        Value::Null,
    ];
    Chunk::new(table("installation").unwrap(), vec![row]).unwrap()
}

#[test]
fn rows_read_back_however_their_bytes_come() {
    let chunks = [all_kinds(), roles(&["editor", "ünïcode"]), roles(&[])];
    let bytes = stream(&chunks);
    for piece in [1, 7, bytes.len()] {
        let records = read(&bytes, piece).unwrap();
        let [Record::Begin(begin), rows @ .., Record::End(end)] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!((begin.backend.as_str(), begin.at.0), ("sqlite", 5));
        let rows: Vec<&Chunk> = rows
            .iter()
            .map(|record| match record {
                Record::Rows(chunk) => chunk,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(rows.into_iter().eq(&chunks));
        assert_eq!((end.rows(), end.count("roles")), (3, 2));
    }
}

#[test]
fn no_part_and_no_other_order_is_taken_for_the_whole() {
    let bytes = stream(&[roles(&["a"]), roles(&["b"])]);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length], 9).is_err(), "{length} bytes");
    }
    let longer = [&bytes[..], b"B"].concat();
    assert_eq!(read(&longer, 9), Err(RecordError::Long));

    let one = stream(&[roles(&["a"]), roles(&["b"])]);
    let other = stream(&[roles(&["b"]), roles(&["a"])]);
    let head = encode_begin(&Begin {
        backend: "sqlite".to_owned(),
        at: vestibule_core::time::UnixMillis(5),
    })
    .len();
    let mut meter = Meter::default();
    let record = meter.encode(&roles(&["a"])).len();
    let tail = head + 2 * record;
    let mixed = [&other[..tail], &one[tail..]].concat();
    assert_eq!(read(&mixed, 64), Err(RecordError::Counts));
    let dropped = [&one[..head + record], &one[tail..]].concat();
    assert_eq!(read(&dropped, 64), Err(RecordError::Counts));
}

/// No byte of a stream can be another: what is read is what was written, or an error, and never a panic.
#[test]
fn a_changed_byte_is_noticed() {
    let bytes = stream(&[all_kinds(), roles(&["a", "b"])]);
    let whole = read(&bytes, 64).unwrap();
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            // The name of the backend and the moment are told, and vouched for by what carries the stream.
            if let Ok(records) = read(&changed, 64) {
                assert_eq!(records[1..], whole[1..], "byte {at}");
            }
        }
    }
}

#[test]
fn another_layout_is_refused_by_its_number() {
    let mut bytes = stream(&[]);
    bytes[8] = 9;
    assert_eq!(read(&bytes, 64), Err(RecordError::Layout(9)));
}

#[test]
fn a_row_is_as_wide_as_its_table_and_of_its_kinds() {
    let roles = table("roles").unwrap();
    let text = || Value::Text("a".to_owned());
    for row in [
        vec![text(), text(), text()],
        vec![text(), text(), text(), Value::Integer(2)],
        vec![Value::Bytes(vec![1]), text(), text(), Value::Integer(1)],
    ] {
        assert_eq!(Chunk::new(roles, vec![row]), Err(RecordError::Row("roles")));
    }
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_debug_shows_no_row() {
    let chunk = roles(&["secret-name"]);
    let shown = format!("{chunk:?} {:?}", chunk.rows());
    assert!(!shown.contains("secret"), "{shown}");
}

/// A change of the tables is a new layout: whoever changes them changes this line, and the number above with it.
#[test]
fn the_layout_has_a_number() {
    let told: Vec<String> = TABLES
        .iter()
        .map(|table| format!("{}:{}", table.name, table.columns.len()))
        .collect();
    assert_eq!(
        (LAYOUT, told.join(" ").as_str()),
        (
            4,
            "installation:8 users:15 addresses:4 known_devices:5 sessions:18 applications:8 application_origins:3 \
             application_secrets:4 app_sessions:6 session_data:5 roles:4 audit_events:10 audit_personal:5 audit_seals:6 tallies:7 tickets:15 errands:7 \
             deleted_users:2"
        )
    );
}

fn compared(one: &[Chunk], other: &[Chunk]) -> Comparison {
    let given = |chunks: &[Chunk]| Box::new(Given(chunks.iter().cloned().collect()));
    let mut tick = |_| {};
    let mut comparing = Box::pin(compare(given(one), given(other), &mut tick));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match comparing.as_mut().poll(&mut context) {
        std::task::Poll::Ready(compared) => compared.unwrap(),
        std::task::Poll::Pending => panic!("nothing in it waits"),
    }
}

#[test]
fn streams_are_compared_row_by_row_and_not_chunk_by_chunk() {
    let whole = [roles(&["a", "b", "c"])];
    let cut = [roles(&["a"]), roles(&[]), roles(&["b", "c"])];
    assert_eq!(compared(&whole, &cut), Comparison::Equal(3));
    for (other, row) in [
        (roles(&["a", "x", "c"]), 2),
        (roles(&["a", "b"]), 3),
        (roles(&["a", "b", "c", "d"]), 4),
        (roles(&[]), 1),
    ] {
        let table = "roles";
        assert_eq!(
            compared(&whole, &[other]),
            Comparison::Differ(Difference { table, row })
        );
    }
}
