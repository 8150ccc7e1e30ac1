//! The journal at size: how fast it fills, opens, and can be read, and the memory it takes.
//!
//! `cargo bench -p anklang-benches --bench journal_scale -- [--facts 20000000] [--batch 1000] [--dir FOLDER]`
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anklang_benches::{Supply, argument, memory_of};
use anklang_domain::Body;
use anklang_engine::journal::{DiskJournal, Edit, Journal};

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(folder) = argument("open") {
        return open(Path::new(&folder));
    }
    let number = |name: &str, default: usize| argument(name).map_or(Ok(default), |text| text.parse());
    let (facts, batch) = (number("facts", 1_000_000)?, number("batch", 1000)?);
    let folder = tempfile::tempdir_in(argument("dir").map_or_else(std::env::temp_dir, PathBuf::from))?;
    fill(folder.path(), facts, batch)?;
    // In processes of their own, so that memory is what opening takes; the second finds the store's own snapshot.
    for _ in 0..2 {
        let status = Command::new(std::env::current_exe()?).arg("--open").arg(folder.path()).status()?;
        if !status.success() {
            return Err("the second process failed".into());
        }
    }
    rewrite(folder.path())
}

fn fill(folder: &Path, facts: usize, batch: usize) -> Result<(), Box<dyn Error>> {
    let mut supply = Supply::new(1);
    let journal = DiskJournal::open(folder)?;
    let (mut spent, mut slowest) = (0.0_f64, 0.0_f64);
    for _ in 0..facts / batch {
        let facts = supply.take(batch)?;
        let start = Instant::now();
        journal.append(&facts)?;
        let took = start.elapsed().as_secs_f64();
        spent += took;
        slowest = slowest.max(took);
    }
    println!(
        "{facts} facts in batches of {batch}: {:.0} facts/s, slowest batch {:.0} ms",
        facts as f64 / spent,
        slowest * 1e3
    );
    println!("  resident {} MB, {} MB on disk", memory_of("self", "VmRSS:")?, journal.bytes() >> 20);
    let start = Instant::now();
    drop(journal);
    println!("  closed in {:.2} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn open(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let journal = DiskJournal::open(folder)?;
    println!("opened {} facts in {:.2} s", journal.next_seq(), start.elapsed().as_secs_f64());
    println!("  resident {} MB, at most {} MB", memory_of("self", "VmRSS:")?, memory_of("self", "VmHWM:")?);
    let start = Instant::now();
    let mut bytes = 0;
    journal.read(0, &mut |_, fact| {
        bytes += fact.id.as_str().len();
        ControlFlow::Continue(())
    })?;
    let spent = start.elapsed().as_secs_f64();
    println!("  read in {spent:.2} s: {:.0} facts/s ({bytes} bytes of ids)", journal.next_seq() as f64 / spent);
    println!("  resident {} MB, at most {} MB", memory_of("self", "VmRSS:")?, memory_of("self", "VmHWM:")?);
    Ok(())
}

fn rewrite(folder: &Path) -> Result<(), Box<dyn Error>> {
    let journal = DiskJournal::open(folder)?;
    let start = Instant::now();
    let report = journal.rewrite(&|fact| match &fact.body {
        Body::Engaged(engagement) if engagement.member.as_str() == "member-7" => Edit::Drop,
        _ => Edit::Keep,
    })?;
    let spent = start.elapsed().as_secs_f64();
    println!("one member erased ({} facts) in {spent:.2} s; {} MB on disk", report.dropped, journal.bytes() >> 20);
    Ok(())
}
