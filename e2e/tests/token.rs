//! `vestibule token` on the built binary: tokens of another issuer, which this test plays.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Output;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule_e2e::server::{command, unread};

const AUDIENCE: &str = "https://api.example.test";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer with one key.
struct Issuer {
    key: Ed25519KeyPair,
    name: String,
}

impl Issuer {
    fn new(name: &str) -> anyhow::Result<Self> {
        Ok(Self {
            key: Ed25519KeyPair::generate()?,
            name: name.to_owned(),
        })
    }

    fn jwks(&self) -> Value {
        let x = b64(self.key.public_key().as_ref());
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig", "x": x }] })
    }

    /// An access token.
    fn token(&self, lives: i64) -> anyhow::Result<String> {
        self.odd(lives, &json!({}), &json!({}))
    }

    /// One whose header and claims have these besides; null takes one away.
    #[expect(
        clippy::disallowed_methods,
        reason = "a token of now, for a binary that reads the clock"
    )]
    fn odd(&self, lives: i64, head: &Value, more: &Value) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let now = i64::try_from(now)?;
        let mut header = json!({ "alg": "EdDSA", "kid": "k1", "typ": "at+jwt" });
        let mut claims = json!({
            "iss": self.name, "aud": AUDIENCE, "sub": "alice\u{202e}", "client_id": "app", "jti": "t-1",
            "iat": now - 1000, "exp": now + lives,
        });
        for (all, more) in [(&mut header, head), (&mut claims, more)] {
            for (name, value) in more.as_object().into_iter().flatten() {
                if value.is_null() {
                    all.as_object_mut().and_then(|all| all.remove(name));
                } else {
                    all[name] = value.clone();
                }
            }
        }
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.key.sign(signed.as_bytes());
        Ok(format!("{signed}.{}", b64(signature)))
    }
}

/// Runs `vestibule token …` where nothing is installed.
fn token(arguments: &[&str], input: &str) -> anyhow::Result<(Option<i32>, String, String)> {
    let nowhere = tempfile::tempdir()?;
    let data = nowhere.path().join("data");
    let all = ["token"].iter().chain(arguments).copied();
    let Output {
        status,
        stdout,
        stderr,
    } = command(&data, all, input)?;
    assert!(!data.exists(), "a token is judged without an installation");
    Ok((
        status.code(),
        String::from_utf8(stdout)?,
        String::from_utf8(stderr)?,
    ))
}

#[test]
fn decode_shows_what_a_token_says_and_that_nothing_was_verified() -> anyhow::Result<()> {
    let issuer = Issuer::new("https://id.example.test")?;
    let expired = issuer.token(-600)?;
    let (code, told, noted) = token(&["decode", "-"], &format!("{expired}\n"))?;
    assert_eq!(code, Some(0), "{noted}");
    assert!(noted.contains("nothing was verified"), "{noted}");
    assert!(told.contains("EdDSA") && told.contains("https://id.example.test"));
    assert!(told.contains("Z, 10 min ago)"), "times are dates: {told}");
    assert!(told.contains("wrong: it has expired"), "{told}");
    assert!(!told.contains('\u{202e}'), "{told:?}");
    assert!(told.contains("\"alice"), "texts are in quotes: {told}");
    let control = issuer.odd(600, &json!({}), &json!({ "x\u{1b}[2J": "\u{1b}[31m" }))?;
    let (_, told, _) = token(&["decode", &control], "")?;
    assert!(!told.contains('\u{1b}'), "{told:?}");
    let (_, told, _) = token(&["decode", "--json", &expired], "")?;
    let told: Value = serde_json::from_str(&told)?;
    assert_eq!(
        (&told["verified"], &told["claims"]["aud"]),
        (&json!(false), &json!(AUDIENCE))
    );
    let (code, told, _) = token(&["decode", "{}"], "")?;
    assert_eq!(code, Some(1), "{told}");
    Ok(())
}

/// Holds: ASVS 9.1.1, ASVS 9.2.3, ASVS 9.2.2
#[test]
fn verify_answers_yes_no_or_that_it_could_not_be_judged() -> anyhow::Result<()> {
    let issuer = Issuer::new("https://id.example.test")?;
    let scratch = tempfile::tempdir()?;
    let keys = scratch.path().join("keys.json");
    fs::write(&keys, issuer.jwks().to_string())?;
    let keys = keys.to_string_lossy().into_owned();
    let good = issuer.token(600)?;
    let asked = |more: &[&str], input: &str| {
        let all = [&["verify", "-", "--jwks", &keys], more].concat();
        token(&all, input)
    };
    let (code, told, noted) = asked(&[], &good)?;
    assert_eq!(
        (code, told.lines().next()),
        (Some(0), Some("valid")),
        "{noted}"
    );
    assert!(
        noted.contains("not checked") && noted.contains("--audience"),
        "{noted}"
    );
    let whole = [
        "--issuer",
        &issuer.name,
        "--audience",
        AUDIENCE,
        "--type",
        "at+jwt",
        "--alg",
        "EdDSA",
    ];
    let (code, _, noted) = asked(&whole, &good)?;
    assert_eq!(code, Some(0), "{noted}");
    for (more, why) in [
        (["--issuer", "https://other.example.test"], "issuer"),
        (["--audience", "https://other.example.test"], "audience"),
        (["--type", "logout+jwt"], "another kind"),
        (["--alg", "ES256"], "algorithms"),
    ] {
        let (code, told, _) = asked(&more, &good)?;
        assert_eq!(code, Some(1));
        assert!(
            told.starts_with("not valid: ") && told.contains(why),
            "{told}"
        );
    }
    let (code, told, _) = asked(&[], &issuer.token(-600)?)?;
    assert_eq!((code, told.contains("expired")), (Some(1), true), "{told}");
    let stranger = Issuer::new(&issuer.name)?.token(600)?;
    let (code, told, _) = asked(&[], &stranger)?;
    assert_eq!(
        (code, told.contains("signature")),
        (Some(1), true),
        "{told}"
    );
    for arguments in [
        &["verify", "-"][..],
        &["verify", "-", "--jwks", "nowhere.json"],
        &["verify", "-", "--jwks", "http://id.example.test/jwks"],
        &["verify"],
    ] {
        let (code, _, noted) = token(arguments, &good)?;
        assert_eq!(code, Some(2), "{arguments:?}: {noted}");
    }
    Ok(())
}

/// Holds: ASVS 9.2.1, ASVS 9.2.2
#[test]
fn verify_takes_nothing_that_decode_calls_wrong() -> anyhow::Result<()> {
    let issuer = Issuer::new("https://id.example.test")?;
    let scratch = tempfile::tempdir()?;
    let keys = scratch.path().join("keys.json");
    fs::write(&keys, issuer.jwks().to_string())?;
    let keys = keys.to_string_lossy().into_owned();
    let plain = ["verify", "-", "--jwks", &keys];
    let as_access_token = [&plain[..], &["--type", "at+jwt"]].concat();
    for (head, claims, why) in [
        (json!({}), json!({ "exp": null }), "no exp"),
        (json!({ "cty": "JWT" }), json!({}), "cty"),
        (json!({}), json!({ "aud": [] }), "aud"),
        (json!({}), json!({ "sub": 7 }), "sub"),
    ] {
        let odd = issuer.odd(600, &head, &claims)?;
        for arguments in [&plain[..], &as_access_token] {
            let (code, told, _) = token(arguments, &odd)?;
            assert_eq!(code, Some(1), "{head} {claims}: {told}");
            assert!(told.contains(why), "{told}");
        }
        let (_, told, _) = token(&["decode", "-"], &odd)?;
        assert!(told.contains("wrong: ") && told.contains(why), "{told}");
    }
    for claims in [
        json!({ "scope": ["a"] }),
        json!({ "client_id": "" }),
        json!({ "roles": "admin" }),
        json!({ "cnf": { "kid": "x" } }),
    ] {
        let (code, told, _) = token(&as_access_token, &issuer.odd(600, &json!({}), &claims)?)?;
        assert_eq!(code, Some(1), "{claims}: {told}");
    }
    let bound = issuer.odd(600, &json!({}), &json!({ "cnf": { "jkt": "x" } }))?;
    let (code, _, noted) = token(&as_access_token, &bound)?;
    assert_eq!((code, noted.contains("(cnf)")), (Some(0), true), "{noted}");
    // Somebody else's algorithm is nothing wrong where nobody was asked.
    let other = issuer.odd(600, &json!({ "alg": "RS512" }), &json!({}))?;
    let (_, told, _) = token(&["decode", "-"], &other)?;
    assert!(!told.contains("wrong"), "{told}");
    Ok(())
}

#[test]
fn a_refusal_exits_1_though_nobody_reads_it() -> anyhow::Result<()> {
    let issuer = Issuer::new("https://id.example.test")?;
    let scratch = tempfile::tempdir()?;
    let keys = scratch.path().join("keys.json");
    fs::write(&keys, issuer.jwks().to_string())?;
    let keys = keys.to_string_lossy().into_owned();
    let nowhere = scratch.path().join("data");
    let expired = issuer.token(-600)?;
    let line = json!({ "token": expired }).to_string();
    for (arguments, input) in [
        (["token", "verify", "-", "--jwks", &keys[..]], &expired),
        (["token", "verify", "--jsonl", "--jwks", &keys[..]], &line),
    ] {
        let code = unread(&nowhere, arguments, input)?;
        assert_eq!(code, Some(1), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn many_are_judged_a_line_each_and_no_line_ends_it() -> anyhow::Result<()> {
    let issuer = Issuer::new("https://id.example.test")?;
    let scratch = tempfile::tempdir()?;
    let keys = scratch.path().join("keys.json");
    fs::write(&keys, issuer.jwks().to_string())?;
    let keys = keys.to_string_lossy().into_owned();
    let other = Issuer::new("https://id.example.test")?;
    let lines = [
        json!({ "token": issuer.token(600)? }).to_string(),
        json!({ "token": other.token(600)?, "jwks": other.jwks() }).to_string(),
        json!({ "token": other.token(600)? }).to_string(),
        json!({ "token": issuer.token(600)?, "audience": "x" }).to_string(),
        json!({ "token": issuer.token(600)?, "jwks": "http://127.0.0.1:1/" }).to_string(),
        json!({ "token": 7 }).to_string(),
        String::new(),
        "no json".to_owned(),
        format!("{{\"token\":\"{}\"}}", "x".repeat(600 * 1024)),
        "[".repeat(100_000),
        json!({ "token": issuer.token(600)? }).to_string(),
    ];
    let input = lines.join("\n");
    let (code, told, noted) = token(&["verify", "--jsonl", "--jwks", &keys], &input)?;
    assert_eq!(code, Some(1), "{noted}");
    let answers: Vec<Value> = told
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let valid: Vec<bool> = answers.iter().map(|one| one["valid"] == true).collect();
    assert_eq!(
        valid,
        [
            true, false, false, false, false, false, false, false, false, false, true
        ]
    );
    assert_eq!(answers[0]["claims"]["jti"], "t-1");
    let not_checked = answers[0]["not_checked"].to_string();
    assert!(not_checked.contains("--audience"), "{}", answers[0]);
    for (at, why) in [(1, "--jwks alone"), (3, "audience"), (8, "longer")] {
        let error = answers[at]["error"].to_string();
        assert!(error.contains(why), "{error}");
    }
    // ASVS 9.1.3: without the operator's keys, a line's own.
    let own = &lines[1];
    let (code, told, _) = token(&["verify", "--jsonl"], own)?;
    assert_eq!(code, Some(0), "{told}");
    let (code, _, noted) = token(&["verify", "--jsonl", "--jwks", &keys], "")?;
    assert_eq!((code, noted.contains("nothing to judge")), (Some(2), true));
    let (code, _, _) = token(&["verify", "--jsonl", "--jwks", &keys], &lines[0])?;
    assert_eq!(code, Some(0));
    Ok(())
}

/// Holds: TK04
#[test]
fn tk04_keys_are_found_by_the_issuer_and_no_redirect_is_followed() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let name = format!("http://{}", listener.local_addr()?);
    let issuer = Issuer::new(&name)?;
    let (jwks, own) = (issuer.jwks().to_string(), name.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut line = String::new();
            let Ok(_) = BufReader::new(&stream).read_line(&mut line) else {
                continue;
            };
            let path = line.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match path {
                "/.well-known/openid-configuration" => {
                    let document = json!({ "issuer": own, "jwks_uri": format!("{own}/jwks") });
                    ("200 OK", document.to_string())
                }
                "/jwks" => ("200 OK", jwks.clone()),
                "/other/.well-known/openid-configuration" => {
                    ("200 OK", json!({ "issuer": own }).to_string())
                }
                "/large" => ("200 OK", "x".repeat(3 << 20)),
                _ => ("302 Found", String::new()),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nlocation: /jwks\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // Who asked may have hung up over an answer that is too large.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let good = issuer.token(600)?;
    let (code, _, noted) = token(&["verify", "-", "--issuer", &name], &good)?;
    assert_eq!(code, Some(0), "{noted}");
    let (code, _, noted) = token(&["verify", "-", "--jwks", &format!("{name}/jwks")], &good)?;
    assert_eq!(code, Some(0), "{noted}");
    for (arguments, why) in [
        (["--jwks", &format!("{name}/moved")], "redirect"),
        (["--jwks", &format!("{name}/large")], "cannot fetch"),
        (["--issuer", &format!("{name}/other")], "another issuer"),
    ] {
        let all = [&["verify", "-"][..], &arguments].concat();
        let (code, _, noted) = token(&all, &good)?;
        assert_eq!(code, Some(2), "{noted}");
        assert!(noted.contains(why), "{noted}");
    }
    Ok(())
}
