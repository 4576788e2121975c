//! What was erased is not left in the write-ahead log either, while the store goes on.

use vestibule_core::audit::{Act, Actor, Personal};
use vestibule_store::{Audit as _, Users as _};

use super::make::Home;

/// Holds: O02
#[tokio::test]
async fn what_is_erased_leaves_the_log_too() {
    let home = Home::new().await;
    let alice = home.user("alice").await;
    let text = b"alice was in Kalmar";
    let act = Act {
        actor: Actor::User(alice),
        personal: Some(Personal {
            salt: [1; 16],
            address: Some(String::from_utf8(text.to_vec()).unwrap()),
            ..Personal::default()
        }),
        ..home.act()
    };
    home.sqlite.delete_user(alice, act).await.unwrap();
    assert!(on_the_disk(&home, text));
    // Somebody reads meanwhile, as a backup would: the log cannot be emptied yet.
    let reader = rusqlite::Connection::open(home.directory.path().join(crate::FILE_NAME)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let counted: i64 = reader
        .query_row("SELECT count(*) FROM audit_personal", [], |row| row.get(0))
        .unwrap();
    assert!(counted > 0);
    assert_eq!(home.sqlite.erase_personal(100).await.unwrap(), 1);
    home.sqlite.record(Vec::new(), home.act()).await.unwrap();
    assert!(on_the_disk(&home, text), "the reader still sees it");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(home.sqlite.erase_personal(100).await.unwrap(), 0);
    // The writer is done with the log when it answers the next one.
    home.sqlite.record(Vec::new(), home.act()).await.unwrap();
    assert!(!on_the_disk(&home, text));
}

fn on_the_disk(home: &Home, text: &[u8]) -> bool {
    let files = std::fs::read_dir(home.directory.path()).unwrap();
    let mut contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    contents.any(|content| content.windows(text.len()).any(|window| window == text))
}
