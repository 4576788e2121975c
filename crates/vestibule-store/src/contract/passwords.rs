//! Passwords: changed from inside a session that survives it, hashed anew without anybody noticing.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, NewSession, Renewal, Session};
use vestibule_core::user::CredentialVersion;

use super::harness::Home;
use super::make::{FIRST, NOON, hash, noon_and};
use crate::{
    Change, ChangePassword, EndOthers, OpenSession, PasswordChange, RehashPassword, RenewSession,
};

const SECOND: CredentialVersion = CredentialVersion(2);

/// Holds: ASVS 7.4.3, ASVS 7.2.4, N07
pub async fn asvs_7_4_3_a_change_of_password_spares_the_session_that_did_it(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.session(&alice, NOON).await;
    let other = home.session(&alice, noon_and(20)).await;
    let mine = home.session(&alice, noon_and(20)).await;
    let his = home.session(&bob, noon_and(20)).await;

    let before = home.before().await;
    let change = home.password_change(&mine, "new", noon_and(40));
    let act = home.act_of(&alice, noon_and(40));
    let changed = home
        .store
        .change_password(change.clone(), act.clone())
        .await
        .unwrap();
    assert_eq!(
        changed,
        ChangePassword::Changed { ended: 1 },
        "the first had idled out"
    );

    let number = StoreNumber(1);
    let expected = Session {
        rev: number,
        ..mine.clone().renewed(&change.renewal)
    };
    let after = home.snapshot().await;
    assert_eq!(after.sessions[&mine.id], expected);
    assert_eq!(
        after.sessions.keys().copied().collect::<Vec<_>>(),
        [mine.id, his.id]
    );
    assert_eq!(
        after.passwords[&alice.id],
        (hash("new").as_phc().to_owned(), 2)
    );
    let cutoff = Cutoff {
        number,
        node: Node::User(alice.id, Some(mine.id)),
    };
    let told = [
        Change::SessionRenewed(Box::new(expected)),
        Change::Cutoff(cutoff),
    ];
    assert_eq!(home.published_since(&before), told);
    let ended = EventKind::UserSessionsEnded(EndReason::PasswordChanged);
    let events = [
        Event::session(EventKind::PasswordChanged, alice.id, mine.id),
        Event::session(ended, alice.id, mine.id),
    ];
    home.assert_audited(&before, &act, &events).await;
    after.assert_told(&home.ledger.memory());

    let renewal = Renewal {
        credential: SECOND,
        ..home.renewal(&other, noon_and(41))
    };
    assert_eq!(
        home.renew(renewal).await,
        RenewSession::Ended,
        "another device is out"
    );
    let stale = Renewal {
        credential: SECOND,
        ..home.renewal(&mine, noon_and(41))
    };
    assert_eq!(
        home.renew(stale).await,
        RenewSession::Ended,
        "the old secret is dead"
    );
    let spared = home
        .store
        .end_other_sessions(mine.id, home.act(noon_and(41)))
        .await
        .unwrap();
    assert_eq!(
        spared,
        EndOthers::Ended { ended: 0 },
        "a second cutoff finds the tree consistent"
    );
    assert_eq!(home.live(&alice, noon_and(41)).await, [mine.id]);
}

/// Holds: ASVS 7.4.3
pub async fn a_login_on_the_old_password_loses(home: Home) {
    let alice = home.user("alice").await;
    let mine = home.session(&alice, NOON).await;
    let login = home.login(&alice, noon_and(1));
    let again = home.login(&alice, noon_and(1));
    home.change(home.password_change(&mine, "new", noon_and(1)))
        .await;

    let before = home.before().await;
    let refused = home
        .store
        .open_session(login, home.act(noon_and(1)))
        .await
        .unwrap();
    assert_eq!(refused, OpenSession::CredentialChanged);
    home.assert_unchanged(&before).await;

    let later = home
        .open(NewSession {
            credential: SECOND,
            ..again
        })
        .await;
    assert_eq!(home.live(&alice, noon_and(1)).await, [later.id, mine.id]);
}

pub async fn a_change_of_password_is_refused_without_a_trace(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let mine = home.session(&alice, NOON).await;
    let ended = home.session(&alice, NOON).await;
    let his = home.session(&bob, NOON).await;
    home.end(ended.id, NOON).await;
    let good = home.password_change(&mine, "new", noon_and(1));

    let with = |renewal: Renewal| PasswordChange {
        renewal,
        ..good.clone()
    };
    let own = good.renewal.clone();
    let wrong_version = with(Renewal {
        credential: SECOND,
        ..own.clone()
    });
    let wrong_secret = with(Renewal {
        presented: his.secret,
        ..own
    });
    let idled_out = home.password_change(&mine, "new", noon_and(30));
    let absent = with(Renewal {
        id: home.session_id(NOON),
        ..good.renewal.clone()
    });

    let before = home.before().await;
    for (change, outcome) in [
        (wrong_version, ChangePassword::CredentialChanged),
        (wrong_secret, ChangePassword::SessionEnded),
        (
            home.password_change(&ended, "new", noon_and(1)),
            ChangePassword::SessionEnded,
        ),
        (
            with(home.renewal(&his, noon_and(1))),
            ChangePassword::SessionEnded,
        ),
        (idled_out, ChangePassword::SessionEnded),
        (absent, ChangePassword::SessionEnded),
    ] {
        assert_eq!(home.change(change).await, outcome);
        home.assert_unchanged(&before).await;
    }

    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let before = home.before().await;
    assert_eq!(home.change(good).await, ChangePassword::Disabled);
    home.assert_unchanged(&before).await;
}

/// Holds: N30
pub async fn n30_a_rehash_is_noticed_by_nobody(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let login = home.login(&alice, noon_and(1));

    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(1));
    let rehashed = home
        .store
        .rehash_password(alice.id, FIRST, hash("dearer"), act.clone())
        .await;
    assert_eq!(rehashed.unwrap(), RehashPassword::Rehashed);
    assert_eq!(home.published_since(&before), []);
    home.assert_audited(
        &before,
        &act,
        &[Event::user(EventKind::PasswordRehashed, alice.id)],
    )
    .await;
    let after = home.snapshot().await;
    assert_eq!(
        after.passwords[&alice.id],
        (hash("dearer").as_phc().to_owned(), 1)
    );
    assert_eq!(after.sessions, before.snapshot.sessions);

    let new = home.open(login).await;
    assert_eq!(home.live(&alice, noon_and(1)).await, [new.id, session.id]);
}

pub async fn a_rehash_never_undoes_a_change_of_password(home: Home) {
    let alice = home.user("alice").await;
    let mine = home.session(&alice, NOON).await;
    home.change(home.password_change(&mine, "new", NOON)).await;
    let before = home.before().await;
    let nobody = home.new_user("nobody").id;
    for (user, version) in [(alice.id, FIRST), (nobody, FIRST)] {
        let act = home.act(noon_and(1));
        let refused = home
            .store
            .rehash_password(user, version, hash("old"), act)
            .await;
        assert_eq!(refused.unwrap(), RehashPassword::CredentialChanged);
        home.assert_unchanged(&before).await;
    }
}
