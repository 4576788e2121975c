//! What somebody means to buy, kept in a cookie of the shop's own: `lamp.2-mug.1`.

use std::fmt;

use super::goods::{Good, find};

/// Most of one thing.
const MOST: u32 = 9;

/// Things and how many of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basket(Vec<(&'static Good, u32)>);

impl Basket {
    /// Out of the cookie of this name; what makes no sense is passed over.
    pub fn read(cookies: &str, name: &str) -> Self {
        let pairs = cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.into_iter().find(|(known, _)| *known == name);
        let (_, value) = value.unwrap_or_default();
        let mut basket = Self::default();
        for part in value.split('-') {
            let Some((id, count)) = part.split_once('.') else {
                continue;
            };
            if let (Some(good), Ok(count)) = (find(id), count.parse::<u32>()) {
                basket.more(good, count);
            }
        }
        basket
    }

    /// One more of it.
    pub fn add(&mut self, good: &'static Good) {
        self.more(good, 1);
    }

    /// None of it.
    pub fn remove(&mut self, good: &'static Good) {
        self.0.retain(|(known, _)| *known != good);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many things.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// What it all costs, in cents.
    pub fn total(&self) -> u32 {
        self.0.iter().map(|(good, count)| good.price * count).sum()
    }

    /// Things, how many of each.
    pub fn lines(&self) -> &[(&'static Good, u32)] {
        &self.0
    }

    fn more(&mut self, good: &'static Good, count: u32) {
        if count == 0 {
            return;
        }
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == good) {
            *known = known.saturating_add(count).min(MOST);
        } else {
            self.0.push((good, count.min(MOST)));
        }
    }
}

impl fmt::Display for Basket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (good, count)) in self.0.iter().enumerate() {
            let mark = if place == 0 { "" } else { "-" };
            write!(f, "{mark}{}.{count}", good.id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basket_survives_its_cookie_and_nonsense_does_not() {
        let mut basket = Basket::default();
        for id in ["lamp", "mug", "lamp"] {
            basket.add(find(id).unwrap());
        }
        assert_eq!(basket.to_string(), "lamp.2-mug.1");
        let cookies = format!("a=b; shop-basket-1={basket}; shop-basket-2=key.1");
        assert_eq!(Basket::read(&cookies, "shop-basket-1"), basket);
        assert_eq!((basket.count(), basket.total()), (3, 12_150));
        let nonsense = "x=lamp.99999999999-lamp.12-lamp.4294967295-gold.3-mug.-1-mug.0-.-.1-<b>.1";
        assert_eq!(Basket::read(nonsense, "x").to_string(), "lamp.9");
        basket.remove(find("lamp").unwrap());
        assert_eq!(basket.to_string(), "mug.1");
    }
}
