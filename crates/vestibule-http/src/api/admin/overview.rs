//! How many there are, what is signed in, and the last day.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::problem::Problem;
use crate::api::request::{Given, answer};
use crate::api::time::Utc;
use crate::context::Context;

#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
struct OverviewBody {
    population: PopulationBody,
    live: LiveBody,
    /// The last day, minute by minute, as far back as this server's start.
    history: Vec<MinuteBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Population)]
struct PopulationBody {
    users: u64,
    disabled: u64,
    administrators: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Live)]
struct LiveBody {
    sessions: u64,
    app_sessions: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Minute)]
struct MinuteBody {
    at: Utc,
    logins: u64,
    refusals: u64,
    ends: u64,
    live: u64,
}

/// The installation at a glance. All of it is in memory.
#[utoipa::path(
    get,
    path = "/api/v1/admin/overview",
    operation_id = "show_overview",
    tag = "overview",
    responses((status = 200, description = "The installation at a glance", body = OverviewBody)),
)]
pub async fn get(State(context): State<Arc<Context>>, _: Given) -> Result<Response, Problem> {
    let engine = &context.engine;
    let (population, live) = (engine.population(), engine.live());
    let history = engine.history().into_iter().map(|minute| MinuteBody {
        at: Utc(minute.at),
        logins: minute.logins,
        refusals: minute.refusals,
        ends: minute.ends,
        live: minute.live,
    });
    let body = OverviewBody {
        population: PopulationBody {
            users: population.users,
            disabled: population.disabled,
            administrators: population.administrators,
        },
        live: LiveBody {
            sessions: live.sessions,
            app_sessions: live.app_sessions,
        },
        history: history.collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}
