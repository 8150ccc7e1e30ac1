//! Views of others, kept beside the engine's own: folded from the same facts in the same order, stored with its
//! snapshots, made anew when the journal is rewritten.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;

use anklang_domain::Fact;

use super::{Engine, EngineError, Options};
use crate::journal::Seq;
use crate::views::snapshot;

/// A view of somebody else's. It is shared, so it keeps its own lock.
pub trait SideView: Send + Sync + Debug {
    /// What its snapshot is called in the data folder.
    fn file(&self) -> &'static str;
    /// Takes on what [`SideView::save`] gave; says whether it could.
    fn load(&self, bytes: &[u8]) -> bool;
    /// Folds in facts, in the journal's order.
    fn fold(&self, facts: &[Fact]);
    /// Everything that was folded in.
    fn save(&self) -> Vec<u8>;
    /// Whether it knows of somebody by this id: an erasure must reach them too.
    fn knows(&self, _id: &str) -> bool {
        false
    }
    /// Begins a fold from the first fact, beside this one.
    fn renew(&self) -> Box<dyn Renewal>;
}

/// A fold from the first fact that will take a view's place.
pub trait Renewal: Send {
    /// Folds in the next fact.
    fn fold(&mut self, fact: &Fact);
    /// Takes the view's place.
    fn adopt(self: Box<Self>);
}

/// The side views during a pass through the journal.
pub(super) struct Beside<'a> {
    /// Each, and the first fact that it does not hold yet.
    loaded: Vec<(&'a Arc<dyn SideView>, Seq)>,
    renewed: Vec<Box<dyn Renewal>>,
}

impl<'a> Beside<'a> {
    /// The views as their snapshots have them.
    pub(super) fn load(options: &'a Options, generation: u64, end: Seq) -> Result<Self, EngineError> {
        let mut loaded = Vec::new();
        for view in &options.beside {
            let Some(data) = options.data.as_ref().filter(|_| options.keeps_views()) else {
                loaded.push((view, 0));
                continue;
            };
            let path = data.join(view.file());
            let found = snapshot::read_value::<(Seq, Vec<u8>)>(&path, generation).map_err(EngineError::file(&path))?;
            let usable = found.ok().filter(|(next, bytes)| *next <= end && view.load(bytes));
            loaded.push((view, usable.map_or(0, |(next, _)| next)));
        }
        Ok(Self { loaded, renewed: Vec::new() })
    }

    /// The views made anew.
    pub(super) fn renew(views: &'a [Arc<dyn SideView>]) -> Self {
        Self { loaded: Vec::new(), renewed: views.iter().map(|view| view.renew()).collect() }
    }

    /// The first fact that one of them wants.
    pub(super) fn from(&self) -> Seq {
        if self.renewed.is_empty() {
            return self.loaded.iter().map(|(_, next)| *next).min().unwrap_or(Seq::MAX);
        }
        0
    }

    pub(super) fn fold(&mut self, seq: Seq, fact: &Fact) {
        for (view, next) in &self.loaded {
            if seq >= *next {
                view.fold(std::slice::from_ref(fact));
            }
        }
        self.renewed.iter_mut().for_each(|view| view.fold(fact));
    }

    /// Those made anew take their places.
    pub(super) fn adopt(self) {
        self.renewed.into_iter().for_each(Renewal::adopt);
    }
}

/// Writes the snapshots of the side views, which hold every fact before `next`.
pub(super) fn save(options: &Options, generation: u64, next: Seq) -> Result<(), EngineError> {
    let Some(data) = options.data.as_ref().filter(|_| options.keeps_views()) else { return Ok(()) };
    for view in &options.beside {
        let path = data.join(view.file());
        snapshot::write_value(&(next, view.save()), generation, &path).map_err(EngineError::file(&path))?;
    }
    Ok(())
}

impl Engine {
    /// Folds a side view anew from the first fact. Facts are taken meanwhile but for the last moment; `progress` is told
    /// how many have been read, of how many.
    pub fn renew(&self, file: &str, progress: &dyn Fn(u64, u64)) -> Result<(), EngineError> {
        let Some(view) = self.options.beside.iter().find(|view| view.file() == file) else { return Ok(()) };
        let (mut renewal, mut next) = (view.renew(), 0);
        let (end, as_of) = (self.journal.next_seq(), self.options.as_of);
        let counts = move |fact: &Fact| as_of.is_none_or(|moment| fact.effective_at() < moment);
        self.journal.read(0, &mut |seq, fact| {
            if seq >= end {
                return ControlFlow::Break(());
            }
            if counts(&fact) {
                renewal.fold(&fact);
            }
            next = seq + 1;
            progress(next, end);
            ControlFlow::Continue(())
        })?;
        let rest = move |journal: &dyn crate::journal::Journal| {
            journal.read(next, &mut |_, fact| {
                if counts(&fact) {
                    renewal.fold(&fact);
                }
                ControlFlow::Continue(())
            })?;
            renewal.adopt();
            Ok(())
        };
        self.committer.exclusive(rest).ok_or(EngineError::Closing)?
    }
}
