//! A Stack Exchange dump: a folder of XML files, of which only `Posts.xml` has to be there.
//!
//! | row | fact |
//! |---|---|
//! | question | item put; the id is the question's, the author the user's id |
//! | answer, comment | replied, on the question, also where an answer is commented on; the text is in `props.text` |
//! | favourite | bookmarked, on the question |
//! | accepted answer | `accepted_answer` by who asked, on the question |
//! | bounty | `offered_bounty`, on the question, with its value |
//! | badge | `earned_badge`, on the site, `props.badge` |
//! | user | member put: `name`, `joined_at`, `about` |
//!
//! **Nothing from the future.** A dump says how things stood on its last day. Scores, view counts, reputations and the
//! like are left out, for at the time of a question nobody knew them. A vote's date lacks its hour, so it counts at the
//! end of its day (`props.precision` is `day`). What cannot be mended: text and tags are as last edited, `about` is as it
//! last was.
//!
//! **Who is gone.** A deleted user's question has no author. A deleted user's answers and comments count as replies by
//! `deleted:QUESTION:…`, one such id for each name within a question, so that the number of replies and of people stays
//! true while nobody is followed beyond the thread. What the site's own program (user -1) posted is treated alike.
//!
//! **Fact ids** name the row and its creation time (`se:q1:jepb5f3`), so a second import adds nothing, a later dump of the
//! same site adds what is new or edited, and another site's rows do not collide with them.
//!
//! ```no_run
//! use anklang_datasets::load::{Load, LoadError, stackexchange::StackExchange};
//!
//! let mut dump = StackExchange::open("quantumcomputing.stackexchange.com".as_ref())?;
//! for fact in dump.by_ref() {
//!     match fact {
//!         Ok(fact) => println!("{} {}", fact.at, fact.id),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! println!("{:?}", dump.report());
//! # Ok::<(), LoadError>(())
//! ```

mod facts;
mod rows;
mod scan;

use std::path::Path;

use anklang_domain::Fact;

pub use rows::ROW_BYTES_MAX;

use self::rows::Rereader;
use self::scan::{FILES, Scan};
use super::{Load, LoadError, Progress, Report};

/// The facts of a dump, in the order of time. Bad rows are errors between them and do not end the reading; a file that
/// breaks off gives the rows before the break, and its error comes last.
pub struct StackExchange {
    scan: Scan,
    /// One for each of [`FILES`]; none where the file is missing.
    files: Vec<Option<Rereader>>,
    site: Option<String>,
    next: usize,
    bytes_read: u64,
}

impl StackExchange {
    /// Opens a dump and reads it once, to learn the order of things; the facts are made by a second reading, so memory
    /// is about 60 bytes a row however long its text.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let mut scan = Scan::of(folder)?;
        // Taken from the end, so that the first comes first.
        scan.errors.reverse();
        let mut files = Vec::new();
        for (_, name) in FILES {
            let path = folder.join(name);
            files.push(if path.is_file() { Some(Rereader::open(&path, name)?) } else { None });
        }
        let site = folder.file_name().and_then(|name| name.to_str()).filter(|name| is_host(name)).map(str::to_owned);
        Ok(Self { scan, files, site, next: 0, bytes_read: 0 })
    }

    /// Names the site, such as `quantumcomputing.stackexchange.com`, from which the questions' addresses are made.
    /// Without this, the folder's name if it looks like one, else questions have no address.
    #[must_use]
    pub fn site(self, host: &str) -> Self {
        Self { site: Some(host.to_owned()), ..self }
    }

    /// How many facts there are, at most.
    #[must_use]
    pub fn len_max(&self) -> usize {
        self.scan.entries.len()
    }

    fn read(&mut self) -> Option<Result<Fact, LoadError>> {
        let Some(entry) = self.scan.entries.get(self.next).copied() else {
            // Rows that are left out were read by the first reading.
            self.bytes_read = self.scan.bytes_total;
            return self.scan.errors.pop().map(Err);
        };
        self.next += 1;
        self.bytes_read += u64::from(entry.span.bytes);
        let file = FILES.iter().position(|(file, _)| *file == entry.kind.file())?;
        let (scan, site) = (&self.scan, self.site.as_deref());
        let fact = self.files.get_mut(file)?.as_mut()?.row(entry.span, |row| facts::fact(scan, site, &entry, row));
        if fact.is_ok() {
            self.scan.report.count(entry.kind.plural());
        }
        Some(fact)
    }
}

impl Iterator for StackExchange {
    type Item = Result<Fact, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if let Some(Err(error)) = &read {
            self.scan.report.fail(error);
        }
        read
    }
}

impl Load for StackExchange {
    fn report(&self) -> &Report {
        &self.scan.report
    }

    fn progress(&self) -> Progress {
        Progress { bytes_read: self.bytes_read, bytes_total: self.scan.bytes_total }
    }
}

fn is_host(name: &str) -> bool {
    let suffixes = [".com", ".net", ".org"];
    suffixes.iter().any(|suffix| name.ends_with(suffix))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests;
