//! The rooms of the console. What its lists have in common is here.

mod acts;
mod applications;
mod connect;
mod numbers;
mod overview;
mod people;
mod sessions;
mod settings;
mod verbs;

pub use self::{
    acts::{ConsoleAct, Reached, Which},
    applications::{
        AddApplicationPage, AddFaults, ApplicationEntry, ApplicationNameFault, ApplicationNotice,
        ApplicationPage, ApplicationsPage, Asks, OriginsFault, ProxyChoice, RolesFault, RuleEntry,
    },
    connect::{ConnectFaults, ConnectPage, Obstacle, SecretPage, SnippetText, UpstreamFault},
    overview::{ChainState, Health, OverviewPage},
    people::{
        AddPersonPage, PeoplePage, Person, PersonAddress, PersonLinkPage, PersonNotice, PersonPage,
    },
    sessions::{OpenedThrough, SessionOwner, SessionPage, SessionRow, SessionsPage},
    settings::{Setting, SettingFrom, SettingsPage, SettingsSection},
    verbs::{ApplicationVerb, PersonVerb},
};

/// Links to the other parts of a list that is longer than a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The list's beginning, if this is not it.
    pub first: Option<String>,
    /// What comes after this part, if there may be more.
    pub next: Option<String>,
}
