//! The `anklang` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    anklang_server::cli::main()
}
