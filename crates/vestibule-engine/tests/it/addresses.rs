//! A user's addresses: asked for, proved, removed, made primary.

use std::sync::Arc;

use vestibule_core::letter::{Letter, Says};
use vestibule_core::ticket::PlainTicket;
use vestibule_engine::{
    AddAddressError, ChangeProfile, ChangeProfileError, FreshLogin, NameAsked, ProfileFault,
    SignInError, SignedIn,
};
use vestibule_store::{ConfirmAddress, MakePrimary, RemoveAddress};

use crate::house::{House, PASSWORD, address, hours};
use crate::postbox::ticket;

const ALICE: &str = "alice@example.test";
const HOME: &str = "alice@home.test";
const BOB: &str = "bob@example.test";

impl House {
    fn fresh(&self, of: &SignedIn) -> FreshLogin {
        self.engine.fresh(&of.session, self.now()).unwrap()
    }

    async fn add_address(&self, of: &SignedIn, email: &str) -> Result<(), AddAddressError> {
        let (fresh, visit) = (self.fresh(of), self.visit());
        let added = self.engine.add_address(&fresh, email, &visit).await;
        added.map(drop)
    }

    async fn confirm(&self, of: &SignedIn, link: &PlainTicket) -> ConfirmAddress {
        let visit = self.visit();
        let confirmed = self.engine.confirm_address(&of.session, link, &visit);
        confirmed.await.unwrap()
    }

    /// Adds an address and proves it.
    pub async fn add_confirmed(&mut self, of: &SignedIn, email: &str) {
        self.add_address(of, email).await.unwrap();
        let link = ticket(&self.letter().await);
        let confirmed = self.confirm(of, &link).await;
        assert_eq!(confirmed, ConfirmAddress::Confirmed(address(email)));
    }

    /// Alice, signed in, with a second address.
    async fn with_alice_at_home(&mut self) -> SignedIn {
        let alice = self.sign_in(ALICE).await;
        self.letters().await;
        self.add_confirmed(&alice, HOME).await;
        self.letters().await;
        alice
    }

    async fn addresses_of(&self, of: &SignedIn) -> Vec<(String, bool, bool)> {
        let addresses = self.engine.addresses(&of.session).await.unwrap();
        let told = addresses
            .into_iter()
            .map(|one| (one.email.as_str().to_owned(), one.verified, one.primary));
        told.collect()
    }
}

fn to(letters: &[Letter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.to.as_str()).collect()
}

/// Holds: ASVS 6.3.7, N62
#[tokio::test]
async fn asvs_6_3_7_an_address_is_added_by_its_mail_and_all_of_them_are_told() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let position = house.position().await;
    house.add_address(&alice, " Alice@HOME.test").await.unwrap();
    let letter = house.letter().await;
    assert_eq!(letter.to, address(HOME));
    assert!(matches!(letter.says, Says::ConfirmAddress { .. }));
    assert_eq!(house.addresses_of(&alice).await.len(), 1, "not yet");
    let refused = house.try_sign_in(HOME, PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    let link = ticket(&letter);
    let bob = house.sign_in(BOB).await;
    assert_eq!(house.confirm(&bob, &link).await, ConfirmAddress::Gone);
    let confirmed = ConfirmAddress::Confirmed(address(HOME));
    assert_eq!(house.confirm(&alice, &link).await, confirmed);
    assert_eq!(house.confirm(&alice, &link).await, ConfirmAddress::Gone);
    let told = house.told_since(position).await;
    assert_eq!(told.first().unwrap(), "address.asked");
    assert_eq!(told.last().unwrap(), "address.added");
    let letters = house.letters().await;
    let letters: Vec<_> = letters
        .into_iter()
        .filter(|letter| matches!(&letter.says, Says::AddressAdded { address: a, .. } if *a == address(HOME)))
        .collect();
    assert_eq!(to(&letters), [ALICE, HOME]);
    house.try_sign_in(HOME, PASSWORD).await.unwrap();
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_another_accounts_address_is_told_to_its_owner_alone() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    house.store.calls();
    house.add_address(&alice, BOB).await.unwrap();
    let known = house.store.calls();
    house.add_address(&alice, HOME).await.unwrap();
    assert_eq!(known, house.store.calls());
    for event in house.engine.latest_events(2).await.unwrap() {
        let personal = event.personal.unwrap();
        assert_eq!(
            personal.email, None,
            "{:?}: it may be Bob's",
            event.event.kind
        );
    }
    let letters = house.letters().await;
    assert_eq!(to(&letters), [HOME, BOB]);
    assert_eq!(letters[1].says, Says::AddressInUse);
    // Taken meanwhile, by who proved it first.
    let link = ticket(&letters[0]);
    house.add(HOME).await;
    assert_eq!(house.confirm(&alice, &link).await, ConfirmAddress::Taken);
    assert_eq!(house.confirm(&alice, &link).await, ConfirmAddress::Gone);
    assert!(house.letters().await.is_empty(), "nothing was added");
}

#[tokio::test]
async fn what_cannot_be_added_is_refused_with_the_reason() {
    let mut house = House::new().await;
    let alice = house.with_alice_at_home().await;
    for own in [ALICE, HOME] {
        let refused = house.add_address(&alice, own).await;
        assert!(matches!(refused, Err(AddAddressError::Own)));
    }
    let refused = house.add_address(&alice, "home").await;
    assert!(matches!(refused, Err(AddAddressError::Email(_))));
    for number in 0..8 {
        let email = format!("alice{number}@home.test");
        house.add_confirmed(&alice, &email).await;
        house.letters().await;
    }
    let refused = house.add_address(&alice, "last@home.test").await;
    assert!(matches!(refused, Err(AddAddressError::TooMany)));
}

/// Holds: ASVS 2.4.1
#[tokio::test]
async fn asvs_2_4_1_confirmations_have_limits() {
    let house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    for _ in 0..3 {
        house.add_address(&alice, HOME).await.unwrap();
    }
    let refused = house.add_address(&alice, HOME).await;
    assert!(matches!(refused, Err(AddAddressError::Throttled { .. })));
}

#[tokio::test]
async fn an_address_that_was_declared_is_proved_by_its_mail() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let visit = house.visit();
    let asked = house.engine.prove_address(&alice.session, &visit).await;
    asked.unwrap();
    let link = ticket(&house.letter().await);
    let session = house.request(&alice.cookie).unwrap();
    assert!(!session.profile().email_verified());
    let confirmed = ConfirmAddress::Confirmed(address(ALICE));
    let position = house.position().await;
    assert_eq!(house.confirm(&alice, &link).await, confirmed);
    assert_eq!(house.told_since(position).await, ["address.verified"]);
    let session = house.request(&alice.cookie).unwrap();
    assert!(session.profile().email_verified());
    assert!(house.letters().await.is_empty(), "nothing changed hands");
    let again = house.engine.prove_address(&session, &visit).await;
    assert!(matches!(again, Err(AddAddressError::Own)));
}

/// Holds: ASVS 6.3.7, N62, N64
#[tokio::test]
async fn asvs_6_3_7_a_removed_address_and_the_others_are_told() {
    let mut house = House::new().await;
    let alice = house.with_alice_at_home().await;
    let (fresh, visit) = (house.fresh(&alice), house.visit());
    let remove = async |house: &House, email| {
        let email = address(email);
        let removed = house.engine.remove_address(&fresh, &email, &visit).await;
        removed.unwrap()
    };
    assert_eq!(remove(&house, ALICE).await, RemoveAddress::Primary);
    assert_eq!(remove(&house, BOB).await, RemoveAddress::Unknown);
    assert!(house.letters().await.is_empty());
    let asked = house.engine.ask_recovery(HOME, None, &visit).await;
    asked.unwrap();
    let link = ticket(&house.letter().await);
    assert_eq!(remove(&house, HOME).await, RemoveAddress::Removed);
    let letters = house.letters().await;
    assert_eq!(to(&letters), [ALICE, HOME]);
    for letter in &letters {
        let Says::AddressRemoved { address: which, .. } = &letter.says else {
            panic!("{:?}", letter.says);
        };
        assert_eq!(*which, address(HOME));
    }
    assert_eq!(house.addresses_of(&alice).await.len(), 1);
    // N64: what went to it is no longer good for anything.
    let gone = house.engine.ticket(&link, house.now()).await.unwrap();
    assert!(gone.is_none());
    let refused = house.try_sign_in(HOME, PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
}

/// Holds: ASVS 6.3.7, N62
#[tokio::test]
async fn asvs_6_3_7_another_primary_address_is_told_to_the_old_and_the_new() {
    let mut house = House::new().await;
    let alice = house.with_alice_at_home().await;
    let (fresh, visit) = (house.fresh(&alice), house.visit());
    let make = async |house: &House, email| {
        let email = address(email);
        let made = house.engine.make_primary(&fresh, &email, &visit).await;
        made.unwrap()
    };
    assert_eq!(make(&house, ALICE).await, MakePrimary::Already);
    assert_eq!(make(&house, BOB).await, MakePrimary::Unknown);
    assert!(house.letters().await.is_empty());
    let before = address(ALICE);
    let changed = MakePrimary::Changed { before };
    assert_eq!(make(&house, HOME).await, changed);
    let session = house.request(&alice.cookie).unwrap();
    assert_eq!(session.profile().email(), address(HOME));
    let letters = house.letters().await;
    assert_eq!(to(&letters), [ALICE, HOME]);
    for letter in &letters {
        assert!(matches!(letter.says, Says::PrimaryChanged { .. }));
    }
    let left = house.addresses_of(&alice).await;
    assert_eq!(
        left,
        [(HOME.to_owned(), true, true)],
        "nobody proved the other"
    );
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_what_cannot_be_stored_did_not_happen() {
    let mut house = House::new().await;
    let alice = house.with_alice_at_home().await;
    let (fresh, visit) = (house.fresh(&alice), house.visit());
    house.store.set_full(true);
    let home = address(HOME);
    let refused = house.engine.make_primary(&fresh, &home, &visit).await;
    refused.unwrap_err();
    let refused = house.engine.remove_address(&fresh, &home, &visit).await;
    refused.unwrap_err();
    let refused = house.add_address(&alice, "new@home.test").await;
    assert!(matches!(refused, Err(AddAddressError::NotNow(_))));
    house.store.set_full(false);
    assert!(house.letters().await.is_empty());
    assert_eq!(house.addresses_of(&alice).await.len(), 2);
}

/// Holds: H04
#[tokio::test(flavor = "multi_thread")]
async fn h04_a_hundred_parallel_uses_confirm_once() {
    let mut house = House::new().await;
    let alice = Arc::new(house.sign_in(ALICE).await);
    house.letters().await;
    house.add_address(&alice, HOME).await.unwrap();
    let link = ticket(&house.letter().await);
    let shared = Arc::new(house);
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (house, alice, link) = (shared.clone(), alice.clone(), link.clone());
            tokio::spawn(async move {
                let confirmed = house.confirm(&alice, &link).await;
                matches!(confirmed, ConfirmAddress::Confirmed(_))
            })
        })
        .collect();
    let mut confirmed = 0;
    for one in tries {
        confirmed += usize::from(one.await.unwrap());
    }
    assert_eq!(confirmed, 1);
    assert_eq!(shared.engine.mail_waiting().await.unwrap(), 2, "told once");
}

#[tokio::test]
async fn a_confirmation_is_good_for_an_hour() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    house.add_address(&alice, HOME).await.unwrap();
    let link = ticket(&house.letter().await);
    house.pass(hours(1));
    assert_eq!(house.confirm(&alice, &link).await, ConfirmAddress::Gone);
}

#[tokio::test]
async fn a_profile_is_changed_by_its_owner() {
    let house = House::new().await;
    let mut house = house
        .crashed(|plan| plan.policy.registration.name = NameAsked::Required)
        .await;
    let alice = house.sign_in(ALICE).await;
    let position = house.position().await;
    let change = async |name, language| {
        let answers = &[][..];
        let change = ChangeProfile {
            name,
            language,
            answers,
        };
        let visit = house.visit();
        house
            .engine
            .change_profile(&alice.session, change, &visit)
            .await
    };
    let nameless = change("  ", "en").await;
    assert!(matches!(
        nameless,
        Err(ChangeProfileError::Profile(ProfileFault::NoName))
    ));
    let escape = change("a\u{1b}b", "en").await;
    assert!(matches!(
        escape,
        Err(ChangeProfileError::Profile(ProfileFault::Name(_)))
    ));
    change("Alice Anew", "de").await.unwrap();
    let session = house.request(&alice.cookie).unwrap();
    assert_eq!(session.profile().name().as_str(), "Alice Anew");
    assert_eq!(house.told_since(position).await, ["profile.changed"]);
    house.letters().await;
    let visit = house.visit();
    let asked = house.engine.ask_recovery(ALICE, None, &visit).await;
    asked.unwrap();
    assert_eq!(house.letter().await.language.as_str(), "de", "hers now");
}
