use super::*;

fn page() -> Page {
    let point = |x, y| Point {
        x,
        y,
        ends: Some((y * 0.9, y * 1.1)),
    };
    Page {
        title: "Speed <and> size".to_owned(),
        lead: vec!["What was measured & how.".to_owned()],
        facts: vec![("Machine".to_owned(), "two cores".to_owned())],
        sections: vec![Section {
            heading: "P7".to_owned(),
            blocks: vec![
                Block::Text("A \"text\"".to_owned()),
                Block::Figures(vec![Figure {
                    name: "ratio".to_owned(),
                    value: "0.95".to_owned(),
                    spread: Some("0.94…0.96".to_owned()),
                    goal: Some("≥ 0.90".to_owned()),
                    met: Some(true),
                }]),
                Block::Table(Table {
                    headings: vec!["sessions".to_owned(), "µs".to_owned()],
                    rows: vec![vec!["10⁴".to_owned(), "12".to_owned()]],
                }),
                Block::Plot(Plot {
                    title: "CPU per check".to_owned(),
                    x: Axis {
                        label: "sessions".to_owned(),
                        scale: Scale::Log,
                    },
                    y: Axis {
                        label: "µs".to_owned(),
                        scale: Scale::Linear,
                    },
                    series: vec![
                        Series {
                            name: "checks".to_owned(),
                            points: vec![point(1e4, 10.0), point(1e7, 12.0)],
                        },
                        Series {
                            name: "nothing".to_owned(),
                            points: vec![point(1e4, 9.0)],
                        },
                    ],
                    limits: vec![Limit {
                        y: 12.5,
                        name: "1.25 ×".to_owned(),
                    }],
                }),
            ],
        }],
    }
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    let html = page().html();
    for foreign in [
        "http://", "https://", "src=", "href=", "<script", "url(", "@import", "<link", "<iframe",
    ] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("prefers-color-scheme:dark"));
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn every_figure_is_on_it_and_text_stays_text() {
    let html = page().html();
    for part in [
        "Speed &lt;and&gt; size",
        "What was measured &amp; how.",
        "two cores",
        "A &quot;text&quot;",
        "0.94…0.96",
        "≥ 0.90",
        "class=\"met\">met",
        "<td class=\"number\">12</td>",
        "1.25 ×",
        "CPU per check",
        ">10 k<",
        ">10 M<",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(
        html.matches("<circle").count(),
        3 + 2,
        "points, and the legend's"
    );
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    assert!(!html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn nothing_to_draw_is_drawn_all_the_same() {
    for scale in [Scale::Log, Scale::Linear] {
        for points in [
            vec![],
            vec![(1.0, 1.0)],
            vec![(0.0, 0.0)],
            vec![(f64::NAN, 1.0)],
        ] {
            let axis = || Axis {
                label: String::new(),
                scale,
            };
            let points = points
                .iter()
                .filter(|(x, _): &&(f64, f64)| x.is_finite())
                .map(|(x, y)| Point {
                    x: *x,
                    y: *y,
                    ends: None,
                });
            let plot = Plot {
                title: String::new(),
                x: axis(),
                y: axis(),
                series: vec![Series {
                    name: String::new(),
                    points: points.collect(),
                }],
                limits: Vec::new(),
            };
            let mut html = String::new();
            plot.write(&mut html, 1);
            assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
        }
    }
}

#[test]
fn numbers_are_told_as_people_read_them() {
    for (value, text) in [
        (0.0, "0.000"),
        (0.9512, "0.951"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (1_234_567.0, "1\u{202f}234\u{202f}567"),
        (-1234.0, "-1\u{202f}234"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(told(value), text);
    }
}

#[test]
fn what_was_measured_is_told_beside_its_goal() {
    let value = |rounds: &[f64], goal| Value::new("ratio", "×", goal, rounds.iter().copied());
    let measured = Measured {
        id: "P1".to_owned(),
        title: "the check".to_owned(),
        machine: "here and now".to_owned(),
        method: vec!["by turns".to_owned()],
        figures: vec![
            value(&[0.91, 0.95, 0.93], Some(Goal::AtLeast(0.9))).unwrap(),
            value(&[0.91], Some(Goal::AtMost(0.9))).unwrap(),
            value(&[7.0], None).unwrap(),
        ],
        tables: Vec::new(),
        plots: Vec::new(),
    };
    assert!(value(&[], None).is_none());
    let html = Page {
        sections: vec![measured.section(&["the profile says".to_owned()])],
        ..Page::default()
    }
    .html();
    for part in [
        "P1: the check",
        "0.930 ×",
        "0.910 … 0.950 (3)",
        "≥ 0.9",
        "≤ 0.9",
        "by turns",
        "the profile says",
        "here and now",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("class=\"met\"").count(), 1);
    assert_eq!(html.matches("class=\"missed\"").count(), 1);
    let text = serde_json::to_string(&measured).unwrap();
    assert_eq!(serde_json::from_str::<Measured>(&text).unwrap(), measured);
}
