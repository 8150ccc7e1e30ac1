//! A Stack Exchange dump as a data set: a question is an item, answers and comments are what is asked for.

use std::path::Path;

use super::Parts;
use super::facts::of_facts;
use crate::load::LoadError;
use crate::load::stackexchange::StackExchange;

/// Reads a dump. A bad row fails the whole: a data set that lacks some rows is another data set.
pub(super) fn read(folder: &Path) -> Result<Parts, LoadError> {
    let facts = StackExchange::open(folder)?.collect::<Result<Vec<_>, LoadError>>()?;
    of_facts(facts).map_err(|error| LoadError::Whole { file: folder.display().to_string(), what: error.to_string() })
}

#[cfg(test)]
mod tests {
    use anklang_models::MemberIx;

    use super::super::tests::{data, write};
    use super::super::{Options, load};
    use crate::dataset::Timed;
    use crate::split::Split;

    const POSTS: &str = r#"<posts>
  <row Id="1" PostTypeId="1" CreationDate="2018-03-01T00:00:00" OwnerUserId="7" Title="How to factor?" Tags="&lt;shor&gt;" Body="b" />
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2018-03-02T00:00:00" OwnerUserId="8" Body="so" />
</posts>"#;
    const COMMENTS: &str = r#"<comments>
  <row Id="1" PostId="2" Text="thanks" CreationDate="2018-03-03T00:00:00" UserId="7" />
  <row Id="2" PostId="1" Text="hm" CreationDate="2018-03-04T00:00:00" UserDisplayName="gone" />
</comments>"#;

    #[test]
    fn a_question_is_an_item_and_a_reply_an_event() {
        let folder = write(&[("Posts.xml", POSTS), ("Comments.xml", COMMENTS)]);
        let set = load(folder.path(), &Options::default()).unwrap();
        assert_eq!((set.timed, set.items.as_slice(), set.facts.len()), (Timed::Moments, &["1".to_owned()][..], 4));
        assert_eq!(set.features, ["tag:shor", "word:factor"]);
        let events: Vec<(&str, f32)> =
            set.log.events().iter().map(|event| (set.members[event.member.ix()].as_str(), event.weight)).collect();
        assert_eq!(events[..3], [("7", 0.5), ("8", 1.0), ("7", 1.0)]);
        assert!(events[3].0.starts_with("deleted:1:"));
        assert_eq!((set.nobodies, set.log.facts().authors[0]), (vec![MemberIx(2)], Some(MemberIx(0))));
        assert_eq!(set.log.facts().born, [set.log.events()[0].at]);
    }

    #[test]
    fn a_dump_that_is_cut_off_is_refused_with_its_line() {
        let folder = write(&[("Posts.xml", &POSTS[..200])]);
        let failed = load(folder.path(), &Options::default()).unwrap_err().to_string();
        assert!(failed.starts_with("Posts.xml:3"), "{failed}");
    }

    #[test]
    fn real_communities_have_questions_to_ask() {
        for (name, questions) in [("stackexchange-quantumcomputing", 612), ("stackexchange-history-meta", 556)] {
            let Some(path) = data(name) else { continue };
            let set = load(&path, &Options::default()).unwrap();
            assert_eq!(set.log.items(), questions, "{name}");
            let folds = Split::default().folds(&set, 1).unwrap();
            for fold in &folds {
                println!("{name} {}: {} cases", fold.name, fold.cases.len());
            }
            assert!(folds.len() >= 3 && folds.iter().map(|fold| fold.cases.len()).sum::<usize>() > 50, "{name}");
        }
    }
}
