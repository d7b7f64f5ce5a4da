//! A sheet as a table: headings, rows of cells, and a note below.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::super::Report;
use super::super::levels::Level;
use super::super::words::Word;

/// A value of a cell.
pub(super) enum Cell {
    Text(String),
    Figure(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Level> for Cell {
    fn from(level: Level) -> Self {
        Self::Figure(level.figure().into())
    }
}

impl From<usize> for Cell {
    fn from(figure: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "rows and counts are far below 2^52")]
        let figure = figure as f64;
        Self::Figure(figure)
    }
}

pub(super) struct Sheet<'w> {
    sheet: &'w mut Worksheet,
    row: u32,
    /// Characters that fit into each column.
    widths: Vec<f64>,
    body: Format,
}

/// Longest text of a cell, and points of the highest row, that the format allows.
const MAX_TEXT: usize = 32_767;
const MAX_HEIGHT: f64 = 409.0;
/// Points of one line.
const LINE: f64 = 15.0;
/// Share of a column that a line fills before its next word is too long.
const FILLED: f64 = 0.85;

impl<'w> Sheet<'w> {
    /// Headings with the widths of their columns in characters.
    pub(super) fn new(
        report: &Report<'_>,
        workbook: &'w mut Workbook,
        name: Word,
        columns: &[(Word, f64)],
    ) -> Result<Self, XlsxError> {
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Thin)
            .set_background_color("E3E8EE");
        let body = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_border(FormatBorder::Thin);
        let sheet = workbook.add_worksheet();
        sheet.set_name(report.say(name))?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        let mut most = 1.0_f64;
        for (column, (word, width)) in (0..).zip(columns) {
            sheet.set_column_width(column, *width)?;
            sheet.write_with_format(0, column, report.say(*word), &head)?;
            most = most.max(lines(report.say(*word), *width));
        }
        sheet.set_row_height(0, (LINE * most).min(MAX_HEIGHT))?;
        Ok(Self { sheet, row: 1, widths: columns.iter().map(|(_, width)| *width).collect(), body })
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        let mut most = 1.0_f64;
        for (column, (cell, width)) in (0..).zip(cells.into_iter().zip(&self.widths)) {
            match cell {
                Cell::Figure(figure) => {
                    self.sheet.write_number_with_format(self.row, column, figure, &self.body)?;
                }
                Cell::Text(text) => {
                    let text: String = text.chars().take(MAX_TEXT).collect();
                    most = most.max(lines(&text, *width));
                    self.sheet.write_string_with_format(self.row, column, text, &self.body)?;
                }
            }
        }
        self.sheet.set_row_height(self.row, (LINE * most).min(MAX_HEIGHT))?;
        self.row += 1;
        Ok(())
    }

    pub(super) fn note(&mut self, text: &str) -> Result<(), XlsxError> {
        let (row, last) = (self.row + 1, u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(1));
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        self.sheet.set_row_height(row, 90)?;
        self.sheet.merge_range(row, 0, row, last.max(1), text, &wrapped)?;
        Ok(())
    }
}

/// Lines of a text in a column of some width. Not every program that shows a sheet finds them out itself.
fn lines(text: &str, width: f64) -> f64 {
    // Han, kana and their like are twice as wide as Latin letters.
    let wide = |letter: char| if letter >= '\u{1100}' { 2.0 } else { 1.0 };
    let of = |line: &str| (line.chars().map(wide).sum::<f64>() / (FILLED * width)).ceil().max(1.0);
    text.split('\n').map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_as_many_lines_as_its_letters_need() {
        assert_eq!([lines("", 10.0), lines("short", 10.0), lines("a\nb", 10.0)], [1.0, 1.0, 2.0]);
        assert_eq!(lines(&"x".repeat(17), 10.0), 2.0);
        assert_eq!(lines(&"対".repeat(17), 10.0), 4.0);
    }
}
