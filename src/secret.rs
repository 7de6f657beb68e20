//! Floor 0: text that nobody may see by accident.

use zeroize::Zeroizing;

/// A secret: no `Debug`, `Display`, `PartialEq` or `Serialize`, wiped when it
/// is dropped. [`Secret::expose`] is the only way to look.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
