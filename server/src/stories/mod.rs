//! Stories over real HTTP: a server on a port of its own, and a client that knows nothing of its inside.

mod commands;
mod community;
mod evaluation;
mod experiments;
mod experiments_api;
mod experiments_kept;
mod flags;
mod gatekeeping;
mod growthbook;
mod shape;
mod strange;
mod tracking;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use anklang_domain::UnixMillis;
use serde_json::Value;

use crate::app::App;
use crate::config::Config;
use crate::flags::Flags;
use crate::server::{Application, keys_for};
use crate::trials::Trials;
use anklang_engine::journal::JournalError;
use anklang_engine::{Engine, EngineError, Options, Progress};

struct Quiet;

impl Progress for Quiet {
    fn phase(&self, _name: &str, _total: Option<u64>) {}
    fn step(&self, _done: u64) {}
}

/// A server that runs until the story ends.
struct Site {
    address: SocketAddr,
    handle: Option<ServerHandle>,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
    engine: Arc<Engine>,
    flags: Arc<Flags>,
    agent: ureq::Agent,
    key: Option<String>,
}

/// What the server said.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Asserts success: done, or made.
    #[track_caller]
    fn ok(self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{}: {}", self.status, self.text);
        self.json()
    }

    /// Asserts a problem by its code, and that it is one in every respect.
    #[track_caller]
    fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let doc = self.json();
        assert_eq!((doc["code"].as_str(), doc["status"].as_u64()), (Some(code), Some(u64::from(status))), "{doc}");
        assert!(doc["detail"].as_str().is_some_and(|detail| !detail.is_empty()) && doc["title"].is_string());
        doc
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Opens what may have been closed a moment ago. Another test may be starting a process: until that is done, it shares our
/// locks.
fn opened(options: &Options) -> Engine {
    for _ in 0..200 {
        match Engine::open(options.clone(), &Quiet) {
            Err(EngineError::Journal(JournalError::Locked(_) | JournalError::Storage(_))) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            other => return other.expect("an engine"),
        }
    }
    Engine::open(options.clone(), &Quiet).expect("an engine")
}

impl Site {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start(change, |_| Options::in_memory())
    }

    /// A site that keeps its facts in its folder.
    fn on_disk() -> Self {
        Self::start(|_| {}, |data| Options::new(data))
    }

    fn start(change: impl FnOnce(&mut Config), options: fn(&std::path::Path) -> Options) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), change, options)
    }

    /// Stops it, and starts another on the same folder.
    fn again(self) -> Self {
        Self::on(self.close())
    }

    /// Stops it; its folder is free for others.
    fn close(mut self) -> tempfile::TempDir {
        self.stop();
        self.engine.shutdown().expect("a snapshot");
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
    }

    /// On a folder that is there.
    fn on(folder: tempfile::TempDir) -> Self {
        Self::start_in(folder, |_| {}, |data| Options::new(data))
    }

    fn stop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // The handle's future only waits; the order itself is given at once.
            drop(handle.stop(false));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn start_in(
        folder: tempfile::TempDir,
        change: impl FnOnce(&mut Config),
        options: fn(&std::path::Path) -> Options,
    ) -> Self {
        let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        config.limits.workers = 1;
        change(&mut config);
        config.data = folder.path().to_owned();
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut options = options(&config.data);
            options.as_of = config.as_of;
            options.limits.queue_facts_max = config.limits.queue_facts_max;
            let trials = Trials::default();
            options.beside = vec![Arc::new(trials.clone())];
            let engine = Arc::new(opened(&options));
            let keys = keys_for(&config.data, config.listen).expect("keys");
            let app = App::new(Arc::clone(&engine), trials, keys, &config).expect("an app");
            let flags = Arc::clone(&app.flags);
            let application = Application::bind(app, config.listen).expect("a port");
            let application = application.with_control_file(&config.data).expect("a note");
            let address = application.address();
            application
                .run(|handle| sender.send((address, handle, engine, flags)).expect("somebody waits"))
                .expect("runs");
        });
        let (address, handle, engine, flags) = receiver.recv().expect("a server");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .build();
        Self {
            address,
            handle: Some(handle),
            thread: Some(thread),
            folder,
            engine,
            flags,
            agent: config.into(),
            key: None,
        }
    }

    /// A site whose clock stands still.
    fn at(moment: &str) -> Self {
        let moment = UnixMillis::parse(moment).expect("a time");
        Self::with(|config| config.as_of = Some(moment))
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if matches!(method, "POST" | "PUT" | "PATCH") {
            self.agent.run(request.body(body.to_vec()).expect("a request"))
        } else {
            self.agent.run(request.body(()).expect("a request"))
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let text = answer.body_mut().read_to_string().expect("text");
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, &[], body.to_string().as_bytes())
    }

    fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], body.to_string().as_bytes())
    }

    /// Serves these flags from now on; says whether that is a change.
    fn publish(&self, features: Value) -> bool {
        let now = crate::clock::Clock::System.now();
        self.flags.publish(serde_json::json!({ "features": features }), now).expect("a payload")
    }

    /// Every fact about experiments, once there are `count`: they are noted without anybody waiting for them.
    fn exposures(&self, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        for _ in 0..40 {
            found.clear();
            let visit = &mut |_, fact: anklang_domain::Fact| {
                if matches!(fact.body, anklang_domain::Body::Exposed(_)) {
                    found.push(serde_json::to_value(&fact).expect("json"));
                }
                std::ops::ControlFlow::Continue(())
            };
            self.engine.export(visit).expect("read");
            if found.len() >= count {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        found
    }

    /// The ids found by words, once there are `count`: what is new can be found within a second.
    fn found(&self, words: &str, count: usize) -> Vec<String> {
        let path = format!("/v1/search?limit=100&q={words}");
        for _ in 0..20 {
            if self.ids(&path).len() >= count {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let mut ids = self.ids(&path);
        ids.sort();
        ids
    }

    /// The ids of a list.
    fn ids(&self, path: &str) -> Vec<String> {
        let list = self.get(path).ok();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory")
}
