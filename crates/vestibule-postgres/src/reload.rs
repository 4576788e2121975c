//! What was in doubt, read again whole inside a transition that holds its row: one user, or every application.

use vestibule_core::id::UserId;
use vestibule_store::Change;

use crate::app_sessions::{self, read_app_session};
use crate::applications;
use crate::fault::Fault;
use crate::sessions::row::{read_session, session_columns};
use crate::transition::{Ask, Transition};
use crate::users::{read_user, user_columns};

/// The user and their sessions that are open and stand, as they are once this transition commits.
pub(crate) async fn reload(tx: &mut Transition, user: UserId) -> Result<Change, Fault> {
    let id = &user.as_bytes()[..];
    let [users, sessions, app_sessions] = tx
        .ask([
            Ask {
                sql: concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1"),
                params: &[&id],
            },
            Ask {
                sql: concat!(
                    "SELECT ",
                    session_columns!(),
                    " FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
                     WHERE i.id = 1 AND s.user_id = $1 AND s.ended_at IS NULL \
                       AND s.rev >= u.cutoff AND s.rev >= i.everything_cutoff ORDER BY s.id"
                ),
                params: &[&id],
            },
            Ask {
                sql: app_sessions::OF_USER,
                params: &[&id],
            },
        ])
        .await?;
    Ok(Change::UserReloaded {
        id: user,
        user: users.first().map(read_user).transpose()?.map(Box::new),
        sessions: sessions
            .iter()
            .map(read_session)
            .collect::<Result<_, _>>()?,
        app_sessions: app_sessions
            .iter()
            .map(read_app_session)
            .collect::<Result<_, _>>()?,
    })
}

/// Every application, while the installation is held: what was removed is not among them.
pub(crate) async fn reload_applications(tx: &mut Transition) -> Result<Change, Fault> {
    let applications = applications::all_held(tx).await?;
    Ok(Change::ApplicationsReloaded(applications))
}
