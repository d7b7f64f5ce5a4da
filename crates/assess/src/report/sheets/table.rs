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
    columns: usize,
    body: Format,
}

/// Longest text of a cell that the format allows.
const MAX_TEXT: usize = 32_767;

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
        for (column, (word, width)) in (0..).zip(columns) {
            sheet.set_column_width(column, *width)?;
            sheet.write_with_format(0, column, report.say(*word), &head)?;
        }
        Ok(Self { sheet, row: 1, columns: columns.len(), body })
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        for (column, cell) in (0..).zip(cells.into_iter().take(self.columns)) {
            match cell {
                Cell::Figure(figure) => {
                    self.sheet.write_number_with_format(self.row, column, figure, &self.body)?;
                }
                Cell::Text(text) => {
                    let text: String = text.chars().take(MAX_TEXT).collect();
                    self.sheet.write_string_with_format(self.row, column, text, &self.body)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    pub(super) fn note(&mut self, text: &str) -> Result<(), XlsxError> {
        let (row, last) = (self.row + 1, u16::try_from(self.columns.saturating_sub(1)).unwrap_or(1));
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        self.sheet.set_row_height(row, 90)?;
        self.sheet.merge_range(row, 0, row, last.max(1), text, &wrapped)?;
        Ok(())
    }
}
