//! An XML file of an image whose classes, labels or boxes a person changed: objects that they left alone stay as they
//! stand, names are those of now, objects that are no more go, and new ones come at the end.

use std::io::Write;
use std::sync::Arc;

use super::super::by_hand::{ByHand, Spoken, Spot};
use super::super::draft::{Draft, Make, Told, Work};
use super::super::write::{Failure, Out};
use crate::import::voc::{Object, parse, spans};

/// The annotation file of an image.
#[derive(Debug)]
pub struct Changed {
    /// The file in the source; an image may have none.
    pub file: Option<usize>,
    /// The path of the sample.
    pub path: String,
    pub by_hand: Arc<ByHand>,
}

impl Make for Changed {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        if let Some(file) = self.file {
            told.file(draft, file);
        }
        told.add(self.path.as_bytes());
        if let Some(spoken) = self.by_hand.samples.get(&self.path) {
            told.add(format!("{spoken:?}").as_bytes());
        }
        self.by_hand.tell_classes(told);
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let spoken = self.by_hand.samples.get(&self.path);
        let content = self.file.map(|file| work.tree()?.read(file).map_err(Failure::from)).transpose()?;
        let old = content.as_deref().map(String::from_utf8_lossy);
        let old = old.as_deref().map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let text = match (old, spoken) {
            (Some(old), _) if spans(old).is_some() && parse(old.as_bytes()).is_ok() => {
                changed(old, &self.by_hand, spoken)
            }
            (_, Some(spoken)) => new_file(&self.path, spoken),
            // What cannot be read is copied.
            (old, None) => old.unwrap_or_default().to_owned(),
        };
        Ok(out.write_all(text.as_bytes())?)
    }
}

/// An annotation file with the classes of now and, where something was said of the sample, with its labels and boxes.
fn changed(old: &str, by_hand: &ByHand, spoken: Option<&Spoken>) -> String {
    let Some(found) = spans(old) else { return old.to_owned() };
    let mut left: Vec<&Spot> = spoken.map(|spoken| spoken.boxes.iter().collect()).unwrap_or_default();
    let mut loose: Vec<&str> = spoken.map(|spoken| spoken.loose().collect()).unwrap_or_default();
    let mut text = String::with_capacity(old.len() + 256 * left.len());
    let mut written = 0;
    for span in &found.objects {
        let whole = format!("<annotation>{}</annotation>", &old[span.all.clone()]);
        let object = parse(whole.as_bytes()).ok().and_then(|parsed| parsed.objects.into_iter().next());
        // An object without a name says nothing of the image.
        let Some(object) = object else { continue };
        let stays = match (by_hand.now(&object.name), spoken) {
            (now, None) => now.map(str::to_owned),
            (now, Some(spoken)) => now.and_then(|now| taken(&object, now, spoken, &mut left, &mut loose)),
        };
        match (stays, &span.name) {
            (Some(now), Some(name)) if now != object.name => {
                text.push_str(&old[written..name.start]);
                text.push_str(&escaped(&now));
                written = name.end;
            }
            (Some(_), _) => {}
            (None, _) => {
                text.push_str(old[written..span.all.start].trim_end_matches([' ', '\t', '\r', '\n']));
                written = span.all.end;
            }
        }
    }
    let tail = &old[written..found.end];
    if left.is_empty() && loose.is_empty() {
        text.push_str(tail);
    } else {
        text.push_str(tail.trim_end_matches([' ', '\t', '\r', '\n']));
        text.push('\n');
    }
    left.iter().for_each(|spot| push_object(&mut text, &spot.class, Some(spot.rect)));
    loose.iter().for_each(|label| push_object(&mut text, label, None));
    text.push_str(&old[found.end..]);
    text
}

/// The class that an object of the file keeps, which is written with it then.
fn taken(
    object: &Object,
    now: &str,
    spoken: &Spoken,
    left: &mut Vec<&Spot>,
    loose: &mut Vec<&str>,
) -> Option<String> {
    let Some(rect) = object.rect() else {
        loose.retain(|label| *label != now);
        return spoken.labels.iter().any(|label| label == now).then(|| now.to_owned());
    };
    let at = left.iter().position(|spot| spot.rect == rect && spot.class == now);
    let at = at.or_else(|| left.iter().position(|spot| spot.rect == rect))?;
    Some(left.remove(at).class.clone())
}

/// A file of an image that had none.
fn new_file(path: &str, spoken: &Spoken) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut text = format!("<annotation>\n\t<filename>{}</filename>\n", escaped(name));
    if let Some([width, height]) = spoken.size {
        text.push_str(&format!(
            "\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        ));
    }
    spoken.boxes.iter().for_each(|spot| push_object(&mut text, &spot.class, Some(spot.rect)));
    spoken.loose().for_each(|label| push_object(&mut text, label, None));
    text.push_str("</annotation>\n");
    text
}

/// An object; VOC counts pixels from 1 and its boxes include their last pixel.
fn push_object(text: &mut String, class: &str, rect: Option<[f32; 4]>) {
    text.push_str(&format!(
        "\t<object>\n\t\t<name>{}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\
         \t\t<difficult>0</difficult>\n",
        escaped(class)
    ));
    if let Some(rect) = rect {
        let [left, top, width, height] = rect.map(f64::from);
        let sides =
            [("xmin", left + 1.0), ("ymin", top + 1.0), ("xmax", left + width), ("ymax", top + height)];
        text.push_str("\t\t<bndbox>\n");
        for (name, value) in sides {
            // To a ten-thousandth: what single precision leaves of a sum.
            let value = (value * 1e4).round() / 1e4;
            text.push_str(&format!("\t\t\t<{name}>{value}</{name}>\n"));
        }
        text.push_str("\t\t</bndbox>\n");
    }
    text.push_str("\t</object>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "<annotation>\n\t<filename>a.png</filename>\n\t<object>\n\t\t<name>cat</name><pose>Left</pose>\n\
        \t\t<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax>5</ymax></bndbox>\n\t</object>\n\
        \t<object><name>dog</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>\n\
        </annotation>\n";

    fn spot(class: &str, rect: [f32; 4]) -> Spot {
        Spot { class: class.to_owned(), rect }
    }

    fn said(boxes: Vec<Spot>, labels: &[&str]) -> Spoken {
        Spoken {
            boxes,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            size: Some([40, 30]),
        }
    }

    /// The objects of a text, as name and box.
    fn objects(text: &str) -> Vec<(String, Option<[f32; 4]>)> {
        let parsed = parse(text.as_bytes()).unwrap();
        parsed.objects.iter().map(|object| (object.name.clone(), object.rect())).collect()
    }

    #[test]
    fn what_was_left_alone_stays_and_the_rest_follows() {
        let cat = [0.0, 1.0, 4.0, 4.0];
        let dog = [1.0, 1.0, 8.0, 8.0];
        for (spoken, expected, keeps_pose) in [
            (
                said(vec![spot("cat", cat), spot("dog", dog)], &["cat", "dog"]),
                vec![("cat", Some(cat)), ("dog", Some(dog))],
                true,
            ),
            (said(vec![spot("a < b", cat)], &["a < b"]), vec![("a < b", Some(cat))], true),
            (
                said(vec![spot("cat", [0.5, 1.0, 4.0, 4.0])], &["cat"]),
                vec![("cat", Some([0.5, 1.0, 4.0, 4.0]))],
                false,
            ),
            (said(vec![], &["eel"]), vec![("eel", None)], false),
            (said(vec![], &[]), vec![], false),
        ] {
            let text = changed(OLD, &ByHand::default(), Some(&spoken));
            let expected: Vec<(String, Option<[f32; 4]>)> =
                expected.into_iter().map(|(name, rect)| (name.to_owned(), rect)).collect();
            assert_eq!(objects(&text), expected, "{text}");
            assert_eq!(text.contains("<pose>Left</pose>"), keeps_pose, "{text}");
            assert_eq!(objects(&new_file("JPEGImages/a.png", &spoken)).len(), expected.len());
        }
        assert_eq!(changed(OLD, &ByHand::default(), None), OLD);
    }
}
