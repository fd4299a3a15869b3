//! Plots as SVG.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::rounds::Raced;
use crate::statistics::Summary;
use crate::subject::{Failure, Result};

const WIDTH: u32 = 900;
const ROW: u32 = 34;
const LIMIT: RGBColor = RGBColor(150, 160, 175);
const OURS: RGBColor = RGBColor(40, 105, 180);
const WHISKER: RGBColor = RGBColor(30, 30, 30);
const LINES: [RGBColor; 5] = [
    OURS,
    RGBColor(200, 90, 30),
    RGBColor(60, 140, 70),
    RGBColor(130, 80, 160),
    RGBColor(110, 110, 110),
];

/// A named line through points.
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// Its points, from left to right; both coordinates above zero.
    pub points: Vec<(f64, f64)>,
}

/// Throughput and latency of what took turns, each a file; returns their names.
///
/// # Errors
/// When a file can't be written.
pub fn bars(folder: &Path, name: &str, title: &str, raced: &Raced) -> Result<Vec<String>> {
    let limits = raced.limits.len();
    let color = |at: usize| if at < limits { LIMIT } else { OURS };
    let series = || raced.series().enumerate();
    let rates = series().map(|(at, one)| (one.name.clone(), one.rate(), color(at)));
    let mut plots = vec![format!("{name}-throughput.svg")];
    let heading = format!("{title}: a second");
    horizontal(
        &folder.join(&plots[0]),
        &heading,
        &rates.collect::<Vec<_>>(),
    )?;
    let latencies: Vec<_> = series()
        .flat_map(|(at, one)| {
            let median = one.summary(|sample| Some(sample.latency?.p50));
            let tail = one.summary(|sample| Some(sample.latency?.p99));
            let row = |what, summary: Option<Summary>| {
                summary.map(|summary| (format!("{}, {what}", one.name), summary, color(at)))
            };
            [row("p50", median), row("p99", tail)]
        })
        .flatten()
        .collect();
    if !latencies.is_empty() {
        let file = format!("{name}-latency.svg");
        let heading = format!("{title}: milliseconds");
        horizontal(&folder.join(&file), &heading, &latencies)?;
        plots.push(file);
    }
    Ok(plots)
}

/// A bar for the median of each, a whisker from its least to its most.
fn horizontal(path: &Path, title: &str, rows: &[(String, Summary, RGBColor)]) -> Result<()> {
    let height = 80 + ROW * u32::try_from(rows.len())?;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE).map_err(drawn)?;
    let most = rows.iter().map(|(_, it, _)| it.high).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 17))
        .margin(10)
        .x_label_area_size(25)
        .build_cartesian_2d(0.0..most.max(1e-9) * 1.05, rows.len() as f64..0.0)
        .map_err(drawn)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(drawn)?;
    for (at, (name, summary, color)) in rows.iter().enumerate() {
        let (top, middle) = (at as f64 + 0.45, at as f64 + 0.65);
        let bar = [(0.0, top), (summary.median, at as f64 + 0.85)];
        let whisker = vec![(summary.low, middle), (summary.high, middle)];
        let label = format!("{name}: {}", super::number(summary.median));
        let elements = [
            Rectangle::new(bar, color.filled()).into_dyn(),
            PathElement::new(whisker, WHISKER.stroke_width(2)).into_dyn(),
            Text::new(label, (0.0, at as f64 + 0.02), ("sans-serif", 13)).into_dyn(),
        ];
        chart.draw_series(elements).map_err(drawn)?;
    }
    area.present().map_err(drawn)
}

/// Lines over a logarithmic axis of sizes.
///
/// # Errors
/// When the file can't be written.
pub fn curves(path: &Path, title: &str, labels: (&str, &str), lines: &[Curve]) -> Result<()> {
    let area = SVGBackend::new(path, (WIDTH, 420)).into_drawing_area();
    area.fill(&WHITE).map_err(drawn)?;
    draw_curves(&area, title, labels, lines)?;
    area.present().map_err(drawn)
}

fn draw_curves(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    title: &str,
    (across, up): (&str, &str),
    lines: &[Curve],
) -> Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let widest = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let least = points().map(|(x, _)| *x).fold(widest, f64::min);
    let highest = points().map(|(_, y)| *y).fold(1e-9, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(
            (least * 0.8..widest * 1.25).log_scale(),
            0.0..highest * 1.15,
        )
        .map_err(drawn)?;
    chart
        .configure_mesh()
        .x_desc(across)
        .y_desc(up)
        .draw()
        .map_err(drawn)?;
    for (line, color) in lines.iter().zip(LINES.into_iter().cycle()) {
        chart
            .draw_series(LineSeries::new(line.points.clone(), color.stroke_width(2)))
            .map_err(drawn)?
            .label(&line.name)
            .legend(move |(x, y)| {
                PathElement::new(vec![(x, y), (x + 18, y)], color.stroke_width(2))
            });
        let dots = line
            .points
            .iter()
            .map(|at| Circle::new(*at, 3, color.filled()));
        chart.draw_series(dots).map_err(drawn)?;
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .draw()
        .map_err(drawn)
}

fn drawn(error: impl std::error::Error) -> Failure {
    format!("a plot can't be drawn: {error}").into()
}
