//! Reading a store: blocks in order without a gap, facts decoded ahead of whoever visits them.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::thread;

use anklang_domain::Fact;

use super::ids::IdsFile;
use super::seen::Seen;
use super::sled::Store;
use super::wire::{Block, Header};
use super::{JournalError, Seq, Visit};

/// From so many facts on, another thread reads and decodes ahead.
const AHEAD_FROM_FACTS: u64 = 4096;
/// Decoded blocks that may wait for the visitor.
const AHEAD_BLOCKS: usize = 4;

/// The blocks that hold the facts from `from` to before `end`, and nothing missing between them.
pub(super) fn whole_blocks(
    store: &Store,
    from: Seq,
    end: Seq,
) -> Result<impl Iterator<Item = Result<(Seq, Vec<u8>), JournalError>> + Send, JournalError> {
    let blocks = store.blocks(from)?;
    let mut expected = None;
    let before_end = move |block: &Result<(Seq, Vec<u8>), JournalError>| match block {
        Ok((first, _)) => *first < end,
        Err(_) => true,
    };
    let missing = |block: Seq, what: String| JournalError::Corrupt { block, what };
    let checked = move |block: Result<(Seq, Vec<u8>), JournalError>| {
        let (first, bytes) = block?;
        let at = expected.unwrap_or(first);
        if first != at || (expected.is_none() && first > from) {
            return Err(missing(expected.unwrap_or(from), format!("is missing; the next is {first}")));
        }
        expected = Some(Header::read(first, &bytes)?.end());
        Ok((first, bytes))
    };
    Ok(blocks.take_while(before_end).map(checked))
}

/// Visits the facts from `from` to before `end`.
pub(super) fn read_blocks(store: &Store, from: Seq, end: Seq, visit: &mut Visit<'_>) -> Result<(), JournalError> {
    if from >= end {
        return Ok(());
    }
    let mut blocks = whole_blocks(store, from, end)?.map(|block| decode(block?, from));
    if end - from < AHEAD_FROM_FACTS {
        return visit_all(&mut blocks, visit);
    }
    thread::scope(|scope| {
        let (send, receive) = sync_channel(AHEAD_BLOCKS);
        scope.spawn(move || {
            // The visitor may have had enough.
            for block in blocks {
                if send.send(block).is_err() {
                    break;
                }
            }
        });
        visit_all(&mut receive.into_iter(), visit)
    })
}

type Decoded = Result<(Seq, Vec<Fact>), JournalError>;

fn decode((first, bytes): (Seq, Vec<u8>), from: Seq) -> Decoded {
    let block = Block::read(first, &bytes)?;
    let pass = from.saturating_sub(first);
    let mut facts = Vec::with_capacity(block.facts().size_hint().1.unwrap_or(0));
    for fact in block.facts() {
        facts.push(fact?.0);
    }
    facts.drain(..facts.len().min(pass as usize));
    Ok((first + pass, facts))
}

fn visit_all(blocks: &mut dyn Iterator<Item = Decoded>, visit: &mut Visit<'_>) -> Result<(), JournalError> {
    for block in blocks {
        let (first, facts) = block?;
        for (seq, fact) in (first..).zip(facts) {
            if let ControlFlow::Break(()) = visit(seq, fact) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads the ids that the file of ids lacks.
pub(super) fn read_ids(store: &Store, ids: &mut IdsFile, seen: &mut Seen, end: Seq) -> Result<(), JournalError> {
    let from = ids.saved();
    if from >= end {
        return Ok(());
    }
    seen.reserve((end - from) as usize);
    read_blocks(store, from, end, &mut |_, fact| {
        let hash = seen.hash(&fact.id);
        seen.insert(hash);
        ids.add(&[hash]);
        ControlFlow::Continue(())
    })?;
    ids.save();
    Ok(())
}
