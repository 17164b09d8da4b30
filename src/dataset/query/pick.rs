//! Clicks in the sidebar as changes of a query's text.
//!
//! A click sets a condition at the query's top level, beside whatever else is asked. It refuses to
//! know who clicks.

use std::collections::HashSet;

use super::parse::parse;
use super::pattern::{Pattern, fold};
use super::snapshot::{Names, Vocabulary};
use super::syntax::{Choice, Node, Query, SaidField, State, Test};
use crate::dataset::{Flag, ImageFormat, IssueKind, LabelOrigin};

/// Something that a person can click to ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// The class of exactly this name.
    Class(String),
    Unlabelled,
    /// The split of exactly this name.
    Split(String),
    NoSplit,
    Format(ImageFormat),
    Issue(IssueKind),
    AnyIssue,
    Flag(Flag),
    AnyFlag,
    Origin(LabelOrigin),
    /// Who labelled, a tag, a note or the source's class: exactly this text, in any case.
    Said(SaidField, String),
    /// A state by itself; [`State::Unlabelled`] is the same as [`Pick::Unlabelled`].
    Is(State),
}

/// How something was clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Click {
    /// Ask for this alone of its kind, or no more when it is what is asked for.
    Only,
    /// Ask for this as well, or no more (shift-click).
    Add,
}

/// The query's text after a click.
///
/// The conditions of the picked kind become one list (`label:cat,dog`) in their place; the rest of
/// the query stays, in its normal form. A plain click also takes away `-label:…`, which could
/// leave nothing to see; a shift-click on what that excludes lets it in again. What a star means
/// is written out to take one name from it, or `-label:…` beside it where that is over
/// [`MAX_WRITTEN`] names. Text that is not a query yet gives way to the pick.
pub fn with_term(text: &str, pick: &Pick, click: Click, vocabulary: &Vocabulary) -> String {
    let root = parse(text, vocabulary).unwrap_or_default().into_root();
    let mut nodes = match root {
        Some(Node::And(nodes)) => nodes,
        root => root.into_iter().collect(),
    };
    let facet = Facet::of(pick);
    let excluded = |node: &Node| match node {
        Node::Not(inner) => facet.test(inner).cloned(),
        _ => None,
    };
    let mut is_let_in = false;
    match click {
        Click::Only => nodes.retain(|node| excluded(node).is_none()),
        Click::Add => {
            let let_in = |node: Node| match excluded(&node) {
                Some(test) if facet.means(std::slice::from_ref(&test), pick, vocabulary) => {
                    is_let_in = true;
                    let rest = facet.clicked(vec![test], pick, click, vocabulary)?;
                    Some(Node::Test(rest).negated())
                }
                _ => Some(node),
            };
            nodes = nodes.into_iter().filter_map(let_in).collect();
        }
    }
    let mine: Vec<Test> = nodes.iter().filter_map(|node| facet.test(node).cloned()).collect();
    if click == Click::Add && facet.is_wide(&mine, pick, vocabulary) && !is_let_in {
        let alone = facet.clicked(Vec::new(), pick, click, vocabulary);
        nodes.extend(alone.map(|test| Node::Test(test).negated()));
    } else if !is_let_in || !mine.is_empty() && !facet.means(&mine, pick, vocabulary) {
        let place = nodes.iter().position(|node| facet.test(node).is_some()).unwrap_or(nodes.len());
        nodes.retain(|node| facet.test(node).is_none());
        if let Some(test) = facet.clicked(mine, pick, click, vocabulary) {
            nodes.insert(place.min(nodes.len()), Node::Test(test));
        }
    }
    let mut nodes = nodes.into_iter();
    Query::new(nodes.next().map(|first| Node::and(first, nodes.collect()))).to_string()
}

/// So many names that a star means are written out.
pub const MAX_WRITTEN: usize = 24;

/// What a query's text asks for at its top level, as the sidebar shows it. A class or split that
/// it excludes beside that is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One per class of the vocabulary.
    pub classes: Vec<bool>,
    pub unlabelled: bool,
    /// One per split of the vocabulary.
    pub splits: Vec<bool>,
    pub no_split: bool,
    /// By format code.
    pub formats: [bool; ImageFormat::ALL.len()],
    /// In the order of [`IssueKind::ALL`].
    pub issues: [bool; IssueKind::ALL.len()],
    pub any_issue: bool,
    /// In the order of [`Flag::ALL`].
    pub flags: [bool; Flag::ALL.len()],
    pub any_flag: bool,
    /// In the order of [`LabelOrigin::ALL`].
    pub origins: [bool; LabelOrigin::ALL.len()],
    /// Texts that are asked for as something that was said, in lower case.
    said: Vec<(SaidField, String)>,
    /// In the order of [`State::ALL`].
    pub states: [bool; State::ALL.len()],
}

impl Selection {
    /// Whether this text is asked for as something that was said.
    pub fn said(&self, field: SaidField, text: &str) -> bool {
        self.said.iter().any(|(other, wanted)| *other == field && *wanted == fold(text))
    }
}

/// What of the sidebar the query's text asks for; nothing for text that is not a query.
pub fn selected_terms(text: &str, vocabulary: &Vocabulary) -> Selection {
    let mut selection = Selection {
        classes: vec![false; vocabulary.classes.all().len()],
        splits: vec![false; vocabulary.splits.all().len()],
        ..Selection::default()
    };
    let query = parse(text, vocabulary).unwrap_or_default();
    let nodes = match query.root() {
        Some(Node::And(nodes)) => nodes.as_slice(),
        Some(root) => std::slice::from_ref(root),
        None => &[],
    };
    for node in nodes {
        let Node::Test(test) = node else { continue };
        match test {
            Test::Label(choices) => {
                set(choices, &vocabulary.classes, &mut selection.classes, &mut selection.unlabelled, true);
            }
            Test::Split(choices) => {
                set(choices, &vocabulary.splits, &mut selection.splits, &mut selection.no_split, true);
            }
            Test::Format(formats) => {
                formats.iter().for_each(|format| selection.formats[*format as usize] = true);
            }
            Test::Issue(kinds) => kinds.iter().for_each(|kind| match kind {
                Some(kind) => selection.issues[*kind as usize] = true,
                None => selection.any_issue = true,
            }),
            Test::Flag(flags) => flags.iter().for_each(|flag| match flag {
                Some(flag) => selection.flags[*flag as usize] = true,
                None => selection.any_flag = true,
            }),
            Test::Is(states) => {
                for (selected, state) in selection.states.iter_mut().zip(State::ALL) {
                    *selected |= states.contains(&state);
                }
                selection.unlabelled |= states.as_slice() == [State::Unlabelled];
            }
            Test::Origin(origins) => {
                origins.iter().for_each(|origin| selection.origins[*origin as usize] = true);
            }
            Test::Said(field, choices) => {
                let texts = choices.iter().filter_map(|choice| match choice {
                    Choice::Name(pattern) => pattern.as_literal().map(|text| (*field, fold(text))),
                    Choice::None => None,
                });
                selection.said.extend(texts);
            }
            Test::Text(_)
            | Test::Path(_)
            | Test::Pixels(_)
            | Test::Number { .. }
            | Test::Attribute { .. }
            | Test::Box(_) => {}
        }
    }
    for node in nodes {
        let Node::Not(inner) = node else { continue };
        match &**inner {
            Node::Test(Test::Label(choices)) => {
                set(choices, &vocabulary.classes, &mut selection.classes, &mut selection.unlabelled, false);
            }
            Node::Test(Test::Split(choices)) => {
                set(choices, &vocabulary.splits, &mut selection.splits, &mut selection.no_split, false);
            }
            _ => {}
        }
    }
    selection
}

/// Sets what these choices mean.
fn set(choices: &[Choice], names: &Names, selected: &mut [bool], none: &mut bool, to: bool) {
    for choice in choices {
        match choice {
            Choice::None => *none = to,
            Choice::Name(pattern) => {
                names.matching(pattern).into_iter().for_each(|id| selected[id] = to);
            }
        }
    }
}

/// A kind of condition that clicks replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Facet {
    Label,
    Split,
    Format,
    Issue,
    Flag,
    Origin,
    Said(SaidField),
    Is(State),
}

impl Facet {
    fn of(pick: &Pick) -> Self {
        match pick {
            Pick::Class(_) | Pick::Unlabelled | Pick::Is(State::Unlabelled) => Self::Label,
            Pick::Split(_) | Pick::NoSplit => Self::Split,
            Pick::Format(_) => Self::Format,
            Pick::Issue(_) | Pick::AnyIssue => Self::Issue,
            Pick::Flag(_) | Pick::AnyFlag => Self::Flag,
            Pick::Origin(_) => Self::Origin,
            Pick::Said(field, _) => Self::Said(*field),
            Pick::Is(state) => Self::Is(*state),
        }
    }

    /// The condition of this kind that a node is.
    fn test(self, node: &Node) -> Option<&Test> {
        let Node::Test(test) = node else { return None };
        let owns = match (self, test) {
            (Self::Label, Test::Is(states)) => states.as_slice() == [State::Unlabelled],
            (Self::Is(state), Test::Is(states)) => states.as_slice() == [state],
            (Self::Said(field), Test::Said(other, _)) => *other == field,
            (Self::Label, Test::Label(_))
            | (Self::Split, Test::Split(_))
            | (Self::Format, Test::Format(_))
            | (Self::Issue, Test::Issue(_))
            | (Self::Origin, Test::Origin(_))
            | (Self::Flag, Test::Flag(_)) => true,
            _ => false,
        };
        owns.then_some(test)
    }

    /// The names that a choice of this kind can mean.
    fn names(self, vocabulary: &Vocabulary) -> &Names {
        if self == Self::Split { &vocabulary.splits } else { &vocabulary.classes }
    }

    /// Whether what is picked is among what these conditions ask for.
    fn means(self, tests: &[Test], pick: &Pick, vocabulary: &Vocabulary) -> bool {
        match self {
            Self::Label | Self::Split => self.widths(tests, pick, vocabulary).next().is_some(),
            Self::Format | Self::Issue | Self::Flag | Self::Origin | Self::Said(_) => {
                tests.iter().any(|test| match (test, pick) {
                    (Test::Format(formats), Pick::Format(format)) => formats.contains(format),
                    (Test::Issue(kinds), Pick::Issue(kind)) => kinds.contains(&Some(*kind)),
                    (Test::Issue(kinds), _) => kinds.contains(&None),
                    (Test::Flag(flags), Pick::Flag(flag)) => flags.contains(&Some(*flag)),
                    (Test::Flag(flags), _) => flags.contains(&None),
                    (Test::Origin(origins), Pick::Origin(origin)) => origins.contains(origin),
                    (Test::Said(_, choices), Pick::Said(_, text)) => choices.contains(&said_choice(text)),
                    _ => false,
                })
            }
            Self::Is(_) => !tests.is_empty(),
        }
    }

    /// Whether too much would have to be written out to take the picked name from these.
    fn is_wide(self, tests: &[Test], pick: &Pick, vocabulary: &Vocabulary) -> bool {
        matches!(self, Self::Label | Self::Split)
            && self.widths(tests, pick, vocabulary).any(|names| names > MAX_WRITTEN)
    }

    /// How many names each choice means that means what is picked, a class or a split or none.
    fn widths(self, tests: &[Test], pick: &Pick, vocabulary: &Vocabulary) -> impl Iterator<Item = usize> {
        let names = self.names(vocabulary);
        let all = tests.iter().flat_map(|test| match test {
            Test::Label(choices) | Test::Split(choices) => choices.as_slice(),
            // The only other condition among them is `is:unlabelled`.
            _ => &[Choice::None],
        });
        all.filter_map(move |choice| match (choice, pick) {
            (Choice::Name(pattern), Pick::Class(name) | Pick::Split(name)) => {
                let meant = names.matching(pattern);
                meant.iter().any(|id| names.all()[*id] == *name).then_some(meant.len())
            }
            (Choice::None, Pick::Class(_) | Pick::Split(_)) | (Choice::Name(_), _) => None,
            (Choice::None, _) => Some(1),
        })
    }

    /// The condition after the click, in place of those there were.
    fn clicked(self, tests: Vec<Test>, pick: &Pick, click: Click, vocabulary: &Vocabulary) -> Option<Test> {
        match pick {
            Pick::Class(_) | Pick::Unlabelled | Pick::Is(State::Unlabelled) => {
                let choices = choices(tests, pick_choice(pick), &vocabulary.classes);
                let choices = toggled(choices, pick_choice(pick), click);
                // Alone, "no label" has a word of its own.
                match choices.as_slice() {
                    [] => None,
                    [Choice::None] => Some(Test::Is(vec![State::Unlabelled])),
                    _ => Some(Test::Label(choices)),
                }
            }
            Pick::Split(_) | Pick::NoSplit => {
                let choices = choices(tests, pick_choice(pick), &vocabulary.splits);
                some(toggled(choices, pick_choice(pick), click)).map(Test::Split)
            }
            Pick::Format(format) => {
                let formats = tests.into_iter().filter_map(|test| match test {
                    Test::Format(formats) => Some(formats),
                    _ => None,
                });
                some(toggled(formats.flatten().collect(), *format, click)).map(Test::Format)
            }
            Pick::Issue(_) | Pick::AnyIssue => {
                let picked = match pick {
                    Pick::Issue(kind) => Some(*kind),
                    _ => None,
                };
                let kinds = tests.into_iter().filter_map(|test| match test {
                    Test::Issue(kinds) => Some(kinds),
                    _ => None,
                });
                some(toggled(kinds.flatten().collect(), picked, click)).map(Test::Issue)
            }
            Pick::Flag(_) | Pick::AnyFlag => {
                let picked = match pick {
                    Pick::Flag(flag) => Some(*flag),
                    _ => None,
                };
                let flags = tests.into_iter().filter_map(|test| match test {
                    Test::Flag(flags) => Some(flags),
                    _ => None,
                });
                some(toggled(flags.flatten().collect(), picked, click)).map(Test::Flag)
            }
            Pick::Origin(origin) => {
                let origins = tests.into_iter().filter_map(|test| match test {
                    Test::Origin(origins) => Some(origins),
                    _ => None,
                });
                some(toggled(origins.flatten().collect(), *origin, click)).map(Test::Origin)
            }
            Pick::Said(field, text) => {
                let choices = tests.into_iter().filter_map(|test| match test {
                    Test::Said(_, choices) => Some(choices),
                    _ => None,
                });
                let choices = toggled(choices.flatten().collect(), said_choice(text), click);
                some(choices).map(|choices| Test::Said(*field, choices))
            }
            Pick::Is(state) => tests.is_empty().then(|| Test::Is(vec![*state])),
        }
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn said_choice(text: &str) -> Choice {
    Choice::Name(Pattern::literal(text))
}

fn pick_choice(pick: &Pick) -> Choice {
    match pick {
        Pick::Class(name) | Pick::Split(name) => Choice::Name(Pattern::literal(name.as_str())),
        _ => Choice::None,
    }
}

/// The choices of these conditions. One that means the picked name, and be it among others, is
/// written as the exact names that it means, so that the picked one can be taken out.
fn choices(tests: Vec<Test>, picked: Choice, names: &Names) -> Vec<Choice> {
    let all = tests.into_iter().flat_map(|test| match test {
        Test::Label(choices) | Test::Split(choices) => choices,
        // The only other condition among them is `is:unlabelled`.
        _ => vec![Choice::None],
    });
    let mut listed = Vec::new();
    for choice in all {
        let meant = match &choice {
            Choice::Name(pattern) => names.matching(pattern),
            Choice::None => Vec::new(),
        };
        let exact = || meant.iter().map(|id| Choice::Name(Pattern::literal(names.all()[*id].as_str())));
        if exact().any(|name| name == picked) {
            listed.extend(exact());
        } else {
            listed.push(choice);
        }
    }
    let mut known = HashSet::new();
    listed.retain(|choice| known.insert(choice.clone()));
    listed
}

/// A list after a click on one of its members, or on another.
fn toggled<T: PartialEq>(mut items: Vec<T>, picked: T, click: Click) -> Vec<T> {
    let there = items.contains(&picked);
    match click {
        Click::Only if there && items.len() == 1 => Vec::new(),
        Click::Only => vec![picked],
        Click::Add if there => {
            items.retain(|item| *item != picked);
            items
        }
        Click::Add => {
            items.push(picked);
            items
        }
    }
}
