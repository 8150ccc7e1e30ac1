//! JavaScript's regular expressions (ECMA-262, section 22.2 and annex B.1.2, without flags but `i`) as [`Regex`], which
//! takes linear time but knows no look-around and no back-references. Texts are taken by characters, not by UTF-16 units.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// The memory that a pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What `\s` means there, and `.` does not.
const SPACES: &str = r"\t\n\x0B\f\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";
const ANY: &str = r"[^\n\r\u{2028}\u{2029}]";

/// A pattern made ready; the reason where it is none.
pub fn regex(pattern: &str, folded: bool) -> Result<Regex, String> {
    let translated = Translator { rest: pattern.chars().peekable(), out: String::new() }.translate()?;
    let built = RegexBuilder::new(&translated).case_insensitive(folded).size_limit(PATTERN_BYTES_MAX).build();
    built.map_err(|error| error.to_string().lines().last().unwrap_or("not a regular expression").to_owned())
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

/// One member of a pattern or class.
enum Atom {
    Char(char),
    /// Several, as the inside of a class.
    Set(&'static str),
    Outside(&'static str),
}

impl Translator<'_> {
    fn translate(mut self) -> Result<String, String> {
        // Whether something stands in front that can be repeated.
        let mut repeatable = false;
        while let Some(c) = self.rest.next() {
            repeatable = match c {
                '*' | '+' | '?' => self.repeat(repeatable, &c.to_string())?,
                '{' => match self.count() {
                    Some(count) => self.repeat(repeatable, &count)?,
                    None => self.atom(&Atom::Char('{')),
                },
                '(' => self.group()?,
                '[' => self.class()?,
                '\\' => self.escape()?,
                '.' => self.raw(ANY, true),
                '^' | '$' | '|' => self.raw(&c.to_string(), false),
                ')' => self.raw(")", true),
                other => self.atom(&Atom::Char(other)),
            };
        }
        Ok(self.out)
    }

    fn raw(&mut self, text: &str, repeatable: bool) -> bool {
        self.out.push_str(text);
        repeatable
    }

    fn atom(&mut self, atom: &Atom) -> bool {
        let text = match atom {
            Atom::Char(c) => literal(*c),
            Atom::Set(inside) => format!("[{inside}]"),
            Atom::Outside(inside) => format!("[^{inside}]"),
        };
        self.raw(&text, true)
    }

    fn repeat(&mut self, repeatable: bool, how: &str) -> Result<bool, String> {
        if !repeatable {
            return Err(format!("nothing stands before {how}"));
        }
        self.out.push_str(how);
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        Ok(false)
    }

    /// `{2}`, `{2,}` or `{2,3}`, behind its first brace; anything else is that brace itself.
    fn count(&mut self) -> Option<String> {
        let mut ahead = self.rest.clone();
        let mut count = String::from("{");
        loop {
            let c = ahead.next()?;
            count.push(c);
            match c {
                '0'..='9' => {}
                ',' if count.len() > 2 && count.matches(',').count() == 1 => {}
                '}' if count.len() > 2 => break,
                _other => return None,
            }
        }
        self.rest = ahead;
        Some(count)
    }

    /// Only `(`, `(?:` and `(?<name>`.
    fn group(&mut self) -> Result<bool, String> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_some() {
            let kind = self.rest.next();
            let behind = kind == Some('<') && matches!(self.rest.peek(), Some('=' | '!'));
            match kind {
                Some(kind @ (':' | '<')) if !behind => self.out.extend(['?', kind]),
                Some('=' | '!' | '<') => return Err("look-around is not supported".to_owned()),
                Some(_) | None => return Err("there is no such group".to_owned()),
            }
            if kind == Some('<') {
                while let Some(c) = self.rest.next_if(|c| *c != '>') {
                    self.out.push(c);
                }
                self.out.extend(self.rest.next());
            }
        }
        Ok(false)
    }

    fn escape(&mut self) -> Result<bool, String> {
        match self.rest.peek() {
            Some('b') => {
                self.rest.next();
                Ok(self.raw(r"(?-u:\b)", false))
            }
            Some('B') => {
                self.rest.next();
                Ok(self.raw(r"\B", false))
            }
            Some('1'..='9') => Err("back-references are not supported".to_owned()),
            Some(_) | None => {
                let atom = self.escaped()?;
                Ok(self.atom(&atom))
            }
        }
    }

    /// What stands behind a `\`.
    fn escaped(&mut self) -> Result<Atom, String> {
        let Some(c) = self.rest.next() else { return Err("nothing stands behind the last \\".to_owned()) };
        Ok(match c {
            'd' => Atom::Set("0-9"),
            'D' => Atom::Outside("0-9"),
            'w' => Atom::Set("0-9A-Za-z_"),
            'W' => Atom::Outside("0-9A-Za-z_"),
            's' => Atom::Set(SPACES),
            'S' => Atom::Outside(SPACES),
            't' => Atom::Char('\t'),
            'n' => Atom::Char('\n'),
            'v' => Atom::Char('\u{B}'),
            'f' => Atom::Char('\u{C}'),
            'r' => Atom::Char('\r'),
            '0' => Atom::Char('\0'),
            'c' => match self.rest.next_if(char::is_ascii_alphabetic) {
                Some(letter) => Atom::Char(char::from(letter as u8 % 32)),
                None => Atom::Char('\\'),
            },
            'x' => Atom::Char(self.hex(2).unwrap_or('x')),
            'u' => Atom::Char(self.hex(4).unwrap_or('u')),
            other => Atom::Char(other),
        })
    }

    fn hex(&mut self, digits: usize) -> Option<char> {
        let mut ahead = self.rest.clone();
        let text: String = ahead.by_ref().take(digits).filter(char::is_ascii_hexdigit).collect();
        let found = char::from_u32(u32::from_str_radix(&text, 16).ok()?).filter(|_| text.len() == digits)?;
        self.rest = ahead;
        Some(found)
    }

    fn class(&mut self) -> Result<bool, String> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut inside = String::new();
        while let Some(from) = self.member()? {
            if self.rest.peek() != Some(&'-') {
                inside.push_str(&within(&from));
                continue;
            }
            self.rest.next();
            let Some(to) = self.member()? else {
                inside.push_str(&(within(&from) + &literal('-')));
                return Ok(self.close(negated, &inside));
            };
            match (&from, &to) {
                (Atom::Char(from), Atom::Char(to)) if from > to => return Err("a range runs backwards".to_owned()),
                (Atom::Char(from), Atom::Char(to)) => inside.push_str(&format!("{}-{}", literal(*from), literal(*to))),
                _sets => inside.push_str(&(within(&from) + &literal('-') + &within(&to))),
            }
        }
        Ok(self.close(negated, &inside))
    }

    /// `[]` holds nothing, and `[^]` everything.
    fn close(&mut self, negated: bool, inside: &str) -> bool {
        let text = match (inside.is_empty(), negated) {
            (true, true) => r"[\s\S]".to_owned(),
            (true, false) => r"[^\s\S]".to_owned(),
            (false, true) => format!("[^{inside}]"),
            (false, false) => format!("[{inside}]"),
        };
        self.raw(&text, true)
    }

    /// The next member of a class; none at its end.
    fn member(&mut self) -> Result<Option<Atom>, String> {
        match self.rest.next() {
            None => Err("a class is not closed".to_owned()),
            Some(']') => Ok(None),
            Some('\\') if self.rest.next_if_eq(&'b').is_some() => Ok(Some(Atom::Char('\u{8}'))),
            Some('\\') => self.escaped().map(Some),
            Some(other) => Ok(Some(Atom::Char(other))),
        }
    }
}

fn literal(c: char) -> String {
    if c.is_ascii_alphanumeric() || !c.is_ascii() { c.to_string() } else { format!("\\x{:02X}", c as u32) }
}

fn within(atom: &Atom) -> String {
    match atom {
        Atom::Char(c) => literal(*c),
        Atom::Set(inside) => (*inside).to_owned(),
        Atom::Outside(inside) => format!("[^{inside}]"),
    }
}
