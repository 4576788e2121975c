//! Reads again what is in doubt: users whose transition was committed or not, and nobody knows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use vestibule_core::id::UserId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_store::{BoxFuture, Change};

use crate::fault::Fault;
use crate::perform::{Class, Desk};
use crate::publication::Doubt;
use crate::transition::{Numbers, Transition};

/// Between tries, while the database is away.
const REST: Duration = Duration::from_millis(200);

/// Runs as long as the store is open. One at a time: a database that comes back meets no stampede.
pub(crate) async fn run(desk: Arc<Desk>) {
    let mut absent = HashMap::new();
    loop {
        desk.sequencer.doubted.notified().await;
        loop {
            let doubts = desk.sequencer.doubts();
            if doubts.is_empty() {
                break;
            }
            for (doubt, at) in doubts {
                if !mend(&desk, doubt, at, &mut absent).await {
                    // Another doubt is no reason to hurry.
                    let _rested = timeout(REST, std::future::pending::<()>()).await;
                }
            }
        }
    }
}

/// Whether it is out of doubt, as far as the place `at` left it so. `absent`: who was not found, and since when.
async fn mend(
    desk: &Arc<Desk>,
    doubt: Doubt,
    at: u64,
    absent: &mut HashMap<UserId, Instant>,
) -> bool {
    let mended = match doubt {
        Doubt::User(user) => {
            let found = desk
                .call(Class::Transition, "mend_user", user, mend_user)
                .await;
            found.map(|found| {
                // Of an account just made there is no row to hold: what was sent for it may still be on its way, until the
                // server gives its connection up.
                let since = *absent.entry(user).or_insert_with(Instant::now);
                if !found && since.elapsed() < desk.patience.statement * 3 {
                    desk.sequencer.doubt_again(doubt);
                    return false;
                }
                absent.remove(&user);
                true
            })
        }
        Doubt::Everything => {
            let told = desk.sequencer.everything();
            let mended = desk
                .call(Class::Transition, "mend_everything", told, mend_everything)
                .await;
            mended.map(|()| {
                desk.sequencer.clear(doubt, at);
                true
            })
        }
        Doubt::House => {
            let mended = desk
                .call(Class::Transition, "mend_house", (), mend_house)
                .await;
            mended.map(|()| true)
        }
    };
    mended.unwrap_or_else(|error| {
        tracing::debug!(%error, "what is in doubt could not be read again yet");
        false
    })
}

/// Answers whether there is such a user.
fn mend_user<'a>(tx: &'a mut Transition, user: &'a UserId) -> BoxFuture<'a, Result<bool, Fault>> {
    Box::pin(async move {
        // Whoever left the doubt is through once this is held, which reads what is in doubt.
        tx.hold(&[*user], &[]).await?;
        let found = tx.held().contains(user);
        if !found {
            tx.hold_new(*user);
            tx.read_again(*user).await?;
        }
        Ok(found)
    })
}

fn mend_everything<'a>(
    tx: &'a mut Transition,
    told: &'a StoreNumber,
) -> BoxFuture<'a, Result<(), Fault>> {
    Box::pin(async move {
        tx.hold_numbers().await?;
        let Numbers { everything, .. } = tx.numbers().await?;
        if everything > *told {
            tx.publish(Change::Cutoff(Cutoff {
                number: everything,
                node: Node::Everything,
            }));
        }
        Ok(())
    })
}

/// Whoever holds the installation reads what is in doubt.
fn mend_house<'a>(tx: &'a mut Transition, (): &'a ()) -> BoxFuture<'a, Result<(), Fault>> {
    Box::pin(tx.hold_installation())
}
