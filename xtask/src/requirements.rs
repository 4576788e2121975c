//! Which test shows which requirement: collected from the tests' own citations, written as one table.
//!
//! A citation is a line directly above a test, `Holds:` and the numbers after three slashes in Rust, after two in
//! JavaScript; `docs/decisions/0001-tests-cite-requirements.md` says why.

mod number;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use number::Number;

/// A test that cites requirements.
#[derive(Debug, PartialEq)]
struct Citation {
    numbers: Vec<Number>,
    path: String,
    test: String,
}

/// The page `docs/requirements.md`, made anew from the tests.
pub fn page(root: &Path) -> Result<String> {
    let mut citations = Vec::new();
    let mut faults = Vec::new();
    for folder in ["crates", "e2e", "xtask"] {
        collect(root, folder, &mut citations, &mut faults)?;
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(table(&citations))
}

fn collect(
    root: &Path,
    at: &str,
    citations: &mut Vec<Citation>,
    faults: &mut Vec<String>,
) -> Result<()> {
    let path = root.join(at);
    if path.is_dir() {
        for entry in std::fs::read_dir(&path).with_context(|| format!("cannot list {at}"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !matches!(name.as_str(), "node_modules" | "target" | "shots") {
                collect(root, &format!("{at}/{name}"), citations, faults)?;
            }
        }
        return Ok(());
    }
    let Some(language) = Language::of(&path) else {
        return Ok(());
    };
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {at}"))?;
    for found in citations_in(&text, at, language) {
        match found {
            Ok(citation) => citations.push(citation),
            Err(fault) => faults.push(fault),
        }
    }
    Ok(())
}

/// Where plain functions are tests: each backend's tests run the whole suite.
const CONTRACT_SUITE: &str = "crates/vestibule-store/src/contract";

#[derive(Clone, Copy, PartialEq)]
enum Language {
    Rust,
    JavaScript,
}

impl Language {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "rs" => Some(Self::Rust),
            "js" | "mjs" => Some(Self::JavaScript),
            _ => None,
        }
    }

    const fn marker(self) -> &'static str {
        match self {
            Self::Rust => "/// Holds: ",
            Self::JavaScript => "// Holds: ",
        }
    }

    /// The name of the test that the lines after a citation declare.
    fn test_below(self, lines: &[&str], path: &str) -> Option<String> {
        match self {
            Self::Rust => rust_test(lines, path.starts_with(CONTRACT_SUITE)),
            Self::JavaScript => javascript_test(lines),
        }
    }
}

/// Each citation of a file, or what is wrong with it.
fn citations_in(text: &str, path: &str, language: Language) -> Vec<Result<Citation, String>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if !is_citation(line) {
            continue;
        }
        let outcome = line
            .strip_prefix(language.marker())
            .ok_or_else(|| format!("write a citation as '{}N07, …'", language.marker()))
            .and_then(numbers)
            .and_then(|numbers| {
                let name = language
                    .test_below(&lines[index + 1..], path)
                    .ok_or_else(|| "a citation stands directly above a test".to_owned())?;
                Ok(Citation {
                    numbers,
                    path: path.to_owned(),
                    test: name,
                })
            });
        found.push(outcome.map_err(|fault| format!("{path}:{}: {fault}: {line}", index + 1)));
    }
    found
}

/// Whatever looks like a citation is one, so that a slip of the pen is a fault and not a silence.
fn is_citation(line: &str) -> bool {
    let Some(comment) = line
        .strip_prefix("//")
        .or_else(|| line.strip_prefix("* "))
        .or_else(|| line.strip_prefix("/*"))
    else {
        return false;
    };
    let comment = comment.trim_start_matches(['/', '!', '*', ' ']);
    comment
        .get(..5)
        .is_some_and(|word| word.eq_ignore_ascii_case("holds"))
        && comment[5..].trim_start().starts_with(':')
}

fn numbers(list: &str) -> Result<Vec<Number>, String> {
    let mut numbers = Vec::new();
    for text in list.split(',') {
        let text = text.trim();
        let number =
            Number::parse(text).ok_or_else(|| format!("'{text}' is not a requirement's number"))?;
        if numbers.contains(&number) {
            return Err(format!("{number} stands twice"));
        }
        numbers.push(number);
    }
    Ok(numbers)
}

/// Doc lines and attributes, one of which makes it a test, then the function. A case of the contract suite needs none.
fn rust_test(lines: &[&str], is_case: bool) -> Option<String> {
    let mut is_test = is_case;
    let mut open = 0_usize;
    for line in lines {
        if open == 0 && line.starts_with("///") {
            continue;
        }
        if open > 0 || line.starts_with("#[") {
            is_test |= open == 0 && is_test_attribute(line);
            let opened = line.matches(['[', '(']).count();
            open = (open + opened).saturating_sub(line.matches([']', ')']).count());
            // An attribute and its function may share a line.
            if open > 0 || line.ends_with(']') {
                continue;
            }
        }
        return is_test.then(|| function_name(line)).flatten();
    }
    None
}

fn is_test_attribute(line: &str) -> bool {
    let path = line
        .trim_start_matches("#[")
        .split(['(', ']'])
        .next()
        .unwrap_or_default();
    path.rsplit("::").next() == Some("test")
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.split(|c: char| c != '_' && !c.is_ascii_alphanumeric());
    words.find(|word| *word == "fn")?;
    words
        .next()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

/// `test("name", …)`, the name in any quotes, on this line or the next.
fn javascript_test(lines: &[&str]) -> Option<String> {
    let call = lines
        .first()?
        .trim_start_matches("await ")
        .trim_start_matches("t.");
    let rest = call
        .strip_prefix("test(")
        .or_else(|| call.strip_prefix("it("))?;
    let name = if rest.is_empty() { lines.get(1)? } else { rest };
    let quote = name
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    name[1..]
        .split(quote)
        .next()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

fn table(citations: &[Citation]) -> String {
    let mut tests: BTreeMap<&Number, Vec<(&str, &str)>> = BTreeMap::new();
    for citation in citations {
        for number in &citation.numbers {
            tests
                .entry(number)
                .or_default()
                .push((&citation.path, &citation.test));
        }
    }
    let mut page = String::from(
        "<!-- Generated from the tests' citations by `cargo xtask check --write`. Do not edit. -->\n\n\
         # Requirements and the tests that show them\n\n\
         Each line is a requirement that at least one test cites; what no test cites is not claimed. `ASVS` is the OWASP\n\
         Application Security Verification Standard 5.0.0, by its own numbers; `N` is NIST SP 800-63B-4; `R`, `U`, `H` and\n\
         the other letters are the lines of RFC 9700 and of the protocols beside it. Where this server departs from a\n\
         standard on purpose, [Deviations](deviations.md) says so and why.\n\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "{} requirements, {} tests.\n",
        tests.len(),
        citations.len()
    );
    page.push_str("| Requirement | Shown by |\n|---|---|\n");
    for (number, mut tests) in tests {
        tests.sort_unstable();
        let tests: Vec<String> = tests
            .iter()
            .map(|(path, test)| format!("`{test}` ({path})"))
            .collect();
        let _ = writeln!(
            page,
            "| {number} | {} |",
            tests.join("<br>").replace('|', "\\|")
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Vec<Result<Citation, String>> {
        citations_in(text, "a.rs", Language::Rust)
    }

    fn fault(text: &str) -> String {
        let mut found = rust(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).unwrap_err()
    }

    #[test]
    fn a_citation_above_a_test_is_found_with_its_name() {
        let found = rust(
            "mod t {\n    /// Holds: ASVS 7.2.4, N07\n    #[test]\n    fn new_secret() {}\n}\n",
        );
        let citation = found[0].as_ref().unwrap();
        assert_eq!(citation.test, "new_secret");
        assert_eq!(
            citation
                .numbers
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["ASVS 7.2.4", "N07"]
        );
    }

    #[test]
    fn doc_lines_and_other_attributes_may_stand_between() {
        let found = rust(
            "/// Holds: R23\n/// More.\n#[expect(clippy::a,\n    reason = \"b\")]\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn f() {}",
        );
        assert_eq!(found[0].as_ref().unwrap().test, "f");
    }

    #[test]
    fn a_citation_that_is_not_above_a_test_is_a_fault() {
        assert!(fault("/// Holds: N07\nfn helper() {}").contains("directly above a test"));
        assert!(fault("/// Holds: N07\n\n#[test]\nfn f() {}").contains("directly above a test"));
        assert!(
            fault("/// Holds: N07").contains("a.rs:1: a citation stands directly above a test")
        );
    }

    #[test]
    fn a_case_of_the_contract_suite_is_a_test_without_an_attribute() {
        let text = "/// Holds: N07\npub async fn an_ended_session_stays_ended(store: &dyn Store) {";
        let path = "crates/vestibule-store/src/contract/sessions.rs";
        let found = citations_in(text, path, Language::Rust);
        assert_eq!(
            found[0].as_ref().unwrap().test,
            "an_ended_session_stays_ended"
        );
        assert!(
            citations_in(
                text,
                "crates/vestibule-store/src/sessions.rs",
                Language::Rust
            )[0]
            .is_err()
        );
    }

    #[test]
    fn a_citation_in_another_form_is_a_fault() {
        for text in [
            "// Holds: N07\n#[test]\nfn f() {}",
            "/// holds : N07\n#[test]\nfn f() {}",
            "//! Holds: N07\n",
        ] {
            assert!(fault(text).contains("write a citation as"), "{text}");
        }
    }

    #[test]
    fn a_number_of_no_known_shape_or_twice_is_a_fault() {
        for wrong in [
            "7.2.4",
            "ASVS 7.2",
            "N7",
            "N007",
            "Q01",
            "",
            "N07 N08",
            "ASVS V7.2.4",
        ] {
            let text = format!("/// Holds: {wrong}\n#[test]\nfn f() {{}}");
            assert!(rust(&text).iter().all(Result::is_err), "{wrong}");
        }
        assert!(fault("/// Holds: N07, N07\n#[test]\nfn f() {}").contains("N07 stands twice"));
    }

    #[test]
    fn a_citation_in_javascript_stands_above_the_call() {
        let found = citations_in(
            "// Holds: ASVS 3.4.3\ntest('no inline script', async () => {",
            "a.mjs",
            Language::JavaScript,
        );
        assert_eq!(found[0].as_ref().unwrap().test, "no inline script");
        let wrong = citations_in("// Holds: N07\nconst a = 1;", "a.mjs", Language::JavaScript);
        assert!(wrong[0].is_err());
    }

    #[test]
    fn the_table_is_in_the_order_people_count() {
        let citation = |numbers: &str, test: &str| Citation {
            numbers: super::numbers(numbers).unwrap(),
            path: "a.rs".into(),
            test: test.into(),
        };
        let page = table(&[
            citation("N07, ASVS 7.10.1", "b"),
            citation("ASVS 7.2.4, N07", "a"),
        ]);
        let rows: Vec<&str> = page.lines().filter(|line| line.contains("a.rs")).collect();
        assert_eq!(
            rows,
            [
                "| ASVS 7.2.4 | `a` (a.rs) |",
                "| ASVS 7.10.1 | `b` (a.rs) |",
                "| N07 | `a` (a.rs)<br>`b` (a.rs) |"
            ]
        );
        assert!(page.contains("3 requirements, 2 tests."));
    }
}
