//! Addresses that become a user's, or are proved, through a mailed link.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::user::{MOST_ADDRESSES, NewUser};

use super::harness::Home;
use super::make::{NOON, email, noon_and};
use crate::{Change, ConfirmAddress, CreateUser};

pub async fn an_address_is_added_by_its_ticket(home: Home) {
    let alice = home.user("alice").await;
    let ticket = home.offer_address(&alice, "alice-too", NOON).await;
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act.clone())
        .await
        .unwrap();
    assert_eq!(told, ConfirmAddress::Confirmed(email("alice-too")));
    let event = Event::user(EventKind::AddressAdded, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), [], "no check needs to know");
    let own = home.store.addresses(alice.id).await.unwrap();
    let [primary, added] = own.as_slice() else {
        panic!("{own:?}");
    };
    assert_eq!((&primary.email, primary.primary), (&alice.email, true));
    assert_eq!((&added.email, added.primary), (&email("alice-too"), false));
    assert_eq!((added.verified, added.added_at), (true, noon_and(1)));

    let before = home.before().await;
    let act = home.act_telling(None, noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act)
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    home.assert_unchanged(&before).await;
}

pub async fn an_own_address_is_verified_by_its_ticket(home: Home) {
    let new = NewUser {
        disabled: false,
        email_verified: false,
        ..home.new_user("alice")
    };
    let made = home.store.create_user(new, home.act(NOON)).await.unwrap();
    let CreateUser::Created(alice) = made else {
        panic!("{made:?}");
    };
    let ticket = home.offer_address(&alice, "alice", NOON).await;
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let told = home
        .store
        .confirm_address(ticket.secret, alice.id, act.clone())
        .await
        .unwrap();
    assert_eq!(told, ConfirmAddress::Confirmed(email("alice")));
    let event = Event::user(EventKind::AddressVerified, alice.id);
    home.assert_audited(&before, &act, &[event]).await;
    let verified = vestibule_core::user::User {
        email_verified: true,
        ..*alice
    };
    let told = [Change::User(Box::new(verified.clone()))];
    assert_eq!(home.published_since(&before), told);
    let after = home.snapshot().await;
    assert_eq!(after.users[&verified.id], verified);
    assert_eq!(after.addresses[&verified.id].len(), 1);
}

/// Holds: ASVS 8.2.2
pub async fn asvs_8_2_2_an_address_ticket_serves_its_user_alone(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let ticket = home.offer_address(&alice, "alice-too", NOON).await;
    let before = home.before().await;
    let told = home
        .store
        .confirm_address(ticket.secret, bob.id, home.act_telling(None, NOON))
        .await;
    assert_eq!(told.unwrap(), ConfirmAddress::Gone);
    home.assert_unchanged(&before).await;
    assert!(home.is_good(&ticket, NOON).await, "nobody burns another's");
}

pub async fn an_address_of_another_account_is_not_added(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let primary = home.offer_address(&alice, "carol", NOON).await;
    let secondary = home.offer_address(&alice, "bob-too", NOON).await;
    home.user("carol").await;
    home.add_address(&bob, "bob-too", NOON).await;
    for ticket in [primary, secondary] {
        let before = home.before().await;
        let act = home.act_telling(None, NOON);
        let told = home
            .store
            .confirm_address(ticket.secret, alice.id, act)
            .await;
        assert_eq!(told.unwrap(), ConfirmAddress::Taken);
        home.assert_unchanged(&before).await;
        assert!(!home.is_good(&ticket, NOON).await, "burnt");
    }
}

pub async fn a_user_has_so_many_addresses_and_no_more(home: Home) {
    let alice = home.user("alice").await;
    for n in 1..MOST_ADDRESSES {
        home.add_address(&alice, &format!("alice-{n}"), NOON).await;
    }
    let ticket = home.offer_address(&alice, "one-more", NOON).await;
    let before = home.before().await;
    let confirm = async || {
        let act = home.act_telling(None, NOON);
        home.store
            .confirm_address(ticket.secret, alice.id, act)
            .await
            .unwrap()
    };
    assert_eq!(confirm().await, ConfirmAddress::TooMany);
    home.assert_unchanged(&before).await;
    home.store
        .remove_address(alice.id, email("alice-3"), home.act(NOON))
        .await
        .unwrap();
    assert_eq!(
        confirm().await,
        ConfirmAddress::Confirmed(email("one-more")),
        "the ticket stayed"
    );
}
