//! Writes every sample in every language to `target/gallery`, beside the assets, to be looked at in a browser:
//! `cargo test -p vestibule-http gallery`.

use std::{fmt::Write, fs, path::Path};

use super::samples;
use crate::{assets, texts::Texts};

#[test]
fn gallery_of_every_page_in_every_language() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    fs::create_dir_all(&target).expect("a place to write to");
    for asset in assets::ASSETS {
        fs::write(target.join(asset.name()), asset.bytes()).expect("written");
    }
    let texts = Texts::embedded();
    let mut index =
        String::from("<!doctype html><meta charset=\"utf-8\"><title>Gallery</title><ul>");
    for tongue in texts.all() {
        for sample in samples::all() {
            let mut html = sample.render(tongue);
            for asset in assets::ASSETS {
                assert!(
                    html.contains(&asset.path()),
                    "{} does not link to {}",
                    sample.name,
                    asset.name()
                );
                html = html.replace(&asset.path(), asset.name());
            }
            let file = format!("{}.{}.html", sample.name, tongue.lang());
            // Modules do not load from files; served over HTTP they do.
            fs::write(target.join(&file), html).expect("written");
            write!(index, "<li><a href=\"{file}\">{file}</a>").expect("memory takes it");
        }
    }
    fs::write(target.join("index.html"), index).expect("written");
}
