//! The results of many test programs, summed from what they print.

/// What `cargo test` printed, in numbers.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub ignored: usize,
    pub filtered: usize,
    /// Test programs that began and did not tell a result: they crashed.
    pub unfinished: usize,
    /// How cargo itself ended.
    pub succeeded: bool,
}

impl Tally {
    /// Takes in one line. Only the test harness's own lines, whole and at the line's beginning, count.
    pub fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(rest) = line.strip_prefix("running ")
            && (rest.ends_with(" tests") || rest.ends_with(" test"))
            && rest
                .split(' ')
                .next()
                .is_some_and(|count| count.parse::<usize>().is_ok())
        {
            self.unfinished += 1;
        } else if let Some(counts) = line.strip_prefix("test result: ").and_then(Counts::parse) {
            self.unfinished = self.unfinished.saturating_sub(1);
            self.passed += counts.passed;
            self.failed += counts.failed;
            self.ignored += counts.ignored;
            self.filtered += counts.filtered;
        }
    }

    /// What is wrong beyond the tests that failed. What was left out is always told, and in CI it is a failure.
    pub fn complaints(&self, in_ci: bool) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.unfinished > 0 {
            complaints.push(format!(
                "{} test programs ended without a result",
                self.unfinished
            ));
        }
        for (count, word) in [(self.ignored, "ignored"), (self.filtered, "filtered out")] {
            if count > 0 && in_ci {
                complaints.push(format!("{count} tests were {word}: in CI every test runs"));
            } else if count > 0 {
                println!("   {count} tests were {word}; CI would refuse that");
            }
        }
        if self.passed + self.failed == 0 {
            complaints.push("no test ran".to_owned());
        } else if !self.succeeded && self.failed == 0 && complaints.is_empty() {
            complaints.push("cargo test failed though each result it printed was good".to_owned());
        }
        complaints
    }
}

struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
    filtered: usize,
}

impl Counts {
    /// `ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn parse(text: &str) -> Option<Self> {
        let (verdict, counts) = text.split_once(". ")?;
        if !matches!(verdict, "ok" | "FAILED") {
            return None;
        }
        let mut parts = counts.split("; ");
        let mut count = |word: &str| parts.next()?.strip_suffix(word)?.trim_end().parse().ok();
        let (passed, failed, ignored) = (count("passed")?, count("failed")?, count("ignored")?);
        let _measured: usize = count("measured")?;
        Some(Self {
            passed,
            failed,
            ignored,
            filtered: count("filtered out")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally {
            succeeded: true,
            ..Tally::default()
        };
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn results_are_summed() {
        let tally = tally(&[
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "running 1 test",
            "test result: FAILED. 0 passed; 1 failed; 2 ignored; 0 measured; 4 filtered out; finished in 1.20s",
        ]);
        assert_eq!(
            (
                tally.passed,
                tally.failed,
                tally.ignored,
                tally.filtered,
                tally.unfinished
            ),
            (3, 1, 2, 4, 0)
        );
    }

    #[test]
    fn only_the_harness_s_own_lines_count() {
        let tally = tally(&[
            "test result: ok",
            "  test result: ok. 3 passed; 0 failed",
            "running late",
            "running 2 jobs",
        ]);
        assert_eq!(
            tally,
            Tally {
                succeeded: true,
                ..Tally::default()
            }
        );
    }

    #[test]
    fn a_program_that_crashes_is_a_failure() {
        let tally = Tally {
            passed: 5,
            unfinished: 1,
            ..Tally::default()
        };
        assert_eq!(
            tally.complaints(false),
            ["1 test programs ended without a result"]
        );
    }

    #[test]
    fn no_test_at_all_is_a_failure() {
        assert_eq!(tally(&[]).complaints(false), ["no test ran"]);
    }

    #[test]
    fn a_failure_of_cargo_alone_is_a_failure() {
        let tally = Tally {
            passed: 5,
            ..Tally::default()
        };
        assert_eq!(tally.complaints(false).len(), 1);
    }

    #[test]
    fn what_was_left_out_fails_in_ci_alone() {
        let tally = Tally {
            passed: 5,
            ignored: 1,
            filtered: 2,
            succeeded: true,
            ..Tally::default()
        };
        assert_eq!(tally.complaints(false), Vec::<String>::new());
        assert_eq!(tally.complaints(true).len(), 2);
    }

    #[test]
    fn all_good_is_no_complaint() {
        let tally = Tally {
            passed: 5,
            succeeded: true,
            ..Tally::default()
        };
        assert_eq!(tally.complaints(true), Vec::<String>::new());
    }
}
