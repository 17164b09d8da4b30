//! Every command of the program in one table: menus, the palette, shortcuts and README come from
//! it.

/// Something that a person can ask for by menu, key or name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    OpenFolder,
    OpenFile,
    OpenPath,
    OpenDemo,
    CloseDataset,
    Rescan,
    ExportIssues,
    ExportDataset,
    ExportReport,
    ExportLabels,
    ImportLabels,
    ComparePeople,
    Quit,
    Undo,
    Redo,
    SelectAll,
    SelectNone,
    InvertSelection,
    ToggleStar,
    ToggleReviewed,
    ToggleUnsure,
    ToggleLabelKeys,
    ConfirmProposals,
    MoreLikeThese,
    SpreadLabels,
    ManageClasses,
    EditBoxes,
    CopyBoxesToNext,
    GiveBoxesBack,
    Keep,
    Prune,
    Undecide,
    UndecideAll,
    ApplyRules,
    Analyse,
    Train,
    CopyPath,
    Reveal,
    FocusSearch,
    ClearFilter,
    SaveView,
    Palette,
    GoToRow,
    NextSample,
    PreviousSample,
    NextGroup,
    PreviousGroup,
    LargerThumbnails,
    SmallerThumbnails,
    ShowGrid,
    ShowTable,
    ShowInspector,
    ShowFilters,
    ShowIssues,
    ShowDuplicates,
    ShowChecks,
    ShowPruning,
    ShowCharts,
    ShowBalance,
    ShowAugment,
    ShowTrain,
    ShowLatent,
    ShowLabel,
    ShowChanges,
    ResetLayout,
    InspectorFit,
    InspectorActualSize,
    ZoomImageIn,
    ZoomImageOut,
    ToggleTheme,
    LargerInterface,
    SmallerInterface,
    ResetInterfaceScale,
    Settings,
    Shortcuts,
    QueryHelp,
    About,
}

/// The menu that a command is listed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    View,
    Go,
    Help,
}

impl Menu {
    pub const ALL: [Self; 5] = [Self::File, Self::Edit, Self::View, Self::Go, Self::Help];

    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Go => "Go",
            Self::Help => "Help",
        }
    }
}

/// When a command can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A dataset is open.
    Dataset,
    /// At least one sample is selected.
    Selection,
}

/// A key with its modifiers. `command` is Ctrl, or ⌘ on a Mac.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    pub command: bool,
    pub shift: bool,
    pub alt: bool,
    /// The key's name as egui spells it.
    pub key: &'static str,
}

impl Chord {
    /// How the chord is written: "Ctrl+Shift+P".
    pub fn text(self) -> String {
        let mut text = String::new();
        for (held, name) in [(self.command, "Ctrl+"), (self.shift, "Shift+"), (self.alt, "Alt+")] {
            if held {
                text.push_str(name);
            }
        }
        text.push_str(match self.key {
            "Plus" => "+",
            "Equals" => "=",
            "Minus" => "−",
            "Comma" => ",",
            "Period" => ".",
            "Slash" => "/",
            "Questionmark" => "?",
            "Escape" => "Esc",
            "OpenBracket" => "[",
            "CloseBracket" => "]",
            key => key,
        });
        text
    }
}

const fn key(key: &'static str) -> Chord {
    Chord { command: false, shift: false, alt: false, key }
}

const fn ctrl(key: &'static str) -> Chord {
    Chord { command: true, shift: false, alt: false, key }
}

const fn ctrl_shift(key: &'static str) -> Chord {
    Chord { command: true, shift: true, alt: false, key }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub command: Command,
    pub menu: Menu,
    pub title: &'static str,
    /// What it does, for the palette and README.
    pub help: &'static str,
    /// The keys that call it; the first is shown in menus. Keys without Ctrl or Alt are not taken
    /// from a person who is typing.
    pub chords: &'static [Chord],
    pub needs: Needs,
    /// Whether a separator stands before it in its menu.
    pub starts_group: bool,
}

const fn entry(
    command: Command,
    menu: Menu,
    title: &'static str,
    help: &'static str,
    chords: &'static [Chord],
    needs: Needs,
) -> Entry {
    Entry { command, menu, title, help, chords, needs, starts_group: false }
}

const fn group(mut entry: Entry) -> Entry {
    entry.starts_group = true;
    entry
}

use Command as C;
use Menu::{Edit, File, Go, Help, View};
use Needs::{Dataset, Nothing, Selection};

/// Every command, in the order of the menus.
pub static COMMANDS: &[Entry] = &[
    entry(C::OpenFolder, File, "Open folder…", "Open a folder of images or shards", &[ctrl("O")], Nothing),
    entry(
        C::OpenFile,
        File,
        "Open file…",
        "Open an archive, manifest, array or table file",
        &[ctrl_shift("O")],
        Nothing,
    ),
    entry(
        C::OpenPath,
        File,
        "Open path or pattern…",
        "Type a path, or a pattern of shards",
        &[ctrl_shift("G")],
        Nothing,
    ),
    entry(C::OpenDemo, File, "Open the demo", "Open the built-in demo dataset", &[], Nothing),
    group(entry(
        C::Rescan,
        File,
        "Rescan",
        "List the source again and read what changed",
        &[key("F5")],
        Dataset,
    )),
    entry(
        C::Analyse,
        File,
        "Analyse",
        "Look for near-duplicates, outliers, poor pictures and wrong labels",
        &[key("F6")],
        Dataset,
    ),
    entry(
        C::Train,
        File,
        "Train a model",
        "Train a small generative model on the samples shown, with the settings of the panel Train",
        &[ctrl("T")],
        Dataset,
    ),
    group(entry(
        C::ExportDataset,
        File,
        "Export what stays…",
        "Write the dataset without the pruned samples to a new folder",
        &[ctrl("E")],
        Dataset,
    )),
    entry(
        C::ExportReport,
        File,
        "Save report…",
        "Write what was found and decided to an HTML or JSON file",
        &[],
        Dataset,
    ),
    entry(C::ExportIssues, File, "Export issues…", "Write every issue to a CSV or JSON file", &[], Dataset),
    group(entry(
        C::ExportLabels,
        File,
        "Export labels…",
        "Write the labels that count to a file, or ask others for theirs by a labelling task",
        &[],
        Dataset,
    )),
    entry(
        C::ImportLabels,
        File,
        "Import labels…",
        "Take labels of a file in, after a look at what would change",
        &[],
        Dataset,
    ),
    entry(
        C::ComparePeople,
        File,
        "Compare people…",
        "See how far people agree who labelled the same samples",
        &[],
        Dataset,
    ),
    group(entry(
        C::CloseDataset,
        File,
        "Close dataset",
        "Go back to the welcome screen",
        &[ctrl("W")],
        Dataset,
    )),
    group(entry(C::Quit, File, "Quit", "Leave the program; nothing is lost", &[ctrl("Q")], Nothing)),
    entry(C::Undo, Edit, "Undo", "Take back the last decision", &[ctrl("Z")], Dataset),
    entry(C::Redo, Edit, "Redo", "Carry out again what was undone", &[ctrl_shift("Z"), ctrl("Y")], Dataset),
    group(entry(C::SelectAll, Edit, "Select all", "Select every sample shown", &[ctrl("A")], Dataset)),
    entry(C::SelectNone, Edit, "Select none", "Clear the selection", &[key("Escape")], Dataset),
    entry(C::InvertSelection, Edit, "Invert selection", "Select what is not selected", &[ctrl("I")], Dataset),
    group(entry(
        C::ToggleStar,
        Edit,
        "Star",
        "Star the selected samples, or unstar them",
        &[key("S")],
        Selection,
    )),
    entry(
        C::ToggleReviewed,
        Edit,
        "Mark as reviewed",
        "Mark the selected samples as reviewed, or not",
        &[key("R")],
        Selection,
    ),
    entry(
        C::ToggleUnsure,
        Edit,
        "Mark as unsure",
        "Mark the labels of the selected samples as not certain, or as certain again",
        &[key("H")],
        Selection,
    ),
    group(entry(
        C::ToggleLabelKeys,
        Edit,
        "Label by keys",
        "Let the keys of classes label the selected samples, or no more",
        &[key("L")],
        Dataset,
    )),
    entry(
        C::ConfirmProposals,
        Edit,
        "Confirm proposals",
        "Make labels of what is proposed for the selected samples; in the grid Enter does while labelling by keys",
        &[],
        Selection,
    ),
    entry(
        C::MoreLikeThese,
        Edit,
        "More like these",
        "Select the samples that are most like the selected ones as well",
        &[ctrl_shift("M")],
        Selection,
    ),
    entry(
        C::SpreadLabels,
        Edit,
        "Spread labels",
        "Label samples of the view that have no label as the labelled ones around them, where these agree",
        &[],
        Dataset,
    ),
    entry(
        C::ManageClasses,
        Edit,
        "Classes…",
        "Add, rename, merge, remove and order classes, with their keys and colours",
        &[ctrl_shift("K")],
        Dataset,
    ),
    entry(
        C::EditBoxes,
        Edit,
        "Edit boxes",
        "Draw, move, resize and label boxes on the image, or no more",
        &[ctrl_shift("B")],
        Dataset,
    ),
    entry(
        C::CopyBoxesToNext,
        Edit,
        "Copy boxes to next",
        "Put the selected boxes, or all, onto the next sample too, and go there",
        &[ctrl_shift("N")],
        Dataset,
    ),
    entry(
        C::GiveBoxesBack,
        Edit,
        "Give the source's boxes back",
        "Take back what was done by hand to the boxes of the sample at the cursor",
        &[],
        Dataset,
    ),
    group(entry(C::Keep, Edit, "Keep", "Decide that the selected samples stay", &[key("K")], Selection)),
    entry(
        C::Prune,
        Edit,
        "Prune",
        "Decide to leave the selected samples out of an export",
        &[key("X"), key("Delete")],
        Selection,
    ),
    entry(
        C::Undecide,
        Edit,
        "Undecide",
        "Take back what was decided of the selected samples",
        &[key("U")],
        Selection,
    ),
    entry(
        C::ApplyRules,
        Edit,
        "Prune by the rules",
        "Decide on all groups and flags by the rules",
        &[],
        Dataset,
    ),
    entry(
        C::UndecideAll,
        Edit,
        "Take back all decisions",
        "Undecide every sample, whoever decided it; one undo brings all back",
        &[],
        Dataset,
    ),
    group(entry(
        C::CopyPath,
        Edit,
        "Copy path",
        "Copy the paths of the selected samples",
        &[ctrl_shift("C")],
        Selection,
    )),
    entry(C::Reveal, Edit, "Reveal in file manager", "Show the sample's file where it lies", &[], Selection),
    entry(C::ShowGrid, View, "Grid", "Show the thumbnails", &[ctrl("1")], Dataset),
    entry(C::ShowTable, View, "Table", "Show the same samples as rows", &[ctrl("2")], Dataset),
    entry(C::ShowIssues, View, "Issues", "Show every broken sample with its reason", &[ctrl("3")], Dataset),
    entry(
        C::ShowDuplicates,
        View,
        "Duplicates",
        "Show groups of near-duplicates, side by side",
        &[ctrl("6")],
        Dataset,
    ),
    entry(
        C::ShowChecks,
        View,
        "Checks",
        "Show poor pictures, outliers and likely wrong labels",
        &[ctrl("7")],
        Dataset,
    ),
    entry(
        C::ShowPruning,
        View,
        "Pruning",
        "Show the rules, what they do to the dataset, and export what stays",
        &[ctrl("8")],
        Dataset,
    ),
    entry(
        C::ShowCharts,
        View,
        "Charts",
        "Show how the samples are spread; every chart filters the others and the grid",
        &[ctrl("D")],
        Dataset,
    ),
    entry(
        C::ShowBalance,
        View,
        "Balance",
        "Plan the way to the wanted distribution of classes, and deal new splits",
        &[ctrl("B")],
        Dataset,
    ),
    entry(
        C::ShowAugment,
        View,
        "Augment",
        "Show what augmentations do to the samples, and change them",
        &[ctrl("M")],
        Dataset,
    ),
    entry(
        C::ShowTrain,
        View,
        "Train",
        "Show the settings of a model, and what it learns",
        &[ctrl("9")],
        Dataset,
    ),
    entry(
        C::ShowLatent,
        View,
        "Latent",
        "Show the samples as a model sees them, and what lies between them",
        &[ctrl("L")],
        Dataset,
    ),
    entry(
        C::ShowLabel,
        View,
        "Label",
        "Label samples one by one or by pages, with a model that proposes",
        &[ctrl("J")],
        Dataset,
    ),
    entry(
        C::ShowChanges,
        View,
        "Changes",
        "Show every label that is another than the source's, with who changed it and when",
        &[ctrl_shift("J")],
        Dataset,
    ),
    entry(C::ShowInspector, View, "Inspector", "Show or hide the sample in full", &[ctrl("4")], Dataset),
    entry(
        C::ShowFilters,
        View,
        "Filters",
        "Show or hide classes, splits, formats and issues",
        &[ctrl("5")],
        Dataset,
    ),
    entry(C::ResetLayout, View, "Reset layout", "Put every panel back in its place", &[], Dataset),
    group(entry(
        C::LargerThumbnails,
        View,
        "Larger thumbnails",
        "Zoom the grid in",
        &[key("Plus"), key("Equals")],
        Dataset,
    )),
    entry(C::SmallerThumbnails, View, "Smaller thumbnails", "Zoom the grid out", &[key("Minus")], Dataset),
    entry(C::InspectorFit, View, "Fit image", "Fit the inspected image to its panel", &[key("0")], Dataset),
    entry(
        C::InspectorActualSize,
        View,
        "Actual size",
        "One image pixel per screen pixel",
        &[key("1")],
        Dataset,
    ),
    entry(C::ZoomImageIn, View, "Zoom image in", "Enlarge the inspected image", &[key("Period")], Dataset),
    entry(C::ZoomImageOut, View, "Zoom image out", "Reduce the inspected image", &[key("Comma")], Dataset),
    group(entry(
        C::ToggleTheme,
        View,
        "Light or dark",
        "Change between the light and the dark theme",
        &[ctrl_shift("L")],
        Nothing,
    )),
    entry(
        C::LargerInterface,
        View,
        "Larger interface",
        "Scale the whole interface up",
        &[ctrl("Plus"), ctrl("Equals")],
        Nothing,
    ),
    entry(
        C::SmallerInterface,
        View,
        "Smaller interface",
        "Scale the whole interface down",
        &[ctrl("Minus")],
        Nothing,
    ),
    entry(
        C::ResetInterfaceScale,
        View,
        "Normal interface size",
        "Scale the interface to 100 %",
        &[ctrl("0")],
        Nothing,
    ),
    entry(C::FocusSearch, Go, "Search and filter", "Type a filter", &[ctrl("F"), key("Slash")], Dataset),
    entry(C::ClearFilter, Go, "Clear the filter", "Show every sample", &[ctrl_shift("F")], Dataset),
    entry(
        C::SaveView,
        Go,
        "Save this view…",
        "Keep the filter and the order under a name",
        &[ctrl("S")],
        Dataset,
    ),
    group(entry(C::GoToRow, Go, "Go to row…", "Jump to a row by its number", &[ctrl("G")], Dataset)),
    entry(C::NextSample, Go, "Next sample", "Select the next sample", &[key("N")], Dataset),
    entry(C::PreviousSample, Go, "Previous sample", "Select the previous sample", &[key("P")], Dataset),
    entry(
        C::NextGroup,
        Go,
        "Next group",
        "Open the next group of near-duplicates",
        &[key("CloseBracket")],
        Dataset,
    ),
    entry(
        C::PreviousGroup,
        Go,
        "Previous group",
        "Open the previous group of near-duplicates",
        &[key("OpenBracket")],
        Dataset,
    ),
    entry(
        C::Palette,
        Help,
        "Command palette…",
        "Find any command by its name",
        &[ctrl_shift("P"), ctrl("K")],
        Nothing,
    ),
    entry(
        C::Shortcuts,
        Help,
        "Keyboard shortcuts",
        "List every key",
        &[key("F1"), key("Questionmark")],
        Nothing,
    ),
    entry(C::QueryHelp, Help, "Filter language", "Explain how to write a filter", &[], Nothing),
    entry(C::Settings, Help, "Settings…", "Theme, scale, name and cache size", &[ctrl("Comma")], Nothing),
    group(entry(C::About, Help, "About Lenslet", "Version and where data is kept", &[], Nothing)),
];

/// The row of a command.
pub fn find(command: Command) -> &'static Entry {
    // The test below checks that every command has a row.
    COMMANDS.iter().find(|entry| entry.command == command).unwrap_or(&COMMANDS[0])
}

/// The table of keys as Markdown, for README.
pub fn keys_markdown() -> String {
    let mut text = String::from("| Keys | Command | What it does |\n| --- | --- | --- |\n");
    for entry in COMMANDS.iter().filter(|entry| !entry.chords.is_empty()) {
        let keys: Vec<String> = entry.chords.iter().map(|chord| format!("`{}`", chord.text())).collect();
        text.push_str(&format!("| {} | {} | {} |\n", keys.join(", "), entry.title, entry.help));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_commands_share_a_key() {
        let mut seen = HashSet::new();
        for chord in COMMANDS.iter().flat_map(|entry| entry.chords) {
            assert!(seen.insert(chord), "{} is bound twice", chord.text());
        }
    }

    #[test]
    fn every_command_has_one_row() {
        let mut seen = HashSet::new();
        for entry in COMMANDS {
            assert!(seen.insert(entry.command), "{:?} stands twice", entry.command);
            assert_eq!(find(entry.command).command, entry.command);
        }
        assert_eq!(seen.len(), Command::About as usize + 1, "a command has no row");
    }
}
