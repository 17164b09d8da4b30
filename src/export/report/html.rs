//! The report as one page of HTML that needs nothing else: styles and thumbnails are in it, and nothing
//! is fetched or run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::figures::{Figures, FlagRow, GroupRow, ImpactRow, Listed, Member, Scored, Share};
use crate::dataset::SampleId;
use crate::markup::Safe;
use crate::text::{bytes_text, counted, grouped};

const STYLE: &str = include_str!("style.css");

/// The page while it is written.
struct PageWriter<'a, W: Write> {
    out: &'a mut W,
    figures: &'a Figures,
    pictures: &'a BTreeMap<SampleId, String>,
}

/// Writes the page.
pub fn write(
    out: &mut impl Write,
    figures: &Figures,
    pictures: &BTreeMap<SampleId, String>,
) -> io::Result<()> {
    let title = format!("Report on {}", figures.source);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"dark light\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n",
        Safe(&title),
    )?;
    PageWriter { out, figures, pictures }.page()
}

impl<W: Write> PageWriter<'_, W> {
    fn page(&mut self) -> io::Result<()> {
        let figures = self.figures;
        self.head()?;
        self.impact(&figures.impact)?;
        let near = &figures.near_duplicates;
        let unit = if near.unit.is_empty() { String::new() } else { format!(" {}", near.unit) };
        let note = format!(
            "{}{}, up to {}{unit}: {} in {}.{}{}",
            near.method_title,
            if near.symmetries { ", mirrored and turned copies as well" } else { "" },
            grouped(near.threshold.into()),
            counted(near.redundant, "redundant sample"),
            counted(near.groups, "group"),
            if near.note.is_some() { " " } else { "" },
            near.note.as_deref().unwrap_or_default(),
        );
        self.groups("groups", "Near-duplicates", &note, &figures.groups)?;
        self.groups(
            "leaks",
            "Leaks between splits",
            "Groups with samples in more than one split.",
            &figures.leaks,
        )?;
        let note = "Groups whose samples have labels that contradict each other.";
        self.groups("conflicts", "Label conflicts", note, &figures.label_conflicts)?;
        self.wrong_labels()?;
        self.outliers()?;
        self.checks()?;
        self.rules()?;
        self.decisions()?;
        writeln!(self.out, "<footer>Written by Lenslet {}.</footer>\n</main>\n</html>", figures.lenslet)
    }

    fn head(&mut self) -> io::Result<()> {
        let figures = self.figures;
        let impact = &figures.impact;
        writeln!(
            self.out,
            "<main>\n<header>\n<h1>{}</h1>\n<p class=\"dim\">{} · {} · {} · {} analysed</p>\n</header>",
            Safe(&figures.source),
            Safe(figures.layout),
            counted(figures.samples, "sample"),
            bytes_text(figures.bytes),
            grouped(figures.analysed),
        )?;
        write!(self.out, "<nav>")?;
        let flagged = |count: u64| grouped(count);
        for (id, title, count) in [
            ("groups", "Near-duplicates", flagged(figures.groups.count)),
            ("leaks", "Leaks", flagged(figures.leaks.count)),
            ("conflicts", "Label conflicts", flagged(figures.label_conflicts.count)),
            ("wrong-labels", "Likely wrong labels", flagged(figures.wrong_labels.worst.count)),
            ("outliers", "Outliers", flagged(figures.outliers.worst.count)),
            ("checks", "Quality", flagged(figures.checks.iter().map(|check| check.row.worst.count).sum())),
            ("decisions", "Pruned", flagged(impact.pruned)),
        ] {
            write!(self.out, "<a href=\"#{id}\"><b>{count}</b> {title}</a>")?;
        }
        writeln!(self.out, "</nav>")?;
        if !figures.issues.is_empty() {
            let issues = figures.issues.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count)));
            let issues = issues.collect::<Vec<_>>().join(", ");
            writeln!(self.out, "<p class=\"dim\">Samples with an issue: {}.</p>", Safe(&issues))?;
        }
        Ok(())
    }

    fn section(&mut self, id: &str, title: &str, note: &str) -> io::Result<()> {
        writeln!(self.out, "<section id=\"{id}\">\n<h2>{title}</h2>")?;
        if note.is_empty() { Ok(()) } else { writeln!(self.out, "<p class=\"dim\">{}</p>", Safe(note)) }
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.out, "</section>")
    }

    /// Says how many of a list are not shown.
    fn left_out<T>(&mut self, list: &Listed<T>, thing: &str) -> io::Result<()> {
        match list.left_out() {
            0 => Ok(()),
            left => writeln!(self.out, "<p class=\"dim more\">… and {} more.</p>", counted(left, thing)),
        }
    }

    fn impact(&mut self, impact: &ImpactRow) -> io::Result<()> {
        let figures = self.figures;
        self.section("impact", "What the decisions do", "")?;
        let stays = figures.samples - impact.pruned;
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64 * 100.0;
        write!(self.out, "<div class=\"cards\">")?;
        let pairs = [
            ("Groups left", impact.groups),
            ("Leaks left", impact.leaks),
            ("Label conflicts left", impact.label_conflicts),
        ];
        let mut cards = vec![
            (
                "Samples pruned",
                grouped(impact.pruned),
                format!("{:.1} %, {} stay", share(impact.pruned, figures.samples), grouped(stays)),
            ),
            (
                "Bytes saved",
                bytes_text(impact.pruned_bytes),
                format!("{:.1} %", share(impact.pruned_bytes, figures.bytes)),
            ),
        ];
        let left = |(title, (before, after)): (&'static str, (u32, u32))| {
            (title, grouped(after.into()), format!("of {}", grouped(before.into())))
        };
        cards.extend(pairs.map(left));
        if let Some(coverage) = impact.coverage {
            let text = format!(
                "of {}; mean distance {:.2}, largest {:.2}, usual {:.2}",
                counted(coverage.samples.into(), "pruned sample"),
                coverage.mean,
                coverage.max,
                coverage.usual,
            );
            cards.push(("Without a near sample that stays", grouped(coverage.lost.into()), text));
        }
        for (title, value, note) in cards {
            write!(
                self.out,
                "<div><span class=\"dim\">{title}</span><b>{value}</b><span class=\"dim\">{note}</span></div>"
            )?;
        }
        writeln!(self.out, "</div>")?;
        self.shares("Splits", &impact.splits)?;
        self.shares("Classes", &impact.classes.listed)?;
        if impact.classes.left_out() > 0 {
            let left = grouped(impact.classes.left_out());
            writeln!(self.out, "<p class=\"dim more\">… and {left} more, which lose less or as much.</p>")?;
        }
        self.end()
    }

    fn shares(&mut self, title: &str, shares: &[Share]) -> io::Result<()> {
        if shares.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<table><thead><tr><th>{title}</th><th class=\"number\">Before</th><th class=\"number\">After</th>\
             <th class=\"number\">Lost</th><th></th></tr></thead><tbody>"
        )?;
        let largest = shares.iter().map(|share| share.before).max().unwrap_or(1).max(1) as f64;
        for share in shares {
            let (before, after) = (share.before, share.before - share.pruned);
            let wide = |count: u64| count as f64 / largest * 100.0;
            writeln!(
                self.out,
                "<tr><td class=\"name\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
                 <td class=\"number\">{:.1} %</td><td class=\"bar\"><i style=\"width:{:.2}%\">\
                 <u style=\"width:{:.2}%\"></u></i></td></tr>",
                Safe(&share.name),
                grouped(before),
                grouped(after),
                share.pruned as f64 / before.max(1) as f64 * 100.0,
                wide(before),
                after as f64 / before.max(1) as f64 * 100.0,
            )?;
        }
        writeln!(self.out, "</tbody></table>")
    }

    fn picture(&mut self, sample: SampleId) -> io::Result<()> {
        match self.pictures.get(&sample) {
            Some(address) => write!(self.out, "<img src=\"{address}\" alt=\"\" loading=\"lazy\">"),
            None => write!(self.out, "<span class=\"none\">no picture</span>"),
        }
    }

    /// A picture with its path and lines under it.
    fn card(&mut self, class: &str, sample: SampleId, path: &str, lines: &[String]) -> io::Result<()> {
        write!(self.out, "<figure class=\"{class}\" title=\"{}\">", Safe(path))?;
        self.picture(sample)?;
        write!(self.out, "<figcaption><span class=\"path\">{}</span>", Safe(path))?;
        for line in lines.iter().filter(|line| !line.is_empty()) {
            write!(self.out, "<span class=\"dim\">{}</span>", Safe(line))?;
        }
        writeln!(self.out, "</figcaption></figure>")
    }

    fn groups(&mut self, id: &str, title: &str, note: &str, groups: &Listed<GroupRow>) -> io::Result<()> {
        self.section(id, title, note)?;
        if groups.count == 0 {
            writeln!(self.out, "<p>None.</p>")?;
        }
        for group in &groups.listed {
            write!(self.out, "<div class=\"group\"><p>{}", counted(group.samples.count, "sample"))?;
            if let Some(keeper) = &group.keeper {
                let stays = if keeper.decided { "stays" } else { "would stay" };
                write!(self.out, " · <b>{}</b> {stays}: it {}", Safe(&keeper.path), Safe(keeper.because))?;
            }
            writeln!(self.out, "</p><div class=\"row\">")?;
            for member in &group.samples.listed {
                let stays = group.keeper.as_ref().is_some_and(|keeper| keeper.sample == member.sample);
                let class = match member.verdict {
                    "prune" => "pruned",
                    _ if stays => "stays",
                    _ => "",
                };
                self.card(class, member.sample, &member.path, &member_lines(member))?;
            }
            writeln!(self.out, "</div>")?;
            self.left_out(&group.samples, "sample")?;
            writeln!(self.out, "</div>")?;
        }
        self.left_out(groups, "group")?;
        self.end()
    }

    /// How many a flag finds, and at which threshold.
    fn flag_note<T>(&mut self, row: &FlagRow<T>) -> io::Result<()> {
        let threshold = row.threshold.map_or_else(String::new, |threshold| format!(" under {threshold:.3}"));
        let text = match row.flagged {
            true => format!("{} of {} flagged{threshold}.", grouped(row.worst.count), grouped(row.known)),
            false => format!(
                "{} of {}{threshold}: more than half of the samples, so none is flagged.",
                grouped(row.under),
                grouped(row.known)
            ),
        };
        writeln!(self.out, "<p class=\"dim\">{text}</p>")
    }

    fn cards<T>(
        &mut self,
        list: &Listed<T>,
        scored: impl Fn(&T) -> &Scored,
        lines: impl Fn(&T) -> Vec<String>,
    ) -> io::Result<()> {
        if list.listed.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<div class=\"row\">")?;
        for one in &list.listed {
            let scored = scored(one);
            let mut all = vec![format!("score {:.3}", scored.score)];
            all.extend(lines(one));
            self.card("", scored.sample, &scored.path, &all)?;
        }
        writeln!(self.out, "</div>")?;
        self.left_out(list, "sample")
    }

    fn wrong_labels(&mut self) -> io::Result<()> {
        let row = &self.figures.wrong_labels;
        self.section("wrong-labels", "Likely wrong labels", "Their neighbours agree on another class.")?;
        self.flag_note(row)?;
        self.cards(
            &row.worst,
            |wrong| &wrong.scored,
            |wrong| {
                let suggested = wrong.suggested.as_ref().map(|class| format!("likely {class}"));
                vec![format!("labelled {}", wrong.label), suggested.unwrap_or_default()]
            },
        )?;
        self.end()
    }

    fn outliers(&mut self) -> io::Result<()> {
        let row = &self.figures.outliers;
        self.section("outliers", "Outliers", "Far from their nearest neighbours.")?;
        self.flag_note(row)?;
        self.cards(
            &row.worst,
            |outlier| &outlier.scored,
            |outlier| match (&outlier.nearest, outlier.distance) {
                (Some(nearest), Some(distance)) => vec![format!("{distance:.2} from {nearest}")],
                _ => Vec::new(),
            },
        )?;
        self.end()
    }

    fn checks(&mut self) -> io::Result<()> {
        self.section("checks", "Quality", "The worst by each check; a score runs from 0, the worst, to 1.")?;
        for check in &self.figures.checks {
            writeln!(self.out, "<h3>{} <span class=\"dim\">{}</span></h3>", check.title, Safe(check.about))?;
            self.flag_note(&check.row)?;
            self.cards(&check.row.worst, |scored| scored, |_| Vec::new())?;
        }
        self.end()
    }

    fn rules(&mut self) -> io::Result<()> {
        let rules = &self.figures.rules;
        self.section("rules", "Rules", "")?;
        let or_none = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
        let prefer = rules.prefer.iter().map(|preference| preference.title());
        let prune = rules.prune.iter().map(|flag| flag.0.title());
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        writeln!(self.out, "<dl>")?;
        for (title, text) in [
            ("Protected", or_none(rules.protect.join(" · "))),
            (
                "Of a group stays, by the first in which they differ",
                or_none(prefer.collect::<Vec<_>>().join(" · ")),
            ),
            ("Decide groups of near-duplicates", yes(rules.duplicates)),
            ("Leave groups with conflicting labels to a person", yes(rules.leave_conflicts)),
            ("Pruned by flag", or_none(prune.collect::<Vec<_>>().join(" · "))),
        ] {
            writeln!(self.out, "<dt>{title}</dt><dd>{}</dd>", Safe(&text))?;
        }
        writeln!(self.out, "</dl>")?;
        self.end()
    }

    fn decisions(&mut self) -> io::Result<()> {
        let (impact, decisions) = (&self.figures.impact, &self.figures.decisions);
        let note = format!(
            "{} pruned, {} kept. Of the pruned ones {} by hand, {} as near-duplicates, {} by flag, {} to balance \
             the classes.",
            grouped(impact.pruned),
            grouped(impact.kept),
            grouped(impact.by_hand.into()),
            grouped(impact.by_group.into()),
            grouped(impact.by_flag.iter().map(|(_, count)| u64::from(*count)).sum()),
            grouped(impact.by_balance.into()),
        );
        self.section("decisions", "Decisions", &note)?;
        if !decisions.listed.is_empty() {
            writeln!(
                self.out,
                "<table><thead><tr><th>Sample</th><th>Decision</th><th>Reason</th></tr></thead><tbody>"
            )?;
            for row in &decisions.listed {
                writeln!(
                    self.out,
                    "<tr><td class=\"name\">{}</td><td>{}</td><td class=\"name\">{}</td></tr>",
                    Safe(&row.path),
                    Safe(row.verdict),
                    Safe(&row.reason),
                )?;
            }
            writeln!(self.out, "</tbody></table>")?;
        }
        self.left_out(decisions, "decision")?;
        self.end()
    }
}

fn member_lines(member: &Member) -> Vec<String> {
    let size =
        if member.width == 0 { String::new() } else { format!("{} × {} · ", member.width, member.height) };
    let about = member.split.iter().cloned().chain([member.labels.join(", ")]);
    let about: Vec<String> = about.filter(|text| !text.is_empty()).collect();
    let verdict =
        if member.verdict == "undecided" { String::new() } else { format!("decided: {}", member.verdict) };
    vec![about.join(" · "), format!("{size}{}", bytes_text(member.bytes)), verdict]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        for (text, safe) in [
            ("a<script>b", "a&lt;script&gt;b"),
            ("\"onerror='x'&amp;", "&quot;onerror=&#39;x&#39;&amp;amp;"),
            ("käse\n\u{202e}gnp.exe", "käse\u{fffd}\u{fffd}gnp.exe"),
        ] {
            assert_eq!(Safe(text).to_string(), safe);
        }
    }
}
