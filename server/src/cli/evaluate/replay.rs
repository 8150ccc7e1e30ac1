//! A saved run, run again.

use anklang_datasets::evaluate::run::{MEMBERS_FILE, REPORT_FILE, Run};
use anklang_datasets::evaluate::{Options, tags};
use anklang_datasets::load::{self, load};
use anklang_datasets::split::SplitError;

use super::data::{DataArgs, folds};
use super::{Done, Plan, models};
use crate::cli::failure::Failure;
use crate::cli::terminal::note;

/// Does what the run says, on the same data.
pub(super) fn again(run: &Run, given: &DataArgs) -> Result<Done, Failure> {
    let report = &run.report;
    let place = match (given.given(), &run.surroundings) {
        (Some(path), _) => path.clone(),
        (None, Some(kept)) => kept.data.clone(),
        (None, None) => {
            let what = "does not say where its data lay; name them: anklang evaluate DATA --replay RUN";
            return Err(Failure::Use(format!("{}: {what}", run.dir.display())));
        }
    };
    let refused = |what: String| Failure::Other(format!("{}: {what}", run.dir.display()));
    let data = load(&place, &load::Options { name: Some(report.data.name.clone()), ..report.data.read_as.clone() })?;
    if data.checksum != report.data.checksum {
        return Err(Failure::Other(format!(
            "{} is not what the run was made with: its checksum is {}, the run's {}",
            place.display(),
            data.checksum,
            report.data.checksum
        )));
    }
    let split = report.split.parse().map_err(|error: SplitError| refused(error.to_string()))?;
    let folds = folds(&data, &split, report.seed)?;
    let contenders = report
        .models
        .iter()
        .map(|model| models::contender(&model.document, &data))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refused)?;
    let options = Options {
        at: report.at.clone(),
        seed: report.seed,
        memory_bytes_max: report.memory_bytes_max,
        tags: tags(&data),
    };
    let read_as = report.data.read_as.clone();
    let plan =
        Plan { data, read_as, split, folds, options, alpha: report.alpha, compare_with: report.compare_with.clone() };
    plan.carry_out(&contenders, place)
}

/// Whether the same bytes came out.
pub(super) fn same(run: &Run, done: &Done) -> Result<(), Failure> {
    let other = |error: serde_json::Error| Failure::Other(error.to_string());
    let bytes = done.report.bytes().map_err(other)?;
    let mut differ = Vec::new();
    if bytes != run.bytes {
        let made_by = if done.report.code == run.report.code {
            String::new()
        } else {
            format!(" (made by {}, this is {})", run.report.code, done.report.code)
        };
        differ.push(format!("{REPORT_FILE}{made_by}"));
    }
    match std::fs::read(run.members()) {
        Ok(members) if members == done.members => {}
        Ok(_) => differ.push(MEMBERS_FILE.to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            note(&format_args!("the run has no {MEMBERS_FILE}: only {REPORT_FILE} is compared"));
        }
        Err(error) => return Err(Failure::File { place: run.members().display().to_string(), error }),
    }
    if differ.is_empty() {
        note(&format_args!("the same bytes as in {}", run.dir.display()));
        return Ok(());
    }
    Err(Failure::Other(format!("not the same as in {}: {}", run.dir.display(), differ.join(", "))))
}
