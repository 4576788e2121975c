//! Nothing that is stored is forgotten by a backup.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use vestibule_core::lineage::StoreNumber;
use vestibule_postgres::{Holder, Options, Patience, Postgres};
use vestibule_store::contract::archive::assert_listed;
use vestibule_store::{Change, Publish};

struct Nobody;

impl Publish for Nobody {
    fn publish(&self, _: &[Change]) {}

    fn filled(&self, _: StoreNumber) {}
}

/// By PostgreSQL's own client.
fn sql(url: &str, text: &str) -> String {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--command", text, url])
        .output()
        .expect("psql is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_every_table_is_in_a_backup_or_left_out_on_purpose() {
    let cluster = std::env::var("VESTIBULE_TEST_POSTGRES")
        .expect("VESTIBULE_TEST_POSTGRES is set: run `cargo xtask postgres cargo test -p vestibule-postgres`");
    let name = format!("schema_{}", std::process::id());
    sql(&cluster, &format!("CREATE DATABASE {name}"));
    let (server, _) = cluster.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let options = Options {
        url: url.clone(),
        password: None,
        connections: 2,
        patience: Patience::default(),
        holder: Holder {
            id: [1; 16],
            label: "a test".to_owned(),
        },
    };
    let store = Postgres::open(options, Arc::new(Nobody)).await.unwrap();
    store.filled().await.unwrap();
    store.close().await;
    let told = sql(
        &url,
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = current_schema()",
    );
    sql(&cluster, &format!("DROP DATABASE {name} WITH (FORCE)"));
    let columns: BTreeSet<(String, String)> = told
        .lines()
        .map(|line| line.split_once('.').unwrap())
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    assert_listed(&columns);
}
