//! `anklang export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anklang_domain::MemberId;
use clap::Args;

use super::failure::Failure;
use super::open::{self, Held, encoded};
use crate::config::Config;

/// Writes every fact as a line of JSON, as `anklang import ndjson` reads it.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Only the facts about this member
    #[arg(long)]
    member: Option<String>,
    /// Into this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        let place = self.out.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
        let failed = |error| Failure::File { place: place.clone(), error };
        let mut out: Box<dyn Write> = match &self.out {
            Some(path) => Box::new(BufWriter::new(File::create(path).map_err(failed)?)),
            None => Box::new(BufWriter::new(io::stdout().lock())),
        };
        let written = match open::open(config, None)? {
            Held::Here(engine) => self.local(&engine, &mut out)?,
            Held::There(server) => self.remote(&server, &mut out)?,
        };
        match written.and_then(|()| out.flush()) {
            // Whoever reads, such as head, has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(failed),
        }
    }

    fn local(&self, engine: &anklang_engine::Engine, out: &mut dyn Write) -> Result<io::Result<()>, Failure> {
        let mut result = Ok(());
        let mut write = |fact: &anklang_domain::Fact| -> bool {
            if result.is_ok() {
                result = line(out, fact);
            }
            result.is_ok()
        };
        match &self.member {
            None => engine.export(&mut |_, fact| {
                if write(&fact) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?,
            Some(member) => {
                let id = MemberId::parse(member).map_err(|error| Failure::Use(error.to_string()))?;
                let count = engine.export_member(&id, &mut |fact| {
                    write(&fact);
                })?;
                count.ok_or_else(|| Failure::Other(format!("nothing is known of a member {member:?}")))?;
            }
        }
        Ok(result)
    }

    fn remote(&self, server: &open::Server, out: &mut dyn Write) -> Result<io::Result<()>, Failure> {
        let path = match &self.member {
            Some(member) => format!("/v1/members/{}/export", encoded(member)),
            None => "/v1/control/export".to_owned(),
        };
        for line in server.ask("GET", &path, String::new())? {
            let line = line.map_err(|error| Failure::Other(format!("the server's answer broke off: {error}")))?;
            if let Err(error) = writeln!(out, "{line}") {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}

/// Writes a fact as a line.
pub(crate) fn line(out: &mut dyn Write, fact: &anklang_domain::Fact) -> io::Result<()> {
    serde_json::to_writer(&mut *out, fact)?;
    out.write_all(b"\n")
}
