//! Communities for Anklang to read: real ones from files, and simulated ones whose truth is known.
pub mod load;
