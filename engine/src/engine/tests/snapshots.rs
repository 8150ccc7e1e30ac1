//! A snapshot is used whole or not at all.

use xxhash_rust::xxh3::xxh3_64;

use super::erasing::village;
use super::*;
use crate::views::snapshot::{self, Found};

/// Of the snapshot of a small world, as this format writes it. Where this differs, the stored form of the views has
/// changed, or what is folded into them, the policy's defaults among it: raise `FORMAT` in `views/snapshot.rs`, so that
/// nobody reads an older snapshot as a newer one, then take over the new numbers here.
const GOLDEN: (u32, u64) = (9, 0x65e2_2d6f_b2a7_9dc2);

fn small_world(path: &Path) -> Views {
    let mut views = Views::default();
    let mut facts = village();
    receive(&mut facts, NOW);
    for (seq, fact) in (0..).zip(&facts) {
        views.apply(seq, fact);
    }
    snapshot::write(&views, 7, path).unwrap();
    views
}

fn is_used(path: &Path, generation: u64) -> bool {
    matches!(snapshot::read(path, generation).unwrap(), Found::Views(_))
}

#[test]
fn the_stored_form_changes_only_with_its_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("views.bin");
    small_world(&path);
    let bytes = std::fs::read(&path).unwrap();
    let format = u32::from_le_bytes(std::array::from_fn(|i| bytes[8 + i]));
    assert_eq!((format, xxh3_64(&bytes[snapshot::HEADER..])), GOLDEN);
}

#[test]
fn what_is_damaged_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("views.bin");
    assert!(!is_used(&path, 7));
    small_world(&path);
    assert!(is_used(&path, 7));
    assert!(!is_used(&path, 8), "of another generation");
    let whole = std::fs::read(&path).unwrap();
    let places = (0..64).chain((64..whole.len()).step_by(97));
    for place in places {
        std::fs::write(&path, &whole[..place]).unwrap();
        assert!(!is_used(&path, 7), "cut off after {place} bytes");
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&path, flipped).unwrap();
        assert!(!is_used(&path, 7), "a bit of byte {place} flipped");
    }
    std::fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    assert!(!is_used(&path, 7), "something behind the end");
}

/// A sum that is right says nothing of bytes that somebody else wrote.
#[test]
fn nonsense_with_the_right_sum_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("views.bin");
    small_world(&path);
    let whole = std::fs::read(&path).unwrap();
    let body = &whole[snapshot::HEADER..];
    for end in (0..body.len()).step_by(997) {
        let head = snapshot::header(7, xxh3_64(&body[..end]), end as u64);
        std::fs::write(&path, [&head, &body[..end]].concat()).unwrap();
        assert!(!is_used(&path, 7), "cut off after {end} bytes");
    }
}

#[test]
fn whatever_the_snapshot_the_answers_are_the_journals() {
    let dir = tempfile::tempdir().unwrap();
    let views = dir.path().join(open::VIEWS);
    let engine = on_disk(dir.path());
    submit(&engine, &village()[..12]);
    engine.snapshot().unwrap();
    let early = std::fs::read(&views).unwrap();
    submit(&engine, &village()[12..]);
    engine.shutdown().unwrap();
    let lived = answers(&engine);
    drop(engine);
    let late = std::fs::read(&views).unwrap();
    let older = [&late[..8], &[1, 0, 0, 0], &late[12..]].concat();
    for bytes in [early, late[..late.len() / 2].to_vec(), older, b"nonsense".to_vec(), Vec::new()] {
        std::fs::write(&views, bytes).unwrap();
        same(&lived, &answers(&on_disk(dir.path())), "reopened");
    }
    // Another community's journal, shorter than this one, under these views.
    std::fs::write(&views, late).unwrap();
    std::fs::remove_dir_all(dir.path().join(open::JOURNAL)).unwrap();
    same(&answers(&in_memory(&[])), &answers(&on_disk(dir.path())), "another journal");
}
