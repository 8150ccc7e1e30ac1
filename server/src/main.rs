//! The `anklang` binary.

use std::process::ExitCode;

/// Facts are made by one thread and let go by another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    anklang_server::cli::main()
}
