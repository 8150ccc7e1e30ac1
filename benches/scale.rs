//! The main job at size: a simulated community is folded, served by the real binary, and asked over HTTP.
//!
//! `cargo build --release && cargo bench -p anklang-benches --bench scale -- [--discussions 1000000] [--members 200000]
//! [--engagements 20000000] [--dir FOLDER] [--requests 4000]`
//!
//! Says: facts folded a second; how long the server takes from its start to its first answer, and its memory; the latency
//! of `missed` at a concurrency of 8; and, in one process, the median of `missed` beside that of tantivy's own top-100
//! query over the same members' tags. A folder that is there already is used as it is.
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a measurement lives in the present")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anklang_benches::{argument, flag, median, memory_of};
use anklang_datasets::community::{Community, Params};
use anklang_domain::{DAY_MS, Fact, ListKind, MemberId, Stream, UnixMillis};
use anklang_engine::list::ListRequest;
use anklang_engine::{Engine, NoProgress, Options};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Submissions under way at once while the folder is filled.
const IN_FLIGHT: usize = 8;
const BATCH: usize = 2000;
const CONCURRENCY: usize = 8;
const SINGLE: usize = 2000;

fn main() -> Outcome<()> {
    let number = |name: &str, default: u64| argument(name).map_or(Ok(default), |text| text.parse::<u64>());
    let quick = flag("quick") || flag("test");
    let size = |full: u64, small: u64| if quick { small } else { full };
    let members = number("members", size(200_000, 300))? as u32;
    let temporary = tempfile::tempdir()?;
    let folder = argument("dir").map_or_else(|| temporary.path().join("data"), PathBuf::from);
    if !folder.join("journal").exists() {
        let params = Params {
            members,
            discussions: number("discussions", size(1_000_000, 500))? as u32,
            engagements: number("engagements", size(20_000_000, 10_000))?,
            days: number("days", size(730, 60))? as u32,
            ..Params::default()
        };
        fill(&folder, params)?;
    }
    let requests = number("requests", size(4000, 200))? as usize;
    let binary = argument("bin").map_or_else(beside_this, |path| Ok(PathBuf::from(path)))?;
    if binary.exists() {
        serve(&binary, &folder, members, requests)?;
    } else {
        println!("{} is not there: the measurement over HTTP is left out", binary.display());
    }
    beside_tantivy(&folder, members, SINGLE.min(requests))
}

/// The binary of the same profile.
fn beside_this() -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).ok_or("no folder")?;
    Ok(folder.join("anklang"))
}

fn now() -> Outcome<UnixMillis> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(UnixMillis::saturating(since.as_millis() as i64))
}

fn fill(folder: &Path, params: Params) -> Outcome<()> {
    let start = UnixMillis::saturating(now()?.ms() - i64::from(params.days) * DAY_MS);
    let community = Community::new(Params { start, ..params }.check()?);
    let engine = Engine::open(Options::new(folder), &NoProgress)?;
    let begun = Instant::now();
    let (done, waiting) = channel();
    let (mut under_way, mut facts) = (0, 0_u64);
    let mut batch: Vec<Fact> = Vec::with_capacity(BATCH);
    let mut send = |batch: Vec<Fact>| -> Outcome<()> {
        if under_way == IN_FLIGHT {
            waiting.recv()??;
            under_way -= 1;
        }
        let done = done.clone();
        engine.submit(batch, now()?, Box::new(move |result| drop(done.send(result))))?;
        under_way += 1;
        Ok(())
    };
    for fact in community.facts() {
        facts += 1;
        batch.push(fact);
        if batch.len() == BATCH {
            send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))?;
        }
        if facts % 1_000_000 == 0 {
            println!("  {facts} facts, {:.0}/s", facts as f64 / begun.elapsed().as_secs_f64());
        }
    }
    send(batch)?;
    for _ in 0..under_way {
        waiting.recv()??;
    }
    let took = begun.elapsed().as_secs_f64();
    println!("simulated, written and folded: {facts} facts at {:.0} facts/s", facts as f64 / took);
    println!("  {:?}", engine.stats());
    let begun = Instant::now();
    engine.shutdown()?;
    println!(
        "  snapshot written in {:.1} s; {} MB resident",
        begun.elapsed().as_secs_f64(),
        memory_of("self", "VmRSS:")?
    );
    Ok(())
}

struct Server(Child, SocketAddr);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn start(binary: &Path, folder: &Path) -> Outcome<Server> {
    let mut child = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines();
    let address = loop {
        let line = lines.next().ok_or("the server ended before it listened")??;
        if let Some(place) = line.find("127.0.0.1:") {
            let text: String = line[place..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            break text.parse()?;
        }
    };
    thread::spawn(move || lines.for_each(drop));
    Ok(Server(child, address))
}

fn serve(binary: &Path, folder: &Path, members: u32, requests: usize) -> Outcome<()> {
    let begun = Instant::now();
    let server = start(binary, folder)?;
    let mut client = Client::new(server.1);
    while client.as_mut().map_or(true, |client| client.missed("m1").is_err()) {
        thread::sleep(Duration::from_millis(5));
        client = Client::new(server.1);
    }
    let process = server.0.id().to_string();
    println!("from start to first answer: {:.2} s", begun.elapsed().as_secs_f64());
    println!("  resident {} MB (peak {} MB)", memory_of(&process, "VmRSS:")?, memory_of(&process, "VmHWM:")?);
    for round in 0..3 {
        let mut latencies = load(server.1, members, requests, round)?;
        latencies.sort_by(f64::total_cmp);
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] * 1e3;
        println!(
            "missed over HTTP, {CONCURRENCY} at once, {requests} requests: median {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    println!("  resident {} MB (peak {} MB)", memory_of(&process, "VmRSS:")?, memory_of(&process, "VmHWM:")?);
    Ok(())
}

fn load(address: SocketAddr, members: u32, requests: usize, round: u64) -> Outcome<Vec<f64>> {
    let threads: Vec<_> = (0..CONCURRENCY)
        .map(|n| {
            thread::spawn(move || -> Result<Vec<f64>, String> {
                let mut chance = Stream::named(round, &format!("client {n}"));
                let mut client = Client::new(address).map_err(|e| e.to_string())?;
                let mut ask = || {
                    let member = format!("m{}", chance.below(members as usize));
                    let begun = Instant::now();
                    client.missed(&member).map(|()| begun.elapsed().as_secs_f64()).map_err(|e| e.to_string())
                };
                (0..requests / CONCURRENCY).map(|_| ask()).collect()
            })
        })
        .collect();
    let mut all = Vec::with_capacity(requests);
    for thread in threads {
        all.extend(thread.join().map_err(|_| "a client panicked")??);
    }
    Ok(all)
}

/// As little of an HTTP client as will do, so that it takes no time from the server.
struct Client {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    fn new(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), body: Vec::new() })
    }

    fn missed(&mut self, member: &str) -> Outcome<()> {
        let request = format!("GET /v1/members/{member}/missed HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut length, mut ok) = (String::new(), 0, false);
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("closed".into());
            }
            ok |= line.starts_with("HTTP/1.1 200");
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        if ok { Ok(()) } else { Err(String::from_utf8_lossy(&self.body).into_owned().into()) }
    }
}

fn beside_tantivy(folder: &Path, members: u32, requests: usize) -> Outcome<()> {
    let engine = Engine::open(Options::new(folder), &NoProgress)?;
    let reader = engine.text();
    let now = now()?;
    let mut chance = Stream::named(99, "members");
    let (mut ours, mut theirs, mut entries) = (Vec::new(), Vec::new(), 0);
    while ours.len() < requests {
        let member = MemberId::parse(&format!("m{}", chance.below(members as usize)))?;
        let Some(known) = engine.explain_member(&member, now, None) else { continue };
        let tags: Vec<(&str, f32)> = known.interests.iter().take(8).map(|i| (i.tag.as_str(), 1.0)).collect();
        if tags.is_empty() {
            continue;
        }
        let begun = Instant::now();
        let hits = reader.tags_yardstick(&tags, 100)?;
        theirs.push(begun.elapsed().as_secs_f64() * 1e3);
        std::hint::black_box(hits);
        let begun = Instant::now();
        let list = engine.list(&ListRequest { log: false, ..ListRequest::new(ListKind::Missed, Some(member), now) })?;
        ours.push(begun.elapsed().as_secs_f64() * 1e3);
        entries += list.items.len();
    }
    let filled = entries as f64 / ours.len() as f64;
    let p99 = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[(all.len() - 1) * 99 / 100]
    };
    let (a, b) = (median(ours.clone()), median(theirs.clone()));
    println!(
        "in process, {} members with interests: missed {a:.3} ms (p99 {:.3}), {filled:.1} entries",
        ours.len(),
        p99(ours)
    );
    println!("  tantivy's top 100 over the same tags {b:.3} ms (p99 {:.3}): ratio {:.2}", p99(theirs), a / b);
    Ok(())
}
