//! `/console`: how things stand.

use crate::views::page;

/// How things stand.
#[derive(Clone, Debug, Default)]
pub struct OverviewPage {
    /// Whether all is well.
    pub health: Health,
}

/// What an operator looks at first.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Whether the store answers.
    pub store: bool,
    /// Letters that wait to be sent; `None` while the store does not say.
    pub mail_waiting: Option<u64>,
    /// The audit trail's chain.
    pub chain: ChainState,
    /// This server's version.
    pub version: &'static str,
}

/// How far the audit trail is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainState {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// Sealed as it should be.
    Sealing,
    /// It could not be sealed lately.
    Behind,
}

page!(OverviewPage, "console/overview.html");
