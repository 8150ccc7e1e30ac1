//! The whole, from outside: the real binary, real HTTP, real files, real kills. One test binary; each module is a promise
//! of the README.

mod arrows;
mod community;
mod crash;
mod disk_full;
mod erasure;
mod rebuild;
mod site;
mod small;
