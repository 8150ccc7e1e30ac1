//! A full disk: what cannot be kept is refused, lists go on, and when there is room again so does everything else.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::site::{Server, folder, succeed};
use crate::small;

/// Room for a journal's first segments and little more.
const SIZE: &str = "size=160m";
/// Bytes of the largest piece of ballast; the last pieces are of one page.
const BALLAST_BYTES_MAX: usize = 8 << 20;

/// A small file system of its own, unmounted when dropped. None, said aloud, where that is not permitted.
struct Disk {
    place: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    fn mount() -> Option<Self> {
        let (folder, _) = folder();
        let place = folder.path().join("disk");
        std::fs::create_dir(&place).expect("made");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&place).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { place, _folder: folder }),
            Ok(output) => {
                eprintln!("DID NOT RUN: mount a tmpfs: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("DID NOT RUN: mount: {error}");
                None
            }
        }
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let ballast = self.place.join("ballast");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&ballast).expect("a file");
        let mut size = BALLAST_BYTES_MAX;
        while size >= 4096 {
            if std::io::Write::write_all(&mut file, &vec![1; size]).is_err() {
                size /= 2;
            }
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}

/// Ten events that compress badly.
fn batch(number: usize) -> Value {
    let mut chance = anklang_domain::Stream::new(number as u64);
    let mut event = |n: usize| {
        let text: String = (0..200).map(|_| format!("{:016x}", chance.next_u64())).collect();
        json!({"type": "track", "event": "Reply Posted", "userId": "member1", "messageId": format!("{number}/{n}"),
            "properties": {"discussion_id": 1, "text": text}})
    };
    json!({ "batch": (0..10).map(&mut event).collect::<Vec<_>>() })
}

/// Sends batches until one is refused; the numbers of those acknowledged.
fn until_refused(server: &Server, from: usize) -> Vec<usize> {
    for number in from..from + 3_000 {
        let answer = server.post("/v1/batch", &batch(number));
        if answer.status != 200 {
            assert_eq!((answer.status, answer.content_type.as_str()), (503, "application/problem+json"), "{answer:?}");
            let problem: Value = serde_json::from_str(&answer.text).expect("JSON");
            assert_eq!(problem["code"], "storage", "{problem}");
            assert!(problem["retry_after"].is_u64(), "{problem}");
            return (from..number).collect();
        }
    }
    panic!("the disk was never full");
}

fn all_there(data: &Path, acknowledged: &[usize]) {
    let export = succeed(data, &["export"]);
    for number in acknowledged {
        let there = export.lines().filter(|line| line.contains(&format!("\"seg:{number}/"))).count();
        assert_eq!(there, 10, "batch {number}");
    }
}

#[test]
fn a_full_disk_refuses_loses_nothing_and_recovers() {
    let Some(disk) = Disk::mount() else { return };
    let data = disk.place.join("data");
    small::import(&data, &small::facts(small::now(), 5));
    let server = Server::start(&data, &[]);
    let mut acknowledged: Vec<usize> = (0..20).collect();
    acknowledged.iter().for_each(|number| drop(server.post("/v1/batch", &batch(*number)).ok()));
    let ballast = disk.fill();
    acknowledged.extend(until_refused(&server, 20));
    let full_at = acknowledged.len();
    for path in ["/v1/members/member1/missed", "/v1/members/member2/feed", "/v1/search?q=compost", "/v1/trending"] {
        server.get(path).ok();
    }
    assert_eq!(server.get("/health/live").status, 200);
    assert_eq!(server.post("/v1/batch", &batch(full_at)).status, 503, "still full");
    std::fs::remove_file(ballast).expect("removed");
    let taken = (0..30).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        server.post("/v1/batch", &batch(full_at)).status == 200
    });
    assert!(taken, "there is room again, and the server does not take it");
    acknowledged.push(full_at);
    all_there(&data, &acknowledged);
    server.kill();
    all_there(&data, &acknowledged);
    succeed(&data, &["doctor"]);
}

#[test]
fn a_server_killed_on_a_full_disk_has_everything_when_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let data = disk.place.join("data");
    small::import(&data, &small::facts(small::now(), 6));
    let server = Server::start(&data, &[]);
    let ballast = disk.fill();
    let acknowledged = until_refused(&server, 0);
    server.kill();
    std::fs::remove_file(ballast).expect("removed");
    let server = Server::start(&data, &[]);
    server.post("/v1/batch", &batch(acknowledged.len())).ok();
    server.stop();
    all_there(&data, &acknowledged);
    all_there(&data, &[acknowledged.len()]);
}
