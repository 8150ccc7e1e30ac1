//! anklang-datasets
