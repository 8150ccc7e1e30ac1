//! What waits for the writing thread.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anklang_domain::{Body, Fact, Props};
use serde_json::Value;

use super::Journal;
use super::commit::{Done, Limits};

pub(super) type Job = Box<dyn FnOnce(&dyn Journal) + Send>;

/// What one block takes from the queue: submissions, notes, and jobs to run after it.
pub(super) type Taken = (Vec<Submission>, Vec<Fact>, Vec<Job>);

pub(super) struct Submission {
    pub(super) facts: Vec<Fact>,
    pub(super) done: Done,
    bytes: usize,
}

impl Submission {
    pub(super) fn new(facts: Vec<Fact>, done: Done) -> Self {
        let bytes = facts.iter().map(weigh).sum();
        Self { facts, done, bytes }
    }
}

pub(super) struct Queue {
    limits: Limits,
    submissions: VecDeque<Submission>,
    facts: usize,
    bytes: usize,
    notes: Vec<Fact>,
    /// When the oldest note was taken.
    noted: Option<Instant>,
    jobs: Vec<Job>,
    closed: bool,
}

impl Queue {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            submissions: VecDeque::new(),
            facts: 0,
            bytes: 0,
            notes: Vec::new(),
            noted: None,
            jobs: Vec::new(),
            closed: false,
        }
    }

    /// Adds a submission; on an error says how many facts wait already.
    pub(super) fn push(&mut self, submission: Submission) -> Result<(), usize> {
        let facts = self.facts + submission.facts.len();
        let bytes = self.bytes + submission.bytes;
        let full = facts > self.limits.queue_facts_max || bytes > self.limits.queue_bytes_max;
        if full && !self.submissions.is_empty() {
            return Err(self.facts);
        }
        (self.facts, self.bytes) = (facts, bytes);
        self.submissions.push_back(submission);
        Ok(())
    }

    /// Adds a note: whether there was room, and whether it is the first.
    pub(super) fn note(&mut self, fact: Fact) -> (bool, bool) {
        if self.closed || self.notes.len() >= self.limits.notes_max {
            return (false, false);
        }
        self.notes.push(fact);
        let first = self.noted.is_none();
        if first {
            self.noted = Some(Instant::now());
        }
        (true, first)
    }

    pub(super) fn push_job(&mut self, job: Job) {
        self.jobs.push(job);
    }

    /// Whether there is something to do at once.
    pub(super) fn ready(&self) -> bool {
        !self.submissions.is_empty() || !self.jobs.is_empty() || (self.closed && !self.notes.is_empty())
    }

    /// How long the notes may still wait; none where there are none.
    pub(super) fn note_due_in(&self) -> Option<Duration> {
        let wait = Duration::from_millis(self.limits.note_wait_ms_max);
        self.noted.map(|noted| wait.saturating_sub(noted.elapsed()))
    }

    /// What the next block is made of: whole submissions up to the limit, every note, and the jobs that wait.
    pub(super) fn take(&mut self) -> Taken {
        let (mut taken, mut facts) = (Vec::new(), 0);
        while facts < self.limits.block_facts_max
            && let Some(submission) = self.submissions.pop_front()
        {
            facts += submission.facts.len();
            self.facts -= submission.facts.len();
            self.bytes -= submission.bytes;
            taken.push(submission);
        }
        self.noted = None;
        (taken, std::mem::take(&mut self.notes), std::mem::take(&mut self.jobs))
    }

    pub(super) fn take_all(&mut self) -> Taken {
        self.limits.block_facts_max = usize::MAX;
        self.take()
    }

    pub(super) const fn close(&mut self) {
        self.closed = true;
    }

    pub(super) const fn closed(&self) -> bool {
        self.closed
    }

    /// Facts that wait, and their bytes.
    pub(super) const fn waiting(&self) -> (usize, usize) {
        (self.facts, self.bytes)
    }
}

/// A fact's bytes in memory, roughly: its texts, and something for the rest.
pub(super) fn weigh(fact: &Fact) -> usize {
    const REST: usize = 128;
    let texts = match &fact.body {
        Body::ItemPut { item } => {
            item.title.len()
                + item.body.len()
                + item.tags.iter().map(String::len).sum::<usize>()
                + weigh_props(&item.props)
        }
        Body::MemberPut(put) => weigh_props(&put.traits),
        Body::Engaged(engagement) => weigh_props(&engagement.props),
        Body::Served(slate) => slate.entries.len() * 32,
        Body::Exposed(exposure) => weigh_props(&exposure.props),
        Body::PreferenceSet(preference) => weigh_props(&preference.props),
        Body::Configured(configuration) => configuration.document.as_ref().map_or(0, weigh_value),
        Body::Message(message) => weigh_props(&message.props),
        Body::ItemRemoved(_) | Body::MemberAliased(_) | Body::MemberErased(_) => 0,
    };
    REST + texts
}

fn weigh_props(props: &Props) -> usize {
    props.iter().map(|(name, value)| name.len() + weigh_value(value)).sum()
}

fn weigh_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => 16 + text.len(),
        Value::Array(list) => 16 + list.iter().map(weigh_value).sum::<usize>(),
        Value::Object(map) => 16 + weigh_props(map),
    }
}
