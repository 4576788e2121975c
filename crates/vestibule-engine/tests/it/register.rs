//! Accounts that strangers and the invited make by mail.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_core::filter::UserFilter;
use vestibule_core::letter::{Letter, Says};
use vestibule_core::password::NewPasswordError;
use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_core::user::Language;
use vestibule_engine::{
    AskRegistration, AskRegistrationError, FinishRegistration, FinishRegistrationError, Invitation,
    InviteError, NameAsked, ProfileFault, ProfileField, RegistrationMode, SignedIn,
};

use crate::house::{House, PASSWORD, address, hours, minutes};
use crate::login::cut_off;
use crate::postbox::ticket;

const CAROL: &str = "carol@example.test";

fn asked(email: &str) -> AskRegistration<'_> {
    AskRegistration {
        email,
        name: "Carol Example",
        answers: &[],
        terms: false,
    }
}

fn finished(ticket: &PlainTicket) -> FinishRegistration<'_> {
    FinishRegistration {
        ticket,
        name: "Carol Example",
        answers: &[],
        terms: false,
        password: PASSWORD,
    }
}

impl House {
    async fn ask_registration(&self, email: &str) -> Result<(), AskRegistrationError> {
        let visit = self.visit();
        self.engine.ask_registration(asked(email), &visit).await
    }

    async fn finish_registration(
        &self,
        finish: FinishRegistration<'_>,
    ) -> Result<SignedIn, FinishRegistrationError> {
        let visit = self.visit();
        self.engine.finish_registration(finish, None, &visit).await
    }

    /// The link that somebody who asks gets.
    async fn register_link(&mut self, email: &str) -> PlainTicket {
        self.ask_registration(email).await.unwrap();
        ticket(&self.letter().await)
    }
}

/// Holds: ASVS 6.4.1, N60
#[tokio::test]
async fn a_stranger_makes_an_account_by_its_mail() {
    let mut house = House::empty().await;
    let mut visit = house.visit();
    visit.language = Language::of("de");
    let ask = asked(" Carol@Example.test ");
    house.engine.ask_registration(ask, &visit).await.unwrap();
    assert!(
        house
            .engine
            .users(UserFilter::default(), None, 10)
            .await
            .unwrap()
            .users
            .is_empty()
    );
    let Letter { to, language, says } = house.letter().await;
    assert_eq!((to.as_str(), language.as_str()), (CAROL, "de"));
    let Says::FinishRegistration { token, expires_at } = says else {
        panic!("{says:?}");
    };
    assert_eq!(expires_at, house.now().plus(hours(1)));
    let link = PlainTicket::parse(Purpose::Register, &token).unwrap();
    let shown = house.engine.ticket(&link, house.now()).await.unwrap();
    assert_eq!(shown.unwrap().email, address(CAROL));

    let position = house.position().await;
    let engine = &house.engine;
    let done = engine.finish_registration(finished(&link), None, &visit);
    let carol = done.await.unwrap();
    let session = house.request(&carol.cookie).unwrap();
    let profile = session.profile();
    assert_eq!(profile.email(), address(CAROL));
    assert!(profile.email_verified(), "its mail was read");
    assert_eq!(profile.name().as_str(), "Carol Example");
    assert_eq!(profile.roles().count(), 0);
    let particulars = house.engine.particulars(&session).await.unwrap();
    assert_eq!(particulars.language.as_str(), "de");
    assert_eq!(
        house.told_since(position).await,
        ["user.registered", "login.succeeded", "device.known"]
    );
    visit.device = Some(carol.device);
    house.try_at(&visit, CAROL, PASSWORD).await.unwrap();
    assert!(house.letters().await.is_empty(), "nothing is new to her");
    let again = house.finish_registration(finished(&link)).await;
    assert!(matches!(again, Err(FinishRegistrationError::Gone)));
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_an_ask_for_a_known_address_is_like_any_other() {
    let mut house = House::new().await;
    house.store.calls();
    house.ask_registration("alice@example.test").await.unwrap();
    let known = house.store.calls();
    house.ask_registration(CAROL).await.unwrap();
    let unknown = house.store.calls();
    assert_eq!(known, ["post_errand"], "one call, whoever it is");
    assert_eq!(known, unknown);
    let told = house.told_since(2).await;
    assert_eq!(told, ["registration.asked", "registration.asked"]);
    let letters = house.letters().await;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].to, address("alice@example.test"));
    assert_eq!(letters[0].says, Says::AlreadyRegistered);
    assert_eq!(letters[1].to, address(CAROL));
    assert!(matches!(letters[1].says, Says::FinishRegistration { .. }));
}

/// Holds: ASVS 2.4.1
#[tokio::test]
async fn asvs_2_4_1_mails_to_one_address_and_from_one_network_have_limits() {
    let mut house = House::new().await;
    for email in ["alice@example.test", CAROL] {
        for _ in 0..3 {
            house.ask_registration(email).await.unwrap();
        }
        let calls = house.store.calls();
        let refused = house.ask_registration(email).await.unwrap_err();
        let AskRegistrationError::Throttled { retry_after } = refused else {
            panic!("{refused}");
        };
        assert_eq!(retry_after, minutes(1), "of {calls:?}");
    }
    assert_eq!(house.letters().await.len(), 6, "none by a throttled ask");
    house.pass(minutes(1));
    house.ask_registration(CAROL).await.unwrap();
    // From elsewhere the address has a little more room, and so has this network for others.
    let mut elsewhere = house.visit();
    elsewhere.address = Some([198, 51, 100, 9].into());
    let ask = house.engine.ask_registration(asked(CAROL), &elsewhere);
    ask.await.unwrap();
    let mut posted = 0;
    while posted < 100 {
        let email = format!("stranger{posted}@example.test");
        if house.ask_registration(&email).await.is_err() {
            break;
        }
        posted += 1;
    }
    assert!((20..30).contains(&posted), "{posted}");
}

#[tokio::test]
async fn who_may_register_is_the_operators_choice() {
    let mut house = House::empty().await;
    let early = house.register_link(CAROL).await;
    for mode in [RegistrationMode::Invited, RegistrationMode::Off] {
        house = house
            .crashed(|plan| plan.policy.registration.mode = mode)
            .await;
        let refused = house.ask_registration(CAROL).await;
        assert!(matches!(refused, Err(AskRegistrationError::Closed)));
        assert!(
            house
                .engine
                .ticket(&early, house.now())
                .await
                .unwrap()
                .is_none()
        );
        let late = house.finish_registration(finished(&early)).await;
        assert!(matches!(late, Err(FinishRegistrationError::Gone)), "closed");
    }
    house = house
        .crashed(|plan| {
            plan.policy.registration.mode = RegistrationMode::Open;
            plan.postbox = None;
        })
        .await;
    let refused = house.ask_registration(CAROL).await;
    assert!(matches!(refused, Err(AskRegistrationError::NoMail)));
}

#[tokio::test]
async fn a_request_from_before_the_doors_closed_comes_to_nothing() {
    let mut house = House::empty().await;
    house.ask_registration(CAROL).await.unwrap();
    house = house
        .crashed(|plan| plan.policy.registration.mode = RegistrationMode::Off)
        .await;
    assert!(house.letters().await.is_empty());
    assert_eq!(house.engine.mail_waiting().await.unwrap(), 0);
}

/// Holds: ASVS 15.3.3
#[tokio::test]
async fn asvs_15_3_3_what_is_asked_for_is_kept_and_nothing_else() {
    let house = House::empty().await;
    let field = |id: &str, required| ProfileField {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        required,
    };
    let mut house = house
        .crashed(|plan| {
            let registration = &mut plan.policy.registration;
            registration.name = NameAsked::Required;
            registration.terms = Some("https://example.test/terms".to_owned());
            registration.fields = vec![field("company", true), field("city", false)];
        })
        .await;
    let answers = [("company", " Example Ltd "), ("role", "admin")];
    let good = AskRegistration {
        answers: &answers,
        terms: true,
        ..asked(CAROL)
    };
    let visit = house.visit();
    let refused = async |ask| {
        house
            .engine
            .ask_registration(ask, &visit)
            .await
            .unwrap_err()
    };
    let nameless = AskRegistration { name: " ", ..good };
    assert!(matches!(
        refused(nameless).await,
        AskRegistrationError::Profile(ProfileFault::NoName)
    ));
    let name = AskRegistration {
        name: "a\nb",
        ..good
    };
    assert!(matches!(
        refused(name).await,
        AskRegistrationError::Profile(ProfileFault::Name(_))
    ));
    let email = AskRegistration { email: "x", ..good };
    assert!(matches!(
        refused(email).await,
        AskRegistrationError::Email(_)
    ));
    let terms = AskRegistration {
        terms: false,
        ..good
    };
    assert!(matches!(refused(terms).await, AskRegistrationError::Terms));
    let answer = async |answers| match refused(AskRegistration { answers, ..good }).await {
        AskRegistrationError::Profile(ProfileFault::Answer { field, missing }) => (field, missing),
        other => panic!("{other}"),
    };
    assert_eq!(answer(&[]).await, ("company".to_owned(), true));
    let escape = answer(&[("company", "a\u{1b}b")]).await;
    assert_eq!(escape, ("company".to_owned(), false));
    house.engine.ask_registration(good, &visit).await.unwrap();
    let link = ticket(&house.letter().await);
    let finish = FinishRegistration {
        answers: &answers,
        terms: true,
        ..finished(&link)
    };
    let terms = FinishRegistration {
        terms: false,
        ..finish
    };
    let refused = house.finish_registration(terms).await;
    assert!(matches!(refused, Err(FinishRegistrationError::Terms)));
    let carol = house.finish_registration(finish).await.unwrap();
    let particulars = house.engine.particulars(&carol.session).await.unwrap();
    let details: Vec<_> = particulars.details.iter().collect();
    assert_eq!(details, [("company", "Example Ltd")]);
    assert_eq!(particulars.terms_accepted_at, Some(house.now()));
}

#[tokio::test]
async fn what_is_wrong_leaves_the_link_good_until_its_hour_is_over() {
    let mut house = House::empty().await;
    let link = house.register_link(CAROL).await;
    for (password, why) in [
        ("short", NewPasswordError::TooShort(5)),
        (CAROL, NewPasswordError::IsAddress),
    ] {
        let finish = FinishRegistration {
            password,
            ..finished(&link)
        };
        let refused = house.finish_registration(finish).await.unwrap_err();
        let FinishRegistrationError::Password(error) = refused else {
            panic!("{refused}");
        };
        assert_eq!(error, why);
    }
    house.store.set_full(true);
    let refused = house.finish_registration(finished(&link)).await;
    assert!(matches!(refused, Err(FinishRegistrationError::NotNow(_))));
    house.store.set_full(false);
    house.finish_registration(finished(&link)).await.unwrap();

    let late = house.register_link("dave@example.test").await;
    house.pass(hours(1));
    let refused = house.finish_registration(finished(&late)).await;
    assert!(matches!(refused, Err(FinishRegistrationError::Gone)));
    let taken = house.register_link("erin@example.test").await;
    house.add("erin@example.test").await;
    let refused = house.finish_registration(finished(&taken)).await;
    assert!(matches!(
        refused,
        Err(FinishRegistrationError::AddressTaken)
    ));
}

#[tokio::test]
async fn a_registration_over_a_live_session_ends_that_one() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.letters().await;
    let link = house.register_link(CAROL).await;
    let visit = house.visit();
    let over = Some(&alice.session);
    let done = house
        .engine
        .finish_registration(finished(&link), over, &visit);
    let carol = done.await.unwrap();
    assert!(!house.is_live(&alice.cookie) && house.is_live(&carol.cookie));
}

/// Holds: H04, ASVS 15.4.2
#[tokio::test(flavor = "multi_thread")]
async fn h04_a_hundred_parallel_uses_make_one_account() {
    let mut house = House::empty().await;
    let link = house.register_link(CAROL).await;
    let house = Arc::new(house);
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (house, link) = (house.clone(), link.clone());
            tokio::spawn(async move { house.finish_registration(finished(&link)).await.is_ok() })
        })
        .collect();
    let mut made = 0;
    for one in tries {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(
        house
            .engine
            .users(UserFilter::default(), None, 200)
            .await
            .unwrap()
            .users
            .len(),
        1
    );
}

/// Holds: ASVS 6.4.1, ASVS 6.4.6
#[tokio::test]
async fn asvs_6_4_1_an_invitation_is_good_once_and_for_a_week() {
    let mut house = House::new().await;
    let roles = ["shop".to_owned()];
    let invitation = |email| Invitation {
        email,
        name: "Carol",
        roles: &roles,
        language: Language::of("de"),
    };
    let invite = async |house: &House, email| {
        let operator = house.operator();
        house.engine.invite(invitation(email), &operator).await
    };
    house = house
        .crashed(|plan| plan.policy.registration.mode = RegistrationMode::Invited)
        .await;
    let position = house.position().await;
    let invited = invite(&house, CAROL).await.unwrap();
    assert!(
        invited.mailed && invited.token.is_none(),
        "for its reader alone"
    );
    assert_eq!(house.told_since(position).await, ["user.invited"]);
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(
        event.personal, None,
        "no deletion would ever erase it (O02)"
    );
    let letter = house.letter().await;
    assert!(matches!(letter.says, Says::Invitation { .. }));
    assert_eq!(letter.language.as_str(), "de");
    let link = ticket(&letter);
    house.pass(hours(6 * 24));
    let carol = house.finish_registration(finished(&link)).await.unwrap();
    assert!(carol.session.profile().roles().eq(["shop"]));
    let again = house.finish_registration(finished(&link)).await;
    assert!(matches!(again, Err(FinishRegistrationError::Gone)));
    let known = invite(&house, "alice@example.test").await;
    assert!(matches!(known, Err(InviteError::AddressTaken)));

    invite(&house, "dave@example.test").await.unwrap();
    let late = ticket(&house.letter().await);
    house.pass(hours(7 * 24));
    let late = house.finish_registration(finished(&late)).await;
    assert!(matches!(late, Err(FinishRegistrationError::Gone)));

    let house = house.crashed(|plan| plan.postbox = None).await;
    let invited = invite(&house, "erin@example.test").await.unwrap();
    assert!(!invited.mailed, "through the operator's hands");
    let token = invited.token.unwrap();
    let link = PlainTicket::parse(Purpose::Register, &token).unwrap();
    house.finish_registration(finished(&link)).await.unwrap();
    assert_eq!(house.engine.mail_waiting().await.unwrap(), 0);
}

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_a_registration_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let mut house = House::empty().await;
        let link = house.register_link(CAROL).await;
        let answered = cut_off(house.finish_registration(finished(&link)), pauses).await;
        // Everything queued before this is done when this is.
        house.add("bob@example.test").await;
        let made = house.try_sign_in(CAROL, PASSWORD).await.is_ok();
        let good = house.engine.ticket(&link, house.now()).await.unwrap();
        assert_ne!(made, good.is_some(), "after {pauses} pauses");
        if let Some(carol) = answered {
            assert!(made && house.is_live(&carol.unwrap().cookie));
            // It reads, hashes and writes.
            if pauses > 2 {
                return;
            }
        }
    }
}
