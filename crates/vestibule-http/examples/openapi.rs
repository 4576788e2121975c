//! Prints the API's contract: `docs/reference/openapi.json`.

use std::io::{self, Write as _};

use vestibule_http::api::document;

fn main() -> io::Result<()> {
    let text = document().to_pretty_json().map_err(io::Error::other)?;
    writeln!(io::stdout().lock(), "{text}")
}
