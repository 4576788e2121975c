//! A report as one HTML file: tables and plots, light and dark, no script, nothing from another host.

mod measured;
mod plot;
mod run;
mod style;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use self::measured::{Goal, Measured, Value};
pub use self::plot::{Axis, Limit, Plot, Point, Scale, Series};
pub use self::run::{mebibytes, rows, sections, time};

/// A whole report.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// Paragraphs before everything.
    pub lead: Vec<String>,
    /// Machine, date and the like.
    pub facts: Vec<(String, String)>,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part, with what it says in its order.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// One thing that is said.
#[derive(Debug, Clone)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Figures beside what they are to be.
    Figures(Vec<Figure>),
    /// Rows under headings.
    Table(Table),
    /// A drawing.
    Plot(Plot),
}

/// A figure beside its goal.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Of what.
    pub name: String,
    /// The figure, with its unit.
    pub value: String,
    /// How far the rounds lie apart.
    pub spread: Option<String>,
    /// What it is to be.
    pub goal: Option<String>,
    /// Whether it is.
    pub met: Option<bool>,
}

/// Rows under headings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Over the columns.
    pub headings: Vec<String>,
    /// As many cells each.
    pub rows: Vec<Vec<String>>,
}

impl Page {
    /// The file.
    pub fn html(&self) -> String {
        let mut html = String::with_capacity(64 * 1024);
        let title = escape(&self.title);
        // Writing to a String never fails.
        let _ = write!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{}</style>\n</head>\n\
             <body>\n<main>\n<h1>{title}</h1>\n",
            style::SHEET
        );
        for text in &self.lead {
            let _ = writeln!(html, "<p class=\"lead\">{}</p>", escape(text));
        }
        if !self.facts.is_empty() {
            html.push_str("<dl class=\"facts\">\n");
            for (name, value) in &self.facts {
                let _ = writeln!(
                    html,
                    "<div><dt>{}</dt><dd>{}</dd></div>",
                    escape(name),
                    escape(value)
                );
            }
            html.push_str("</dl>\n");
        }
        let mut plots = 0;
        for section in &self.sections {
            let _ = writeln!(html, "<section>\n<h2>{}</h2>", escape(&section.heading));
            for block in &section.blocks {
                block.write(&mut html, &mut plots);
            }
            html.push_str("</section>\n");
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }
}

impl Block {
    fn write(&self, html: &mut String, plots: &mut usize) {
        match self {
            Self::Text(text) => {
                let _ = writeln!(html, "<p>{}</p>", escape(text));
            }
            Self::Figures(figures) => write_figures(html, figures),
            Self::Table(table) => table.write(html),
            Self::Plot(plot) => {
                *plots += 1;
                plot.write(html, *plots);
            }
        }
    }
}

fn write_figures(html: &mut String, figures: &[Figure]) {
    html.push_str(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Figure</th><th scope=\"col\">Measured</th>\
         <th scope=\"col\">Rounds</th><th scope=\"col\">Goal</th><th scope=\"col\"></th></tr></thead>\n<tbody>\n",
    );
    for figure in figures {
        let verdict = match figure.met {
            Some(true) => "<span class=\"met\">met</span>",
            Some(false) => "<span class=\"missed\">missed</span>",
            None => "",
        };
        let told = |text: &Option<String>| escape(text.as_deref().unwrap_or_default());
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td class=\"number\"><strong>{}</strong></td><td class=\"number\">{}</td><td>{}</td>\
             <td>{verdict}</td></tr>",
            escape(&figure.name),
            escape(&figure.value),
            told(&figure.spread),
            told(&figure.goal),
        );
    }
    html.push_str("</tbody></table></div>\n");
}

impl Table {
    fn write(&self, html: &mut String) {
        html.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
        for heading in &self.headings {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escape(heading));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (at, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                let _ = if at == 0 {
                    write!(html, "<th scope=\"row\">{cell}</th>")
                } else {
                    write!(html, "<td class=\"number\">{cell}</td>")
                };
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
    }
}

/// Text as text, in an element and in an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A number as people read it: three figures that count, and thousands apart.
pub fn told(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return "–".to_owned(),
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    let (whole, rest) = text
        .split_once('.')
        .map_or((&*text, ""), |(whole, rest)| (whole, rest));
    let mut apart = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !apart.ends_with('-') {
            apart.push('\u{202f}');
        }
        apart.push(digit);
    }
    if rest.is_empty() {
        apart
    } else {
        format!("{apart}.{rest}")
    }
}

#[cfg(test)]
mod tests;
