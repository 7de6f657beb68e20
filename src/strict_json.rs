//! Floor 0: JSON objects that are exactly what they should be.
//!
//! Serde's derived structs refuse unknown members (`deny_unknown_fields`),
//! duplicates and wrong types, but they also accept an array in an object's
//! place. This closes that gap.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// `T`, read from a JSON object and from nothing else.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// For `#[serde(deserialize_with)]` on members that are objects themselves.
pub fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// For `#[serde(deserialize_with)]` on members that may be `null` but must be
/// there: without it a missing member would read as `null`.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        #[serde(deserialize_with = "nullable")]
        a: Option<u8>,
        b: u8,
    }

    fn reads(json: &str) -> bool {
        serde_json::from_str::<Object<Pair>>(json)
            .map(|Object(pair)| (pair.a, pair.b))
            .is_ok()
    }

    #[test]
    fn only_an_object_with_exactly_its_members_is_read() {
        assert!(reads(r#"{"a":null,"b":2}"#));
        assert!(reads(r#"{"b":2,"a":1}"#));

        assert!(!reads("[1,2]"), "an array in an object's place");
        assert!(!reads(r#"{"b":2}"#), "a missing nullable member");
        assert!(!reads(r#"{"a":1,"b":2,"c":3}"#), "an unknown member");
        assert!(!reads(r#"{"a":1,"b":2,"b":2}"#), "a duplicate");
        assert!(
            !reads(r#"{"a":1,"b":2,"\u0062":2}"#),
            "an escaped duplicate"
        );
        assert!(!reads(r#"{"a":1,"b":"2"}"#), "a wrong type");
        assert!(!reads(r#"{"a":1,"b":2} {}"#), "something after it");
    }
}
