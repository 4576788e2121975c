//! Who ordered what, in memory, by the stable id that Vestibule tells.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::demo::moment;

use super::basket::Basket;

/// Orders that are kept.
const KEPT: usize = 200;

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Counted from 1.
    pub number: u32,
    /// Time of day.
    pub at: String,
    /// What.
    pub basket: Basket,
    user: String,
}

/// All of them.
#[derive(Default)]
pub struct Orders(Mutex<VecDeque<Order>>);

impl Orders {
    /// Takes an order of this user's; its number. Nobody is no user.
    pub fn place(&self, user: &str, basket: Basket) -> Option<u32> {
        if user.is_empty() {
            return None;
        }
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = orders.front().map_or(1, |order| order.number + 1);
        orders.push_front(Order {
            number,
            at: moment::time_of_day(),
            basket,
            user: user.to_owned(),
        });
        orders.truncate(KEPT);
        Some(number)
    }

    /// This user's, newest first.
    pub fn of(&self, user: &str) -> Vec<Order> {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = orders.iter().filter(|order| order.user == user);
        theirs.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_sees_their_own_orders_alone() {
        let orders = Orders::default();
        assert_eq!(orders.place("alice", Basket::default()), Some(1));
        assert_eq!(orders.place("bob", Basket::default()), Some(2));
        assert_eq!(orders.place("", Basket::default()), None);
        assert_eq!(orders.of("alice").len(), 1);
        assert_eq!(orders.of("").len(), 0);
        for _ in 0..2 * KEPT {
            orders.place("bob", Basket::default());
        }
        assert_eq!(orders.of("bob").len(), KEPT);
    }
}
