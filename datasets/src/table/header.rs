//! Which column is what.

use super::{COLUMNS_MAX, TableError, Wanted};

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Unit,
    Arm,
    Number(usize),
    Label(usize),
    /// As a label, cut to its day.
    Day(usize),
}

/// A column that is read. A column may have several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) column: usize,
    pub(super) role: Role,
}

/// The columns of a file, and those that are read, in the file's order.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) uses: Vec<Use>,
}

impl Header {
    pub(super) fn of(file: &str, names: Vec<String>, wanted: &Wanted) -> Result<Self, TableError> {
        if names.len() > COLUMNS_MAX {
            let what = format!("has {} columns; at most {COLUMNS_MAX} are taken", names.len());
            return Err(TableError::TooMany { file: file.to_owned(), what });
        }
        let days_from = wanted.labels.len();
        let asked = (wanted.unit.iter().map(|name| (name, Role::Unit)))
            .chain([(&wanted.variant, Role::Arm)])
            .chain(wanted.numbers.iter().enumerate().map(|(at, name)| (name, Role::Number(at))))
            .chain(wanted.labels.iter().enumerate().map(|(at, name)| (name, Role::Label(at))))
            .chain(wanted.days.iter().enumerate().map(|(at, name)| (name, Role::Day(days_from + at))));
        let found = asked.map(|(name, role)| Ok(Use { column: place(file, &names, name)?, role }));
        let mut uses = found.collect::<Result<Vec<_>, TableError>>()?;
        uses.sort_by_key(|used| used.column);
        Ok(Self { names, uses })
    }
}

fn place(file: &str, names: &[String], name: &str) -> Result<usize, TableError> {
    let mut found = names.iter().enumerate().filter(|(_, known)| *known == name).map(|(column, _)| column);
    match (found.next(), found.count()) {
        (Some(column), 0) => Ok(column),
        (Some(_), more) => {
            Err(TableError::TwiceColumn { file: file.to_owned(), name: name.to_owned(), count: more + 1 })
        }
        (None, _) => {
            Err(TableError::NoColumn { file: file.to_owned(), name: name.to_owned(), columns: names.to_vec() })
        }
    }
}
