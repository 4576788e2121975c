//! Vestibule's use cases, with I/O through traits: login, sessions, revocation, accounts, audit sealing, sweeping.
//!
//! Here it is decided what happens and in which order; the rules are `vestibule-core`'s, the transitions the store's.
//! Nothing here knows of HTTP, of a backend, or of the machine's clock and randomness ([`Clock`], [`Entropy`]).
//!
//! ```text
//! request ── check ──▶ LiveSession ── fresh / reauthenticate ──▶ FreshLogin ──▶ what is destructive
//!              │
//!            Index ◀── Publish ── the store, after each commit and before its answer
//! ```
//!
//! A passed check is a value ([`LiveSession`], [`FreshLogin`]): only the check builds it, and what it guards takes it.

mod accounts;
pub mod applications;
mod audit;
mod backup;
mod causes;
mod chores;
mod clock;
mod doorways;
mod engine;
mod entropy;
mod history;
mod import;
mod login;
mod mail;
mod metrics;
mod passwords;
mod places;
mod policy;
mod sessions;
mod setup;
mod users;
mod visit;

pub use accounts::activity::Activity;
pub use accounts::addresses::AddAddressError;
pub use accounts::answers::ProfileFault;
pub use accounts::password::{ChangePasswordError, PasswordChanged};
pub use accounts::profile::{ChangeProfile, ChangeProfileError};
pub use accounts::recover::{
    AskRecoveryError, FinishRecovery, FinishRecoveryError, Offered, Recoverable, Recovered,
};
pub use accounts::register::{
    AskRegistration, AskRegistrationError, FinishRegistration, FinishRegistrationError, Invitation,
    InviteError, Invited,
};
pub use applications::{AuthenticatedApplication, RotateSecret};
pub use audit::{Followed, TrailFault, TrailReport, verify_trail};
pub use backup::trail_key;
pub use causes::causes;
pub use chores::Chores;
pub use clock::Clock;
pub use doorways::{Doorway, Doorways};
pub use engine::{Engine, Parts, StartError};
pub use entropy::{Entropy, EntropyError};
pub use history::{MINUTES, Minute};
pub use import::{ExportedUser, ImportError, ImportPlan, Imported, ImportedUser};
pub use login::credential::NotNow;
pub use login::password::{SignIn, SignInError, SignedIn};
pub use mail::{MailError, Mailer, TestLetterError};
pub use metrics::{
    CheckAnswer, LoginOutcome, MailOutcome, Metrics, PageStatus, Step, register_store,
};
pub use passwords::{Breached, Busy, Hasher, HasherSettings, MakeError};
pub use places::{NoPlaces, Places};
pub use policy::{
    MailLimits, NameAsked, Policy, ProfileField, RegistrationMode, RegistrationPolicy,
};
pub use sessions::app::handshake::{AskedHandshake, Finish, Offer};
pub use sessions::app::{LiveAppSession, SignedInTo};
pub use sessions::census::{Live, Population};
pub use sessions::check::Check;
pub use sessions::end::Whom;
pub use sessions::index::Index;
pub use sessions::live::{FreshLogin, LiveSession};
pub use sessions::profile::{Identity, Profile};
pub use sessions::reach::{Reach, ReachedApplication, SessionDetail};
pub use sessions::renew::ReauthenticateError;
pub use setup::{Setup, SetupError, SetupOfferError};
pub use users::{AddUserError, NewAccount, UserDetail};
pub use visit::{Operator, Visit};
