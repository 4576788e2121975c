//! A page of a list, as it is filled from rows of which not every one is wanted.

/// Most rows that a page looks at, however few of them are wanted: then it is answered as it is, with where to go on.
pub const MOST_LOOKED_AT: usize = 20_000;

/// A page that is being filled by walking through rows in the order of their key.
///
/// ```text
/// look at rows ──▶ take each that is wanted ──▶ reach the key of the last one looked at ──▶ look on, or page()
/// ```
#[derive(Debug)]
pub struct Gathering<T, K> {
    taken: Vec<T>,
    limit: usize,
    looked_at: usize,
    reached: Option<K>,
    /// Set once there is nothing more to be looked for in this page.
    next: Option<K>,
}

impl<T, K: Clone> Gathering<T, K> {
    /// An empty page of at most `limit`.
    pub const fn new(limit: usize) -> Self {
        Self {
            taken: Vec::new(),
            limit,
            looked_at: 0,
            reached: None,
            next: None,
        }
    }

    /// Takes a row that is wanted. `false`: the page is full, and this row belongs to the next one.
    pub fn take(&mut self, key: K, wanted: T) -> bool {
        if self.taken.len() >= self.limit {
            self.next.clone_from(&self.reached);
            return false;
        }
        self.taken.push(wanted);
        self.reached = Some(key);
        true
    }

    /// So many rows were looked at, the last of which has this key. `false`: no more is looked at for this page.
    pub fn reach(&mut self, key: K, rows: usize) -> bool {
        self.looked_at = self.looked_at.saturating_add(rows);
        if self.looked_at >= MOST_LOOKED_AT {
            self.next = Some(key.clone());
        }
        self.reached = Some(key);
        self.next.is_none()
    }

    /// How many rows may still be looked at.
    pub const fn room(&self) -> usize {
        MOST_LOOKED_AT.saturating_sub(self.looked_at)
    }

    /// How many rows to look at next, where each look costs a journey: few as long as many are wanted, then more and more.
    pub const fn stride(&self, longest: usize) -> usize {
        let first = if self.looked_at == 0 {
            self.limit.saturating_add(1)
        } else {
            self.looked_at.saturating_mul(4)
        };
        let stride = if first > longest { longest } else { first };
        if stride > self.room() {
            self.room()
        } else {
            stride
        }
    }

    /// The page, and where the next one begins, if there is one.
    pub fn page(self) -> (Vec<T>, Option<K>) {
        (self.taken, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(
        rows: usize,
        limit: usize,
        wanted: impl Fn(usize) -> bool,
    ) -> (Vec<usize>, Option<usize>) {
        let mut page = Gathering::new(limit);
        for row in 1..=rows {
            if wanted(row) && !page.take(row, row) {
                break;
            }
            if !page.reach(row, 1) {
                break;
            }
        }
        page.page()
    }

    #[test]
    fn a_page_ends_where_the_next_one_begins() {
        assert_eq!(gather(3, 3, |_| true), (vec![1, 2, 3], None));
        assert_eq!(gather(4, 3, |_| true), (vec![1, 2, 3], Some(3)));
        assert_eq!(gather(9, 2, |row| row % 3 == 0), (vec![3, 6], Some(8)));
        assert_eq!(gather(8, 2, |row| row % 3 == 0), (vec![3, 6], None));
        assert_eq!(gather(0, 2, |_| true), (vec![], None));
    }

    #[test]
    fn a_page_looks_at_so_many_rows_and_no_more() {
        assert_eq!(gather(MOST_LOOKED_AT - 1, 2, |_| false), (vec![], None));
        assert_eq!(
            gather(MOST_LOOKED_AT * 2, 2, |_| false),
            (vec![], Some(MOST_LOOKED_AT))
        );
    }

    #[test]
    fn strides_grow_and_keep_within_the_bound() {
        let mut page = Gathering::<(), usize>::new(50);
        let mut strides = Vec::new();
        while page.room() > 0 {
            let stride = page.stride(4_000);
            strides.push(stride);
            page.reach(0, stride);
        }
        assert_eq!(strides[..5], [51, 204, 1_020, 4_000, 4_000]);
        assert_eq!(strides.iter().sum::<usize>(), MOST_LOOKED_AT);
    }
}
