//! What a mailed secret is made of, and what of it is kept.

use std::fs;
use std::path::Path;

use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_engine::{AskRegistration, Entropy as _};

use crate::house::{Counted, House, PASSWORD};
use crate::postbox::token;

const ALICE: &str = "alice@example.test";
const HOME: &str = "alice@home.test";

/// Whether these bytes are in any file of the data directory.
fn is_written(directory: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|file| {
        let held = fs::read(file.unwrap().path()).unwrap_or_default();
        held.windows(bytes.len()).any(|window| window == bytes)
    })
}

/// Holds: ASVS 6.5.2, ASVS 6.5.3
#[tokio::test]
async fn asvs_6_5_2_asvs_6_5_3_a_ticket_is_256_bits_of_entropy_and_its_hash_alone_is_kept() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let visit = house.visit();
    // One of each purpose.
    let elsewhere = house.stranger(1);
    house.try_at(&elsewhere, ALICE, PASSWORD).await.unwrap();
    let asked = AskRegistration {
        email: "carol@example.test",
        name: "",
        answers: &[],
        terms: false,
    };
    house.engine.ask_registration(asked, &visit).await.unwrap();
    house
        .engine
        .ask_recovery(ALICE, None, &visit)
        .await
        .unwrap();
    let fresh = house.engine.fresh(&alice.session, house.now()).unwrap();
    house
        .engine
        .add_address(&fresh, HOME, &visit)
        .await
        .unwrap();
    let letters = house.letters().await;

    // All that the port ever gave: it begins anew from the same seed.
    let mut drawn = vec![0; 1 << 16];
    Counted::default().fill(&mut drawn).unwrap();
    for purpose in Purpose::ALL {
        let mut told = letters.iter().map(token);
        let (text, plain) = told
            .find_map(|text| Some((text, PlainTicket::parse(purpose, text)?)))
            .unwrap();
        let bytes = drawn.windows(32).step_by(8).find(|bytes| {
            let bytes = <[u8; 32]>::try_from(*bytes).unwrap();
            PlainTicket::new(purpose, bytes).encode() == text
        });
        let bytes = bytes.unwrap_or_else(|| panic!("{purpose:?}: not from the port"));
        let directory = &house.plan.directory;
        assert!(is_written(directory, plain.hashed().as_bytes()));
        assert!(!is_written(directory, bytes), "{purpose:?}");
        assert!(!is_written(directory, text.as_bytes()), "{purpose:?}");
    }
}
