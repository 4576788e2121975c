//! `vestibule token`: tokens of any issuer, read and judged.

mod bulk;
mod keys;
mod shown;

use std::io::{self, Read as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use vestibule_engine::Clock as _;
use vestibule_verify::{
    Algorithm, Claims, Fault, Jwks, Kind, LEEWAY, LONGEST_TOKEN, NumericDate, Refused, jws,
    media_type_is,
};

use super::output;
use crate::os::SystemClock;

/// Tokens of any issuer
#[derive(Subcommand)]
pub enum Token {
    /// Show what a token says of itself, and what is wrong with it. Nothing is verified
    #[command(after_help = "Examples:\n  \
        pbpaste | vestibule token decode -\n  \
        vestibule token decode --json - < token.txt")]
    Decode {
        /// The token; - reads standard input, so that it stays out of the shell's history
        token: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Is a token good? Exits 0 if it is, 1 if it is not, 2 if it could not be judged
    #[command(after_help = "Examples:\n  \
        vestibule token verify - --issuer https://id.example.com \\\n      \
        --audience https://api.example.com --type at+jwt < token.txt\n  \
        vestibule token verify - --jwks keys.json < token.txt\n  \
        vestibule token verify --jsonl --jwks keys.json < tokens.jsonl")]
    Verify(Verify),
}

#[derive(Args)]
pub struct Verify {
    /// The token; - reads standard input, so that it stays out of the shell's history
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    token: Option<String>,
    #[command(flatten)]
    demands: Demands,
    /// The issuer's public keys (JWKS) [default: found by --issuer]
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// Judge many: {"token":…} a line in, without --jwks with "jwks":{…}; one answer a line out
    #[arg(long)]
    jsonl: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
}

/// What a token has to be, beyond its signature and its times.
#[derive(Args)]
struct Demands {
    /// Who must have issued it
    #[arg(long)]
    issuer: Option<String>,
    /// Whom it must be meant for
    #[arg(long)]
    audience: Option<String>,
    /// Its kind, as its header's typ has it: at+jwt for an access token
    #[arg(long = "type", value_name = "TYP")]
    typ: Option<String>,
    /// An algorithm that is accepted; repeat it [default: all there are, see the book]
    #[arg(long = "alg", value_name = "ALG", value_parser = algorithm)]
    algorithms: Vec<Algorithm>,
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::named(name).ok_or_else(|| {
        let names: Vec<_> = Algorithm::ALL.iter().map(|known| known.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

/// A token that holds, as far as it was asked.
struct Good {
    signed: jws::Jws,
    claims: Claims,
    /// What was not judged, by the option that would.
    unchecked: Vec<&'static str>,
}

pub fn run(command: Token) -> Result<ExitCode> {
    let now = NumericDate::from_millis(SystemClock.wall().0);
    match command {
        Token::Decode { token, json } => decode(&given(token)?, json, now),
        Token::Verify(verify) if verify.jsonl => bulk::run(&verify, now),
        Token::Verify(verify) => one(verify, now),
    }
}

fn decode(token: &str, as_json: bool, now: NumericDate) -> Result<ExitCode> {
    match jws::read_unverified(token) {
        Ok(read) => output::settled(ExitCode::SUCCESS, show(&read, as_json, now)),
        Err(refused) => refuse(refused, as_json, "decoded"),
    }
}

fn show(read: &jws::Unverified, as_json: bool, now: NumericDate) -> Result<()> {
    let faults: Vec<String> = read.faults(now).iter().map(Fault::to_string).collect();
    if as_json {
        let claims = read.claims.members();
        return output::json(
            &json!({ "verified": false, "header": read.header, "claims": claims, "faults": faults }),
        );
    }
    output::note(
        "nothing was verified: anybody can write such a token (vestibule token verify judges it)",
    )?;
    shown::members("header", &read.header, now)?;
    shown::members("claim", read.claims.members(), now)?;
    for fault in faults {
        output::line(&format!("wrong: {fault}"))?;
    }
    Ok(())
}

fn one(verify: Verify, now: NumericDate) -> Result<ExitCode> {
    let token = given(verify.token.unwrap_or_default())?;
    let keys = keys::find(verify.jwks.as_deref(), verify.demands.issuer.as_deref())?;
    keys::tell(&keys)?;
    match verify.demands.judge(&token, &keys, now) {
        Ok(good) => output::settled(ExitCode::SUCCESS, praise(&good, verify.json, now)),
        Err(refused) => refuse(refused, verify.json, "valid"),
    }
}

fn praise(good: &Good, as_json: bool, now: NumericDate) -> Result<()> {
    let unchecked = &good.unchecked;
    if as_json {
        let header = &good.signed.header.members;
        let claims = good.claims.members();
        return output::json(
            &json!({ "valid": true, "header": header, "claims": claims, "not_checked": unchecked }),
        );
    }
    output::line("valid")?;
    shown::members("claim", good.claims.members(), now)?;
    output::note(&format!("not checked: {}", unchecked.join(", ")))
}

/// The answer is no: the owner of the token is the one who reads this.
fn refuse(refused: Refused, as_json: bool, what: &str) -> Result<ExitCode> {
    let why = refused.fault().to_string();
    let printed = if as_json {
        output::json(&json!({ "valid": false, "error": why }))
    } else {
        output::line(&format!("not {what}: {why}"))
    };
    output::settled(ExitCode::FAILURE, printed)
}

/// The token, from the command line or from standard input.
fn given(token: String) -> Result<String> {
    if token != "-" {
        return Ok(token);
    }
    let text = first_of(io::stdin()).context("cannot read a token from standard input")?;
    if text.is_empty() {
        bail!("there is no token on standard input");
    }
    Ok(text)
}

/// All that there is, without blanks around it. Of what is longer than a token and a line's end, so much that it is refused as
/// too long: never a part that may be good.
fn first_of(input: impl io::Read) -> io::Result<String> {
    let longest = LONGEST_TOKEN + "\r\n".len();
    let more = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    input.take(more).read_to_end(&mut bytes)?;
    // What is no UTF-8 is no token either.
    let text = String::from_utf8_lossy(&bytes);
    if bytes.len() > longest {
        return Ok(text.into_owned());
    }
    Ok(text.trim_ascii().to_owned())
}

impl Demands {
    fn judge(&self, token: &str, keys: &Jwks, now: NumericDate) -> Result<Good, Refused> {
        let listed: &[Algorithm] = if self.algorithms.is_empty() {
            &Algorithm::ALL
        } else {
            &self.algorithms
        };
        let signed = jws::verify(token, keys, listed)?;
        let claims = signed.claims()?;
        if let Some(typ) = &self.typ {
            let said = signed.header.typ.as_deref();
            if !said.is_some_and(|said| media_type_is(said, typ)) {
                return Err(Fault::Kind.into());
            }
        }
        match self.kind() {
            // Whether it ends is the kind's own rule: some have no exp.
            Some(kind) => kind.holds(&signed.header, &claims)?,
            None if !claims.members().contains_key("exp") => {
                return Err(Fault::Missing("exp").into());
            }
            None => claims.well_formed()?,
        }
        if let Some(issuer) = &self.issuer {
            claims.issued_by(issuer)?;
        }
        if let Some(audience) = &self.audience {
            claims.meant_for(audience)?;
        }
        claims.current(now, LEEWAY)?;
        let unchecked = self.unchecked(&claims);
        Ok(Good {
            signed,
            claims,
            unchecked,
        })
    }

    fn kind(&self) -> Option<Kind> {
        self.typ.as_deref().and_then(Kind::with_typ)
    }

    /// What nobody asked for, by the option that would, and what nothing here judges.
    fn unchecked(&self, claims: &Claims) -> Vec<&'static str> {
        let has = |name| claims.members().contains_key(name);
        let judged = [
            ("issuer (--issuer)", self.issuer.is_some()),
            ("audience (--audience)", self.audience.is_some()),
            ("kind (--type)", self.typ.is_some()),
            ("expiry (it has no exp)", has("exp")),
            (
                "proof of the key that it is bound to (cnf): alone it is nobody's",
                !has("cnf"),
            ),
            ("revocation", false),
        ];
        let not = judged.into_iter().filter(|(_, judged)| !judged);
        not.map(|(what, _)| what).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_a_token_is_never_cut_to_one() {
        let longest = "a".repeat(LONGEST_TOKEN);
        for (text, read) in [
            (format!("{longest}\r\n"), longest.clone()),
            (" a.b.c\n".to_owned(), "a.b.c".to_owned()),
            (" \n".to_owned(), String::new()),
        ] {
            assert_eq!(first_of(text.as_bytes()).unwrap(), read);
        }
        let blanks = " ".repeat(LONGEST_TOKEN);
        for text in [
            format!("{longest}\r\nx"),
            format!("a.b.c{blanks}x"),
            format!("{blanks}a.b.c"),
            format!("a.b.c\n{blanks}"),
        ] {
            let read = first_of(text.as_bytes()).unwrap();
            let refused = jws::read_unverified(&read).unwrap_err();
            assert_eq!(refused.fault(), Fault::TooLong);
        }
        let odd = first_of(&b"a.\xff.c"[..]).unwrap();
        assert_eq!(jws::read_unverified(&odd).unwrap_err().fault(), Fault::Form);
    }
}
