//! Communities for Anklang to read: [`load`] takes real ones from files, [`community`] simulates ones whose truth is
//! known. Either way facts come out, in the order of time where the source allows it; whoever calls appends them.

pub mod community;
pub mod load;
