//! Which crates of ours a source file names, and whether only its tests do.

use std::path::Path;

use anyhow::{Context, Result};

/// A source file of one crate; `path` is relative to the workspace.
pub struct Source {
    pub path: String,
    pub text: String,
    /// The file is compiled for tests alone: it lies in `tests/`, or is declared `#[cfg(test)] mod …;`.
    pub test_only: bool,
}

/// A place that names a crate, as in `use vestibule_core::…`.
#[derive(Debug, PartialEq)]
pub struct Named {
    pub krate: String,
    pub line: usize,
    pub in_test: bool,
}

pub fn read_all(root: &Path, folder: &str) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for part in ["src", "tests", "benches", "examples", "build.rs"] {
        let at = format!("{folder}/{part}");
        collect(root, &at, part != "src" && part != "build.rs", &mut sources)?;
    }
    let test_modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        source.test_only |= test_modules.iter().any(|module| {
            source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/"))
        });
    }
    Ok(sources)
}

fn collect(root: &Path, at: &str, test_only: bool, sources: &mut Vec<Source>) -> Result<()> {
    let path = root.join(at);
    if path.is_dir() {
        let mut names = std::fs::read_dir(&path)
            .with_context(|| format!("cannot list {at}"))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            collect(root, &format!("{at}/{name}"), test_only, sources)?;
        }
    } else if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {at}"))?;
        sources.push(Source {
            path: at.to_owned(),
            text,
            test_only,
        });
    }
    Ok(())
}

/// Every place in the file that names one of our crates, comments and strings left out.
pub fn crates_named(source: &Source) -> Vec<Named> {
    let code = without_comments_and_strings(&source.text);
    let tests = if source.test_only {
        std::iter::once(0..code.len()).collect()
    } else {
        test_items(&code)
    };
    let mut named = Vec::new();
    for (start, word) in words(&code) {
        // `vestibule::` is how the outside would call the binary's crate; a bare `vestibule` is any word.
        let is_path = code
            .get(start + word.len()..)
            .is_some_and(|rest| rest.trim_start().starts_with("::"));
        if word.starts_with("vestibule_") || (matches!(word, "vestibule" | "xtask") && is_path) {
            named.push(Named {
                krate: word.to_owned(),
                line: code.get(..start).unwrap_or_default().matches('\n').count() + 1,
                in_test: tests.iter().any(|range| range.contains(&start)),
            });
        }
    }
    named.retain(|named| {
        named.krate == "vestibule" || named.krate == "xtask" || is_a_crate_of_ours(&named.krate)
    });
    named
}

fn is_a_crate_of_ours(word: &str) -> bool {
    super::ROOMS
        .iter()
        .any(|room| room.name.replace('-', "_") == word)
}

/// The modules that a file declares for tests alone, as paths without `.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let code = without_comments_and_strings(&source.text);
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let home = match file {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    code.match_indices(CFG_TEST)
        .filter_map(|(at, _)| code.get(at + CFG_TEST.len()..))
        .filter_map(|rest| {
            let declaration = rest.split([';', '{']).next()?;
            let ends_with_semicolon = rest.get(declaration.len()..)?.starts_with(';');
            let name = declaration
                .split_whitespace()
                .skip_while(|word| *word != "mod")
                .nth(1)?;
            ends_with_semicolon.then(|| format!("{home}/{name}"))
        })
        .collect()
}

const CFG_TEST: &str = "#[cfg(test)]";

/// The byte ranges of items under `#[cfg(test)]`: up to the matching brace, or to the semicolon.
fn test_items(code: &str) -> Vec<std::ops::Range<usize>> {
    code.match_indices(CFG_TEST)
        .map(|(start, _)| {
            let mut depth = 0_usize;
            for (offset, byte) in code.bytes().enumerate().skip(start + CFG_TEST.len()) {
                match byte {
                    b'{' => depth += 1,
                    b'}' if depth <= 1 => return start..offset + 1,
                    b'}' => depth -= 1,
                    b';' if depth == 0 => return start..offset + 1,
                    _ => {}
                }
            }
            start..code.len()
        })
        .collect()
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    code.split(move |c: char| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| {
            // The pieces of a split borrow from `code`, so their addresses tell where they lie.
            (word.as_ptr() as usize - code.as_ptr() as usize, word)
        })
}

/// The same text, with blanks where comments and literals stood, so that offsets and lines stay.
fn without_comments_and_strings(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_or_comment(bytes, at);
        if end > at {
            code.extend(
                bytes[at..end]
                    .iter()
                    .map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }),
            );
            at = end;
        } else {
            code.push(if bytes[at].is_ascii() {
                bytes[at]
            } else {
                b' '
            });
            at += 1;
        }
    }
    // Only ASCII was kept.
    String::from_utf8(code).unwrap_or_default()
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none does.
fn literal_or_comment(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let after_word = at > 0 && (bytes[at - 1] == b'_' || bytes[at - 1].is_ascii_alphanumeric());
    if rest.starts_with(b"//") {
        return at + position(rest, b"\n", 0);
    }
    if rest.starts_with(b"/*") {
        return block_comment(bytes, at);
    }
    if rest[0] == b'r' && !after_word {
        let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
        if rest.get(1 + hashes) == Some(&b'"') {
            let mut close = vec![b'"'];
            close.resize(1 + hashes, b'#');
            return at + (position(rest, &close, 2 + hashes) + close.len()).min(rest.len());
        }
    }
    if rest[0] == b'"' {
        return at + quoted(rest, b'"');
    }
    // A quote opens a character when it closes again; otherwise it is a lifetime.
    if rest[0] == b'\'' && (rest.get(1) == Some(&b'\\') || rest.get(2) == Some(&b'\'')) {
        return at + quoted(rest, b'\'');
    }
    at
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Where `needle` stands in `bytes`, from `from` on; the end when it does not.
fn position(bytes: &[u8], needle: &[u8], from: usize) -> usize {
    bytes
        .get(from..)
        .and_then(|rest| {
            rest.windows(needle.len())
                .position(|window| window == needle)
        })
        .map_or(bytes.len(), |found| from + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "crates/a/src/lib.rs".into(),
            text: text.into(),
            test_only: false,
        }
    }

    fn lines(text: &str) -> Vec<(usize, bool)> {
        crates_named(&source(text))
            .into_iter()
            .map(|named| (named.line, named.in_test))
            .collect()
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        assert_eq!(
            lines("// vestibule_core::a\n/* /* vestibule_core */ vestibule_core */\n"),
            []
        );
        assert_eq!(
            lines("let a = \"vestibule_core \\\" vestibule_core\"; let b = r#\"vestibule_core\"#;"),
            []
        );
        assert_eq!(
            lines("/// see [`vestibule_core`]\nuse vestibule_core as c;\n"),
            [(2, false)]
        );
    }

    #[test]
    fn lifetimes_and_characters_do_not_hide_code() {
        assert_eq!(
            lines("fn f<'a>(c: &'a str) { '\"'; '\\''; vestibule_core::f(c) }"),
            [(1, false)]
        );
    }

    #[test]
    fn an_item_for_tests_ends_at_its_brace_or_semicolon() {
        assert_eq!(
            lines(
                "#[cfg(test)]\nuse vestibule_core::a;\nuse vestibule_core::b;\n#[cfg(test)]\nmod t { fn f() { {} vestibule_core::c() } }\nuse vestibule_core::d;"
            ),
            [(2, true), (3, false), (5, true), (6, false)]
        );
    }

    #[test]
    fn a_module_declared_for_tests_is_a_file_for_tests() {
        let declaring = source(
            "#[cfg(test)]\nmod contention;\n#[cfg(test)]\npub(crate) mod fixture;\nmod plain;",
        );
        assert_eq!(
            test_modules(&declaring),
            ["crates/a/src/contention", "crates/a/src/fixture"]
        );
        let deeper = Source {
            path: "crates/a/src/login.rs".into(),
            ..source("#[cfg(test)] mod tests;")
        };
        assert_eq!(test_modules(&deeper), ["crates/a/src/login/tests"]);
    }

    #[test]
    fn a_word_that_only_begins_like_a_crate_is_none() {
        assert_eq!(
            lines("let vestibule_data = vestibule; let x = vestibule_corea;"),
            []
        );
        assert_eq!(lines("vestibule::main()"), [(1, false)]);
    }
}
