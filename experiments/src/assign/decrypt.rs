//! Encrypted payloads: AES-128 in CBC mode, PKCS #7 padding, `iv.cipher` in base64.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The plain text; none where key or cipher are not what they should be.
#[must_use]
pub fn decrypt(encrypted: &str, key: &str) -> Option<String> {
    let (iv, cipher) = encrypted.split_once('.')?;
    let cipher = cipher.split('.').next()?;
    let [key, iv, cipher] = [key, iv, cipher].map(|text| STANDARD.decode(text).ok());
    let decryptor = cbc::Decryptor::<Aes128>::new_from_slices(&key?, &iv?).ok()?;
    let plain = decryptor.decrypt_padded_vec::<Pkcs7>(&cipher?).ok()?;
    String::from_utf8(plain).ok()
}
