//! The stylesheet's own promise: each pair of colours that meets on a page has the contrast of WCAG 2.2 AA, light and dark.

use std::collections::BTreeMap;

use crate::assets;

/// Text on a ground: 4.5 (WCAG 1.4.3).
const TEXT: [(&str, &str); 20] = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "accent-soft"),
    ("ink", "danger-soft"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("muted", "accent-soft"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "sunken"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("danger", "ground"),
    ("danger", "surface"),
    ("danger", "sunken"),
    ("danger", "danger-soft"),
    ("on-danger", "danger"),
    ("danger", "accent-soft"),
];

/// Edges of controls, bars and the focus ring beside what they stand on: 3 (WCAG 1.4.11).
const EDGES: [(&str, &str); 7] = [
    ("edge", "surface"),
    ("edge", "ground"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("danger", "surface"),
    ("danger", "danger-soft"),
];

#[test]
fn contrast_is_aa_in_light_and_dark() {
    let css = std::str::from_utf8(assets::STYLESHEET.bytes()).expect("UTF-8");
    let (light, rest) = css
        .split_once("@media (prefers-color-scheme: dark)")
        .expect("a dark theme");
    let dark = rest.split("\n}").next().expect("it ends");
    let light = tokens(light);
    // What the dark theme leaves alone it has from the light one.
    let dark: BTreeMap<_, _> = light.clone().into_iter().chain(tokens(dark)).collect();
    for (theme, tokens) in [("light", light), ("dark", dark)] {
        for (pairs, least) in [(&TEXT[..], 4.5), (&EDGES[..], 3.0)] {
            for (front, back) in pairs {
                let contrast = contrast(tokens[*front], tokens[*back]);
                assert!(
                    contrast >= least,
                    "{theme}: {front} on {back} is {contrast:.2}, less than {least}"
                );
            }
        }
    }
}

/// Every `--name: #rrggbb` there.
fn tokens(css: &str) -> BTreeMap<&str, [u8; 3]> {
    let mut tokens = BTreeMap::new();
    for declaration in css.split(';') {
        let Some((name, value)) = declaration
            .rsplit_once("--")
            .and_then(|(_, rest)| rest.split_once(':'))
        else {
            continue;
        };
        let Some(hex) = value.trim().strip_prefix('#') else {
            continue;
        };
        let channel = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("six digits");
        tokens.insert(name.trim(), [channel(0), channel(2), channel(4)]);
    }
    tokens
}

/// WCAG 2.2's contrast ratio.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(channels: [u8; 3]) -> f64 {
    let [red, green, blue] = channels.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[test]
fn the_measure_is_the_published_one() {
    assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.001);
    assert!((contrast([0x77, 0x77, 0x77], [255, 255, 255]) - 4.48).abs() < 0.01);
}
