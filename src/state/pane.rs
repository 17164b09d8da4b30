//! The panels of the window.

/// A panel that a person arranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pane {
    Grid,
    Table,
    Issues,
    Duplicates,
    Checks,
    Pruning,
    Charts,
    Balance,
    Augment,
    Train,
    Latent,
    Label,
    Changes,
    Inspector,
    Filters,
}

impl Pane {
    pub const ALL: [Self; 15] = [
        Self::Grid,
        Self::Table,
        Self::Issues,
        Self::Duplicates,
        Self::Checks,
        Self::Pruning,
        Self::Charts,
        Self::Balance,
        Self::Augment,
        Self::Train,
        Self::Latent,
        Self::Label,
        Self::Changes,
        Self::Inspector,
        Self::Filters,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Grid => "Grid",
            Self::Table => "Table",
            Self::Issues => "Issues",
            Self::Duplicates => "Duplicates",
            Self::Checks => "Checks",
            Self::Pruning => "Pruning",
            Self::Charts => "Charts",
            Self::Balance => "Balance",
            Self::Augment => "Augment",
            Self::Train => "Train",
            Self::Latent => "Latent",
            Self::Label => "Label",
            Self::Changes => "Changes",
            Self::Inspector => "Inspector",
            Self::Filters => "Filters",
        }
    }
}
