//! The set-up link: offered until there is an administrator, good once.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::StoreNumber;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{NewSession, Session};
use vestibule_core::user::{NewUser, User};

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{Change, CompleteSetup, OfferSetup, SetupTicket};

/// Offers a link for an hour from noon.
pub(super) async fn offer(home: &Home) -> HashedSecret {
    let secret = home.secret();
    let ticket = SetupTicket {
        secret,
        expires_at: noon_and(60),
    };
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::Offered
    );
    secret
}

/// The first login of an account that is being made.
pub(super) fn first_login(home: &Home, user: &NewUser, minutes: u64) -> NewSession {
    let user = User {
        id: user.id,
        email: user.email.clone(),
        email_verified: user.email_verified,
        name: user.name.clone(),
        roles: user.roles.clone(),
        status: vestibule_core::user::UserStatus::Active,
        created_at: NOON,
        cutoff: StoreNumber(0),
    };
    home.login(&user, noon_and(minutes))
}

async fn complete(home: &Home, secret: HashedSecret, name: &str, minutes: u64) -> CompleteSetup {
    let user = home.new_admin(name);
    let session = first_login(home, &user, minutes);
    let done = home
        .store
        .complete_setup(secret, user, session, home.act(noon_and(minutes)))
        .await;
    done.unwrap()
}

/// Holds: ASVS 6.3.2
pub async fn asvs_6_3_2_the_link_makes_the_administrator_and_burns(home: Home) {
    let secret = offer(&home).await;
    let new = home.new_admin("alice");
    let login = first_login(&home, &new, 1);
    assert!(!home.store.is_set_up().await.unwrap());
    let before = home.before().await;
    let act = home.act(noon_and(1));
    let done = home
        .store
        .complete_setup(secret, new.clone(), login.clone(), act.clone())
        .await;
    let CompleteSetup::Completed { user, session } = done.unwrap() else {
        panic!("the link was good");
    };
    assert_eq!(
        (user.id, &user.email, &user.roles),
        (new.id, &new.email, &new.roles)
    );
    assert!(home.store.is_set_up().await.unwrap());
    assert_eq!(*session, Session::open(login, StoreNumber(0)));
    let told = [
        Change::User(user.clone()),
        Change::SessionOpened(session.clone()),
    ];
    assert_eq!(home.published_since(&before), told);
    let events = [
        Event::user(EventKind::SetupCompleted, user.id),
        Event::user(EventKind::UserCreated, user.id),
        Event::session(EventKind::LoginSucceeded, user.id, session.id),
    ];
    home.assert_audited(&before, &act, &events).await;
    home.snapshot().await.assert_told(&home.ledger.memory());
    assert_eq!(home.live(&user, noon_and(2)).await, [session.id]);

    let before = home.before().await;
    assert_eq!(
        complete(&home, secret, "mallory", 2).await,
        CompleteSetup::Gone
    );
    assert!(!home.store.setup_offered(secret, noon_and(2)).await.unwrap());
    let ticket = SetupTicket {
        secret: home.secret(),
        expires_at: noon_and(90),
    };
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::AlreadySetUp
    );
    home.assert_unchanged(&before).await;

    let home = home.reopen().await;
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::AlreadySetUp
    );
    assert_eq!(
        complete(&home, ticket.secret, "mallory", 2).await,
        CompleteSetup::Gone
    );
    assert_eq!(
        complete(&home, secret, "mallory", 2).await,
        CompleteSetup::Gone
    );
}

/// Holds: ASVS 6.3.2
pub async fn asvs_6_3_2_only_the_latest_link_is_good_and_only_for_its_time(home: Home) {
    let never = home.secret();
    assert_eq!(
        complete(&home, never, "mallory", 1).await,
        CompleteSetup::Gone
    );
    assert!(!home.store.setup_offered(never, NOON).await.unwrap());

    let before = home.before().await;
    let replaced = offer(&home).await;
    let secret = offer(&home).await;
    for (asked, minutes, good) in [
        (secret, 0, true),
        (secret, 59, true),
        (secret, 60, false),
        (replaced, 1, false),
        (never, 1, false),
    ] {
        let offered = home
            .store
            .setup_offered(asked, noon_and(minutes))
            .await
            .unwrap();
        assert_eq!(offered, good);
        if !good {
            assert_eq!(
                complete(&home, asked, "mallory", minutes).await,
                CompleteSetup::Gone
            );
        }
        home.assert_unchanged(&before).await;
    }
    let home = home.reopen().await;
    assert!(
        home.store.setup_offered(secret, NOON).await.unwrap(),
        "a restart keeps the link"
    );
    let done = complete(&home, secret, "alice", 59).await;
    assert!(matches!(done, CompleteSetup::Completed { .. }));
}

/// Holds: ASVS 6.3.2
pub async fn asvs_6_3_2_a_used_link_is_burnt_whatever_it_made(home: Home) {
    let secret = offer(&home).await;
    let plain = home.new_user("alice");
    let (login, act) = (first_login(&home, &plain, 1), home.act(noon_and(1)));
    let done = home.store.complete_setup(secret, plain, login, act).await;
    assert!(matches!(done.unwrap(), CompleteSetup::Completed { .. }));
    let offered = home.store.setup_offered(secret, noon_and(1)).await;
    assert!(!offered.unwrap());
    let again = complete(&home, secret, "mallory", 1).await;
    assert_eq!(again, CompleteSetup::Gone);
}

pub async fn a_taken_address_keeps_the_link(home: Home) {
    home.user("alice").await;
    let secret = offer(&home).await;
    let before = home.before().await;
    assert_eq!(
        complete(&home, secret, "alice", 1).await,
        CompleteSetup::AddressTaken
    );
    home.assert_unchanged(&before).await;
    assert!(home.store.setup_offered(secret, noon_and(1)).await.unwrap());
    let done = complete(&home, secret, "root", 2).await;
    assert!(matches!(done, CompleteSetup::Completed { .. }));
}

/// Holds: ASVS 6.3.2
pub async fn asvs_6_3_2_an_administrator_however_made_ends_every_offer(home: Home) {
    home.user("alice").await;
    let ticket = SetupTicket {
        secret: home.secret(),
        expires_at: noon_and(60),
    };
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::Offered
    );
    let root = NewUser {
        disabled: false,
        roles: ["admin", "staff"]
            .map(|role| role.parse().unwrap())
            .to_vec(),
        ..home.new_user("root")
    };
    let id = root.id;
    home.store.create_user(root, home.act(NOON)).await.unwrap();
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::AlreadySetUp
    );
    home.store.disable_user(id, home.act(NOON)).await.unwrap();
    assert_eq!(
        home.store.offer_setup(ticket).await.unwrap(),
        OfferSetup::AlreadySetUp
    );
    let before = home.before().await;
    let good = home.store.setup_offered(ticket.secret, noon_and(1)).await;
    assert!(!good.unwrap(), "a link offered before is good no more");
    let done = complete(&home, ticket.secret, "mallory", 1).await;
    assert_eq!(done, CompleteSetup::Gone);
    home.assert_unchanged(&before).await;
}
