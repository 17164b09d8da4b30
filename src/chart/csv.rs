//! A chart's data as a table: all of it, also what a drawing leaves out.

use crate::analysis::distribution::BoxPlot;

use super::{Bars, Body, BoxRow, Boxes, Chart, Grid, Heat, Histogram, Lines, Pictures, Points, Series, Tile};

/// The table as text.
pub fn text(chart: &Chart) -> String {
    let mut out = Vec::new();
    let mut table = csv::WriterBuilder::new().flexible(true).from_writer(&mut out);
    each_row(chart, &mut |row| {
        // Writing to memory cannot fail.
        let _ = table.write_record(row);
    });
    drop(table);
    String::from_utf8(out).unwrap_or_default()
}

/// The table, its first row the heading.
pub fn rows(chart: &Chart) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    each_row(chart, &mut |row| rows.push(row));
    rows
}

/// Gives every row of the table: those of points and of pictures, a row for each pixel, one by one.
fn each_row(chart: &Chart, give: &mut dyn FnMut(Vec<String>)) {
    let rows = match &chart.body {
        Body::Bars(bars) => of_bars(bars),
        Body::Histogram(histogram) => of_histogram(histogram),
        Body::Lines(lines) => of_lines(lines),
        Body::Boxes(boxes) => of_boxes(boxes),
        Body::Grid(grid) => of_grid(grid),
        Body::Heat(heat) => of_heat(heat),
        Body::Points(points) => return of_points(points, give),
        Body::Pictures(pictures) => return of_pictures(pictures, give),
    };
    rows.into_iter().for_each(give);
}

/// A heading as a name of a column: its words with lines between them.
fn column(title: &str, otherwise: &str) -> String {
    let title = title.to_lowercase();
    let is_mark = |letter: char| !letter.is_alphanumeric() && letter != '.';
    let words: Vec<&str> = title.split(is_mark).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { otherwise.to_owned() } else { words.join("_") }
}

fn value_headings<'a>(series: &'a [Series], axis: &'a str) -> impl Iterator<Item = String> + 'a {
    series
        .iter()
        .map(|series| if series.name.is_empty() { column(axis, "value") } else { series.name.clone() })
}

fn values(series: &[Series], at: usize) -> impl Iterator<Item = String> + '_ {
    series.iter().map(move |series| series.values.get(at).map(f64::to_string).unwrap_or_default())
}

fn of_bars(bars: &Bars) -> Vec<Vec<String>> {
    let heading =
        std::iter::once(column(&bars.of, "name")).chain(value_headings(&bars.series, &bars.axis.title));
    let row = |(at, name): (usize, &String)| {
        std::iter::once(name.clone()).chain(values(&bars.series, at)).collect()
    };
    std::iter::once(heading.collect()).chain(bars.categories.iter().enumerate().map(row)).collect()
}

fn of_histogram(histogram: &Histogram) -> Vec<Vec<String>> {
    let heading = ["from", "to"].map(str::to_owned).into_iter();
    let heading = heading.chain(value_headings(&histogram.series, &histogram.y.title)).collect();
    let row = |(at, edges): (usize, &[f64])| {
        let edges = [edges[0].to_string(), edges[1].to_string()];
        edges.into_iter().chain(values(&histogram.series, at)).collect()
    };
    std::iter::once(heading).chain(histogram.edges.windows(2).enumerate().map(row)).collect()
}

fn of_lines(lines: &Lines) -> Vec<Vec<String>> {
    let heading = vec!["line".to_owned(), column(&lines.x.title, "x"), column(&lines.y.title, "y")];
    let points = lines.lines.iter().flat_map(|line| {
        line.points.iter().map(|[x, y]| vec![line.name.clone(), x.to_string(), y.to_string()])
    });
    std::iter::once(heading).chain(points).collect()
}

fn of_boxes(boxes: &Boxes) -> Vec<Vec<String>> {
    let names = ["count", "min", "low_whisker", "q1", "median", "q3", "high_whisker", "max", "outside"]
        .map(str::to_owned);
    let heading = std::iter::once(column(&boxes.of, "name")).chain(names).collect();
    let rows = boxes.rows.iter().map(|BoxRow { name, plot, .. }| {
        let BoxPlot { count, min, low_whisker, q1, median, q3, high_whisker, max, outside } = *plot;
        let numbers = [min, low_whisker, q1, median, q3, high_whisker, max].map(|number| number.to_string());
        let first = [name.clone(), count.to_string()];
        first.into_iter().chain(numbers).chain([outside.to_string()]).collect()
    });
    std::iter::once(heading).chain(rows).collect()
}

fn of_grid(grid: &Grid) -> Vec<Vec<String>> {
    let (x, y) = (column(&grid.x.title, "x"), column(&grid.y.title, "y"));
    let heading = [&x, &y].into_iter().flat_map(|name| [format!("{name}_from"), format!("{name}_to")]);
    let heading = heading.chain([column(&grid.counted, "count")]).collect();
    let across = grid.x_edges.len().saturating_sub(1).max(1);
    let cell = |(at, count): (usize, &f64)| {
        let (column, line) = (at % across, at / across);
        let edge = |edges: &[f64], at: usize| edges.get(at).map(f64::to_string).unwrap_or_default();
        vec![
            edge(&grid.x_edges, column),
            edge(&grid.x_edges, column + 1),
            edge(&grid.y_edges, line),
            edge(&grid.y_edges, line + 1),
            count.to_string(),
        ]
    };
    std::iter::once(heading).chain(grid.counts.iter().enumerate().map(cell)).collect()
}

fn of_points(points: &Points, give: &mut dyn FnMut(Vec<String>)) {
    let (x, y) = (column(&points.x.title, "x"), column(&points.y.title, "y"));
    let group = (!points.groups_of.is_empty()).then(|| column(&points.groups_of, "group"));
    give([column(&points.of, "name"), x, y].into_iter().chain(group).collect());
    for point in &points.points {
        let [x, y] = point.at.map(|value| value.to_string());
        let name = points.groups.get(point.group as usize).map(|group| group.name.clone());
        let group = name.filter(|_| !points.groups_of.is_empty());
        give([point.name.clone(), x, y].into_iter().chain(group).collect());
    }
}

fn of_heat(heat: &Heat) -> Vec<Vec<String>> {
    let (row, mut across) = (column(&heat.row_title, "row"), column(&heat.column_title, "column"));
    if across == row {
        // Labels with labels: no two columns of a table have one name.
        across.push_str("_2");
    }
    let heading = [row, across, column(&heat.value, "value")];
    let heading = heading.into_iter().chain(heat.more.iter().map(|name| column(name, "value"))).collect();
    let name = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
    let cells = heat.cells.iter().map(|cell| {
        let names = [name(&heat.rows, cell.row), name(&heat.columns, cell.column), cell.value.to_string()];
        names.into_iter().chain(cell.more.iter().map(f64::to_string)).collect()
    });
    std::iter::once(heading).chain(cells).collect()
}

/// Pixels and swatches, one a row: a swatch is at its place with its share instead of a second place.
fn of_pictures(pictures: &Pictures, give: &mut dyn FnMut(Vec<String>)) {
    let of = column(&pictures.of, "name");
    let heading = [of.as_str(), "tile", "x", "y", "share", "red", "green", "blue"];
    give(heading.map(str::to_owned).to_vec());
    for row in &pictures.rows {
        for (tile, heading) in row.tiles.iter().zip(&pictures.headings) {
            let mut push = |place: [String; 3], rgb: &[u8]| {
                let rgb = rgb.iter().map(u8::to_string);
                give([row.name.clone(), heading.clone()].into_iter().chain(place).chain(rgb).collect());
            };
            match tile {
                Tile::Picture(picture) => {
                    for (at, pixel) in picture.rgb.chunks_exact(3).enumerate() {
                        let place = [at % picture.width, at / picture.width].map(|at| at.to_string());
                        push([place[0].clone(), place[1].clone(), String::new()], pixel);
                    }
                }
                Tile::Swatches(swatches) => {
                    for (at, (rgb, share)) in swatches.iter().enumerate() {
                        push([at.to_string(), String::new(), share.to_string()], rgb);
                    }
                }
            }
        }
    }
}
