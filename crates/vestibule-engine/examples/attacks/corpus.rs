//! The attacks, and the town's passwords that they are after.

use std::time::Duration;

use crate::town::{Dice, Raid, Try, address};

/// The passwords that are sprayed, and how many of each thousand people have each: 3 % in all.
const COMMON: [(&str, usize); 10] = [
    ("password123456789", 10),
    ("qwertyuiopasdfgh", 6),
    ("iloveyouiloveyou", 4),
    ("letmeinletmeinnow", 3),
    ("welcome2026welcome", 2),
    ("summer2026summer!", 1),
    ("football-football", 1),
    ("administrator1234", 1),
    ("changeme-changeme", 1),
    ("company-name-2026", 1),
];

/// One of so many people has the same password elsewhere, where it leaked.
const REUSED: usize = 50;

/// The password of the account that is hammered: the attacker comes to it at this place of their list.
pub const HAMMERED: usize = 7;
const PLACE: usize = 150;

/// Each person's password.
pub fn password(number: usize) -> String {
    if number == HAMMERED {
        return guess(PLACE);
    }
    let mut place = number % 1000;
    for (common, people) in COMMON {
        if place < people {
            return common.to_owned();
        }
        place -= people;
    }
    format!("a passphrase of person {number} alone")
}

fn guess(place: usize) -> String {
    format!("guess number {place}")
}

/// Pairs of address and password from elsewhere: half of the town is among them, and many who are not here.
fn leaked(people: usize, pairs: usize) -> Vec<(String, String)> {
    let mut leaked = Vec::with_capacity(pairs);
    for number in 0..pairs {
        let who = if number < people / 2 {
            number * 2 + 1
        } else {
            people + number
        };
        let same = who < people && who % REUSED == 1;
        let password = if same {
            password(who)
        } else {
            format!("a password from elsewhere, {number}")
        };
        leaked.push((address(who), password));
    }
    Dice::new(2).shuffle(&mut leaked);
    leaked
}

fn stuffing(name: &'static str, people: usize, networks: u64, days: u32) -> Raid {
    let pairs = leaked(people, people * 10);
    let tries = pairs.into_iter();
    let tries = tries.map(|(email, password)| Try { email, password });
    spread(name, tries.collect(), networks, days)
}

fn spraying(name: &'static str, people: usize, networks: u64, days: u32) -> Raid {
    let tries = COMMON.iter().flat_map(|(password, _)| {
        (0..people).map(move |who| Try {
            email: address(who),
            password: (*password).to_owned(),
        })
    });
    spread(name, tries.collect(), networks, days)
}

fn spread(name: &'static str, tries: Vec<Try>, networks: u64, days: u32) -> Raid {
    Raid {
        name,
        every: pace(days, tries.len()),
        tries,
        networks,
        persistent: false,
        days,
        stolen: None,
    }
}

fn hammering(name: &'static str, networks: u64, days: u32, stolen: bool) -> Raid {
    let tries = (0..2 * PLACE).map(|place| Try {
        email: address(HAMMERED),
        password: guess(place),
    });
    Raid {
        name,
        tries: tries.collect(),
        every: Duration::from_mins(2),
        networks,
        persistent: true,
        days,
        stolen: stolen.then_some(HAMMERED),
    }
}

/// Nobody attacks: what the owners of a town notice on such days.
fn quiet(days: u32) -> Raid {
    Raid {
        name: "nobody attacks",
        tries: Vec::new(),
        networks: 1,
        persistent: false,
        every: Duration::from_secs(1),
        days,
        stolen: None,
    }
}

/// Every attack, on a town of so many people, over so many days.
pub fn raids(people: usize, days: u32) -> Vec<Raid> {
    let hurried = Raid {
        days,
        ..stuffing(
            "stuffing, from 500 networks, all on one day",
            people,
            500,
            1,
        )
    };
    vec![
        quiet(days),
        stuffing("stuffing, from one network", people, 1, days),
        stuffing("stuffing, from 500 networks", people, 500, days),
        hurried,
        spraying("spraying, from one network", people, 1, days),
        spraying("spraying, from 500 networks", people, 500, days),
        hammering("one account, from one network", 1, days, false),
        hammering("one account, from 500 networks", 500, days, false),
        hammering("one account, with a stolen device cookie", 1, days, true),
    ]
}

/// As fast as the tries last for all the days.
fn pace(days: u32, tries: usize) -> Duration {
    let whole = Duration::from_hours(24) * days;
    whole / u32::try_from(tries.max(1)).unwrap_or(u32::MAX)
}
