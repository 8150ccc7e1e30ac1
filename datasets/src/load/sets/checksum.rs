//! A checksum over files.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::load::LoadError;

const BUFFER_BYTES: usize = 256 * 1024;

/// SHA-256 over the bytes of the files as they lie on disk, one after the other, in hexadecimal: what
/// `cat FILE FILE … | sha256sum` says.
pub fn checksum(files: &[PathBuf]) -> Result<String, LoadError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    for path in files {
        let io = |error: std::io::Error| LoadError::io(&path.display().to_string(), &error);
        let mut file = File::open(path).map_err(io)?;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_as_one() {
        let folder = super::super::tests::write(&[("a", "ab"), ("b", "c")]);
        let files = [folder.path().join("a"), folder.path().join("b")];
        // FIPS 180-4's example for "abc".
        assert_eq!(checksum(&files).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(checksum(&[folder.path().join("none")]).is_err());
    }
}
