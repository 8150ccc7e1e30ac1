//! A server as its users have it: a process of the real binary, its data folder, and a client that knows only HTTP.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take to listen: folding a journal in a debug build on a busy machine included.
const START_SECONDS_MAX: u64 = 120;
/// How long one request may take.
const ANSWER_SECONDS_MAX: u64 = 60;

/// The command `anklang --data FOLDER`, with an environment that sets nothing.
pub(crate) fn anklang(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anklang"));
    // Settings of whoever runs the tests are not the test's.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANKLANG_")) {
        command.env_remove(name);
    }
    command.env("ANKLANG_LOG", "warn").current_dir(data.parent().unwrap_or(data)).arg("--data").arg(data);
    command
}

/// Runs a command to its end.
pub(crate) fn run(data: &Path, args: &[&str]) -> Output {
    anklang(data).args(args).stdin(Stdio::null()).output().expect("the binary runs")
}

/// Runs a command that must succeed, and gives what it printed.
#[track_caller]
pub(crate) fn succeed(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    assert!(output.status.success(), "anklang {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    agent: ureq::Agent,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    /// Asserts success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// A client of its own connections.
pub(crate) fn client() -> ureq::Agent {
    let timeout = Some(Duration::from_secs(ANSWER_SECONDS_MAX));
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(timeout).build().into()
}

/// Sends a request; an error is a connection that broke.
pub(crate) fn send(
    agent: &ureq::Agent,
    method: &str,
    url: &str,
    body: Option<&Value>,
) -> Result<Answer, Box<ureq::Error>> {
    let request = ureq::http::Request::builder().method(method).uri(url);
    let answer = match body {
        Some(body) => agent.run(request.body(body.to_string()).expect("a request")),
        None => agent.run(request.body(()).expect("a request")),
    };
    let mut answer = answer?;
    let text = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
    let content_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
    Ok(Answer { status: answer.status().as_u16(), content_type: content_type.to_owned(), text })
}

/// A server that was started and may not listen yet.
pub(crate) fn spawn(data: &Path, args: &[&str]) -> Child {
    let mut command = anklang(data);
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("the binary starts")
}

impl Server {
    /// Starts a server and waits until it listens.
    #[track_caller]
    pub(crate) fn start(data: &Path, args: &[&str]) -> Self {
        Self::of(spawn(data, args))
    }

    #[track_caller]
    fn of(mut child: Child) -> Self {
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (sender, receiver) = std::sync::mpsc::channel();
        // A thread, because reading a pipe knows no time limit; it ends with the server.
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let patience = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
        let address = loop {
            match receiver.recv_timeout(patience.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(address) = line.strip_prefix("listening on ") {
                        break address.to_owned();
                    }
                }
                Err(error) => {
                    let _ = child.kill();
                    panic!("the server did not listen ({error}); it ended with {:?}", child.wait());
                }
            }
        };
        let server = Self { child, address, agent: client() };
        // The port is taken a moment before signals are listened to.
        server.get("/health/ready").ok();
        server
    }

    /// Sends a request that must be answered.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let answer = send(&self.agent, method, &format!("{}{path}", self.address), body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body))
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body))
    }

    /// The ids of a list, in its order.
    #[track_caller]
    pub(crate) fn ids(&self, path: &str) -> Vec<String> {
        let list = self.get(path).ok();
        let items = list["items"].as_array().unwrap_or_else(|| panic!("a list: {list}"));
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) fn kill(mut self) {
        kill(&mut self.child);
    }

    /// SIGTERM: the server begins to leave everything in order.
    pub(crate) fn ask_to_stop(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    }

    /// SIGTERM, and waits for its end, which must be an orderly one.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.ask_to_stop();
        let status = self.child.wait().expect("waited for");
        assert!(status.success(), "the server ended with {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// SIGKILL. Who is gone already is gone.
pub(crate) fn kill(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A folder for a test, with the place of a data folder in it.
pub(crate) fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    (folder, data)
}

/// Every file below a folder and its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut bytes = Vec::new();
                std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("a file");
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

/// A folder of the shared test data; none, said aloud, where it is not on this machine.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = std::env::var_os("ANKLANG_DATA").map_or(root, PathBuf::from).join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("DID NOT RUN: there is no {}; ANKLANG_DATA names the folder of test data", path.display());
    None
}
