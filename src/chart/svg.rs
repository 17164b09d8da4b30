//! A drawing as SVG: text that any browser and editor of drawings opens, with nothing fetched.

use std::fmt::Write;

use super::font::Weight;
use super::marks::{Anchor, Colour, Drawing, Mark};
use super::{Picture, png};
use crate::markup::{Safe, data_address};

/// The drawing as one document.
pub fn svg(drawing: &Drawing) -> String {
    let mut out = String::new();
    let (width, height) = (number(drawing.width), number(drawing.height));
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'Noto Sans', 'Segoe UI', Helvetica, Arial, sans-serif\" \
         role=\"img\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        Safe(&drawing.title),
        hex(drawing.background)
    );
    for mark in &drawing.marks {
        let _ = write_mark(&mut out, mark);
    }
    out.push_str("</svg>\n");
    out
}

fn write_mark(out: &mut String, mark: &Mark) -> std::fmt::Result {
    match mark {
        Mark::Rect { at, fill, tip } => {
            let [x, y, width, height] = at.map(number);
            write!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"",
                hex(*fill)
            )?;
            match tip.as_str() {
                "" => writeln!(out, "/>"),
                tip => writeln!(out, "><title>{}</title></rect>", Safe(tip)),
            }
        }
        Mark::Line { points, width, colour } => {
            write!(
                out,
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" points=\"",
                hex(*colour),
                number(*width)
            )?;
            for (at, [x, y]) in points.iter().enumerate() {
                write!(out, "{}{},{}", if at > 0 { " " } else { "" }, number(*x), number(*y))?;
            }
            writeln!(out, "\"/>")
        }
        Mark::Circle { centre: [x, y], radius, fill } => {
            let (x, y, radius) = (number(*x), number(*y), number(*radius));
            writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{}\"/>", hex(*fill))
        }
        Mark::Text { at: [x, y], text, size, weight, anchor, is_turned, colour } => {
            let (x, y, size) = (number(*x), number(*y), number(*size));
            write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{}\"", hex(*colour))?;
            match anchor {
                Anchor::Start => {}
                Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
                Anchor::End => out.push_str(" text-anchor=\"end\""),
            }
            if *weight == Weight::Bold {
                out.push_str(" font-weight=\"bold\"");
            }
            if *is_turned {
                write!(out, " transform=\"rotate(-90 {x} {y})\"")?;
            }
            writeln!(out, ">{}</text>", Safe(text))
        }
        Mark::Image { at, picture } => write_image(out, at.map(number), picture),
    }
}

fn write_image(out: &mut String, [x, y, width, height]: [String; 4], picture: &Picture) -> std::fmt::Result {
    // What cannot be encoded is left out: the table has its pixels.
    let Some(bytes) = png::encoded(picture.width, picture.height, &picture.rgb) else { return Ok(()) };
    writeln!(
        out,
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"{}\"/>",
        data_address(&bytes)
    )
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A number with two decimals at most.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
