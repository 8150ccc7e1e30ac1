//! Numbers that carry their proof: once parsed, nothing downstream checks again.

use serde::{Deserialize, Serialize};

/// Why a number was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NumberError {
    /// Not within the allowed range, or not a number at all.
    #[error("{name} must lie {range}; got {got}")]
    Range {
        /// What the number is.
        name: &'static str,
        /// The allowed range, in words.
        range: &'static str,
        /// What was given.
        got: f64,
    },
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $range:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
        #[serde(try_from = "f64")]
        pub struct $name($inner);

        impl $name {
            /// Checks the number.
            pub fn parse(number: f64) -> Result<Self, NumberError> {
                let ok: fn(f64) -> bool = $ok;
                if ok(number) {
                    Ok(Self(number as $inner))
                } else {
                    Err(NumberError::Range { name: stringify!($name), range: $range, got: number })
                }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl TryFrom<f64> for $name {
            type Error = NumberError;
            fn try_from(number: f64) -> Result<Self, NumberError> {
                Self::parse(number)
            }
        }

        impl From<$name> for f64 {
            fn from(number: $name) -> f64 {
                f64::from(number.0)
            }
        }
    };
}

number! {
    /// A part of a whole, from 0 to 1, both included.
    Share, f64, "from 0 to 1", |n| (0.0..=1.0).contains(&n)
}
number! {
    /// The probability with which something was shown: above 0, at most 1.
    Propensity, f32, "above 0 and at most 1", |n| n > 0.0 && n <= 1.0
}
number! {
    /// How well an item suits a member; any finite number, larger is better.
    Score, f32, "among the finite numbers", |n| (n as f32).is_finite()
}

impl Propensity {
    /// Shown for certain.
    pub const CERTAIN: Self = Self(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_refuse_what_is_no_share() {
        assert!(Share::parse(0.05).is_ok());
        for bad in [f64::NAN, 1.2, -0.1, f64::INFINITY] {
            assert!(Share::parse(bad).is_err(), "{bad}");
        }
        assert!(Propensity::parse(0.0).is_err());
        assert!(serde_json::from_str::<Share>("1.5").is_err());
    }
}
