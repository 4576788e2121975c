//! The model of refreshing: tabs, crashes, lost answers, late requests, a thief and a stranger, searched exhaustively.
//!
//! ```text
//!            send                answered                 stored
//! tab: idle ──────▶ waiting(n) ───────────▶ holding(n+1) ───────▶ idle
//!        ▲             │ │ │ refused ─▶ out      │ crash: storage still has n
//!        │  lost answer│ │ └──────────           └───────▶ idle
//!        ├─────────────┘ │ gave up or crashed
//!        └───────────────┘ and the request goes on alone: late(n), arrives at any time, and nobody hears the answer
//!
//! thief: copies one token once, from any tab's storage or hands, and then uses what it knows whenever it likes
//! stranger: knows the family's id and forges tokens
//! ```
//!
//! A family is judged by what happened, not by how a rule keeps its books. First the rule in the words of the design is
//! searched, then the same histories are put to [`super::rotate`], which must answer alike and end alike in every state. Wrong
//! rules must be found out.

mod rules;
mod search;

use self::rules::{Agreeing, Fault, Spec, Wrong};
use self::search::{Setting, Violation, search};

/// One tab; two and three, with a storage of each and of all, refreshing as they please and one at a time; with late requests,
/// which multiply everything, through fewer generations.
fn settings() -> Vec<Setting> {
    let late = |tabs, generations| Setting {
        late: true,
        ..Setting::new(tabs, generations)
    };
    let mut settings = vec![Setting::new(1, 6), late(1, 6)];
    for free in [
        Setting::new(2, 5),
        Setting::new(3, 3),
        late(2, 3),
        late(3, 2),
    ] {
        for shared in [false, true] {
            let free = Setting { shared, ..free };
            let locked = Setting {
                locked: true,
                ..free
            };
            settings.extend([free, locked]);
        }
    }
    settings
}

/// Holds: ASVS 10.4.5
#[test]
fn asvs_10_4_5_the_rule_as_designed_logs_nobody_out_and_lets_no_fork_pass() {
    let mut states = 0;
    for setting in settings() {
        let found =
            search(&Spec, setting).unwrap_or_else(|counterexample| panic!("{counterexample}"));
        println!("{setting:?}: {found:?}");
        states += found.states;
    }
    println!("{states} states of the rule as designed");
}

/// Holds: R29, ASVS 10.4.5
#[test]
fn asvs_10_4_5_rotate_does_as_designed_in_every_state() {
    let rule = Agreeing::new();
    let mut states = 0;
    for setting in settings() {
        let found =
            search(&rule, setting).unwrap_or_else(|counterexample| panic!("{counterexample}"));
        states += found.states;
    }
    println!("{states} states of the rule as designed and of rotate, in step");
}

#[test]
fn both_stated_limits_are_reached_and_one_refresh_for_all_tabs_keeps_clear_of_the_first() {
    let reached = |setting| search(&Spec, setting).unwrap();
    let own = reached(Setting::new(2, 3));
    assert!(own.overtaken > 0 && own.in_step > 0, "{own:?}");
    let locked = Setting {
        shared: true,
        locked: true,
        ..Setting::new(3, 3)
    };
    assert_eq!(reached(locked).overtaken, 0);
    // Only a request that went astray can be overtaken then.
    let late = Setting {
        late: true,
        ..locked
    };
    assert!(reached(late).overtaken > 0);
}

#[test]
fn wrong_rules_are_found_out() {
    let setting = Setting {
        late: true,
        ..Setting::new(2, 3)
    };
    let expected = [
        (Fault::BranchesOnRepeat, Violation::TwoBranches),
        (Fault::RefusesReuse, Violation::UnnoticedReuse),
        (Fault::FollowsUpOnReuse, Violation::UndetectedFork),
        (Fault::KillsAtOnce, Violation::FalseLogout),
        (Fault::RepeatsOnce, Violation::FalseLogout),
        (Fault::BelievesForgeries, Violation::Forgery),
        (Fault::LivesAgain, Violation::LivesAgain),
    ];
    for (fault, violation) in expected {
        let Err(counterexample) = search(&Wrong(fault), setting) else {
            panic!("{fault:?} was not found out");
        };
        println!("{fault:?}: {counterexample}");
        assert_eq!(counterexample.violation, violation, "{fault:?}");
    }
}
