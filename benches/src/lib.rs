//! anklang-benches
