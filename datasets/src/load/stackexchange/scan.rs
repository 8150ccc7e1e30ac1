//! The first reading of a dump: what there is, when it happened and where it lies. Forty bytes a row, whatever its text.

use std::collections::HashMap;
use std::path::Path;

use anklang_domain::{DAY_MS, UnixMillis};

use super::rows::{Row, Span, each_row};
use crate::load::{LoadError, Report};

/// The files that are read, in the order in which they are.
pub(super) const FILES: [(File, &str); 5] = [
    (File::Posts, "Posts.xml"),
    (File::Users, "Users.xml"),
    (File::Comments, "Comments.xml"),
    (File::Badges, "Badges.xml"),
    (File::Votes, "Votes.xml"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Posts,
    Users,
    Comments,
    Badges,
    Votes,
}

/// What a row becomes. The order decides between facts of the same moment: a question comes before its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    Question,
    Answer,
    Comment,
    Badge,
    Favourite,
    Accepted,
    Bounty,
}

impl Kind {
    pub(super) const fn file(self) -> File {
        match self {
            Self::Question | Self::Answer => File::Posts,
            Self::User => File::Users,
            Self::Comment => File::Comments,
            Self::Badge => File::Badges,
            Self::Favourite | Self::Accepted | Self::Bounty => File::Votes,
        }
    }

    /// The name under which it is counted.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Question => "questions",
            Self::Answer => "answers",
            Self::Comment => "comments",
            Self::Badge => "badges",
            Self::Favourite => "favourites",
            Self::Accepted => "accepted answers",
            Self::Bounty => "bounties",
        }
    }
}

/// A row that becomes a fact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) at: UnixMillis,
    pub(super) kind: Kind,
    pub(super) id: i64,
    pub(super) span: Span,
}

/// What others need to know of a post.
#[derive(Debug, Clone, Copy)]
pub(super) enum Post {
    Question {
        owner: Option<i64>,
    },
    Answer {
        question: i64,
    },
    /// A tag's description and its like.
    Other,
}

/// A dump as the first reading found it.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) entries: Vec<Entry>,
    pub(super) posts: HashMap<i64, Post>,
    pub(super) report: Report,
    pub(super) errors: Vec<LoadError>,
    pub(super) bytes_total: u64,
}

impl Scan {
    /// Reads the files of a folder; only `Posts.xml` has to be there.
    pub(super) fn of(folder: &Path) -> Result<Self, LoadError> {
        let mut scan = Self::default();
        for (file, name) in FILES {
            let path = folder.join(name);
            if !path.is_file() {
                if file == File::Posts {
                    let what = "not found; a Stack Exchange dump is a folder with at least Posts.xml".to_owned();
                    return Err(LoadError::Io { file: path.display().to_string(), what });
                }
                scan.report.missing.push(name.to_owned());
                continue;
            }
            scan.bytes_total += path.metadata().map_or(0, |metadata| metadata.len());
            scan.file(file, &path, name);
        }
        for name in ["PostLinks.xml", "Tags.xml"] {
            if !folder.join(name).is_file() {
                scan.report.missing.push(name.to_owned());
            }
        }
        let orphans = scan.drop_orphans();
        for _ in 0..orphans {
            scan.report.skip("answer to a question that is not in the dump");
        }
        scan.entries.sort_unstable_by_key(|entry| (entry.at, entry.kind, entry.id));
        Ok(scan)
    }

    fn file(&mut self, file: File, path: &Path, name: &str) {
        let ended = each_row(path, name, &mut |span, row| {
            if let Err(error) = row.and_then(|row| self.row(file, span, &row)) {
                self.errors.push(error);
            }
        });
        self.errors.extend(ended.err());
    }

    fn row(&mut self, file: File, span: Span, row: &Row<'_>) -> Result<(), LoadError> {
        let id = row.needed_number("Id")?;
        let (kind, at) = match file {
            File::Posts => (self.post(id, row)?, row.needed_time("CreationDate")?),
            File::Users => (self.user(id), row.needed_time("CreationDate")?),
            File::Comments => (self.comment(row)?, row.needed_time("CreationDate")?),
            File::Badges => (Some(Kind::Badge), row.needed_time("Date")?),
            File::Votes => (self.vote(row)?, end_of_day(row.needed_time("CreationDate")?)),
        };
        if let Some(kind) = kind {
            self.entries.push(Entry { at, kind, id, span });
        }
        Ok(())
    }

    fn user(&mut self, id: i64) -> Option<Kind> {
        if id > 0 {
            return Some(Kind::User);
        }
        self.report.skip("user that is a program (Id -1)");
        None
    }

    fn post(&mut self, id: i64, row: &Row<'_>) -> Result<Option<Kind>, LoadError> {
        let (post, kind) = match row.needed_number("PostTypeId")? {
            1 => {
                (Post::Question { owner: row.number("OwnerUserId")?.filter(|owner| *owner > 0) }, Some(Kind::Question))
            }
            2 => (Post::Answer { question: row.needed_number("ParentId")? }, Some(Kind::Answer)),
            other => {
                self.report.skip(match other {
                    4 | 5 => "tag description (PostTypeId 4 or 5)",
                    3 | 6 | 7 | 8 => "page of the site's own (PostTypeId 3, 6, 7 or 8)",
                    _ => "post of a kind unknown here",
                });
                (Post::Other, None)
            }
        };
        self.posts.insert(id, post);
        Ok(kind)
    }

    fn comment(&mut self, row: &Row<'_>) -> Result<Option<Kind>, LoadError> {
        let post = row.needed_number("PostId")?;
        if self.question_of(post).is_some() {
            return Ok(Some(Kind::Comment));
        }
        let reason = match self.posts.get(&post) {
            Some(Post::Question { .. } | Post::Answer { .. }) => {
                "comment on an answer whose question is not in the dump"
            }
            Some(Post::Other) => "comment on a post that is not imported",
            None => "comment on a post that is not in the dump",
        };
        self.report.skip(reason);
        Ok(None)
    }

    fn vote(&mut self, row: &Row<'_>) -> Result<Option<Kind>, LoadError> {
        let post = row.needed_number("PostId")?;
        let voter = row.number("UserId")?.filter(|user| *user > 0);
        let kind = match (row.needed_number("VoteTypeId")?, voter) {
            (1, _) => Kind::Accepted,
            (5, Some(_)) => Kind::Favourite,
            (8, Some(_)) => Kind::Bounty,
            (_, _) => {
                self.report.skip("vote that names no member");
                return Ok(None);
            }
        };
        let reason = match (kind, self.question_of(post)) {
            (_, None) => "vote on a post that is not in the dump or not imported",
            (Kind::Accepted, Some((_, None))) => "answer accepted by a deleted user",
            (_, Some(_)) => return Ok(Some(kind)),
        };
        self.report.skip(reason);
        Ok(None)
    }

    /// The question a post belongs to and its owner.
    pub(super) fn question_of(&self, post: i64) -> Option<(i64, Option<i64>)> {
        let question = match self.posts.get(&post)? {
            Post::Question { .. } => post,
            Post::Answer { question } => *question,
            Post::Other => return None,
        };
        match self.posts.get(&question)? {
            Post::Question { owner } => Some((question, *owner)),
            Post::Answer { .. } | Post::Other => None,
        }
    }

    /// Leaves out answers without their question, and comments on such answers.
    fn drop_orphans(&mut self) -> usize {
        let before = self.entries.len();
        let posts = std::mem::take(&mut self.posts);
        let has_question = |id: i64| match posts.get(&id) {
            Some(Post::Answer { question }) => matches!(posts.get(question), Some(Post::Question { .. })),
            Some(Post::Question { .. }) => true,
            Some(Post::Other) | None => false,
        };
        self.entries.retain(|entry| entry.kind != Kind::Answer || has_question(entry.id));
        self.posts = posts;
        before - self.entries.len()
    }
}

/// A vote's date is a day without an hour. The day's last moment is the only one that surely is not before the vote: an
/// earlier one would let the past know of it.
fn end_of_day(day: UnixMillis) -> UnixMillis {
    UnixMillis::saturating(day.ms().div_euclid(DAY_MS) * DAY_MS + DAY_MS - 1)
}
