//! The report as a page of Markdown: the goals first.

use std::fmt::Write;

use super::{Report, Section};
use crate::goals::{Figure, GOALS, Goal};
use crate::rounds::Raced;
use crate::statistics::Summary;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::from("# Benchmark\n\n");
    for line in &report.setting {
        put(&mut page, format_args!("- {line}\n"));
    }
    let (idle, seconds) = (report.idle_before * 100.0, report.seconds);
    put(
        &mut page,
        format_args!("- {idle:.0} % idle before it began; it took {seconds:.0} s\n"),
    );
    if report.quick {
        page.push_str("- the quick run: few and short rounds, small tables, no growth\n");
    }
    page.push_str("\n## Goals\n\n");
    let head = [
        "path",
        "goal",
        "measured: median (least to most)",
        "reached?",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(GOALS.iter().map(|goal| goal_row(report, goal)));
    page.push_str(&table(&rows));
    for failure in &report.failures {
        put(&mut page, format_args!("\nFailed: {failure}\n"));
    }
    for section in &report.sections {
        page.push_str(&section_text(section));
    }
    page
}

fn section_text(section: &Section) -> String {
    let mut text = format!("\n## {}\n", section.title);
    for note in &section.notes {
        put(&mut text, format_args!("\n{note}\n"));
    }
    if !section.table.is_empty() {
        put(&mut text, format_args!("\n{}", table(&section.table)));
    }
    for plot in &section.plots {
        put(&mut text, format_args!("\n![{}]({plot})\n", section.title));
    }
    text
}

fn goal_row(report: &Report, goal: &Goal) -> Vec<String> {
    let measured = |figure: &Figure| report.figures.get(figure.key);
    let told = goal.figures.iter().map(|figure| {
        let value = match measured(figure) {
            Some(summary) => spread(summary, figure.unit),
            None => "not measured".into(),
        };
        labelled(figure, &value)
    });
    let bounds = goal.figures.iter().map(|figure| {
        let bound = format!("{} {}", figure.bound, figure.unit);
        labelled(figure, bound.trim())
    });
    let missed = |figure: &&Figure| measured(figure).is_some_and(|it| !figure.bound.holds(it));
    let missed: Vec<_> = goal.figures.iter().filter(missed).collect();
    let known = goal
        .figures
        .iter()
        .filter(|it| measured(it).is_some())
        .count();
    let reached = match (missed.len(), known) {
        (_, 0) => "not measured".to_owned(),
        (0, known) if known < goal.figures.len() => "so far".to_owned(),
        (0, _) => "yes".to_owned(),
        (n, known) if n == known => "**no**".to_owned(),
        _ => {
            let labels: Vec<_> = missed.iter().map(|figure| figure.label).collect();
            format!("**no** for {}", labels.join("; "))
        }
    };
    vec![
        goal.path.to_owned(),
        bounds.collect::<Vec<_>>().join("<br>"),
        told.collect::<Vec<_>>().join("<br>"),
        reached,
    ]
}

fn labelled(figure: &Figure, value: &str) -> String {
    match figure.label {
        "" => value.to_owned(),
        label => format!("{label}: {value}"),
    }
}

/// `0.81 (0.78 to 0.83)`; a single measurement has no spread.
fn spread(summary: &Summary, unit: &str) -> String {
    let Summary { median, low, high } = *summary;
    let text = match low == high {
        true => format!("{} {unit}", number(median)),
        false => format!(
            "{} {unit} ({} to {})",
            number(median),
            number(low),
            number(high)
        ),
    };
    text.replace("  ", " ").trim().to_owned()
}

/// Three digits, as far as that makes sense.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A row for each that took turns: rate, latency, processor time, and the ratio to each limit.
pub(super) fn rates(raced: &Raced) -> Vec<Vec<String>> {
    let head = [
        "",
        "a second",
        "p50 ms",
        "p99 ms",
        "longest ms",
        "server CPU µs each",
        "generator's",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows[0].extend(raced.limits.iter().map(|limit| format!("÷ {}", limit.name)));
    let told = |summary: Option<Summary>| summary.map(|it| spread(&it, "")).unwrap_or_default();
    for (at, series) in raced.series().enumerate() {
        let mut row = vec![series.name.clone(), spread(&series.rate(), "")];
        row.push(told(series.summary(|sample| Some(sample.latency?.p50))));
        row.push(told(series.summary(|sample| Some(sample.latency?.p99))));
        row.push(told(series.summary(|sample| Some(sample.latency?.max))));
        row.push(told(series.summary(|sample| sample.cpu)));
        row.push(told(series.summary(|sample| sample.generator)));
        for limit in 0..raced.limits.len() {
            let subject = at.checked_sub(raced.limits.len());
            row.push(told(
                subject.and_then(|subject| raced.ratio(subject, limit)),
            ));
        }
        rows.push(row);
    }
    rows
}

fn table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        put(&mut text, format_args!("| {} |\n", row.join(" | ")));
        if at == 0 {
            put(&mut text, format_args!("|{}\n", " --- |".repeat(row.len())));
        }
    }
    text
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn report(figures: &[(&str, f64)]) -> Report {
        let figures = figures.iter();
        Report {
            setting: vec!["two cores".into()],
            quick: true,
            idle_before: 0.97,
            seconds: 12.0,
            figures: figures
                .map(|(key, value)| ((*key).into(), Summary::once(*value)))
                .collect(),
            sections: vec![
                Section::new("One")
                    .note("Said.")
                    .table(["a"], vec![["1".into()]]),
            ],
            failures: vec!["signup: 500".into()],
            folder: PathBuf::new(),
        }
    }

    fn reached(figures: &[(&str, f64)]) -> String {
        goal_row(&report(figures), &GOALS[1])[3].clone()
    }

    #[test]
    fn a_goal_is_reached_when_all_its_figures_are() {
        let (eight, many) = ("refresh.five.8", "refresh.five.32");
        assert_eq!(reached(&[]), "not measured");
        assert_eq!(reached(&[(eight, 2.5)]), "so far");
        assert_eq!(reached(&[(eight, 2.5), (many, 2.0)]), "yes");
        assert_eq!(reached(&[(eight, 2.5), (many, 1.9)]), "**no** for 32");
        assert_eq!(reached(&[(eight, 1.5), (many, 1.9)]), "**no**");
    }

    #[test]
    fn the_page_begins_with_the_goals_and_hides_no_failure() {
        let page = page(&report(&[("binary", 19.5)]));
        assert!(page.contains("| release binary, stripped | ≤ 20 MiB | 19.5 MiB | yes |"));
        assert!(page.contains("Failed: signup: 500"));
        assert!(page.find("## Goals") < page.find("## One"));
        assert!(page.contains("| a |\n| --- |\n| 1 |\n"));
    }

    #[test]
    fn numbers_have_three_digits() {
        let told = [0.0123, 0.5, 12.34, 1234.5, 0.0].map(number);
        assert_eq!(told, ["0.012", "0.50", "12.3", "1234", "0"]);
        let summary = Summary {
            median: 2.0,
            low: 1.0,
            high: 3.0,
        };
        assert_eq!(spread(&summary, "ms"), "2.00 ms (1.00 to 3.00)");
    }
}
