//! Transitions started all at once.

use std::sync::Arc;

use tokio::sync::Barrier;
use vestibule_core::id::SessionId;

use super::harness::Home;
use crate::{BoxFuture, Store};

/// Starts them all at once, each in a task of its own; the answers come in the racers' order.
pub(super) async fn race<T: Send + 'static>(racers: Vec<BoxFuture<'static, T>>) -> Vec<T> {
    let start = Arc::new(Barrier::new(racers.len()));
    let mut tasks = Vec::new();
    for racer in racers {
        let start = Arc::clone(&start);
        tasks.push(tokio::spawn(async move {
            start.wait().await;
            racer.await
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// One transition of a race, with a store of its own.
pub(super) fn racer<T, F>(
    home: &Home,
    run: impl FnOnce(Arc<dyn Store>) -> F,
) -> BoxFuture<'static, T>
where
    F: Future<Output = T> + Send + 'static,
{
    Box::pin(run(Arc::clone(&home.store)))
}

/// The sessions that are open and stand, as stored and as published.
pub(super) async fn standing(home: &Home) -> Vec<SessionId> {
    let snapshot = home.snapshot().await;
    snapshot.assert_told(&home.ledger.memory());
    snapshot.sessions.into_keys().collect()
}
