//! The same facts give the same answers, however the engine came to know them.

use super::*;

pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let path = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &path);
        } else {
            std::fs::copy(entry.path(), path).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn whatever_way_the_facts_are_read(
        facts in history(120),
        batches in prop::collection::vec((1..40_usize, prop::bool::weighted(0.2)), 120),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (data, saved, restored) = (dir.path().join("data"), dir.path().join("saved"), dir.path().join("restored"));
        let engine = on_disk(&data);
        let mut left = facts.as_slice();
        for (size, snapshot) in batches {
            let (batch, rest) = left.split_at(size.min(left.len()));
            submit(&engine, batch);
            left = rest;
            if snapshot {
                engine.snapshot().unwrap();
            }
            if left.is_empty() {
                break;
            }
        }
        let lived = answers(&engine);
        engine.backup(&saved).unwrap();
        drop(engine);
        same(&lived, &answers(&on_disk(&data)), "reopened");
        std::fs::remove_file(data.join(open::VIEWS)).ok();
        std::fs::remove_dir_all(data.join(open::TEXT)).unwrap();
        same(&lived, &answers(&on_disk(&data)), "without views");
        let rebuilt = Engine::rebuild(Options::new(&data), &NoProgress).unwrap();
        same(&lived, &answers(&rebuilt), "rebuilt");
        rebuilt.shutdown().unwrap();
        drop(rebuilt);
        same(&lived, &answers(&on_disk(&data)), "shut down and reopened");
        copy(&saved, &restored);
        same(&lived, &answers(&on_disk(&restored)), "restored");
        same(&lived, &answers(&in_memory(&facts)), "in memory");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 100, ..ProptestConfig::default() })]
    #[test]
    fn twice_is_once(facts in history(80)) {
        let once = in_memory(&once(&facts));
        let twice = in_memory(&facts);
        same(&answers(&once), &answers(&twice), "duplicates in between");
        let receipt = submit(&twice, &facts);
        prop_assert_eq!((receipt.accepted, receipt.duplicates), (0, facts.len()));
        same(&answers(&once), &answers(&twice), "all of it again");
    }

    #[test]
    fn a_moment_in_the_past_knows_nothing_later(facts in history(80), at in moment()) {
        let dir = tempfile::tempdir().unwrap();
        let engine = on_disk(dir.path());
        submit(&engine, &facts);
        engine.shutdown().unwrap();
        drop(engine);
        let options = Options { as_of: Some(at), ..Options::new(dir.path()) };
        let past = opened(&options);
        let mut before = once(&facts);
        receive(&mut before, NOW);
        before.retain(|fact| fact.effective_at() < at);
        let (mut past, mut fed) = (answers(&past), answers(&in_memory(&before)));
        // The count of facts read is the journal's.
        past.pop();
        fed.pop();
        same(&past, &fed, "as of then");
    }
}
