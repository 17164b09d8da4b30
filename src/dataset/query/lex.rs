//! A query's text to tokens, each with where it stands.
//!
//! It refuses to know which fields there are. It reads any text to its end, so that completion can
//! look at a query that is still being typed.

use std::ops::Range;

use super::pattern::Pattern;

/// What a query is made of, and where it stands in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub at: Range<usize>,
    pub kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    /// A minus before what it negates, or the word.
    Not,
    And,
    Or,
    /// Free text.
    Text(Value),
    /// `field:value,value`.
    Field(FieldToken),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldToken {
    /// The field's name, quotes taken off.
    pub name: String,
    pub name_at: Range<usize>,
    pub op: Op,
    pub op_at: Range<usize>,
    /// At least one, empty where nothing was written.
    pub values: Vec<Value>,
}

/// What stands between a field and its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `:` and `=`.
    Is,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    /// The operators as written, longer ones before their beginnings.
    const ALL: [(&str, Self); 7] = [
        ("!=", Self::NotEqual),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        (":", Self::Is),
        ("=", Self::Is),
        ("<", Self::Less),
        (">", Self::More),
    ];

    fn at_start(text: &str) -> Option<(&'static str, Self)> {
        Self::ALL.into_iter().find(|(written, _)| text.starts_with(written))
    }
}

/// A value: bare and quoted parts, written without a gap between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub at: Range<usize>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    text: String,
    quoted: bool,
}

impl Value {
    fn empty(at: usize) -> Self {
        Self { at: at..at, parts: Vec::new() }
    }

    /// Whether nothing was written, not even quotes.
    pub fn is_blank(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text, quotes taken off.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// The text when no part of it is quoted.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part { text, quoted: false }] => Some(text),
            _ => None,
        }
    }

    /// The text cut at the stars that are not quoted.
    pub fn pattern(&self) -> Pattern {
        let mut pieces = vec![String::new()];
        for part in &self.parts {
            let mut cuts = part.text.split(|one| one == '*' && !part.quoted);
            if let (Some(last), Some(first)) = (pieces.last_mut(), cuts.next()) {
                last.push_str(first);
            }
            pieces.extend(cuts.map(str::to_owned));
        }
        Pattern::from_pieces(pieces)
    }
}

/// The tokens of a text, and the place of a quote that is not closed (the last token then goes to
/// the text's end).
pub(super) fn lex(text: &str) -> (Vec<Token>, Option<Range<usize>>) {
    let mut lexer = Lexer { text, at: 0, open_quote: None };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    (tokens, lexer.open_quote)
}

/// Whether a bare word is an operator between conditions.
pub(super) fn keyword(word: &str) -> Option<TokenKind> {
    [("and", TokenKind::And), ("or", TokenKind::Or), ("not", TokenKind::Not)]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, kind)| kind)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    open_quote: Option<Range<usize>>,
}

impl Lexer<'_> {
    fn token(&mut self) -> Option<Token> {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek()? {
            '(' => self.single(TokenKind::Open),
            ')' => self.single(TokenKind::Close),
            '-' => self.single(TokenKind::Not),
            _ => self.word(),
        };
        Some(Token { at: start..self.at, kind })
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    /// A keyword, free text or a field with its values.
    fn word(&mut self) -> TokenKind {
        let name = self.value(|rest| Op::at_start(rest).is_some());
        let Some((op, op_at)) = self.operator(&name) else {
            return name.bare().and_then(keyword).unwrap_or(TokenKind::Text(name));
        };
        let mut values = Vec::new();
        loop {
            self.skip_space_before_value();
            values.push(self.value(|rest| rest.starts_with(',')));
            if self.peek() != Some(',') {
                break;
            }
            self.at += 1;
        }
        TokenKind::Field(FieldToken { name: name.text(), name_at: name.at, op, op_at, values })
    }

    /// The operator here; one that compares may stand apart from its field.
    fn operator(&mut self, name: &Value) -> Option<(Op, Range<usize>)> {
        let start = self.at;
        self.skip_space();
        let apart = self.at > start;
        let found = Op::at_start(&self.text[self.at..]);
        let keyword = name.bare().is_some_and(|word| keyword(word).is_some());
        match found.filter(|(written, _)| !apart || (*written != ":" && !keyword)) {
            Some((written, op)) => {
                let from = self.at;
                self.at += written.len();
                Some((op, from..self.at))
            }
            None => {
                self.at = start;
                None
            }
        }
    }

    /// Bare and quoted text up to a space, a bracket, or where `ends` says so.
    fn value(&mut self, ends: impl Fn(&str) -> bool) -> Value {
        let mut value = Value::empty(self.at);
        while let Some(next) = self.peek() {
            if next == '"' {
                let text = self.quoted();
                value.parts.push(Part { text, quoted: true });
                continue;
            }
            if next.is_whitespace() || matches!(next, '(' | ')') || ends(&self.text[self.at..]) {
                break;
            }
            self.at += next.len_utf8();
            match value.parts.last_mut() {
                Some(Part { text, quoted: false }) => text.push(next),
                _ => value.parts.push(Part { text: next.into(), quoted: false }),
            }
        }
        value.at.end = self.at;
        value
    }

    /// Quoted text: `\"` is a quote and `\\` a backslash; another backslash is itself.
    fn quoted(&mut self) -> String {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.text[start + 1..].char_indices().peekable();
        while let Some((offset, one)) = chars.next() {
            match one {
                '"' => {
                    self.at = start + 1 + offset + 1;
                    return text;
                }
                '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                    Some((_, next)) => text.push(next),
                    None => text.push('\\'),
                },
                one => text.push(one),
            }
        }
        self.open_quote = Some(start..self.text.len());
        self.at = self.text.len();
        text
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Goes to the value when one follows.
    fn skip_space_before_value(&mut self) {
        let start = self.at;
        self.skip_space();
        if matches!(self.peek(), Some('(' | ')')) {
            self.at = start;
        }
    }
}
