//! Encrypted payloads: AES-128 in CBC mode, PKCS #7 padding, `iv.cipher` in base64.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::PayloadError;

/// As lenient as the browsers' `atob`.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Where a payload's parts are when they are encrypted, and where they belong.
const PARTS: [(&str, &str); 4] = [
    ("encryptedFeatures", "features"),
    ("encryptedExperiments", "experiments"),
    ("encryptedSavedGroups", "savedGroups"),
    ("encryptedContextualBandits", "contextualBandits"),
];

/// A payload with its encrypted parts in plain, for [`super::Payload::parse`]; as it was where none is encrypted.
pub fn decrypt_payload(source: &Value, key: &str) -> Result<Value, PayloadError> {
    let mut plain: Map<String, Value> = source.as_object().ok_or(PayloadError::Payload)?.clone();
    for (encrypted, name) in PARTS {
        let Some(text) = plain.remove(encrypted) else { continue };
        let part = text.as_str().and_then(|text| decrypt(text, key)).and_then(|text| serde_json::from_str(&text).ok());
        plain.insert(name.to_owned(), part.ok_or(PayloadError::Encrypted(encrypted))?);
    }
    Ok(Value::Object(plain))
}

/// The plain text; none where key or cipher are not what they should be.
#[must_use]
pub fn decrypt(encrypted: &str, key: &str) -> Option<String> {
    let (iv, cipher) = encrypted.split_once('.')?;
    let cipher = cipher.split('.').next()?;
    let [key, iv, cipher] = [key, iv, cipher].map(|text| BASE64.decode(text).ok());
    let decryptor = cbc::Decryptor::<Aes128>::new_from_slices(&key?, &iv?).ok()?;
    let plain = decryptor.decrypt_padded_vec::<Pkcs7>(&cipher?).ok()?;
    String::from_utf8(plain).ok()
}
