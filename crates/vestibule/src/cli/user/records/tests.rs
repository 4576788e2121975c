use super::*;

fn faults(text: &str) -> Vec<(u64, String)> {
    let faults = read(text.as_bytes(), None).unwrap_err();
    let told = faults.into_iter().map(|fault| (fault.line, fault.detail));
    told.collect()
}

fn alice() -> Record {
    Record {
        email: "alice@example.test".to_owned(),
        name: Some("Alice".to_owned()),
        roles: Some(vec!["admin".to_owned(), "staff".to_owned()]),
        verified: Some(true),
        disabled: Some(false),
        language: Some("de".to_owned()),
    }
}

fn as_csv(records: &[Record]) -> Vec<u8> {
    let mut writer = quoted(Vec::new());
    writer.write_record(HEADINGS).unwrap();
    for record in records {
        writer.write_record(cells(record)).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn both_formats_say_the_same() {
    let json = serde_json::to_vec(&alice()).unwrap();
    let from_json = read(&json, None).unwrap();
    let from_csv = read(&as_csv(&[alice()]), None).unwrap();
    assert_eq!(from_json[0].record, alice());
    assert_eq!(from_csv[0].record, alice());
    assert_eq!((from_json[0].line, from_csv[0].line), (1, 2));
}

/// As a spreadsheet may: by its language's separator, and with no eye for quotes in the midst of a line.
fn cells_of(line: &str) -> impl Iterator<Item = &str> {
    let cells = line.split([',', ';', '\t', '|', ':']);
    cells.map(|cell| cell.trim_start_matches(['"', ' ']))
}

/// Holds: ASVS 1.2.10
#[test]
fn asvs_1_2_10_no_cell_is_a_formula_and_each_comes_back_as_it_was() {
    let names = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "'=x",
        "''=x",
        "'Ali",
        "''",
        "a,\"b\"",
        "Zoë",
        "Alice;=1+1",
        "Alice; =1+1;'@x",
        "Alice|-1",
        "Alice,=cmd",
        "a;'b;''=c",
        "\u{ff1d}1+1",
        "Anne-Marie; B",
    ];
    let records: Vec<Record> = (0..)
        .zip(names)
        .map(|(n, name)| Record {
            email: format!("+{n}@example.test"),
            name: Some(name.to_owned()),
            roles: Some(Vec::new()),
            verified: Some(false),
            ..Record::default()
        })
        .collect();
    let file = as_csv(&records);
    for line in String::from_utf8(file.clone()).unwrap().lines().skip(1) {
        for cell in cells_of(line) {
            let runs = cell.starts_with(['=', '+', '-', '@', '\u{ff1d}']);
            assert!(!runs, "{line}");
        }
    }
    let read = read(&file, None).unwrap();
    let read: Vec<Record> = read.into_iter().map(|one| one.record).collect();
    assert_eq!(read, records);
}

/// Holds: ASVS 1.2.10
#[test]
fn asvs_1_2_10_nor_behind_a_line_break_or_tab() {
    for cell in ["\t=1", "\r=1", "\n=1", "a;\t=1"] {
        let record = Record {
            name: Some(cell.to_owned()),
            ..alice()
        };
        let [_, written, ..] = cells(&record);
        let begins = written.split_inclusive([';', '\t']).next().unwrap();
        assert!(begins.starts_with(['\'', 'a']), "{written:?}");
    }
}

#[test]
fn a_column_that_is_not_there_says_nothing_and_an_empty_cell_says_empty() {
    let csv = "\u{feff}Name;EMAIL\r\n;alice@example.test\r\n";
    let read = read(csv.as_bytes(), None).unwrap();
    let record = &read[0].record;
    assert_eq!(record.email, "alice@example.test");
    assert_eq!(record.name.as_deref(), Some(""));
    assert_eq!((&record.roles, record.disabled), (&None, None));
}

#[test]
fn every_fault_is_told_with_its_line() {
    assert_eq!(
        faults("{\"email\":\"a@example.test\"}\n\n{\"email\":\"nobody\"}\n{\"mail\":1}\n{\"email\":\"A@example.test\"}\n")
            .iter()
            .map(|(line, _)| *line)
            .collect::<Vec<_>>(),
        [3, 4, 5]
    );
    let csv = "email,roles,verified\na@example.test,staff,yes\nb@example.test,Staff,true\nc@example.test\n\
               \"d@example.test\",\"staff\",\nd@example.test,,\n";
    let told = faults(csv);
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 6], "{told:?}");
    assert!(told[0].1.contains("true or false"), "{told:?}");
    assert!(told[1].1.contains("\"Staff\""), "{told:?}");
    assert!(
        told[2].1.contains("1 cell") && told[2].1.contains("3 columns"),
        "{told:?}"
    );
    assert!(told[3].1.contains("line 5"), "{told:?}");
    assert_eq!(faults("email\na@example.test\n\u{fffd}").len(), 1);
}

#[test]
fn columns_are_known_and_there_once() {
    for (headings, says) in [
        ("email,rolls", "\"roles\""),
        ("email,email", "twice"),
        ("name", "email"),
    ] {
        let told = faults(&format!("{headings}\nx\n"));
        assert!(told[0].1.contains(says), "{headings}: {told:?}");
    }
}

/// Holds: ASVS 6.4.6
#[test]
fn asvs_6_4_6_a_password_in_a_file_is_refused() {
    for text in [
        "email,password\nalice@example.test,swordfish\n",
        "{\"email\":\"alice@example.test\",\"password\":\"swordfish\"}\n",
    ] {
        let told = faults(text);
        assert!(told[0].1.contains("user recover"), "{told:?}");
        assert!(!told[0].1.contains("swordfish"));
    }
}

#[test]
fn what_is_not_utf_8_is_told_with_its_line() {
    let told = read(b"email\na@example.test\n\xe4@example.test\n", None).unwrap_err();
    assert_eq!(told[0].line, 3);
}
