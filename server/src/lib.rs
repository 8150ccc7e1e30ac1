//! anklang-server
