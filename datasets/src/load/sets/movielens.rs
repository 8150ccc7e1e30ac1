//! MovieLens, as GroupLens gives it out: `ratings.dat` and `movies.dat` (fields between `::`), `ratings.csv` and
//! `movies.csv`, or `u.data` (between tabs, no header).
//!
//! A rating of [`RATING_MIN`] and above is an event of weight 1, less is none, as in Liang et al. (2018) and Steck (2019);
//! [`Options::weights`] says otherwise. A movie's genres are features `genre:…`, the words of its title `word:…`.
//! `movies.dat` is taken as Latin-1 where it is not UTF-8, as it was first given out.

use std::collections::HashMap;
use std::path::Path;

use anklang_models::{Csr, ItemFacts};

use super::cell::{Unit, moment, weight};
use super::columns;
use super::names::Names;
use super::rows::{Rows, Weights};
use super::words::words;
use super::{Options, Parts};
use crate::load::LoadError;
use crate::load::csv::{bad_row, guarded};
use crate::load::lines::{Input, Lines};

/// The least rating that counts.
pub const RATING_MIN: f64 = 4.0;

const NO_GENRE: &str = "(no genres listed)";

pub(super) fn read(ratings: &Path, movies: Option<&Path>, options: &Options) -> Result<Parts, LoadError> {
    let weights = options.weights.unwrap_or(Weights::AtLeast(RATING_MIN));
    let options = Options { weights: Some(weights), ..options.clone() };
    let is_csv = |path: &Path| path.extension().is_some_and(|extension| extension == "csv");
    let rows = if is_csv(ratings) { columns::read_csv(ratings, &options)? } else { separated(ratings, weights)? };
    let about = match movies {
        Some(path) if is_csv(path) => movies_csv(path)?,
        Some(path) => movies_dat(path)?,
        None => HashMap::new(),
    };
    let made = rows.finish(|items| content(items, &about));
    made.map_err(|error| LoadError::Whole { file: ratings.display().to_string(), what: error.to_string() })
}

/// `user::movie::rating::seconds`, or the same between tabs.
fn separated(path: &Path, weights: Weights) -> Result<Rows, LoadError> {
    let mut lines = Lines::of(Input::open(path)?);
    let mut rows = Rows::new(weights);
    loop {
        let taken = match lines.next_line()? {
            Some([]) => continue,
            Some(line) => take(line, &mut rows),
            None if rows.is_empty() => {
                return Err(LoadError::Whole { file: path.display().to_string(), what: "has no ratings".to_owned() });
            }
            None => return Ok(rows),
        };
        taken.map_err(|(field, what)| LoadError::Field { place: lines.place(None), field: field.to_owned(), what })?;
    }
}

fn take(line: &[u8], rows: &mut Rows) -> Result<(), (&'static str, String)> {
    const LINE: &str = "(the line)";
    let text = std::str::from_utf8(line).map_err(|error| (LINE, format!("not UTF-8: {error}")))?;
    let fields: Vec<&str> = if text.contains('\t') { text.split('\t').collect() } else { text.split("::").collect() };
    let [member, item, rating, at] = fields[..] else {
        let what = format!(
            "has {} fields; user::movie::rating::timestamp is needed: the line is cut off, or separated otherwise",
            fields.len()
        );
        return Err((LINE, what));
    };
    if let Some((_, field)) = [(member, "user"), (item, "movie")].into_iter().find(|(name, _)| name.trim().is_empty()) {
        return Err((field, "missing".to_owned()));
    }
    let rating = weight(rating.trim()).map_err(|what| ("rating", what))?;
    let at = moment(at.trim(), Some(Unit::Seconds)).map_err(|what| ("timestamp", what))?;
    rows.push(member.trim(), item.trim(), Some(at), rating);
    Ok(())
}

/// What is known of a movie: title and genres between `|`.
type About = HashMap<String, (String, String)>;

fn movies_csv(path: &Path) -> Result<About, LoadError> {
    let input = Input::open(path)?;
    let file = input.name.clone();
    let mut reader = guarded(input);
    let mut about = About::new();
    let mut record = csv::StringRecord::new();
    loop {
        reader.get_mut().next_row();
        if !reader.read_record(&mut record).map_err(|error| bad_row(&file, &error))? {
            return Ok(about);
        }
        let field = |place: usize| record.get(place).unwrap_or_default().to_owned();
        about.insert(field(0), (field(1), field(2)));
    }
}

fn movies_dat(path: &Path) -> Result<About, LoadError> {
    let mut lines = Lines::of(Input::open(path)?);
    let mut about = About::new();
    loop {
        let text: String = match lines.next_line()? {
            Some([]) => continue,
            Some(line) => match std::str::from_utf8(line) {
                Ok(text) => text.to_owned(),
                // Latin-1 is the first 256 characters of Unicode.
                Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
            },
            None => return Ok(about),
        };
        let fields: Vec<&str> = text.split("::").collect();
        let [movie, title, genres] = fields[..] else {
            let what = format!("has {} fields; movie::title::genres is needed", fields.len());
            return Err(LoadError::Field { place: lines.place(None), field: "(the line)".to_owned(), what });
        };
        about.insert(movie.to_owned(), (title.to_owned(), genres.to_owned()));
    }
}

fn content(items: &Names, about: &About) -> (ItemFacts, Vec<String>) {
    if about.is_empty() {
        return (ItemFacts::default(), Vec::new());
    }
    let mut features = Names::default();
    let mut rows = Vec::with_capacity(items.len());
    for name in items.iter() {
        let (title, genres) = about.get(name).map_or(("", ""), |(title, genres)| (title, genres));
        let genres = genres.split('|').filter(|genre| !genre.is_empty() && *genre != NO_GENRE);
        let named = genres.map(|genre| format!("genre:{genre}"));
        let named = named.chain(words(title).into_iter().map(|word| format!("word:{word}")));
        rows.push(named.map(|name| (features.ix(&name), 1.0_f32)).collect::<Vec<_>>());
    }
    let mut content = Csr::from_rows(features.len(), rows);
    content.values_mut().fill(1.0);
    (ItemFacts { content, ..ItemFacts::default() }, features.into_vec())
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::super::tests::{events, write};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ratings_that_count_are_events_and_genres_are_features() {
        let movies = &b"1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n661::Am\xe9lie::Comedy|Drama\n"[..];
        let folder = write(&[("ratings.dat", "1::1193::5::978300760\r\n1::661::3::978302109\n2::661::4::978300000")]);
        std::fs::write(folder.path().join("movies.dat"), movies).unwrap();
        let set = load(folder.path(), &Options::default()).unwrap();
        assert_eq!(events(&set.log), [(978_300_000_000, 1, 1), (978_300_760_000, 0, 0)]);
        assert_eq!(
            (set.members.as_slice(), set.items.as_slice()),
            (&["1".to_owned(), "2".into()][..], &["1193".to_owned(), "661".into()][..])
        );
        assert!(set.features.contains(&"genre:Comedy".to_owned()) && set.features.contains(&"word:amélie".to_owned()));
        let all = load(folder.path(), &Options { weights: Some(Weights::AsWritten), ..Options::default() }).unwrap();
        assert_eq!(all.log.events().iter().map(|event| event.weight).collect::<Vec<_>>(), [4.0, 5.0, 3.0]);
    }

    #[test]
    fn csv_and_tabs_are_read_alike() {
        let csv = [
            ("ratings.csv", "userId,movieId,rating,timestamp\n7,9,4.5,1000\n"),
            ("movies.csv", "movieId,title,genres\n9,\"Heat, The\",Action|Crime\n"),
        ];
        let set = load(write(&csv).path(), &Options::default()).unwrap();
        assert_eq!((events(&set.log), set.features.len()), (vec![(1_000_000, 0, 0)], 3));
        let set = load(write(&[("u.data", "7\t9\t5\t1000\n")]).path(), &Options::default()).unwrap();
        assert_eq!(events(&set.log), [(1_000_000, 0, 0)]);
    }

    #[test]
    fn a_bad_line_is_told() {
        for (text, error) in [
            (
                "1::2::5::9\n1::2::5",
                "ratings.dat:2: field \"(the line)\": has 3 fields; user::movie::rating::timestamp is needed: the line is cut off, or separated otherwise",
            ),
            ("1::2::NaN::9", "ratings.dat:1: field \"rating\": \"NaN\" is not a finite number"),
            ("1::::5::9", "ratings.dat:1: field \"movie\": missing"),
            ("", "ratings.dat: has no ratings"),
        ] {
            let folder = write(&[("ratings.dat", text)]);
            let failed = load(folder.path(), &Options::default()).unwrap_err().to_string();
            assert!(failed.ends_with(error), "{failed}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_taken_or_refused(line in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = take(&line, &mut Rows::new(Weights::AsWritten));
        }
    }
}
