//! Tables that others wrote: which column names samples, which their labels, is found as importers of datasets find it.

use std::collections::HashMap;

pub use crate::import::manifest::table::Kind;

use super::{Annotated, AnnotatedBox, Annotations, Faults, Read, take};
use crate::import::manifest::columns::roles;
use crate::import::manifest::table::parse;
use crate::import::manifest::{UNNAMED, row_values};
use crate::import::names::with_slashes;

/// Reads a table; `None` where no column of it holds paths. Rows of one path are one sample.
pub fn read(content: &[u8], kind: Kind, file: &str) -> Option<Read> {
    let table = parse(content, kind, true, super::MAX_SAMPLES)?;
    let roles = roles(&table, |_| false)?;
    let mut faults = Faults::default();
    let word = kind.row_word();
    for (line, why) in &table.faults {
        faults.add(file, Some((word, *line)), why.clone());
    }
    faults.more += table.more_faults;
    let mut samples: Vec<Annotated> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for row in 0..table.len() {
        let at = (word, table.lines[row]);
        let path = with_slashes(table.cell(row, roles.path));
        let path = path.trim_start_matches("./");
        let said = row_values(&table, row, &roles);
        let rect = match said.rect {
            Some(Err(())) => {
                faults.add(file, Some(at), "the box is not four numbers with a size");
                None
            }
            Some(Ok(rect)) => Some(rect),
            None => None,
        };
        let relative = roles.boxes.as_ref().is_some_and(|boxes| boxes.relative);
        let classes: &[&str] = if said.labels.is_empty() { &[UNNAMED] } else { &said.labels };
        let boxes = rect.into_iter().flat_map(|rect| {
            classes.iter().map(move |class| AnnotatedBox { class: (*class).to_owned(), rect, relative })
        });
        let sample = Annotated {
            path: path.to_owned(),
            labels: said.labels.iter().map(|label| (*label).to_owned()).collect(),
            boxes: boxes.collect(),
            split: said.split.map(str::to_owned),
            ..Annotated::default()
        };
        match known.get(path) {
            Some(first) => {
                let first = &mut samples[*first];
                first.labels.extend(sample.labels);
                first.boxes.extend(sample.boxes);
                first.split = first.split.take().or(sample.split);
                first.tidy();
            }
            None => {
                let next = samples.len();
                take(&mut samples, sample, at, file, &mut faults);
                if samples.len() > next {
                    known.insert(path.to_owned(), next);
                }
            }
        }
    }
    Some(Read { annotations: Annotations::of_samples(samples), proposals: Vec::new(), faults })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_others_are_read_by_the_names_of_their_columns() {
        for (kind, text) in [
            (
                Kind::Delimited,
                "filename,class_name,split\nx/a.png,cat,train\nx/b.png,dog,val\nx/a.png,dog,train\n",
            ),
            (
                Kind::JsonLines,
                "{\"file_name\":\"./x/a.png\",\"label\":[\"cat\",\"dog\"],\"split\":\"train\"}\n\
                 {\"file_name\":\"x/b.png\",\"label\":\"dog\",\"split\":\"val\"}\n",
            ),
        ] {
            let read = read(text.as_bytes(), kind, "t").unwrap();
            let told: Vec<String> = read
                .annotations
                .samples
                .iter()
                .map(|one| {
                    format!("{} {} {}", one.path, one.labels.join("+"), one.split.as_deref().unwrap_or("-"))
                })
                .collect();
            assert_eq!(told, ["x/a.png cat+dog train", "x/b.png dog val"]);
        }
        let boxes = "path,xmin,ymin,xmax,ymax,label\na.png,1,2,4,6,cat\na.png,9,9,9,9,cat\n";
        let read = read(boxes.as_bytes(), Kind::Delimited, "t").unwrap();
        assert_eq!(read.annotations.samples[0].boxes[0].rect, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!((read.annotations.samples.len(), read.faults.count()), (1, 1));
        assert!(super::read(b"a,b\n1,2\n", Kind::Delimited, "t").is_none());
    }
}
