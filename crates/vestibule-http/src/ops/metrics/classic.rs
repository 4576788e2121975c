//! Prometheus' text format 0.0.4, out of OpenMetrics text.
//!
//! They differ in little: there a counter's name ends before `_total`, has its unit told in a line, and the text ends with
//! `# EOF`.

use std::fmt::Write as _;

/// The same figures for an older reader.
pub(super) fn text(open_metrics: &str) -> String {
    let mut classic = String::with_capacity(open_metrics.len());
    // A family's help comes before its type, which says how its name is written.
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ').map(|(_, help)| help);
        } else if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').unwrap_or((told, "untyped"));
            let ending = if kind == "counter" { "_total" } else { "" };
            let help = help.take().unwrap_or_default();
            // Writing to a String never fails.
            let _ = write!(
                classic,
                "# HELP {name}{ending} {help}\n# TYPE {name}{ending} {kind}\n"
            );
        } else if !line.starts_with('#') {
            classic.push_str(line);
            classic.push('\n');
        }
    }
    classic
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_as_in_their_samples_and_the_end_is_not_told() {
        let open = "# HELP a_seconds How long.\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n\
                    a_seconds_bucket{le=\"+Inf\"} 1\n# HELP b How often.\n# TYPE b counter\nb_total{c=\"# d\"} 2\n# EOF\n";
        assert_eq!(
            super::text(open),
            "# HELP a_seconds How long.\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"+Inf\"} 1\n\
             # HELP b_total How often.\n# TYPE b_total counter\nb_total{c=\"# d\"} 2\n"
        );
    }
}
