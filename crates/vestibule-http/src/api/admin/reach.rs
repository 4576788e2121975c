//! What an ending would end, in numbers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_engine::Reach;

/// Whether it is to be done, or only told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryRun {
    /// Only say what would end.
    #[serde(default)]
    pub dry_run: bool,
}

/// What would end.
#[derive(Serialize, ToSchema)]
#[schema(as = Reach)]
pub struct ReachBody {
    /// Sessions; people call them devices.
    sessions: u64,
    /// Applications that are signed in to through them.
    applications: u64,
    /// Cookies on those applications' hosts.
    app_sessions: u64,
}

impl From<Reach> for ReachBody {
    fn from(reach: Reach) -> Self {
        Self {
            sessions: reach.devices,
            applications: reach.applications,
            app_sessions: reach.app_sessions,
        }
    }
}
