//! The world around a family, every step it can take, and what must never be.

use std::collections::{HashSet, VecDeque};
use std::fmt;

/// A refresh token: the `branch`th that was issued in its generation. There should be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    pub generation: u8,
    pub branch: u8,
}

impl Token {
    pub const FIRST: Self = Self {
        generation: 0,
        branch: 0,
    };

    const fn bit(self) -> u32 {
        1 << (self.generation * 2 + self.branch)
    }

    const fn key(self) -> u128 {
        (self.generation * 2 + self.branch) as u128
    }
}

/// What the token endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Issued(Token),
    Refused,
}

/// What of a family can be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub newest: Token,
    pub dead: bool,
}

/// How a family answers.
pub trait Rule {
    type Family: Clone;

    fn begin(&self) -> Self::Family;
    fn view(&self, family: &Self::Family) -> View;
    /// What tells two families apart.
    fn key(&self, family: &Self::Family) -> u64;
    /// `fresh` is a token that was never issued, to be issued if the rule likes.
    fn present(
        &self,
        family: &mut Self::Family,
        token: Token,
        fresh: Token,
    ) -> Result<Answer, Violation>;
    /// Somebody who knows the family's id and no token makes one up.
    fn forged(&self, family: &mut Self::Family, token: Token) -> Result<Answer, Violation>;
}

/// What must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// An honest client is refused, or its family dies, though nothing was stolen and it was not overtaken.
    FalseLogout,
    /// A token is good though one that descends from it has been used.
    UndetectedFork,
    /// A token was presented though one that descends from it has been used, and the family lives on.
    UnnoticedReuse,
    /// Two tokens in one generation.
    TwoBranches,
    /// A dead family answers, or lives.
    LivesAgain,
    /// A forged token is good, or changes something.
    Forgery,
    /// The real rule does not do as designed.
    Disagreement,
}

/// Whom the family is searched with.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Honest tabs.
    pub tabs: u8,
    /// Nobody presents a token beyond this generation.
    pub generations: u8,
    /// One storage for all tabs, or one for each.
    pub shared: bool,
    /// A tab refreshes only while no other does.
    pub locked: bool,
    /// Requests that were given up may arrive all the same, at any time.
    pub late: bool,
}

impl Setting {
    pub const fn new(tabs: u8, generations: u8) -> Self {
        Self {
            tabs,
            generations,
            shared: false,
            locked: false,
            late: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Idle,
    Waiting(Token),
    Holding(Token),
    Out,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tab {
    phase: Phase,
    /// In its own storage; unused where all share one.
    stored: Token,
    /// A request that was given up and still travels.
    late: Option<Token>,
}

#[derive(Debug, Clone, Copy)]
struct World {
    tabs: [Tab; 3],
    shared: Token,
    /// What the thief knows, a bit for each token.
    loot: u32,
    /// The thief has used it.
    robbed: bool,
    /// An honest request was overtaken: the first stated limit.
    overtaken: bool,
    /// The newest generation somebody has used, and one.
    used: u8,
    /// The newest generation the thief has used, and one.
    robbed_to: u8,
    /// Every token issued, a bit for each.
    issued: u32,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin,
    Send(usize),
    Arrive(usize),
    AnswerLost(usize),
    GiveUp(usize),
    ArriveLate(usize),
    Store(usize),
    CrashBeforeStoring(usize),
    Steal(Token),
    ThiefUses(Token),
    Forge(Token),
}

/// What a search has seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found {
    pub states: usize,
    /// States in which an honest request had been overtaken with nothing stolen.
    pub overtaken: usize,
    /// States in which thief and victim had both got on and nobody could know.
    pub in_step: usize,
    /// States in which the family is dead.
    pub dead: usize,
}

/// How something came about that must never be.
#[derive(Debug)]
pub struct Counterexample {
    pub violation: Violation,
    setting: Setting,
    steps: Vec<Step>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} by {:?} in {:?}",
            self.violation, self.steps, self.setting
        )
    }
}

/// Whatever can happen, breadth first: the first counterexample is a shortest one.
pub fn search<R: Rule>(rule: &R, setting: Setting) -> Result<Found, Counterexample> {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    // Dead families of which it is known that nothing wakes them: what else there is in a world has no say in it.
    let mut buried = HashSet::new();
    // Where each state came from, and by which step.
    let mut trail = vec![(0_usize, Step::Begin)];
    let mut next = VecDeque::from([(0_usize, World::begin(), rule.begin())]);
    while let Some((at, world, family)) = next.pop_front() {
        found.count(&world);
        for step in world.steps(setting) {
            let (mut world, mut family) = (world, family.clone());
            let taken = world.take(step, setting, rule, &mut family);
            world.tabs[..usize::from(setting.tabs)].sort_unstable();
            let new = seen.insert((world.key(), rule.key(&family)));
            let mut lasting = || {
                if new && buried.insert((rule.key(&family), world.issued)) {
                    world.stays_dead(rule, &family)
                } else {
                    Ok(())
                }
            };
            if let Err(violation) = taken.and_then(|()| lasting()) {
                trail.push((at, step));
                return Err(Counterexample {
                    violation,
                    setting,
                    steps: steps_to(&trail),
                });
            }
            if !new {
                continue;
            }
            if rule.view(&family).dead {
                // Nothing leads out of here.
                found.count(&world);
                found.dead += 1;
            } else {
                trail.push((at, step));
                next.push_back((trail.len() - 1, world, family));
            }
        }
    }
    Ok(found)
}

/// The steps that led to the last on the trail.
fn steps_to(trail: &[(usize, Step)]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = trail.len() - 1;
    while at != 0 {
        let (before, step) = trail[at];
        steps.push(step);
        at = before;
    }
    steps.reverse();
    steps
}

impl Found {
    fn count(&mut self, world: &World) {
        self.states += 1;
        self.overtaken += usize::from(world.overtaken && !world.robbed);
        // Both got on past the first generation, by turns.
        self.in_step += usize::from(world.robbed_to > 1 && world.used == world.robbed_to);
    }
}

impl Phase {
    const fn key(self) -> u128 {
        match self {
            Self::Idle => 0,
            Self::Out => 1,
            Self::Waiting(token) => 2 | token.key() << 2,
            Self::Holding(token) => 3 | token.key() << 2,
        }
    }
}

impl World {
    fn begin() -> Self {
        let tab = Tab {
            phase: Phase::Idle,
            stored: Token::FIRST,
            late: None,
        };
        Self {
            tabs: [tab; 3],
            shared: Token::FIRST,
            loot: 0,
            robbed: false,
            overtaken: false,
            used: 0,
            robbed_to: 0,
            issued: Token::FIRST.bit(),
        }
    }

    /// All of it in one number: what was issued follows from the family.
    fn key(&self) -> u128 {
        let mut key = u128::from(self.robbed) << 1 | u128::from(self.overtaken);
        for (field, bits) in [(self.used, 3), (self.robbed_to, 3)] {
            key = key << bits | u128::from(field);
        }
        key = key << 16 | u128::from(self.loot);
        key = key << 4 | self.shared.key();
        for tab in self.tabs {
            let late = tab.late.map_or(0, |token| token.key() + 1);
            key = key << 6 | tab.phase.key();
            key = key << 4 | tab.stored.key();
            key = key << 5 | late;
        }
        key
    }

    /// No token that was ever issued wakes a dead family, or moves it at all: so nothing ever will.
    fn stays_dead<R: Rule>(&self, rule: &R, family: &R::Family) -> Result<(), Violation> {
        if !rule.view(family).dead {
            return Ok(());
        }
        let all = (0..7).flat_map(|generation| [0, 1].map(|branch| Token { generation, branch }));
        for token in all.filter(|token| self.issued & token.bit() != 0) {
            let fresh = Token {
                generation: token.generation + 1,
                branch: 1,
            };
            let mut after = family.clone();
            let answer = rule.present(&mut after, token, fresh)?;
            if answer != Answer::Refused || rule.key(&after) != rule.key(family) {
                return Err(Violation::LivesAgain);
            }
        }
        Ok(())
    }

    fn stored(&self, tab: usize, setting: Setting) -> Token {
        if setting.shared {
            self.shared
        } else {
            self.tabs[tab].stored
        }
    }

    fn steps(&self, setting: Setting) -> Vec<Step> {
        let mut steps = Vec::new();
        let tabs = &self.tabs[..usize::from(setting.tabs)];
        let idle = |tab: &Tab| matches!(tab.phase, Phase::Idle | Phase::Out);
        let all_idle = tabs.iter().all(idle);
        for (n, tab) in tabs.iter().enumerate() {
            let stored = self.stored(n, setting);
            let mut within_reach = vec![stored];
            match tab.phase {
                Phase::Idle => {
                    if stored.generation < setting.generations && (all_idle || !setting.locked) {
                        steps.push(Step::Send(n));
                    }
                }
                Phase::Waiting(token) => {
                    steps.extend([Step::Arrive(n), Step::AnswerLost(n)]);
                    if setting.late && tab.late.is_none() {
                        steps.push(Step::GiveUp(n));
                    }
                    within_reach.push(token);
                }
                Phase::Holding(token) => {
                    steps.extend([Step::Store(n), Step::CrashBeforeStoring(n)]);
                    within_reach.push(token);
                }
                Phase::Out => {}
            }
            if tab.late.is_some() {
                steps.push(Step::ArriveLate(n));
            }
            if self.loot == 0 {
                steps.extend(within_reach.into_iter().map(Step::Steal));
            }
        }
        let tokens = (0..setting.generations)
            .flat_map(|generation| [0, 1].map(|branch| Token { generation, branch }));
        for token in tokens {
            if self.loot & token.bit() != 0 {
                steps.push(Step::ThiefUses(token));
            }
            if token.branch == 0 {
                steps.push(Step::Forge(token));
            }
        }
        steps
    }

    fn take<R: Rule>(
        &mut self,
        step: Step,
        setting: Setting,
        rule: &R,
        family: &mut R::Family,
    ) -> Result<(), Violation> {
        match step {
            Step::Begin => {}
            Step::Send(n) => self.tabs[n].phase = Phase::Waiting(self.stored(n, setting)),
            Step::Arrive(n) => {
                if let Phase::Waiting(token) = self.tabs[n].phase {
                    self.tabs[n].phase = match self.honest(token, rule, family)? {
                        Answer::Issued(token) => Phase::Holding(token),
                        Answer::Refused => Phase::Out,
                    };
                }
            }
            Step::AnswerLost(n) => {
                if let Phase::Waiting(token) = self.tabs[n].phase {
                    self.tabs[n].phase = Phase::Idle;
                    self.honest(token, rule, family)?;
                }
            }
            Step::GiveUp(n) => {
                if let Phase::Waiting(token) = self.tabs[n].phase {
                    self.tabs[n].phase = Phase::Idle;
                    self.tabs[n].late = Some(token);
                }
            }
            Step::ArriveLate(n) => {
                if let Some(token) = self.tabs[n].late.take() {
                    self.honest(token, rule, family)?;
                }
            }
            Step::Store(n) => {
                if let Phase::Holding(token) = self.tabs[n].phase {
                    self.tabs[n].phase = Phase::Idle;
                    if setting.shared {
                        self.shared = token;
                    } else {
                        self.tabs[n].stored = token;
                    }
                }
            }
            Step::CrashBeforeStoring(n) => self.tabs[n].phase = Phase::Idle,
            Step::Steal(token) => self.loot = token.bit(),
            Step::ThiefUses(token) => {
                self.robbed = true;
                if let Answer::Issued(next) = self.present(token, rule, family)? {
                    self.loot |= next.bit();
                    self.robbed_to = self.robbed_to.max(token.generation + 1);
                }
            }
            Step::Forge(token) => {
                let before = rule.view(family);
                let answer = rule.forged(family, token)?;
                if answer != Answer::Refused || rule.view(family) != before {
                    return Err(Violation::Forgery);
                }
            }
        }
        Ok(())
    }

    fn honest<R: Rule>(
        &mut self,
        token: Token,
        rule: &R,
        family: &mut R::Family,
    ) -> Result<Answer, Violation> {
        self.overtaken |= token.generation + 1 < self.used;
        let answer = self.present(token, rule, family)?;
        let out = answer == Answer::Refused || rule.view(family).dead;
        if out && !self.robbed && !self.overtaken {
            return Err(Violation::FalseLogout);
        }
        Ok(answer)
    }

    fn present<R: Rule>(
        &mut self,
        token: Token,
        rule: &R,
        family: &mut R::Family,
    ) -> Result<Answer, Violation> {
        let was_dead = rule.view(family).dead;
        // Only branches that a wrong rule makes reach the second.
        let first = Token {
            generation: token.generation + 1,
            branch: 0,
        };
        let fresh = Token {
            branch: u8::from(self.issued & first.bit() != 0),
            ..first
        };
        let answer = rule.present(family, token, fresh)?;
        let dead = rule.view(family).dead;
        if was_dead && (!dead || answer != Answer::Refused) {
            return Err(Violation::LivesAgain);
        }
        let overtaken = token.generation + 1 < self.used;
        match answer {
            Answer::Issued(_) if overtaken => return Err(Violation::UndetectedFork),
            Answer::Refused if overtaken && !dead => return Err(Violation::UnnoticedReuse),
            Answer::Issued(next) if next.branch != 0 => return Err(Violation::TwoBranches),
            Answer::Issued(next) => {
                self.issued |= next.bit();
                self.used = self.used.max(token.generation + 1);
            }
            Answer::Refused => {}
        }
        Ok(answer)
    }
}
