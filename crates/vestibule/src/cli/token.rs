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
    /// Judge many: {"token":…, "jwks":{…}} a line in, one answer a line out
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
    let read = match jws::read_unverified(token) {
        Ok(read) => read,
        Err(refused) => return refuse(refused, as_json, "decoded"),
    };
    let faults: Vec<String> = read.faults(now).iter().map(Fault::to_string).collect();
    if as_json {
        let claims = read.claims.members();
        output::json(
            &json!({ "verified": false, "header": read.header, "claims": claims, "faults": faults }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    output::note(
        "nothing was verified: anybody can write such a token (vestibule token verify judges it)",
    )?;
    shown::members("header", &read.header, now)?;
    shown::members("claim", read.claims.members(), now)?;
    for fault in faults {
        output::line(&format!("wrong: {fault}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn one(verify: Verify, now: NumericDate) -> Result<ExitCode> {
    let token = given(verify.token.unwrap_or_default())?;
    let keys = keys::find(verify.jwks.as_deref(), verify.demands.issuer.as_deref())?;
    keys::tell_dropped(&keys)?;
    let good = match verify.demands.judge(&token, &keys, now) {
        Ok(good) => good,
        Err(refused) => return refuse(refused, verify.json, "valid"),
    };
    let unchecked = verify.demands.unchecked();
    if verify.json {
        let header = &good.signed.header.members;
        let claims = good.claims.members();
        output::json(
            &json!({ "valid": true, "header": header, "claims": claims, "not_checked": unchecked }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line("valid")?;
    shown::members("claim", good.claims.members(), now)?;
    if !unchecked.is_empty() {
        output::note(&format!(
            "not checked, since not asked: {}",
            unchecked.join(", ")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The answer is no: the owner of the token is the one who reads this.
fn refuse(refused: Refused, as_json: bool, what: &str) -> Result<ExitCode> {
    let why = refused.fault().to_string();
    if as_json {
        output::json(&json!({ "valid": false, "error": why }))?;
    } else {
        output::line(&format!("not {what}: {why}"))?;
    }
    Ok(ExitCode::FAILURE)
}

/// The token, from the command line or from standard input.
fn given(token: String) -> Result<String> {
    if token != "-" {
        return Ok(token);
    }
    let longest = u64::try_from(LONGEST_TOKEN).unwrap_or(u64::MAX);
    let mut text = String::new();
    // One more, and a line's end: what is longer is refused as too long, not cut to fit.
    io::stdin()
        .take(longest.saturating_add(3))
        .read_to_string(&mut text)
        .context("cannot read a token from standard input")?;
    let token = text.trim_ascii();
    if token.is_empty() {
        bail!("there is no token on standard input");
    }
    Ok(token.to_owned())
}

impl Demands {
    fn judge(&self, token: &str, keys: &Jwks, now: NumericDate) -> Result<Good, Refused> {
        let listed: &[Algorithm] = if self.algorithms.is_empty() {
            &Algorithm::ALL
        } else {
            &self.algorithms
        };
        let signed = jws::verify(token, keys, listed)?;
        let claims = Claims::read(&signed.payload)?;
        if let Some(typ) = &self.typ {
            let said = signed.header.typ.as_deref();
            if !said.is_some_and(|said| media_type_is(said, typ)) {
                return Err(Fault::Kind.into());
            }
            if let Some(kind) = Kind::with_typ(typ) {
                kind.marks_hold(&claims)?;
            }
        }
        if let Some(issuer) = &self.issuer {
            claims.issued_by(issuer)?;
        }
        if let Some(audience) = &self.audience {
            claims.meant_for(audience)?;
        }
        claims.current(now, LEEWAY)?;
        Ok(Good { signed, claims })
    }

    /// What was not asked for, by the option that would.
    fn unchecked(&self) -> Vec<&'static str> {
        let asked = [
            ("issuer (--issuer)", self.issuer.is_some()),
            ("audience (--audience)", self.audience.is_some()),
            ("kind (--type)", self.typ.is_some()),
            ("revocation", false),
        ];
        let not = asked.into_iter().filter(|(_, asked)| !asked);
        not.map(|(what, _)| what).collect()
    }
}
