//! The chart: bars of what each peer needs, a panel for each of the workloads that people ask for first.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::{coord::Shift, prelude::*};

use crate::results::{CaseResult, Results};

/// Its file, beside the page.
pub(crate) const FILE: &str = "server-cpu.svg";

/// Which cases, in order, and what they are called where no heading stands above them.
const PANELS: [(&str, &str); 8] = [
    ("push-50x16", "push→pop, 50 connections, 16 in flight"),
    ("push-50x1", "push→pop, 50 connections, 1 in flight"),
    ("echo-50x16", "echo with acknowledgement, 50 connections, 16 in flight"),
    ("cast-500", "broadcast to 500, one at a time"),
    ("plain-50x16", "plain WebSocket: push→pop, 50 connections, 16 in flight"),
    ("accept", "handshake to connected namespace"),
    ("idle", "memory of an idle WebSocket connection, in a room"),
    ("remote-500", "broadcast of another server over Redis"),
];

const WIDTH: i32 = 960;
const COLUMN: i32 = WIDTH / 2;
const ROW: i32 = 22;
const HEADER: i32 = 46;
const LABEL: i32 = 182;
const VALUE: i32 = 118;

const OURS: RGBColor = RGBColor(0xD9, 0x48, 0x1C);
const THEIRS: RGBColor = RGBColor(0x7A, 0x8A, 0x9A);
const TEXT: RGBColor = RGBColor(0x24, 0x29, 0x2F);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A case under its title.
type Panel<'a> = (&'static str, &'a CaseResult);

/// Writes it.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<()> {
    let cases: Vec<Panel<'_>> =
        PANELS.iter().filter_map(|(id, title)| Some((*title, results.case(id)?))).collect();
    let height = |case: &CaseResult| HEADER + ROW * i32::try_from(case.participants.len()).unwrap_or(0) + 14;
    let mut tops = [0, 0];
    let mut places = Vec::new();
    for (_, case) in &cases {
        // Into the column that is shorter so far.
        let column = usize::from(tops[1] < tops[0]);
        places.push((i32::try_from(column)? * COLUMN, tops[column]));
        tops[column] += height(case);
    }
    let size = (u32::try_from(WIDTH)?, u32::try_from(tops[0].max(tops[1]).max(ROW))?);
    let path = folder.join(FILE);
    let area = SVGBackend::new(&path, size).into_drawing_area();
    draw(&area, &cases, &places).map_err(|error| anyhow!("the chart: {error}"))
}

fn draw(area: &Area<'_>, cases: &[Panel<'_>], places: &[(i32, i32)]) -> Result<(), String> {
    let text = |error: DrawingAreaErrorKind<std::io::Error>| error.to_string();
    area.fill(&WHITE).map_err(text)?;
    for (panel_of, place) in cases.iter().zip(places) {
        panel(area, *panel_of, *place).map_err(text)?;
    }
    area.present().map_err(text)
}

fn panel(
    area: &Area<'_>,
    (title, case): Panel<'_>,
    (left, top): (i32, i32),
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let plain = |size: i32, color: &RGBColor| ("sans-serif", size).into_font().color(color);
    let unit = if case.method == "memory" { "KiB" } else { "µs of server CPU" };
    area.draw(&Text::new(title.to_owned(), (left + 12, top + 12), plain(17, &TEXT)))?;
    let scale = format!("{unit} a {}; in parentheses, ours to it", case.unit);
    area.draw(&Text::new(scale, (left + 12, top + 29), plain(14, &THEIRS)))?;
    let values: Vec<f64> =
        case.participants.iter().map(|who| case.summary(who).map_or(0.0, |summary| summary.median)).collect();
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    for (row, (who, value)) in (0_i32..).zip(case.participants.iter().zip(&values)) {
        let y = top + HEADER + row * ROW;
        let color = if row == 0 { OURS } else { THEIRS };
        let length = (f64::from(COLUMN - LABEL - VALUE) * value / most).round().max(1.0) as i32;
        area.draw(&Text::new(who.label.clone(), (left + 12, y + 2), plain(15, &TEXT)))?;
        area.draw(&Rectangle::new(
            [(left + LABEL, y), (left + LABEL + length, y + ROW - 6)],
            color.filled(),
        ))?;
        let ratio = match case.ratio(&who.label) {
            Some(ratio) if row > 0 => format!("{value:.1} ({:.2})", ratio.median),
            _ => format!("{value:.1}"),
        };
        area.draw(&Text::new(ratio, (left + LABEL + length + 6, y + 2), plain(15, &TEXT)))?;
    }
    Ok(())
}
