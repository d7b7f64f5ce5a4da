//! A drawing as an SVG document.
//!
//! Colours are CSS variables (`--graph-paper`, `-ink`, `-line`, `-fill`, `-strong`, `-wash`), with defaults for light and
//! dark; a page that embeds the document sets its own. There is no script, no `style` attribute and no reference to
//! anything outside. Texts are escaped; characters that a reader cannot see are written out.

use std::fmt::Write;

use crate::drawing::{LINE, PADDING};
use crate::{Bending, Drawing, Mark, NodeText, Point, Rect};

/// What the document is called, for those who cannot see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caption<'a> {
    /// Unique among the documents of one page; letters, digits and hyphens, others are left out.
    pub id: &'a str,
    /// A few words.
    pub title: &'a str,
    /// What is to be seen, in sentences.
    pub description: &'a str,
}

/// Whether the document brings its own style sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Stands alone: brings [`STYLE`].
    Inside,
    /// Stands in a page that has [`STYLE`] already.
    Outside,
}

/// Style sheet of the documents.
pub const STYLE: &str = "\
.graph{--graph-paper:#fff;--graph-ink:#1d2733;--graph-line:#65717f;--graph-fill:#f3f5f8;--graph-strong:#a3341f;\
--graph-wash:#fbeae5;font:13px/1.3 ui-monospace,monospace}
@media (prefers-color-scheme:dark){.graph{--graph-paper:#12171d;--graph-ink:#e3e8ee;--graph-line:#8b98a7;\
--graph-fill:#1b222b;--graph-strong:#f0917c;--graph-wash:#3a1f1a}}
.graph text{fill:var(--graph-ink)}
.graph .name{font-weight:700}
.graph .box{fill:var(--graph-fill);stroke:var(--graph-line)}
.graph .line{fill:none;stroke:var(--graph-line);stroke-width:1.2}
.graph .tip{fill:var(--graph-line)}
.graph .muted .box,.graph .line.muted{stroke-dasharray:4 3}
.graph .middle .box,.graph .first .box,.graph .last .box{fill:var(--graph-wash);stroke:var(--graph-strong);stroke-width:2}
.graph .inner{fill:none;stroke:var(--graph-strong)}
.graph .line.middle,.graph .line.first,.graph .line.last{stroke:var(--graph-strong);stroke-width:2.6}
.graph .tip.middle,.graph .tip.first,.graph .tip.last{fill:var(--graph-strong)}
.graph .tag{fill:var(--graph-strong)}
.graph .tag-text{fill:var(--graph-paper);font-weight:700}
";

/// The document. Lines come first, so that nodes cover them; of boxes in boxes they come last, since the outer boxes would
/// hide them. Texts or marks that are missing are drawn plain and empty.
pub fn document(drawing: &Drawing, caption: &Caption<'_>, sheet: Sheet) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_document(&mut out, drawing, caption, sheet);
    out
}

fn write_document(
    out: &mut String,
    drawing: &Drawing,
    caption: &Caption<'_>,
    sheet: Sheet,
) -> std::fmt::Result {
    let size = drawing.picture.size;
    let id: String = caption.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-labelledby="{id}-title {id}-text">"#,
        w = size.width,
        h = size.height
    )?;
    writeln!(out, r#"<title id="{id}-title">{}</title>"#, escaped(caption.title))?;
    writeln!(out, r#"<desc id="{id}-text">{}</desc>"#, escaped(caption.description))?;
    if sheet == Sheet::Inside {
        writeln!(out, "<style>{STYLE}</style>")?;
    }
    let nested = drawing.picture.bending == Bending::None;
    if !nested {
        write_lines(out, drawing)?;
    }
    let empty = NodeText::default();
    let texts = drawing.texts.iter().chain(std::iter::repeat(&empty));
    for (node, text) in drawing.picture.nodes.iter().zip(texts) {
        write_node(out, *node, text)?;
    }
    if nested {
        write_lines(out, drawing)?;
    }
    out.write_str("</svg>\n")
}

fn write_lines(out: &mut String, drawing: &Drawing) -> std::fmt::Result {
    let marks = drawing.marks.iter().copied().chain(std::iter::repeat(Mark::Plain));
    for (points, mark) in drawing.picture.edges.iter().zip(marks) {
        write_line(out, points, drawing.picture.bending, mark)?;
    }
    Ok(())
}

fn write_line(out: &mut String, points: &[Point], bending: Bending, mark: Mark) -> std::fmt::Result {
    let class = class(mark);
    writeln!(out, r#"<path class="line{class}" d="{}"/>"#, path(points, bending))?;
    let [.., before, end] = points else { return Ok(()) };
    let turn = turn(*before, *end, bending);
    writeln!(
        out,
        r#"<path class="tip{class}" d="M0 0L-9 -4.5V4.5Z" transform="translate({} {}) rotate({turn})"/>"#,
        end.x, end.y
    )
}

/// SVG path data of a line: straight along an axis, curved where it changes both coordinates and `bending` says how.
pub fn path(points: &[Point], bending: Bending) -> String {
    let Some(first) = points.first() else { return String::new() };
    let mut data = format!("M{} {}", first.x, first.y);
    for (a, b) in points.iter().zip(points.iter().skip(1)) {
        let (mx, my) = ((a.x + b.x) / 2, (a.y + b.y) / 2);
        let piece = match bending {
            Bending::Vertical if a.x != b.x => format!("C{} {my} {} {my} {} {}", a.x, b.x, b.x, b.y),
            Bending::Horizontal if a.y != b.y => format!("C{mx} {} {mx} {} {} {}", a.y, b.y, b.x, b.y),
            _ => format!("L{} {}", b.x, b.y),
        };
        data.push_str(&piece);
    }
    data
}

/// Degrees by which a tip that points to the right is turned.
fn turn(before: Point, end: Point, bending: Bending) -> i64 {
    let (dx, dy) = (end.x - before.x, end.y - before.y);
    match bending {
        Bending::Vertical if dy != 0 => 90 * dy.signum(),
        Bending::Horizontal if dx != 0 => {
            if dx > 0 {
                0
            } else {
                180
            }
        }
        // Rounded to whole degrees, which every machine agrees on.
        _ => (dy as f64).atan2(dx as f64).to_degrees().round() as i64,
    }
}

fn write_node(out: &mut String, node: Rect, text: &NodeText) -> std::fmt::Result {
    writeln!(out, r#"<g class="node{}" transform="translate({} {})">"#, class(text.mark), node.x, node.y)?;
    let round = if text.mark == Mark::First { 14 } else { 4 };
    writeln!(out, r#"<rect class="box" width="{}" height="{}" rx="{round}"/>"#, node.width, node.height)?;
    if let (Mark::Last, Some(w), Some(h)) = (text.mark, node.width.checked_sub(8), node.height.checked_sub(8))
    {
        writeln!(out, r#"<rect class="inner" x="4" y="4" width="{w}" height="{h}" rx="2"/>"#)?;
    }
    let mut y = PADDING + 12;
    for (row, line) in text.lines.iter().enumerate() {
        let name = if row == 0 { r#" class="name""# } else { "" };
        writeln!(out, r#"<text{name} x="{PADDING}" y="{y}">{}</text>"#, escaped(line))?;
        y = y.saturating_add(LINE);
    }
    if let Some(badge) = &text.badge {
        write_badge(out, badge)?;
    }
    writeln!(out, "</g>")
}

fn write_badge(out: &mut String, badge: &str) -> std::fmt::Result {
    let width = 14 + 8 * badge.chars().count().min(32);
    writeln!(out, r#"<rect class="tag" x="6" y="-9" width="{width}" height="18" rx="9"/>"#)?;
    writeln!(out, r#"<text class="tag-text" x="13" y="5">{}</text>"#, escaped(badge))
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Muted => " muted",
        Mark::Middle => " middle",
        Mark::First => " first",
        Mark::Last => " last",
    }
}

/// For XML text and attributes. Control characters, and those that turn the direction of writing, are written out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, Edge, Graph, Limits, Spacing, layered};
    use expect_test::expect;

    fn drawing(lines: &[&str]) -> Drawing {
        let texts: Vec<NodeText> = lines
            .iter()
            .map(|l| NodeText { lines: vec![(*l).to_owned()], badge: None, mark: Mark::Last })
            .collect();
        let nodes = texts.iter().map(NodeText::size).collect();
        let graph = Graph { nodes, edges: vec![Edge { from: 0, to: 1 }] };
        let picture = layered(&graph, Direction::Down, &Spacing::default(), &Limits::default()).unwrap();
        Drawing { picture, texts, marks: vec![Mark::Middle] }
    }

    const CAPTION: Caption<'static> = Caption { id: "g", title: "T", description: "D" };

    #[test]
    fn a_document_shows_lines_then_nodes() {
        expect![[r#"
            <svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" width="68" height="142" viewBox="0 0 68 142" aria-labelledby="g-title g-text">
            <title id="g-title">T</title>
            <desc id="g-text">D</desc>
            <path class="line middle" d="M34 53L34 89"/>
            <path class="tip middle" d="M0 0L-9 -4.5V4.5Z" transform="translate(34 89) rotate(90)"/>
            <g class="node last" transform="translate(20 16)">
            <rect class="box" width="28" height="37" rx="4"/>
            <rect class="inner" x="4" y="4" width="20" height="29" rx="2"/>
            <text class="name" x="10" y="22">a</text>
            </g>
            <g class="node last" transform="translate(16 89)">
            <rect class="box" width="36" height="37" rx="4"/>
            <rect class="inner" x="4" y="4" width="28" height="29" rx="2"/>
            <text class="name" x="10" y="22">bc</text>
            </g>
            </svg>
        "#]]
        .assert_eq(&document(&drawing(&["a", "bc"]), &CAPTION, Sheet::Outside));
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let text = document(&drawing(&["</text><script>", "a\u{202e}b\0"]), &CAPTION, Sheet::Inside);
        assert!(text.contains("&lt;/text&gt;&lt;script&gt;") && !text.contains("<script"));
        assert!(text.contains(r"a\u{202e}b\u{0}"));
    }

    #[test]
    fn an_id_cannot_leave_its_attribute() {
        let caption = Caption { id: "x\"><b", ..CAPTION };
        assert!(
            document(&drawing(&["a", "b"]), &caption, Sheet::Outside).contains(r#"<title id="xb-title">"#)
        );
    }

    #[test]
    fn lines_are_drawn_as_their_bending_says() {
        let points = [Point { x: 0, y: 0 }, Point { x: 10, y: 20 }];
        assert_eq!(path(&points, Bending::Vertical), "M0 0C0 10 10 10 10 20");
        assert_eq!(path(&points, Bending::Horizontal), "M0 0C5 0 5 20 10 20");
        assert_eq!(path(&points, Bending::None), "M0 0L10 20");
    }
}
