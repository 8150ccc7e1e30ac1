//! `anklang power`
use super::failure::Failure;
use clap::Args;
/// todo
#[derive(Debug, Args)]
pub(crate) struct Power {}
impl Power {
    pub(crate) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
