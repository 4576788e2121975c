//! What may be set as a password, wherever one is set; and the pepper.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use vestibule_core::audit::StoredEvent;
use vestibule_core::email::EmailAddress;
use vestibule_core::password::blocklist::Blocklist;
use vestibule_core::password::{Concerned, NewPassword, NewPasswordError, Pepper, Peppers};
use vestibule_core::user::{DisplayName, Language};
use vestibule_engine::{
    AddUserError, AskRegistration, Breached, ChangePasswordError, FinishRecovery,
    FinishRecoveryError, FinishRegistration, FinishRegistrationError, Invitation, NewAccount,
    NotNow, Setup, SetupError, SignInError,
};
use vestibule_store::Users as _;

use crate::house::{House, OTHER_PASSWORD, PASSWORD, hours, minutes};
use crate::postbox::ticket;

const LISTED: &str = "turnip cartwheel lantern";

/// A list that has one password, until it breaks.
#[derive(Default)]
struct List {
    broken: AtomicBool,
}

impl Breached for List {
    fn holds(&self, sha1: &[u8; 20]) -> io::Result<bool> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is gone"));
        }
        let of = Concerned {
            emails: &[],
            name: &DisplayName::default(),
        };
        let listed = NewPassword::parse(LISTED, &of, &Blocklist::default()).unwrap();
        Ok(listed.sha1() == *sha1)
    }
}

fn account<'a>(email: &'a str, password: &'a str) -> NewAccount<'a> {
    NewAccount {
        email,
        name: "Carol Danvers Example",
        roles: &[],
        password: Some(password),
        verified: false,
    }
}

async fn refused_for_carol(house: &House, password: &str) -> NewPasswordError {
    let carol = account("carol@example.test", password);
    match house.engine.add_user(carol, &house.operator()).await {
        Err(AddUserError::Password(error)) => error,
        other => panic!("{password}: {other:?}"),
    }
}

/// Holds: ASVS 6.2.4, ASVS 6.2.11, ASVS 6.2.12, N28
#[tokio::test]
async fn asvs_6_2_4_asvs_6_2_12_no_way_of_setting_a_password_takes_a_common_one() {
    use NewPasswordError::{Common, IsAddress, IsName, SiteWord};
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    for (password, why) in [
        ("password1password1", Common),
        ("qwertyuiopasdfghjkl", Common),
        ("vestibule2026!!!", SiteWord),
        ("carol-carol-carol", IsAddress),
        ("Carol Danvers Example", IsName),
    ] {
        assert_eq!(refused_for_carol(&house, password).await, why, "{password}");
    }
    for (password, why) in [
        ("password1password1", Common),
        ("vestibule2026!!!", SiteWord),
        ("alice@example.test", IsAddress),
        ("alice-example-99", IsName),
    ] {
        let visit = house.visit();
        let changed = house
            .engine
            .change_password(&here.session, PASSWORD, password, &visit)
            .await;
        let Err(ChangePasswordError::Policy(error)) = changed else {
            panic!("{password}: {changed:?}");
        };
        assert_eq!(error, why, "{password}");
    }
    assert!(house.is_live(&here.cookie));

    let empty = House::empty().await;
    let secret = empty
        .engine
        .offer_setup(empty.now())
        .await
        .unwrap()
        .unwrap();
    let setup = Setup {
        secret: &secret,
        email: "admin@example.test",
        name: "",
        password: "password1password1",
    };
    let set_up = empty.engine.complete_setup(setup, &empty.visit()).await;
    assert!(matches!(set_up, Err(SetupError::Password(Common))));
}

const CAROL: AskRegistration<'_> = AskRegistration {
    email: "carol@example.test",
    name: "",
    answers: &[],
    terms: false,
};

/// Holds: ASVS 6.3.4
#[tokio::test]
async fn asvs_6_3_4_every_way_of_setting_a_password_refuses_the_same_ones() {
    use NewPasswordError::{Common, SiteWord, TooLong, TooShort};
    let mut house = House::empty().await;
    house.add("alice@example.test").await;
    let here = house.sign_in("alice@example.test").await;
    let visit = house.visit();
    let offered = house.engine.offer_setup(house.now()).await;
    let secret = offered.unwrap().unwrap();
    house.engine.ask_registration(CAROL, &visit).await.unwrap();
    let registers = ticket(&house.letter().await);
    let invitation = Invitation {
        email: "dave@example.test",
        name: "",
        roles: &[],
        language: Language::default(),
    };
    let invited = house.engine.invite(invitation, &house.operator()).await;
    invited.unwrap();
    let invited = ticket(&house.letter().await);
    let asked = house
        .engine
        .ask_recovery("alice@example.test", None, &visit);
    asked.await.unwrap();
    let recovers = ticket(&house.letter().await);

    let position = house.position().await;
    let long = "turnip ".repeat(40);
    for (password, why) in [
        ("fourteen chars", TooShort(14)),
        (long.as_str(), TooLong),
        ("password1password1", Common),
        ("vestibule2026!!!", SiteWord),
    ] {
        assert_eq!(refused_for_carol(&house, password).await, why, "user add");
        let setup = Setup {
            secret: &secret,
            email: "admin@example.test",
            name: "",
            password,
        };
        let set_up = house.engine.complete_setup(setup, &visit).await;
        assert!(
            matches!(&set_up, Err(SetupError::Password(error)) if *error == why),
            "{set_up:?}"
        );
        for ticket in [&registers, &invited] {
            let finish = FinishRegistration {
                ticket,
                name: "",
                answers: &[],
                terms: false,
                password,
            };
            let made = house.engine.finish_registration(finish, None, &visit).await;
            assert!(
                matches!(&made, Err(FinishRegistrationError::Password(error)) if *error == why),
                "{made:?}"
            );
        }
        let changed = house
            .engine
            .change_password(&here.session, PASSWORD, password, &visit);
        let changed = changed.await;
        assert!(
            matches!(&changed, Err(ChangePasswordError::Policy(error)) if *error == why),
            "{changed:?}"
        );
        let finish = FinishRecovery {
            ticket: &recovers,
            browser: None,
            code: None,
            password,
        };
        let reset = house.engine.finish_recovery(finish, &visit).await;
        assert!(
            matches!(&reset, Err(FinishRecoveryError::Password(error)) if *error == why),
            "{reset:?}"
        );
    }
    let told = house.told_since(position).await;
    let only = "reauthentication.succeeded";
    assert!(told.iter().all(|event| event == only), "{told:?}");
}

/// Holds: ASVS 6.2.10, N25
#[tokio::test]
async fn asvs_6_2_10_n25_a_password_is_as_good_after_a_year() {
    let mut house = House::new().await;
    house.sign_in("alice@example.test").await;
    let position = house.position().await;
    house.pass(hours(366 * 24));
    house.letters().await;
    let alice = house.sign_in("alice@example.test").await;
    assert!(house.is_live(&alice.cookie), "nothing is asked first");
    let stranger = house.stranger(1);
    let elsewhere = house.try_at(&stranger, "alice@example.test", PASSWORD);
    assert!(house.is_live(&elsewhere.await.unwrap().cookie));
    let told = house.told_since(position).await;
    assert!(
        !told.iter().any(|event| event.starts_with("password.")),
        "{told:?}"
    );
}

/// Holds: N63
#[tokio::test]
async fn n63_the_trail_says_when_a_password_was_set_and_when_it_was_changed() {
    let mut house = House::empty().await;
    let visit = house.visit();
    house.engine.ask_registration(CAROL, &visit).await.unwrap();
    let link = ticket(&house.letter().await);
    let mut expected = Vec::new();

    house.pass(minutes(7));
    let finish = FinishRegistration {
        ticket: &link,
        name: "",
        answers: &[],
        terms: false,
        password: PASSWORD,
    };
    let visit = house.visit();
    let made = house.engine.finish_registration(finish, None, &visit).await;
    let carol = made.unwrap().session;
    expected.push(("user.registered", house.now()));

    house.pass(minutes(3));
    let visit = house.visit();
    let changed = house
        .engine
        .change_password(&carol, PASSWORD, OTHER_PASSWORD, &visit);
    changed.await.unwrap();
    expected.push(("password.changed", house.now()));
    house.letters().await;

    let asked = house.engine.ask_recovery(CAROL.email, None, &visit);
    asked.await.unwrap();
    let link = ticket(&house.letter().await);
    house.pass(minutes(11));
    let finish = FinishRecovery {
        ticket: &link,
        browser: None,
        code: None,
        password: PASSWORD,
    };
    let visit = house.visit();
    house.engine.finish_recovery(finish, &visit).await.unwrap();
    expected.push(("password.reset", house.now()));

    let trail = house.engine.trail_after(0, 100).await.unwrap().events;
    let of_carol = |event: &&StoredEvent| event.event.user == Some(carol.user_id());
    let set = trail.iter().filter(of_carol).filter_map(|event| {
        let code = event.event.kind.code();
        (code.starts_with("password.") || code == "user.registered").then_some((code, event.at))
    });
    assert_eq!(set.collect::<Vec<_>>(), expected);
}

/// Holds: ASVS 6.2.12, ASVS 16.5.3
#[tokio::test]
async fn asvs_6_2_12_asvs_16_5_3_the_operators_list_is_asked_and_without_it_nothing_is_set() {
    let list = Arc::new(List::default());
    let house = House::new().await;
    let breached = Arc::clone(&list) as Arc<dyn Breached>;
    let house = house.crashed(|plan| plan.breached = Some(breached)).await;
    assert_eq!(
        refused_for_carol(&house, LISTED).await,
        NewPasswordError::Common
    );

    // What the answer tells, the trail does (ASVS 16.3.1): the current one was right.
    let here = house.sign_in("alice@example.test").await;
    let before = house.position().await;
    let visit = house.visit();
    let changed = house
        .engine
        .change_password(&here.session, PASSWORD, LISTED, &visit)
        .await;
    assert!(matches!(changed, Err(ChangePasswordError::Policy(_))));
    let told = house.told_since(before).await;
    assert_eq!(told, ["reauthentication.succeeded"]);

    list.broken.store(true, Ordering::SeqCst);
    let good = "seven green doors open";
    let added = house
        .engine
        .add_user(account("carol@example.test", good), &house.operator())
        .await;
    assert!(matches!(
        added,
        Err(AddUserError::NotNow(NotNow::Breached(_)))
    ));
    let here = house.sign_in("alice@example.test").await;
    let visit = house.visit();
    let changed = house
        .engine
        .change_password(&here.session, PASSWORD, good, &visit)
        .await;
    assert!(matches!(
        changed,
        Err(ChangePasswordError::NotNow(NotNow::Breached(_)))
    ));
    // Who has a password signs in as before.
    assert!(house.is_live(&here.cookie));

    list.broken.store(false, Ordering::SeqCst);
    let added = house
        .engine
        .add_user(account("carol@example.test", good), &house.operator())
        .await;
    assert!(added.is_ok());
}

/// Holds: N30, N31
#[tokio::test]
async fn n31_each_hash_gets_the_present_pepper_at_the_next_login() {
    let pepper = |byte| Pepper::new(Zeroizing::new([byte; 32]));
    let house = House::new().await;
    let hash = async |house: &House| {
        let email = EmailAddress::parse("alice@example.test").unwrap();
        let record = house.store.sign_in_record(email).await.unwrap().unwrap();
        record.password.unwrap().hash.as_phc().to_owned()
    };
    assert!(!hash(&house).await.contains("keyid"));

    let first = Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    };
    let house = house.crashed(|plan| plan.peppers = first).await;
    house.sign_in("alice@example.test").await;
    assert!(hash(&house).await.contains(pepper(1).key_id()));

    let second = Peppers {
        current: Some(pepper(2)),
        older: vec![pepper(1)],
    };
    let house = house.crashed(|plan| plan.peppers = second).await;
    house.sign_in("alice@example.test").await;
    let settled = hash(&house).await;
    assert!(settled.contains(pepper(2).key_id()));
    house.sign_in("alice@example.test").await;
    assert_eq!(hash(&house).await, settled, "it is made anew once");

    // Lost: no password of theirs fits or is refused as wrong; it cannot be judged.
    let house = house
        .crashed(|plan| plan.peppers = Peppers::default())
        .await;
    let lost = house.try_sign_in("alice@example.test", PASSWORD).await;
    let Err(SignInError::NotNow(cause)) = lost else {
        panic!("{lost:?}");
    };
    assert!(
        format!("{cause:?}").contains("passwords.pepper_file"),
        "{cause:?}"
    );
    // Bob never signed in under a pepper.
    house.sign_in("bob@example.test").await;
}
