//! Many tokens: one JSON object a line in, one answer a line out, in order, whatever a line holds.

use std::io::{self, BufRead, Read as _, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;
use vestibule_verify::json::{self, Object};
use vestibule_verify::{Jwks, NumericDate};

use super::{Demands, Good, Verify, keys, output};

/// Longest line, in bytes: a token and a set of keys.
const LONGEST: u64 = 512 * 1024;
/// How many values a line may hold.
const MOST: usize = 16 * 1024;

/// Lines in, answers out.
struct Bulk<'a> {
    demands: &'a Demands,
    /// The operator's keys: where there are any, they alone count.
    shared: Option<Jwks>,
    /// The keys of the line before: lines in a row often bring the same.
    last: Option<(Object, Jwks)>,
    now: NumericDate,
}

/// What became of all the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    AllGood,
    NotAll,
}

pub fn run(verify: &Verify, now: NumericDate) -> Result<ExitCode> {
    let issuer = verify.demands.issuer.as_deref();
    // Lines may bring their own: an issuer alone then only says who it must be.
    let shared = match &verify.jwks {
        Some(place) => Some(keys::find(Some(place), issuer)?),
        None => None,
    };
    if let Some(shared) = &shared {
        keys::tell(shared)?;
    }
    let mut bulk = Bulk {
        demands: &verify.demands,
        shared,
        last: None,
        now,
    };
    match bulk.answer(&mut io::stdin().lock(), &mut io::stdout().lock())? {
        Some(Verdict::AllGood) => Ok(ExitCode::SUCCESS),
        Some(Verdict::NotAll) => Ok(ExitCode::FAILURE),
        None => bail!("there is nothing to judge on standard input"),
    }
}

impl Bulk<'_> {
    /// Judges every line; `None` where there was none. A reader that goes away ends the answers, not the judging.
    fn answer(
        &mut self,
        lines: &mut impl BufRead,
        answers: &mut impl Write,
    ) -> Result<Option<Verdict>> {
        let mut verdict = None;
        let mut gone = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = lines.take(LONGEST).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(verdict);
            }
            let whole =
                line.ends_with(b"\n") || u64::try_from(read).is_ok_and(|read| read < LONGEST);
            let judged = if whole {
                self.judge(line.trim_ascii())
            } else {
                lines.skip_until(b'\n')?;
                Err("the line is longer than 512 KiB".to_owned())
            };
            verdict = match verdict {
                None | Some(Verdict::AllGood) if judged.is_ok() => Some(Verdict::AllGood),
                _ => Some(Verdict::NotAll),
            };
            if gone {
                continue;
            }
            let told = match judged {
                Ok(good) => {
                    let claims = good.claims.members();
                    json!({ "valid": true, "claims": claims, "not_checked": good.unchecked })
                }
                Err(error) => json!({ "valid": false, "error": error }),
            };
            let written = writeln!(answers, "{}", output::ascii_controls(&told.to_string()));
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => gone = true,
                written => written?,
            }
        }
    }

    fn judge(&mut self, line: &[u8]) -> Result<Good, String> {
        let mut asked = json::object_of(line, MOST)
            .map_err(|_| "the line is not one JSON object {\"token\":…}".to_owned())?;
        let token = asked.remove("token");
        let token = token.as_ref().and_then(json::Value::as_str);
        let token = token.ok_or("the line has no token, or one that is not a string")?;
        let own = asked.remove("jwks");
        // What was meant to be judged, and would not be.
        if let Some(name) = asked.keys().next() {
            let name = output::harmless(name);
            return Err(format!(
                "the line has {name}: token and jwks are all that there is"
            ));
        }
        let (demands, now) = (self.demands, self.now);
        let keys = self.keys(own)?;
        let good = demands.judge(token, keys, now);
        good.map_err(|refused| refused.fault().to_string())
    }

    fn keys(&mut self, own: Option<json::Value>) -> Result<&Jwks, String> {
        let own = match (own, &self.shared) {
            (None, Some(shared)) => return Ok(shared),
            (None, None) => {
                return Err("whose keys? the line has no jwks, and there is no --jwks".to_owned());
            }
            // ASVS 9.1.3: whoever wrote the line does not choose against the operator.
            (Some(_), Some(_)) => {
                return Err("the line brings a jwks, and those of --jwks alone count".to_owned());
            }
            (Some(json::Value::Object(own)), None) => own,
            // TK04: lines are data, and data sends nobody anywhere.
            (Some(_), None) => {
                return Err("jwks is not an object: a line's keys stand in the line".to_owned());
            }
        };
        let last = if let Some(last) = self.last.take().filter(|(last, _)| *last == own) {
            last
        } else {
            let keys = Jwks::from_object(&own).map_err(|fault| fault.to_string())?;
            (own, keys)
        };
        Ok(&self.last.insert(last).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one line, as `head -1` does.
    struct Head(usize);

    impl Write for Head {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.0 += usize::from(bytes.ends_with(b"\n"));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answered(shared: bool, lines: &str, answers: &mut impl Write) -> Option<Verdict> {
        let demands = Demands {
            issuer: None,
            audience: None,
            typ: None,
            algorithms: Vec::new(),
        };
        let shared = shared.then(|| Jwks::from_json(br#"{"keys":[]}"#).unwrap());
        let mut bulk = Bulk {
            demands: &demands,
            shared,
            last: None,
            now: NumericDate::from_seconds(1_800_000_000),
        };
        bulk.answer(&mut lines.as_bytes(), answers).unwrap()
    }

    #[test]
    fn a_reader_that_goes_away_makes_no_line_good_and_no_line_is_none() {
        let bad = "{}\n{}\n{}\n";
        assert_eq!(answered(true, bad, &mut Head(0)), Some(Verdict::NotAll));
        assert_eq!(answered(true, bad, &mut Head(1)), Some(Verdict::NotAll));
        assert_eq!(answered(true, "", &mut Head(0)), None);
    }

    /// Holds: ASVS 9.1.3
    #[test]
    fn asvs_9_1_3_a_line_chooses_no_keys_against_the_operator_and_has_no_other_member() {
        let told = |shared, line: &str| {
            let mut answers = Vec::new();
            answered(shared, line, &mut answers);
            String::from_utf8(answers).unwrap()
        };
        let own = r#"{"token":"a.b.c","jwks":{"keys":[]}}"#;
        assert!(told(true, own).contains("those of --jwks alone count"));
        assert!(!told(false, own).contains("--jwks"), "{}", told(false, own));
        for (shared, line) in [
            (true, r#"{"token":"a.b.c","audience":"x"}"#),
            (false, r#"{"token":"a.b.c","jwks":{"keys":[]},"kid":"x"}"#),
        ] {
            let told = told(shared, line);
            assert!(told.contains("all that there is"), "{told}");
        }
    }
}
