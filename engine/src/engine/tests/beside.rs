//! A view of somebody else's holds what the journal does, whatever happened.

use std::sync::{Arc, Mutex};

use super::*;

/// Keeps the ids of facts.
#[derive(Debug, Clone, Default)]
struct Ids(Arc<Mutex<Vec<String>>>);

impl Ids {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl SideView for Ids {
    fn file(&self) -> &'static str {
        "ids.bin"
    }

    fn load(&self, bytes: &[u8]) -> bool {
        serde_json::from_slice(bytes).map(|ids| *self.0.lock().unwrap() = ids).is_ok()
    }

    fn fold(&self, facts: &[Fact]) {
        self.0.lock().unwrap().extend(facts.iter().map(|fact| fact.id.to_string()));
    }

    fn save(&self) -> Vec<u8> {
        serde_json::to_vec(&self.all()).unwrap()
    }

    fn renew(&self) -> Box<dyn Renewal> {
        Box::new(Anew { ids: Vec::new(), of: self.clone() })
    }
}

struct Anew {
    ids: Vec<String>,
    of: Ids,
}

impl Renewal for Anew {
    fn fold(&mut self, fact: &Fact) {
        self.ids.push(fact.id.to_string());
    }

    fn adopt(self: Box<Self>) {
        *self.of.0.lock().unwrap() = self.ids;
    }
}

fn in_the_journal(engine: &Engine) -> Vec<String> {
    let mut ids = Vec::new();
    engine
        .export(&mut |_, fact| {
            ids.push(fact.id.to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    ids
}

fn seen(member: &str, number: u32) -> Fact {
    let line = format!(
        r#"{{"id":"{member}-{number}","at":"2017-08-01T00:00:00Z","type":"engaged","member":"{member}","verb":"viewed","site":true}}"#
    );
    serde_json::from_str(&line).unwrap()
}

#[test]
fn it_holds_what_the_journal_does() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let ids = Ids::default();
        let beside: Vec<Arc<dyn SideView>> = vec![Arc::new(ids.clone())];
        (opened(&Options { beside, ..Options::new(folder.path()) }), ids)
    };
    {
        let (engine, ids) = open();
        submit(&engine, &[seen("ana", 1), seen("bob", 1), seen("ana", 1)]);
        assert_eq!(ids.all(), ["ana-1", "bob-1"]);
        engine.snapshot().unwrap();
        submit(&engine, &[seen("bob", 2)]);
        // No shutdown: what came after the snapshot is folded at the next start.
    }
    let (engine, ids) = open();
    assert_eq!(ids.all(), ["ana-1", "bob-1", "bob-2"]);
    engine.erase(&member_id("ana"), NOW).unwrap().unwrap();
    assert_eq!(ids.all(), in_the_journal(&engine));
    assert!(!String::from_utf8_lossy(&std::fs::read(folder.path().join("ids.bin")).unwrap()).contains("ana"));
    ids.0.lock().unwrap().clear();
    engine.renew("ids.bin", &|_, _| {}).unwrap();
    assert_eq!(ids.all(), in_the_journal(&engine));
    engine.shutdown().unwrap();
    drop(engine);
    assert_eq!(open().1.all().len(), 3, "two of bob's and the erasure");
}
