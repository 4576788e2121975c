//! Many tokens: one JSON object a line in, one answer a line out, in order, whatever a line holds.

use std::io::{self, BufRead, Read as _, Write};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vestibule_verify::json::{self, Object};
use vestibule_verify::{Jwks, NumericDate};

use super::{Demands, Verify, keys, output};

/// Longest line, in bytes: a token and a set of keys.
const LONGEST: u64 = 512 * 1024;
/// How many values a line may hold.
const MOST: usize = 16 * 1024;

/// Lines in, answers out.
struct Bulk<'a> {
    demands: &'a Demands,
    /// The keys for lines that bring none.
    shared: Option<Jwks>,
    /// The keys of the line before: lines in a row often bring the same.
    last: Option<(Object, Jwks)>,
    now: NumericDate,
}

pub fn run(verify: &Verify, now: NumericDate) -> Result<ExitCode> {
    let issuer = verify.demands.issuer.as_deref();
    // Lines may bring their own: an issuer alone then only says who it must be.
    let shared = match &verify.jwks {
        Some(place) => Some(keys::find(Some(place), issuer)?),
        None => None,
    };
    if let Some(shared) = &shared {
        keys::tell_dropped(shared)?;
    }
    let mut bulk = Bulk {
        demands: &verify.demands,
        shared,
        last: None,
        now,
    };
    let all_good = bulk.answer(&mut io::stdin().lock(), &mut io::stdout().lock())?;
    Ok(if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Bulk<'_> {
    /// Whether every line held a good token.
    fn answer(&mut self, lines: &mut impl BufRead, answers: &mut impl Write) -> Result<bool> {
        let mut all_good = true;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = lines.take(LONGEST).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(all_good);
            }
            let whole =
                line.ends_with(b"\n") || u64::try_from(read).is_ok_and(|read| read < LONGEST);
            let judged = if whole {
                self.judge(line.trim_ascii())
            } else {
                lines.skip_until(b'\n')?;
                Err("the line is longer than 512 KiB".to_owned())
            };
            let told = match judged {
                Ok(claims) => json!({ "valid": true, "claims": claims }),
                Err(error) => json!({ "valid": false, "error": error }),
            };
            all_good &= told["valid"] == true;
            writeln!(answers, "{}", output::ascii_controls(&told.to_string()))?;
        }
    }

    fn judge(&mut self, line: &[u8]) -> Result<Object, String> {
        let mut asked = json::object_of(line, MOST)
            .map_err(|_| "the line is not one JSON object {\"token\":…}".to_owned())?;
        let token = asked.remove("token");
        let token = token.as_ref().and_then(json::Value::as_str);
        let token = token.ok_or("the line has no token, or one that is not a string")?;
        let (demands, now) = (self.demands, self.now);
        let keys = self.keys(asked.remove("jwks"))?;
        let good = demands.judge(token, keys, now);
        let good = good.map_err(|refused| refused.fault().to_string())?;
        Ok(good.claims.members().clone())
    }

    fn keys(&mut self, own: Option<json::Value>) -> Result<&Jwks, String> {
        let own = match own {
            None => {
                let shared = self.shared.as_ref();
                return shared.ok_or_else(|| {
                    "whose keys? the line has no jwks, and there is no --jwks".to_owned()
                });
            }
            Some(json::Value::Object(own)) => own,
            // TK04: lines are data, and data sends nobody anywhere.
            Some(_) => {
                return Err("jwks is not an object: a line's keys stand in the line".to_owned());
            }
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != own) {
            let keys = Jwks::from_object(&own).map_err(|fault| fault.to_string())?;
            self.last = Some((own, keys));
        }
        let last = self.last.as_ref().map(|(_, keys)| keys);
        last.ok_or_else(|| "whose keys?".to_owned())
    }
}
