//! Times on the wire: RFC 3339, in UTC (ASVS 16.2.2).

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use vestibule_core::time::UnixMillis;

/// A time as JSON shows it.
#[derive(Debug, Clone, Copy)]
pub struct Utc(pub UnixMillis);

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Timestamp::from_millisecond(self.0.0) {
            Ok(time) => serializer.collect_str(&format_args!("{time:.3}")),
            // Only a clock past the year 9999 gets here.
            Err(_) => serializer.serialize_none(),
        }
    }
}

impl ToSchema for Utc {}

impl PartialSchema for Utc {
    fn schema() -> RefOr<Schema> {
        let time = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        RefOr::T(Schema::Object(time.build()))
    }
}
