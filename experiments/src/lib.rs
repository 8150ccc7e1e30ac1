//! anklang-experiments
