//! Replays an attack corpus against a town of 2,000 accounts on a moved clock: what got through, and what the owners
//! noticed. `cargo run --release --example attacks -p vestibule-engine` prints the table and writes
//! `docs/measured/attacks.md`.

mod corpus;
mod town;

use std::fmt::Write as _;

use town::{Outcome, Raid, Report, Town};

const PEOPLE: usize = 2000;
const DAYS: u32 = 28;
const WRITTEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/measured/attacks.md"
);

const HEAD: &str = "<!-- Written by `cargo run --release --example attacks -p vestibule-engine`. Do not edit. -->

# Attacks on accounts, replayed

A town of 2,000 accounts on a moved clock, 28 days for each row, the same days at each run. The passwords are older than the
policy that would refuse them: 3 % have one of ten common ones, and one person in fifty has one that leaked elsewhere together
with their address. Their owners sign in every other day, most on a device of theirs, one time in fifty on a new one, one
time in sixteen after mistyping. The attacker knows every address. Stuffing and spraying send each of their tries once,
evenly over the days; whoever hammers one account sends a try every two minutes, and what was turned away again.
The limits are the defaults; why they are as they are is in [decision 0006](../decisions/0006-throttling.md).

";

fn row(raid: &Raid, report: &Report) -> String {
    let mut recognised: Vec<_> = report.recognised.iter().collect();
    recognised.sort();
    let recognised: Vec<String> = recognised
        .into_iter()
        .map(|(kind, after)| format!("{kind}, at try {after}"))
        .collect();
    let recognised = if recognised.is_empty() {
        "–".to_owned()
    } else {
        recognised.join("; ")
    };
    format!(
        "| {} | {} | {} | {} | {} of {} | {} | {} | {} | {} of {} | {} of {} | {} |\n",
        raid.name,
        report.sent,
        report.looked_at,
        report.turned_away,
        report.entered.len(),
        report.in_reach,
        report.told,
        recognised,
        report.disabled,
        report.known.1,
        report.known.0,
        report.new.1,
        report.new.0,
        report.shut_out,
    )
}

#[expect(clippy::print_stdout, reason = "it shows what it writes")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let mut page = HEAD.to_owned();
    writeln!(
        page,
        "| attack | tries | looked at | turned away | entered, of accounts in reach | owners told of that | recognised | \
         passwords disabled | owners kept waiting on a known device | on a new device | owners who had to recover |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|")?;
    for raid in corpus::raids(PEOPLE, DAYS) {
        let mut town = Town::new(PEOPLE, corpus::password).await?;
        let report = town.suffer(&raid).await?;
        let row = row(&raid, &report);
        print!("{row}");
        page.push_str(&row);
    }
    page.push_str(include_str!("reading.md"));
    std::fs::write(WRITTEN, page)?;
    Ok(())
}
