//! What is left of an account that was deleted, table by table.

use std::path::Path;

use vestibule_core::audit::{Act, Actor, Event, EventKind, Personal, RefusalReason};
use vestibule_core::errand::Errand;
use vestibule_core::id::{DeviceId, ErrandId, SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::NewSession;
use vestibule_core::throttle::{Keyer, Limits};
use vestibule_core::ticket::{Grant, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, Particulars, Role};
use vestibule_store::{
    Audit as _, BeginTry, CreateUser, DeleteUser, Outbox as _, Sessions as _, SetStatus,
    Throttles as _, Tickets as _, Try, Users as _, Whose,
};

use super::make::{Home, NOON, open_in};

impl Home {
    /// An act that knows from where it came.
    fn seen(&self, actor: Actor) -> Act {
        Act {
            actor,
            personal: Some(Personal {
                salt: [7; 16],
                address: Some("192.0.2.7".to_owned()),
                ..Personal::default()
            }),
            ..self.act()
        }
    }

    fn ticket(&self, name: &str, secret: u8, grant: Grant) -> Ticket {
        Ticket {
            secret: HashedSecret::from_bytes([secret; 32]),
            email: self.new_user(name).email,
            grant,
            browser: None,
            wrong_codes: 0,
            created_at: NOON,
            expires_at: UnixMillis(NOON.0 + 60_000),
        }
    }

    /// A row of theirs in every table that has some.
    async fn settle_in(&self, name: &str) -> UserId {
        let user = self.user(name).await;
        let known = DeviceProof {
            id: DeviceId::from_bytes([1; 16]),
            secret: HashedSecret::from_bytes([2; 32]),
        };
        let login = NewSession {
            known: Some(known),
            ..self.login(user)
        };
        self.sqlite.open_session(login, self.act()).await.unwrap();
        let attempt = Try {
            whose: Whose::Address {
                email: Some(self.new_user(name).email),
                identifier: name.to_owned(),
                device: Some(known),
            },
            network: None,
            keyer: Keyer::new(&[1; 32]),
            limits: Limits::default(),
            now: NOON,
        };
        let again = Try {
            whose: Whose::Session {
                session: SessionId::from_bytes([1; 16]),
                user,
            },
            ..attempt.clone()
        };
        for attempt in [attempt, again] {
            let begun = self.sqlite.begin_try(attempt).await.unwrap();
            assert!(matches!(begun, BeginTry::Begun { .. }));
        }
        let register = Grant::Register {
            name: DisplayName::default(),
            particulars: Particulars::default(),
            roles: Vec::new(),
            invited: true,
        };
        let recover = Grant::Recover {
            user,
            credential: CredentialVersion(1),
            asked: None,
        };
        for (n, grant) in [register, recover].into_iter().enumerate() {
            let secret = u8::try_from(n).unwrap() * 100 + name.as_bytes()[0];
            let ticket = self.ticket(name, secret, grant);
            self.sqlite.offer_ticket(ticket, self.act()).await.unwrap();
        }
        let errand = errand(name.as_bytes()[0], Some(user));
        self.sqlite
            .post_errand(errand, Vec::new(), None, Vec::new(), self.act())
            .await
            .unwrap();
        user
    }

    /// In which tables a user is found, and how often.
    async fn found(&self, user: UserId) -> Vec<(String, i64)> {
        self.sqlite
            .read(move |conn| {
                let columns: Vec<(String, String)> = conn
                    .prepare(
                        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
                         WHERE t.type = 'table' AND c.type = 'BLOB' ORDER BY t.name",
                    )?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                let mut found = Vec::new();
                for (table, column) in columns {
                    let sql = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
                    let count: i64 = conn.query_row(&sql, [user.as_bytes()], |row| row.get(0))?;
                    if count > 0 {
                        found.push((table, count));
                    }
                }
                Ok(found)
            })
            .await
            .unwrap()
    }

    async fn delete(&self, user: UserId) -> DeleteUser {
        self.sqlite.delete_user(user, self.act()).await.unwrap()
    }
}

fn errand(id: u8, user: Option<UserId>) -> Errand {
    Errand {
        id: ErrandId::from_bytes([id; 16]),
        user,
        sealed: vec![id],
        request: false,
        due_at: NOON,
        expires_at: UnixMillis(NOON.0 + 60_000),
    }
}

fn tables(found: &[(String, i64)]) -> Vec<&str> {
    found.iter().map(|(table, _)| table.as_str()).collect()
}

/// Holds: O02
#[tokio::test]
async fn nothing_is_left_of_an_account_but_its_id_in_the_trail() {
    let home = Home::new().await;
    let (alice, bob) = (home.settle_in("alice").await, home.settle_in("bob").await);
    let before = home.found(bob).await;
    assert_eq!(
        tables(&home.found(alice).await),
        [
            "addresses",
            "audit_events",
            "errands",
            "known_devices",
            "sessions",
            "tallies",
            "tickets",
            "users"
        ],
        "the test has something of everything"
    );
    assert_eq!(home.delete(alice).await, DeleteUser::Deleted { ended: 1 });
    assert_eq!(
        tables(&home.found(alice).await),
        ["audit_events", "deleted_users"]
    );
    assert_eq!(home.found(bob).await, before);
    let invitations = home.count("tickets WHERE purpose = 'register'").await;
    assert_eq!(invitations, 1, "bob's; hers held what was told of her");
    assert_eq!(home.delete(alice).await, DeleteUser::Unknown);
}

/// Not only out of reach: out of the file.
#[tokio::test]
async fn what_was_told_of_a_user_is_not_in_the_file_any_more() {
    let home = Home::new().await;
    let mut new = home.new_user("alice");
    new.name = DisplayName::parse("Alice Example").unwrap();
    let alice = new.id;
    home.sqlite
        .create_user(new, home.seen(Actor::Visitor))
        .await
        .unwrap();
    let bob = home.settle_in("bob").await;
    home.delete(alice).await;
    home.sqlite.erase_personal(10).await.unwrap();
    home.sqlite.close().await;
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(home.directory.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"bob@example.test") && holds(bob.as_bytes()));
    assert!(holds(alice.as_bytes()), "the id stays");
    for text in [
        "alice@example.test",
        "Alice Example",
        "hash of alice",
        "192.0.2.7",
    ] {
        assert!(!holds(text.as_bytes()), "{text}");
    }
}

/// Her errands go with her; the letter that tells of it goes out all the same.
#[tokio::test]
async fn the_farewell_is_written_after_the_errands_were_dropped() {
    let home = Home::new().await;
    let alice = home.settle_in("alice").await;
    let act = Act {
        told: vec![errand(1, None)],
        ..home.act()
    };
    home.sqlite.delete_user(alice, act).await.unwrap();
    let errands = home
        .sqlite
        .take_errands(NOON, std::time::Duration::from_secs(1), 10)
        .await
        .unwrap();
    assert_eq!(errands.len(), 1);
    assert_eq!(errands[0].id, ErrandId::from_bytes([1; 16]));
}

/// What she did to others tells from where she did it, and is hers; also the act that deleted her.
#[tokio::test]
async fn personal_data_of_every_act_of_hers_is_erased() {
    let home = Home::new().await;
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (by_alice, by_bob) = (Actor::User(alice), Actor::User(bob));
    let refused = EventKind::LoginRefused(RefusalReason::WrongPassword);
    let acts = [
        (by_alice, Event::user(EventKind::ProfileChanged, alice)),
        (by_alice, Event::user(EventKind::UserDisabled, bob)),
        (
            by_alice,
            Event {
                user: None,
                ..Event::user(EventKind::AllSessionsEnded, bob)
            },
        ),
        (Actor::Visitor, Event::user(refused, alice)),
        (by_bob, Event::user(EventKind::UserEnabled, alice)),
        (by_bob, Event::user(EventKind::ProfileChanged, bob)),
        (
            Actor::Operator(0),
            Event::user(EventKind::UserDisabled, bob),
        ),
    ];
    for (actor, event) in acts {
        let act = home.seen(actor);
        home.sqlite.record(vec![event, event], act).await.unwrap();
    }
    assert_eq!(home.count("audit_personal").await, 7);
    assert_eq!(
        home.sqlite.erase_personal(100).await.unwrap(),
        0,
        "nobody went"
    );
    home.sqlite
        .delete_user(alice, home.seen(by_alice))
        .await
        .unwrap();
    assert_eq!(home.count("audit_personal").await, 8);
    for erased in [2, 2, 2, 0] {
        assert_eq!(home.sqlite.erase_personal(2).await.unwrap(), erased);
    }
    assert_eq!(
        home.count("deleted_users WHERE erase_after IS NOT NULL")
            .await,
        0
    );
    assert_eq!(home.count("audit_personal").await, 2, "what is bob's alone");
    let trail = home.sqlite.events_after(0, 100).await.unwrap().events;
    let bobs = trail.iter().filter(|stored| stored.personal.is_some());
    assert!(bobs.clone().count() == 4 && bobs.clone().all(|stored| stored.event.user == Some(bob)));
    let digests = trail
        .iter()
        .filter(|stored| stored.personal_digest.is_some());
    assert_eq!(digests.count(), 16, "what the chain holds stays");
}

/// A wrong password that was being evaluated while she left is told of afterwards.
#[tokio::test]
async fn what_comes_after_a_deletion_is_erased_too() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    home.delete(alice).await;
    home.sqlite.erase_personal(10).await.unwrap();
    assert_eq!(
        home.count("deleted_users WHERE erase_after IS NOT NULL")
            .await,
        0
    );
    let refused = EventKind::LoginRefused(RefusalReason::WrongPassword);
    let late = home.seen(Actor::Visitor);
    home.sqlite
        .record(vec![Event::user(refused, alice)], late)
        .await
        .unwrap();
    assert_eq!(home.count("audit_personal").await, 1);
    assert_eq!(home.sqlite.erase_personal(10).await.unwrap(), 1);
    assert_eq!(home.count("audit_personal").await, 0);
    assert_eq!(
        home.count("deleted_users WHERE erase_after IS NOT NULL")
            .await,
        0
    );
}

/// Of those who could let others in, one who can sign in stays.
#[tokio::test]
async fn an_administrator_who_cannot_sign_in_does_not_count() {
    let home = Home::new().await;
    let mut administrators = Vec::new();
    for name in ["alice", "bob"] {
        let mut new = home.new_user(name);
        new.roles = vec![Role::admin(), "staff".parse().unwrap()];
        administrators.push(new.id);
        let made = home.sqlite.create_user(new, home.act()).await.unwrap();
        assert!(matches!(made, CreateUser::Created(_)));
    }
    let [alice, bob] = administrators[..] else {
        panic!()
    };
    let disabled = home.sqlite.disable_user(bob, home.act()).await.unwrap();
    assert!(matches!(disabled, SetStatus::Set { .. }));
    assert_eq!(home.delete(alice).await, DeleteUser::LastAdministrator);
    assert_eq!(home.delete(bob).await, DeleteUser::Deleted { ended: 0 });
    assert_eq!(home.delete(alice).await, DeleteUser::LastAdministrator);
}

/// Between the look-up and here the account may go: nobody is offered anything.
#[tokio::test]
async fn nobody_who_has_gone_is_offered_a_ticket() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    home.delete(alice).await;
    let ticket = home.ticket("alice", 1, Grant::Address { user: alice });
    home.sqlite.offer_ticket(ticket, home.act()).await.unwrap();
    assert_eq!(home.count("tickets").await, 0);
}

/// An act that tells of itself in two steps is told of once; what tells nothing to the trail may write a letter.
#[tokio::test]
async fn a_letter_is_written_once_whatever_the_trail_is_told() {
    let home = Home::new().await;
    let act = Act {
        told: vec![errand(1, None)],
        ..home.act()
    };
    for events in [0, 1, 1] {
        let event = Event::plain(EventKind::MailGivenUp);
        let events = vec![event; events];
        home.sqlite.record(events, act.clone()).await.unwrap();
        assert_eq!(home.sqlite.waiting_errands().await.unwrap(), 1);
    }
}

/// Whether some text lies anywhere in the files.
fn on_the_disk(directory: &Path, text: &[u8]) -> bool {
    let files = std::fs::read_dir(directory).unwrap();
    let mut contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    contents.any(|content| content.windows(text.len()).any(|window| window == text))
}

/// Holds: O02
#[tokio::test]
async fn what_is_erased_is_overwritten_page_by_page() {
    let mut home = Home::new().await;
    let text = b"alice lives in K";
    home.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
         INSERT INTO errands (id, sealed, request, due_at, expires_at) \
         SELECT randomblob(16), \
             CAST(replace(hex(zeroblob(20)), '00', 'alice lives in K') AS BLOB), 0, 1, 1 FROM n",
    )
    .await
    .unwrap();
    home.sqlite.close().await;
    assert!(on_the_disk(home.directory.path(), text));
    home.sqlite = open_in(home.directory.path(), home.told.clone()).unwrap();
    home.sqlite.filled().await.unwrap();
    home.execute("DELETE FROM errands").await.unwrap();
    let free = home
        .sqlite
        .read(|conn| Ok(conn.query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))?));
    assert!(free.await.unwrap() > 100, "whole pages became free");
    // Closing copies the log into the database.
    home.sqlite.close().await;
    assert!(!on_the_disk(home.directory.path(), text));
}
