//! A table of 10,000,000 rows to moments by arm, beside DuckDB and Polars asked for the same in the same run.
//!
//! `cargo bench -p anklang-benches --bench analyze -- [--rows 10000000] [--rounds 5] [--dir FOLDER] [--quick]`
//!
//! The others run where `ANKLANG_PEERS_PYTHON` names a Python that has `duckdb` and `polars`; without it, only ours is
//! timed. All take turns, the median of the rounds is told, and all must agree on every mean and variance to 1e-9. Asked
//! of a file whose units have one row each, and of one whose units have five: by row, and by unit (a unit's rows are added
//! up, and units in several arms are left out).
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anklang_benches::{argument, flag, median, memory_of};
use anklang_datasets::table::measure::By;
use anklang_datasets::table::{Table, Wanted};
use anklang_domain::Stream;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rows of a row group, as DuckDB writes them.
const GROUP_ROWS: usize = 122_880;
/// Rows that a unit has where units recur.
const ROWS_PER_UNIT: u64 = 5;
const METRICS: [&str; 3] = ["converted", "revenue", "sessions"];
const ARMS: [&str; 2] = ["control", "treatment"];
const PEERS: [&str; 2] = ["duckdb", "polars"];
/// How far the others' figures may be from ours.
const APART_MAX: f64 = 1e-9;

const PYTHON: &str = r#"
import os, sys, time
import duckdb, polars as pl
metrics = ["converted", "revenue", "sessions"]
def sql(path, unit):
    moments = ", ".join(f"avg({m}), var_samp({m})" for m in metrics)
    table = f"'{path}'"
    if unit:
        sums = ", ".join(f"sum({m}) {m}" for m in metrics)
        table = (f"(SELECT user_id, min(variant) variant, max(variant) other, {sums} FROM '{path}' GROUP BY user_id) "
                 "WHERE variant = other")
    return f"SELECT variant, count(*), {moments} FROM {table} GROUP BY variant ORDER BY variant"
def ask_duckdb(path, unit):
    return [x for row in db.sql(sql(path, unit)).fetchall() for x in row[1:]]
def ask_polars(path, unit):
    table = pl.scan_csv(path) if path.endswith("csv") else pl.scan_parquet(path)
    if unit:
        table = table.group_by("user_id").agg(pl.col("variant").min(), pl.col("variant").max().alias("other"),
            *[pl.col(m).sum() for m in metrics]).filter(pl.col("variant") == pl.col("other"))
    moments = [f(pl.col(m)) for m in metrics for f in (lambda c: c.mean().name.suffix("_mean"), lambda c: c.var().name.suffix("_var"))]
    return [x for row in table.group_by("variant").agg(pl.len(), *moments).sort("variant").collect().rows() for x in row[1:]]
db = duckdb.connect()
db.sql("SET enable_progress_bar = false")
db.sql(f"SET threads = {len(os.sched_getaffinity(0))}")
print(f"duckdb {duckdb.__version__}, polars {pl.__version__}", flush=True)
for line in sys.stdin:
    who, unit, path = line.rstrip("\n").split(" ", 2)
    unit = unit == "unit"
    if who == "sql":
        print(sql(os.path.basename(path), unit), flush=True)
        continue
    begun = time.perf_counter()
    numbers = (ask_duckdb if who == "duckdb" else ask_polars)(path, unit)
    took = time.perf_counter() - begun
    print(took, *numbers, flush=True)
"#;

fn main() -> Outcome<()> {
    let quick = flag("quick") || flag("test");
    let number = |name: &str, default: u64| argument(name).map_or(Ok(default), |text| text.parse::<u64>());
    let rows = number("rows", if quick { 200_000 } else { 10_000_000 })?;
    let rounds = number("rounds", if quick { 1 } else { 5 })? as usize;
    let temporary = tempfile::tempdir()?;
    let folder = argument("dir").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut peers = Peers::start()?;
    println!("{rows} rows, {} threads, median of {rounds}", std::thread::available_parallelism()?);
    for (name, per_unit) in [("one row per unit", 1), ("five rows per unit", ROWS_PER_UNIT)] {
        let files = write(&folder, rows, per_unit)?;
        for file in &files {
            let megabytes = std::fs::metadata(file)?.len() >> 20;
            let kind = file.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
            for unit in [false, true] {
                let asked = if unit { "by unit" } else { "by row" };
                println!("\n{kind}, {megabytes} MB, {name}, {asked}");
                compare(file, unit, rounds, peers.as_mut())?;
            }
        }
    }
    println!("\nour memory at most: {} MB", memory_of("self", "VmHWM:")?);
    Ok(())
}

fn compare(file: &Path, unit: bool, rounds: usize, mut peers: Option<&mut Peers>) -> Outcome<()> {
    if let Some(peers) = &mut peers {
        println!("  {}", peers.ask("sql", unit, file)?);
    }
    let (mut ours, mut theirs) = (Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..rounds {
        let begun = Instant::now();
        let figures = figures(file, unit)?;
        ours.push(begun.elapsed().as_secs_f64());
        let Some(peers) = &mut peers else { continue };
        for (peer, times) in PEERS.iter().zip(&mut theirs) {
            let answer = peers.ask(peer, unit, file)?;
            let numbers = answer.split(' ').map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
            times.push(numbers[0]);
            agree(peer, &figures, &numbers[1..])?;
        }
    }
    let ours = median(ours);
    println!("  anklang {:.3} s", ours);
    for (peer, times) in PEERS.iter().zip(theirs).filter(|(_, times)| !times.is_empty()) {
        let time = median(times);
        println!("  {peer:<7} {time:.3} s: {:.2} times ours", time / ours);
    }
    Ok(())
}

fn agree(peer: &str, ours: &[f64], theirs: &[f64]) -> Outcome<()> {
    let apart = |(a, b): (&f64, &f64)| (a - b).abs() > APART_MAX * a.abs().max(1e-9);
    if ours.len() != theirs.len() || ours.iter().zip(theirs).any(apart) {
        return Err(format!("{peer} says {theirs:?}, we say {ours:?}").into());
    }
    Ok(())
}

/// Units, then mean and variance of each metric, arm by arm.
fn figures(file: &Path, unit: bool) -> Outcome<Vec<f64>> {
    let wanted = Wanted {
        unit: unit.then(|| "user_id".to_owned()),
        variant: "variant".to_owned(),
        numbers: METRICS.map(str::to_owned).to_vec(),
        only_moments: true,
        ..Wanted::default()
    };
    let table = Table::open(file, &wanted)?;
    let cells: Vec<_> = (0..METRICS.len()).map(|at| table.cells(at, f64::INFINITY, By::Arm)).collect();
    let mut figures = Vec::new();
    for name in ARMS {
        let arm = table.arms.iter().position(|arm| arm == name).ok_or("an arm is not there")?;
        figures.push(cells[0].arms(0)[arm].shape.n as f64);
        for cells in &cells {
            let moments = cells.arms(0)[arm].shape.moments();
            figures.extend([moments.mean, moments.variance().ok_or("no variance")?]);
        }
    }
    Ok(figures)
}

/// The others, in one process that stays.
struct Peers {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peers {
    fn start() -> Outcome<Option<Self>> {
        let Some(python) = std::env::var_os("ANKLANG_PEERS_PYTHON") else {
            println!("ANKLANG_PEERS_PYTHON names no Python with duckdb and polars: only ours is timed");
            return Ok(None);
        };
        let mut child =
            Command::new(python).args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = child.stdin.take().ok_or("no input")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut versions = String::new();
        answers.read_line(&mut versions)?;
        println!("{}", versions.trim());
        Ok(Some(Self { child, questions, answers }))
    }

    fn ask(&mut self, who: &str, unit: bool, file: &Path) -> Outcome<String> {
        writeln!(self.questions, "{who} {} {}", if unit { "unit" } else { "row" }, file.display())?;
        self.questions.flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The same rows as CSV and as Parquet.
fn write(folder: &Path, rows: u64, per_unit: u64) -> Outcome<[PathBuf; 2]> {
    let files = ["csv", "parquet"].map(|kind| folder.join(format!("{rows}-{per_unit}.{kind}")));
    if files.iter().all(|file| file.exists()) {
        return Ok(files);
    }
    let mut csv = BufWriter::with_capacity(1 << 20, File::create(&files[0])?);
    writeln!(csv, "user_id,variant,converted,revenue,sessions")?;
    let schema = "message table { optional int64 user_id; optional binary variant (STRING); optional int32 converted;
                  optional double revenue; optional int32 sessions; }";
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut parquet = SerializedFileWriter::new(
        File::create(&files[1])?,
        Arc::new(parse_message_type(schema)?),
        Arc::new(properties),
    )?;
    let mut chance = Stream::new(per_unit);
    let units = rows / per_unit;
    let mut left = rows;
    while left > 0 {
        let count = left.min(GROUP_ROWS as u64);
        let group = Group::new(&mut chance, rows - left..rows - left + count, units, per_unit);
        group.csv(&mut csv)?;
        group.parquet(&mut parquet)?;
        left -= count;
    }
    csv.flush()?;
    parquet.close()?;
    Ok(files)
}

/// Some rows, column by column.
#[derive(Default)]
struct Group {
    users: Vec<i64>,
    arms: Vec<usize>,
    converted: Vec<i32>,
    revenue: Vec<f64>,
    sessions: Vec<i32>,
}

impl Group {
    fn new(chance: &mut Stream, rows: std::ops::Range<u64>, units: u64, per_unit: u64) -> Self {
        let mut group = Self::default();
        for row in rows {
            let user = if per_unit == 1 { row + 1_000_000 } else { chance.below(units as usize) as u64 };
            // The top bit of a multiplicative hash: half of the units, in no order.
            group.arms.push((user.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63) as usize);
            group.users.push(user as i64);
            group.converted.push(i32::from(chance.below(10) == 0));
            let cents = if chance.below(10) < 3 { chance.below(12_000) } else { 0 };
            group.revenue.push(cents as f64 / 100.0);
            group.sessions.push(chance.below(40) as i32);
        }
        group
    }

    fn csv(&self, out: &mut impl Write) -> Outcome<()> {
        for row in 0..self.users.len() {
            let (user, arm, converted) = (self.users[row], ARMS[self.arms[row]], self.converted[row]);
            writeln!(out, "{user},{arm},{converted},{},{}", self.revenue[row], self.sessions[row])?;
        }
        Ok(())
    }

    fn parquet(&self, out: &mut SerializedFileWriter<File>) -> Outcome<()> {
        let there = vec![1; self.users.len()];
        let names: Vec<ByteArray> = self.arms.iter().map(|arm| ByteArray::from(ARMS[*arm])).collect();
        let mut group = out.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            match at {
                0 => column.typed::<Int64Type>().write_batch(&self.users, Some(&there), None)?,
                1 => column.typed::<ByteArrayType>().write_batch(&names, Some(&there), None)?,
                2 => column.typed::<Int32Type>().write_batch(&self.converted, Some(&there), None)?,
                3 => column.typed::<DoubleType>().write_batch(&self.revenue, Some(&there), None)?,
                _ => column.typed::<Int32Type>().write_batch(&self.sessions, Some(&there), None)?,
            };
            column.close()?;
            at += 1;
        }
        group.close()?;
        Ok(())
    }
}
