//! Reads again what is in doubt: users whose transition was committed or not, and nobody knows.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

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
    loop {
        desk.sequencer.doubted.notified().await;
        loop {
            let doubts = desk.sequencer.doubts();
            if doubts.is_empty() {
                break;
            }
            for doubt in doubts {
                let mended = match doubt {
                    Doubt::User(user) => {
                        desk.call(Class::Transition, "mend_user", user, mend_user)
                            .await
                    }
                    Doubt::Everything => {
                        let mended = desk
                            .call(Class::Transition, "mend_everything", (), mend_everything)
                            .await;
                        mended.inspect(|()| desk.sequencer.clear(&[doubt]))
                    }
                    Doubt::House => {
                        desk.sequencer.clear(&[doubt]);
                        Ok(())
                    }
                };
                if let Err(error) = mended {
                    tracing::debug!(%error, "what is in doubt could not be read again yet");
                    // Another doubt is no reason to hurry.
                    let _rested = timeout(REST, std::future::pending::<()>()).await;
                }
            }
        }
    }
}

fn mend_user<'a>(tx: &'a mut Transition, user: &'a UserId) -> BoxFuture<'a, Result<(), Fault>> {
    Box::pin(async move {
        // Whoever left the doubt is through once this is held; the commit reads and publishes what is in doubt.
        tx.hold(&[*user], &[]).await?;
        tx.hold_new(*user);
        Ok(())
    })
}

fn mend_everything<'a>(tx: &'a mut Transition, (): &'a ()) -> BoxFuture<'a, Result<(), Fault>> {
    Box::pin(async move {
        tx.hold_numbers().await?;
        let Numbers { everything, .. } = tx.numbers().await?;
        if everything > StoreNumber(0) {
            tx.publish(Change::Cutoff(Cutoff {
                number: everything,
                node: Node::Everything,
            }));
        }
        Ok(())
    })
}
