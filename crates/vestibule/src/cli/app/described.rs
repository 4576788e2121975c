//! An application as the command line describes it.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

/// What is asked of who wants in, and where.
#[derive(Args, Default)]
pub struct Described {
    /// What sort of software it is: `proxy`, so far
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Where browsers reach it, again for more
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,
    /// What people are shown
    #[arg(long)]
    title: Option<String>,
    /// Who gets in holds this role, again for another that will do
    #[arg(long = "role", value_name = "ROLE", conflicts_with = "any_role")]
    roles: Vec<String>,
    /// Any login gets in, whatever its roles
    #[arg(long)]
    any_role: bool,
    /// How sure a login must be: aal1, aal2, aal3 or any
    #[arg(long)]
    acr: Option<String>,
    /// Anybody gets in, signed in or not
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    public: Option<bool>,
    /// Any site's pages may send unsafe requests
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    cross_site: Option<bool>,
    /// This origin's pages may, again for more
    #[arg(long = "allow-origin", value_name = "URL")]
    allowed_origins: Vec<String>,
    /// CORS preflights pass without a login
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    preflight: Option<bool>,
    /// All of it from a JSON file, rules too; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["origins", "title", "roles", "any_role", "acr", "public", "cross_site", "allowed_origins", "preflight"]
    )]
    from: Option<PathBuf>,
}

impl Described {
    /// A new one.
    pub fn whole(&self, name: &str) -> Result<Value> {
        match self.file(name)? {
            Some(file) => Ok(file),
            None if self.origins.is_empty() => bail!(
                "where do browsers reach {name}? Say --origin https://{name}.example.com (or --from FILE)"
            ),
            None => self.over(json!({ "name": name })),
        }
    }

    /// What the file holds, if one was named, for the application with this name.
    pub fn file(&self, name: &str) -> Result<Option<Value>> {
        let Some(path) = &self.from else {
            return Ok(None);
        };
        let text = read(path)?;
        let mut described: Value = serde_json::from_str(&text)
            .with_context(|| format!("--from {} is not JSON", path.display()))?;
        let Some(fields) = described.as_object_mut() else {
            bail!(
                "--from {} holds no JSON object: `vestibule app show NAME --json` prints one",
                path.display()
            );
        };
        if let Some(kind) = &self.kind {
            fields.insert("kind".to_owned(), json!(kind));
        }
        fields.entry("name").or_insert_with(|| json!(name));
        Ok(Some(described))
    }

    /// What is named, in the place of what was.
    pub fn over(&self, mut was: Value) -> Result<Value> {
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                was[key] = value;
            }
        };
        let some = |texts: &[String]| (!texts.is_empty()).then(|| json!(texts));
        put("kind", self.kind.as_ref().map(|kind| json!(kind)));
        put("origins", some(&self.origins));
        put("title", self.title.as_ref().map(|title| json!(title)));
        put(
            "roles",
            some(&self.roles).or_else(|| self.any_role.then(|| json!([]))),
        );
        put("acr", self.acr.as_deref().map(acr).transpose()?);
        put("public", self.public.map(Value::Bool));
        put("cross_site", self.cross_site.map(Value::Bool));
        put("allowed_origins", some(&self.allowed_origins));
        put("preflight", self.preflight.map(Value::Bool));
        Ok(was)
    }
}

fn acr(text: &str) -> Result<Value> {
    match text {
        "any" => Ok(Value::Null),
        "aal1" | "aal2" | "aal3" => Ok(json!(text)),
        _ => bail!("--acr {text}: say aal1, aal2, aal3 or any"),
    }
}

fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .lock()
            .read_to_string(&mut text)
            .context("--from -: standard input cannot be read")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("--from {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays() {
        let was =
            json!({ "name": "shop", "roles": ["a"], "acr": "aal2", "public": false, "rules": [1] });
        let described = Described {
            any_role: true,
            acr: Some("any".to_owned()),
            title: Some("The shop".to_owned()),
            ..Described::default()
        };
        assert_eq!(
            described.over(was).unwrap(),
            json!({ "name": "shop", "roles": [], "acr": null, "public": false, "rules": [1], "title": "The shop" })
        );
        assert!(acr("high").unwrap_err().to_string().contains("aal2"));
    }

    #[test]
    fn a_new_one_is_asked_where_it_is() {
        let told = Described::default().whole("shop").unwrap_err().to_string();
        assert!(told.contains("--origin https://shop.example.com"), "{told}");
    }
}
