//! The rooms of the console. What its lists have in common is here.

mod acts;
mod numbers;
mod overview;
mod sessions;

pub use self::{
    acts::{ConsoleAct, Reached, Which},
    overview::{ChainState, Health, OverviewPage},
    sessions::{OpenedThrough, SessionOwner, SessionPage, SessionRow, SessionsPage},
};

/// Links to the other parts of a list that is longer than a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The list's beginning, if this is not it.
    pub first: Option<String>,
    /// What comes after this part, if there may be more.
    pub next: Option<String>,
}
