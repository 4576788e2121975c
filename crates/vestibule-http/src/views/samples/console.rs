//! The rooms of the console.

use super::{Sample, administrator};
use crate::views::{ChainState, Health, OverviewPage};

pub(super) fn overview() -> Vec<Sample> {
    vec![administrator(
        "console",
        OverviewPage {
            health: Health {
                store: true,
                mail_waiting: Some(2),
                chain: ChainState::Sealing,
                version: "0.1.0",
            },
        },
    )]
}
