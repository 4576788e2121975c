//! What people make long enough by rule, where a list has only the short beginning of it.

use vestibule_core::password::MIN_CODE_POINTS;
use vestibule_core::password::blocklist::entry;

/// How many of the commonest are paired with each other.
pub const PAIRED: usize = 1000;
/// Longest walk: past it nobody counts along.
const LONGEST: usize = 40;

/// What a finger walks along, there and back, round and round: rows of keyboards (English, German, French) with and
/// without shift, columns, alphabet and digits.
const LINES: &[&str] = &[
    "1234567890",
    "0123456789",
    "!@#$%^&*()",
    "!\"§$%&/()=",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "qwertzuiopü",
    "asdfghjklöä",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "zxcvbnmasdfghjklqwertyuiop",
    "qwertzuiopasdfghjklyxcvbnm",
    "1234567890qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik(ol)p",
    "1qay2wsx3edc4rfv5tgb6zhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qaywsxedcrfvtgbzhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "1q2w3e4r5t6z7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "q1w2e3r4t5z6u7i8o9p0",
    "1a2b3c4d5e6f7g8h9i0j",
    "a1b2c3d4e5f6g7h8i9j0",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "0123456789abcdef",
    "aabbccddeeffgghhiijjkkllmmnnooppqqrrssttuuvvwwxxyyzz",
    "112233445566778899",
    "111222333444555666777888999000",
    "1111222233334444555566667777888899990000",
    "1122334455667788990",
    "13579246801357924680",
    "123456789101112131415161718192021222324252627282930",
    "123123456456789789",
    "147258369",
    "741852963",
    "159357",
    "31415926535897932384626433832795028841971",
    "27182818284590452353602874713526624977572",
];

/// Shortest pair: it takes three more characters to be set.
const LEAST_PAIR: usize = MIN_CODE_POINTS - 3;

/// Each of `words` after each.
pub fn pairs(words: Vec<String>) -> impl Iterator<Item = String> {
    let each = words.len();
    let pairs = (0..each * each).map(move |at| format!("{}{}", words[at / each], words[at % each]));
    pairs.filter(|pair| pair.chars().count() >= LEAST_PAIR)
}

/// Every part of every walk that is long enough to be set.
pub fn walks() -> impl Iterator<Item = String> {
    LINES.iter().flat_map(|line| {
        let there: Vec<char> = line.chars().collect();
        let back: Vec<char> = there.iter().rev().copied().collect();
        let both: Vec<char> = there.iter().chain(&back).copied().collect();
        [there, back, both]
            .into_iter()
            .flat_map(|walk| parts(&walk))
    })
}

fn parts(walk: &[char]) -> Vec<String> {
    let starts = 0..walk.len();
    let part = |start: usize, length: usize| -> String {
        let round = walk.iter().cycle().skip(start).take(length);
        entry(&round.collect::<String>())
    };
    starts
        .flat_map(|start| (MIN_CODE_POINTS..=LONGEST).map(move |length| (start, length)))
        .map(|(start, length)| part(start, length))
        .collect()
}
