//! While the index is being filled nobody knows who is in.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use vestibule_core::keys::MasterKey;
use vestibule_core::password::Cost;
use vestibule_engine::{
    Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index, Parts, Policy,
};
use vestibule_http::Context;
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};

use super::asker::{Ask, ISSUER, Street};
use crate::house::House;

struct Same;

impl Entropy for Same {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(3);
        Ok(())
    }
}

/// The same house, started again, and not yet filled.
pub async fn starting(house: &House) -> Router {
    let parts = Parts {
        store: Arc::clone(&house.store),
        index: Index::new(),
        clock: Arc::clone(&house.clock) as Arc<dyn Clock>,
        entropy: Arc::new(Same),
        blocklist: Arc::default(),
        mailer: None,
        hasher: Hasher::start(HasherSettings {
            threads: 1,
            queue: 1,
            cost: Cost {
                memory: 64,
                passes: 1,
            },
        }),
        master: MasterKey::new([7; 32]),
        policy: Policy::default(),
        accept_clock: None,
    };
    let engine = Engine::start(parts).await.unwrap();
    vestibule_http::public(Context::new(engine, house.context.site.clone()))
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_a_cookie_is_neither_believed_nor_thrown_away() {
    let street = Street::new().await;
    let router = starting(&street.house).await;
    for (family, nginx) in [(XForwarded, false), (XOriginal, true)] {
        for mode in ["navigate", "cors"] {
            let ask = Ask::new(&router, ISSUER, family, "GET", "/app");
            let ask = ask
                .with("cookie", &street.cookie)
                .with("sec-fetch-mode", mode);
            let ask = if nginx { ask.of_nginx() } else { ask };
            let answer = ask.clone().send().await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.header("retry-after"), "1");
            // Who brings nothing is nobody, index or no index.
            assert_ne!(
                ask.of_nobody().send().await.status,
                StatusCode::SERVICE_UNAVAILABLE
            );
        }
    }
    street.house.clock.forward(Duration::from_secs(1));
    assert_eq!(street.status().await, StatusCode::OK);
}
