//! Communities for Anklang to read: [`load`] takes real ones from files, [`community`] simulates ones whose truth is
//! known. Either way facts come out, in the order of time where the source allows it; whoever calls appends them. [`table`]
//! reads a table of anybody's experiment, for its analysis. For models, a [`dataset`] is who dealt with what and when, and
//! [`split`] makes questions with known answers of it; [`measure`] says what a list is worth, [`evaluate`] puts the
//! questions to models, and a [`summary`] says what there is, before anything is trained.

pub mod community;
pub mod dataset;
pub mod evaluate;
pub mod load;
pub mod measure;
pub mod split;
pub mod summary;
pub mod table;
