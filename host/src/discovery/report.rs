//! Cameras that answered, for programs: what the command prints and the API answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::Found;

/// A camera that answered, in its own words. What it did not say is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FoundCamera)]
pub struct Report {
    /// Where the answer came from: what to probe.
    pub address: String,
    /// The device's UUID.
    #[schema(required)]
    pub uuid: Option<String>,
    /// Its name.
    #[schema(required)]
    pub name: Option<String>,
    /// Mostly the model.
    #[schema(required)]
    pub hardware: Option<String>,
    /// Where it is.
    #[schema(required)]
    pub location: Option<String>,
    /// ONVIF profiles: `Streaming`, `G`, `T` …
    pub profiles: Vec<String>,
    /// Addresses of its ONVIF service, the one that is best to reach first.
    pub services: Vec<String>,
}

impl From<Found> for Report {
    fn from(found: Found) -> Self {
        let services = found.services.into_iter().map(|service| service.url);
        Self {
            address: found.from.to_string(),
            uuid: found.uuid,
            name: found.name,
            hardware: found.hardware,
            location: found.location,
            profiles: found.profiles,
            services: services.collect(),
        }
    }
}
