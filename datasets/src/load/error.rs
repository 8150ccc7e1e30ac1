//! What can be wrong with a file, and where.

use std::fmt;

/// A place in a file that somebody can go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The byte within the line, from 1, where it is known.
    pub column: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// Why a file, or a part of it, was not read. What stood before it has been delivered. Whoever made the file must act,
/// but for [`LoadError::Io`], which is for whoever runs the machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be opened or read, or its compression is damaged or cut off.
    #[error("{file}: {what}")]
    Io {
        /// The file's name.
        file: String,
        /// What the system says.
        what: String,
    },
    /// The file as a whole is not what it should be, and no place in it says so better than another: empty, of another
    /// kind, without a column.
    #[error("{file}: {what}")]
    Whole {
        /// The file's name.
        file: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// The file as a whole is not what it should be; reading it ended here.
    #[error("{place}: {what}")]
    Broken {
        /// Where.
        place: Place,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A line or row is longer than is taken.
    #[error("{place}: longer than {bytes_max} bytes")]
    TooLong {
        /// Where it begins.
        place: Place,
        /// The limit.
        bytes_max: usize,
    },
    /// A line or row is well formed, but one of its fields is not.
    #[error("{place}: field {field:?}: {what}")]
    Field {
        /// Where the line or row begins.
        place: Place,
        /// The field's name.
        field: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

impl LoadError {
    pub(crate) fn io(file: &str, error: &std::io::Error) -> Self {
        Self::Io { file: file.to_owned(), what: error.to_string() }
    }

    /// Whether the rest of the file cannot be read after this; a bad line or row alone does not end it.
    #[must_use]
    pub const fn ends_file(&self) -> bool {
        match self {
            Self::Io { .. } | Self::Whole { .. } | Self::Broken { .. } => true,
            Self::TooLong { .. } | Self::Field { .. } => false,
        }
    }
}
