//! The rule as designed, the real one beside it, and wrong ones.

use std::collections::HashMap;

use super::super::*;
use super::search::{Answer, Rule, Token, View, Violation};

const MOST: usize = 8;

/// What a family has come to, in the words of the design.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The token issued in each generation.
    issued: [Option<Token>; MOST],
    /// Whether it has been used.
    used: [bool; MOST],
    dead: bool,
    /// For faults that count.
    repeats: u8,
}

impl Family {
    fn begun() -> Self {
        let mut issued = [None; MOST];
        issued[0] = Some(Token::FIRST);
        Self {
            issued,
            used: [false; MOST],
            dead: false,
            repeats: 0,
        }
    }

    /// All of it in one number.
    fn key(&self) -> u64 {
        let bits = |token: Option<Token>| token.map_or(0, |token| u64::from(token.branch) + 1);
        let mut key = u64::from(self.repeats) << 1 | u64::from(self.dead);
        for (issued, used) in self.issued.iter().zip(self.used) {
            key = key << 3 | bits(*issued) << 1 | u64::from(used);
        }
        key
    }

    fn view(&self) -> View {
        let newest = self.issued.iter().flatten().last();
        View {
            newest: *newest.expect("the first is issued"),
            dead: self.dead,
        }
    }

    /// 1. Until n+1 has been used, n again gives the same n+1. 2. Once it has been used, n is evidence.
    fn present(&mut self, token: Token, fresh: Token) -> Answer {
        let generation = usize::from(token.generation);
        if self.dead || self.issued[generation] != Some(token) {
            return Answer::Refused;
        }
        if self.used[generation + 1] {
            self.dead = true;
            return Answer::Refused;
        }
        self.used[generation] = true;
        Answer::Issued(*self.issued[generation + 1].get_or_insert(fresh))
    }
}

/// The rule as designed.
pub struct Spec;

impl Rule for Spec {
    type Family = Family;

    fn begin(&self) -> Family {
        Family::begun()
    }

    fn view(&self, family: &Family) -> View {
        family.view()
    }

    fn key(&self, family: &Family) -> u64 {
        family.key()
    }

    fn present(
        &self,
        family: &mut Family,
        token: Token,
        fresh: Token,
    ) -> Result<Answer, Violation> {
        Ok(family.present(token, fresh))
    }

    fn forged(&self, _: &mut Family, _: Token) -> Result<Answer, Violation> {
        Ok(Answer::Refused)
    }
}

/// What a wrong rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Presenting n again gives another n+1.
    BranchesOnRepeat,
    /// Evidence is refused, and the family lives.
    RefusesReuse,
    /// Evidence gets the latest token.
    FollowsUpOnReuse,
    /// n again is evidence, though nobody has used n+1.
    KillsAtOnce,
    /// n again gives n+1 once and never more.
    RepeatsOnce,
    /// A forged old token kills.
    BelievesForgeries,
    /// The latest token wakes a dead family.
    LivesAgain,
}

/// A wrong rule.
pub struct Wrong(pub Fault);

impl Rule for Wrong {
    type Family = Family;

    fn begin(&self) -> Family {
        Family::begun()
    }

    fn view(&self, family: &Family) -> View {
        family.view()
    }

    fn key(&self, family: &Family) -> u64 {
        family.key()
    }

    fn present(
        &self,
        family: &mut Family,
        token: Token,
        fresh: Token,
    ) -> Result<Answer, Violation> {
        let generation = usize::from(token.generation);
        let again = !family.dead && family.used[generation] && !family.used[generation + 1];
        let evidence = !family.dead && family.used[generation + 1];
        let latest = family.view().newest;
        Ok(match self.0 {
            Fault::BranchesOnRepeat if again => Answer::Issued(fresh),
            Fault::RefusesReuse if evidence => Answer::Refused,
            Fault::FollowsUpOnReuse if evidence => Answer::Issued(latest),
            Fault::KillsAtOnce if again => {
                family.dead = true;
                Answer::Refused
            }
            Fault::RepeatsOnce if again => {
                family.repeats += 1;
                match family.repeats {
                    1 => family.present(token, fresh),
                    _ => Answer::Refused,
                }
            }
            Fault::LivesAgain if family.dead && token == latest => {
                family.dead = false;
                family.present(token, fresh)
            }
            _ => family.present(token, fresh),
        })
    }

    fn forged(&self, family: &mut Family, token: Token) -> Result<Answer, Violation> {
        if self.0 == Fault::BelievesForgeries && family.used[usize::from(token.generation) + 1] {
            family.dead = true;
        }
        Ok(Answer::Refused)
    }
}

/// The rule as designed and [`rotate`], in step.
pub struct Agreeing {
    key: RefreshKey,
    /// Each with its text.
    tokens: HashMap<Token, (PlainRefreshToken, String)>,
}

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

impl Agreeing {
    pub fn new() -> Self {
        let key = RefreshKey::new(&[1; 32]);
        let family = FamilyId::new(NOW, [2; 10]);
        let all =
            (0..8).flat_map(|generation| (0..2).map(move |branch| Token { generation, branch }));
        let mint = |token: Token| {
            let secret = [token.generation * 2 + token.branch + 1; 32];
            key.mint(family, Generation(token.generation.into()), secret)
        };
        let with_text = |token: PlainRefreshToken| {
            let text = token.encode();
            (token, text)
        };
        let tokens = all.map(|token| (token, with_text(mint(token)))).collect();
        Self { key, tokens }
    }

    fn real(&self, token: Token) -> &PlainRefreshToken {
        &self.tokens[&token].0
    }

    fn rotate(
        &self,
        family: RefreshFamily,
        text: &str,
        fresh: Token,
    ) -> (Option<RefreshFamily>, Answer) {
        let Some(token) = self.key.read(text) else {
            return (None, Answer::Refused);
        };
        let secret = [fresh.generation * 2 + fresh.branch + 1; 32];
        let (next, successor) = token.succeeded_by(&self.key, secret, [3; 12]).unwrap();
        let presented = Presented {
            token: &token,
            application: family.application,
            jkt: None,
        };
        match rotate(family, &presented, successor, NOW) {
            Rotation::Rotated { family } => (Some(family), self.issued(&next.encode())),
            Rotation::Repeated { family, successor } => {
                let next = token.open(&self.key, &successor).unwrap();
                (Some(family), self.issued(&next.encode()))
            }
            Rotation::Reused { family } => (Some(family), Answer::Refused),
            Rotation::Dead(_) => (None, Answer::Refused),
            other => panic!("nothing here leads to {other:?}"),
        }
    }

    fn issued(&self, text: &str) -> Answer {
        let mut known = self.tokens.iter();
        let named = known.find(|(_, (_, known))| known == text);
        Answer::Issued(*named.expect("a token of this family").0)
    }

    /// Whether what is kept is what should be kept, and no more.
    fn agrees(&self, designed: &Family, real: &RefreshFamily) -> bool {
        let View { newest, dead } = designed.view();
        let before = usize::from(newest.generation).checked_sub(1);
        let spent = before.and_then(|before| designed.issued[before]);
        real.generation == Generation(newest.generation.into())
            && real.current == self.real(newest).hashed()
            && real.previous.as_ref().map(|spent| spent.hash)
                == spent.map(|spent| self.real(spent).hashed())
            && real.dead == dead.then_some(Death::Reused)
    }
}

impl Rule for Agreeing {
    type Family = (Family, RefreshFamily);

    fn begin(&self) -> Self::Family {
        let first = self.real(Token::FIRST);
        let real = RefreshFamily {
            id: first.family(),
            grant: GrantId::new(NOW, [4; 10]),
            application: ApplicationId::new(NOW, [5; 10]),
            generation: first.generation(),
            current: first.hashed(),
            previous: None,
            issued_at: NOW,
            used_at: NOW,
            idle: IDLE,
            expires_at: NOW.plus(2 * IDLE),
            dead: None,
            rotating: Rotating::Rotates,
            jkt: None,
        };
        (Family::begun(), real)
    }

    fn view(&self, family: &Self::Family) -> View {
        family.0.view()
    }

    fn key(&self, family: &Self::Family) -> u64 {
        family.0.key()
    }

    fn present(
        &self,
        (designed, real): &mut Self::Family,
        token: Token,
        fresh: Token,
    ) -> Result<Answer, Violation> {
        let answer = designed.present(token, fresh);
        let (after, real_answer) = self.rotate(real.clone(), &self.tokens[&token].1, fresh);
        if let Some(after) = after {
            *real = after;
        }
        if answer != real_answer || !self.agrees(designed, real) {
            return Err(Violation::Disagreement);
        }
        Ok(answer)
    }

    fn forged(
        &self,
        (designed, real): &mut Self::Family,
        token: Token,
    ) -> Result<Answer, Violation> {
        let stranger = RefreshKey::new(&[9; 32]);
        let generation = Generation(token.generation.into());
        let forged = stranger.mint(real.id, generation, [0; 32]).encode();
        match self.rotate(real.clone(), &forged, token) {
            (None, Answer::Refused) if self.agrees(designed, real) => Ok(Answer::Refused),
            _ => Err(Violation::Disagreement),
        }
    }
}
