//! What can be wrong with a table, and where.

/// Why a table was not read. Whoever made the file, or named its columns, must act; but for [`TableError::Io`], which is
/// for whoever runs the machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{file}: {what}")]
    Io {
        /// The file's name.
        file: String,
        /// What the system says.
        what: String,
    },
    /// The file as a whole is no table that can be read: empty, cut off, of another kind.
    #[error("{file}: {what}")]
    NotATable {
        /// The file's name.
        file: String,
        /// What it is, and what would be right.
        what: String,
    },
    /// There is no such column.
    #[error("{file} has no column {name:?}; it has {}", listed(columns))]
    NoColumn {
        /// The file's name.
        file: String,
        /// What was asked for.
        name: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// Several columns have the name that was asked for.
    #[error("{file} has {count} columns {name:?}: rename all but one")]
    TwiceColumn {
        /// The file's name.
        file: String,
        /// What was asked for.
        name: String,
        /// How many have it.
        count: usize,
    },
    /// One row is not as it should be.
    #[error("{place}: {what}")]
    Row {
        /// The file and the line; of a Parquet file, the row.
        place: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// More of something than is taken.
    #[error("{file}: {what}")]
    TooMany {
        /// The file's name.
        file: String,
        /// Of what, and the limit.
        what: String,
    },
}

/// How many columns an error lists.
const LISTED_MAX: usize = 50;

fn listed(columns: &[String]) -> String {
    let shown = columns.iter().take(LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match columns.len().saturating_sub(LISTED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
