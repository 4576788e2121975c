//! The rooms of the console. What its lists have in common is here.

mod acts;
mod applications;
mod audit;
mod connect;
mod events;
mod numbers;
mod overview;
mod people;
mod plot;
mod roles;
mod sessions;
mod settings;
mod verbs;

pub(crate) use self::audit::rows as event_rows;
pub use self::{
    acts::{ConsoleAct, Reached, Which},
    applications::{
        AddApplicationPage, AddFaults, ApplicationEntry, ApplicationNameFault, ApplicationNotice,
        ApplicationPage, ApplicationsPage, Asks, OriginsFault, ProxyChoice, RolesFault, RuleEntry,
    },
    audit::{AuditPage, AuditRow, ChainCheck, ChainReport, UnknownName},
    connect::{ConnectFaults, ConnectPage, Obstacle, SecretPage, SnippetText, UpstreamFault},
    overview::{CountedMinute, Health, OverviewPage},
    people::{
        AddPersonPage, PeoplePage, Person, PersonAddress, PersonLinkPage, PersonNotice, PersonPage,
    },
    roles::{AddRolePage, RoleEntry, RoleFaults, RoleNameFault, RoleNotice, RolesPage},
    sessions::{OpenedThrough, SessionOwner, SessionPage, SessionRow, SessionsPage},
    settings::{Setting, SettingFrom, SettingsPage, SettingsSection},
    verbs::{ApplicationVerb, PersonVerb, RoleVerb},
};

/// Links to the other parts of a list that is longer than a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The list's beginning, if this is not it.
    pub first: Option<String>,
    /// What comes after this part, if there may be more.
    pub next: Option<String>,
}
