//! A server that is not as one thinks it is, and what others do on it meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::declaration::{Declaration, DeclaredUser};
use vestibule_core::user::Role;
use vestibule_postgres::{OpenError, Options, Patience, Postgres};
use vestibule_store::archive::Archive as _;
use vestibule_store::contract::Ledger;
use vestibule_store::{
    Applications as _, CreateUser, Declare, EndSession, OpenSession, Sessions as _, StoreError,
    Touch, Users as _,
};

use crate::database::{Database, connect};
use crate::home::{Home, LONG, NOON};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_has_no_place_for_some_names_is_refused() {
    let database =
        Database::made_with("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    match Postgres::open(database.options(), Arc::new(Ledger::default())).await {
        Err(error @ OpenError::Encoding(_)) => {
            let told = error.to_string();
            assert!(told.contains("LATIN1") && told.contains("'UTF8'"), "{told}");
        }
        other => panic!("{other:?}"),
    }
}

/// A statement that was prepared before is refused once, and nobody is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_that_is_changed_under_a_prepared_statement_fails_nobody() {
    let home = Home::open().await;
    let alice = home.user("alice").await;
    let other = connect(&home.database.url()).await;
    for wider in [300, 400] {
        home.session(&alice).await;
        home.store.sign_in_record_of(alice.id).await.unwrap();
        let change = format!("ALTER TABLE users ALTER COLUMN name TYPE varchar({wider})");
        other.batch_execute(&change).await.unwrap();
        if wider == 300 {
            home.session(&alice).await;
        } else {
            let record = home.store.sign_in_record_of(alice.id).await.unwrap();
            assert_eq!(record.unwrap().user, alice);
        }
    }
    home.settles().await;
}

/// After a failover the old server may go on answering, and take nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_takes_no_writes_is_not_kept() {
    let home = Home::open().await;
    let alice = home.user("alice").await;
    let other = connect(&home.database.url()).await;
    let database = home.database.name().to_owned();
    let setting = async |change: String| {
        let sql = format!("ALTER DATABASE {database} {change}");
        other.batch_execute(&sql).await.unwrap();
    };
    setting("SET default_transaction_read_only = on".to_owned()).await;
    home.link.cut();
    // The first to try may still find the connection that was cut.
    let refused = async {
        loop {
            let opened = home
                .store
                .open_session(home.login(&alice), home.act())
                .await;
            let Err(StoreError::Unavailable(why)) = opened else {
                panic!("{opened:?}");
            };
            if why.to_string().contains("read-only") {
                break;
            }
        }
    };
    timeout(LONG, refused).await.unwrap();
    setting("RESET default_transaction_read_only".to_owned()).await;
    home.session(&alice).await;
    home.settles().await;
}

/// What nobody waits for may take as long as it is given, on the server too.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bulk_work_has_the_time_it_is_given() {
    let home = Home::with(Patience {
        connect: LONG,
        wait: LONG,
        statement: Duration::from_secs(50),
        bulk: Duration::from_secs(55),
    })
    .await;
    let alice = home.user("alice").await;
    let session = home.session(&alice).await;
    let other = connect(&home.database.url()).await;
    let watch = "CREATE TABLE given (time text); \
         CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO given VALUES (current_setting('statement_timeout')); RETURN new; END $$; \
         CREATE TRIGGER watch BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION watch()";
    other.batch_execute(watch).await.unwrap();
    let seen = NOON.plus(Duration::from_mins(2));
    let touch = Touch {
        id: session.id,
        seen,
    };
    home.store.touch_sessions(vec![touch]).await.unwrap();
    assert_eq!(home.end(&session).await.unwrap(), EndSession::Ended);
    let given = other.query("SELECT time FROM given", &[]).await.unwrap();
    let given: Vec<String> = given.iter().map(|row| row.get(0)).collect();
    assert_eq!(given, ["55s", "50s"], "a touch's, then a logout's");
}

/// Holds: ASVS 16.2.5
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_16_2_5_a_failure_does_not_show_the_row_that_stood_in_the_way() {
    let home = Home::open().await;
    let login = home.login(&home.user("alice").await);
    let opened = home.store.open_session(login.clone(), home.act()).await;
    assert!(matches!(opened.unwrap(), OpenSession::Opened(_)));
    let again = home.store.open_session(login, home.act()).await;
    let Err(error @ StoreError::Failed(_)) = again else {
        panic!("{again:?}");
    };
    let told = format!("{error:?}");
    assert!(told.contains("sessions_pkey"), "{told}");
    assert!(!told.contains("Key ("), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn backups_take_nobody_s_connection() {
    let home = Home::open().await;
    let options = Options {
        connections: 2,
        patience: Patience {
            wait: Duration::from_secs(1),
            ..home.database.options().patience
        },
        ..home.database.options()
    };
    let ledger = Arc::new(Ledger::default());
    let store = Postgres::open(options, ledger).await.unwrap();
    let mut exports = Vec::new();
    for _ in 0..2 {
        exports.push(store.export().await.unwrap());
    }
    let made = store.create_user(home.new_user("alice"), home.act()).await;
    assert!(matches!(made.unwrap(), CreateUser::Created(_)));
    for mut export in exports {
        assert!(export.next().await.unwrap().is_some());
    }
    store.close().await;
}

/// Whoever declares waits for a person with nothing in hand that others need.
///
/// Holds: ASVS 15.4.3
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_15_4_3_a_declaration_that_waits_for_somebody_holds_up_no_logout() {
    let home = Home::open().await;
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let session = home.session(&bob).await;
    let other = connect(&home.database.url()).await;
    other.batch_execute("BEGIN").await.unwrap();
    let hold = "SELECT 1 FROM users WHERE id = $1 FOR UPDATE";
    let id = alice.id.as_bytes().to_vec();
    other.query(hold, &[&id]).await.unwrap();
    let declaration = Declaration {
        users: vec![DeclaredUser {
            id: alice.id,
            email: alice.email.clone(),
            verified: true,
            name: None,
            roles: vec![Role::admin()],
            disabled: false,
        }],
        ..Declaration::default()
    };
    let declared = home.store.declare(declaration, home.act());
    let meanwhile = async {
        let watch = connect(&home.database.url()).await;
        let waits = "SELECT 1 FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while watch.query(waits, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(home.end(&session).await.unwrap(), EndSession::Ended);
        other.batch_execute("COMMIT").await.unwrap();
    };
    let both = async { tokio::join!(declared, meanwhile) };
    let (declared, ()) = timeout(LONG, both).await.unwrap();
    match declared.unwrap() {
        Declare::Declared(told) => assert_eq!(told.changed, ["alice@example.test"]),
        refused => panic!("{refused:?}"),
    }
    home.settles().await;
}
