//! The `anklang` binary.

fn main() {}
