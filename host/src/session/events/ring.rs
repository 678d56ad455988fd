//! The newest of many things, numbered. Pure.

use std::collections::VecDeque;

/// Keeps the newest items, bounded in number and in bytes.
#[derive(Debug)]
pub struct Ring<T> {
    /// The item and its bytes; the oldest first.
    items: VecDeque<(T, usize)>,
    /// Number of the newest item there ever was; 0 before the first one.
    newest: u64,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

/// What was asked for is not kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl<T: Clone> Ring<T> {
    /// An empty ring. The newest item is kept however big it is.
    pub fn new(most_items: usize, most_bytes: usize) -> Self {
        Self {
            items: VecDeque::new(),
            newest: 0,
            bytes: 0,
            most_items: most_items.max(1),
            most_bytes,
        }
    }

    /// Adds an item of about so many bytes; the oldest ones make room. Its number.
    pub fn push(&mut self, item: T, bytes: usize) -> u64 {
        self.items.push_back((item, bytes));
        self.bytes += bytes;
        self.newest += 1;
        while self.items.len() > self.most_items
            || (self.bytes > self.most_bytes && self.items.len() > 1)
        {
            if let Some((_, bytes)) = self.items.pop_front() {
                self.bytes -= bytes;
            }
        }
        self.newest
    }

    /// Number of the newest item; 0 before the first one.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The number that everything kept comes after.
    pub fn before_oldest(&self) -> u64 {
        self.newest - self.items.len() as u64
    }

    /// The item after the one with this number, and its own number; none while there is none.
    pub fn after(&self, number: u64) -> Result<Option<(u64, T)>, Gone> {
        let skipped = number.checked_sub(self.before_oldest()).ok_or(Gone)?;
        let item = usize::try_from(skipped).ok();
        let item = item.and_then(|skipped| self.items.get(skipped));
        Ok(item.map(|(item, _)| (number + 1, item.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ring: &Ring<char>, mut number: u64) -> Result<String, Gone> {
        let mut seen = String::new();
        while let Some((next, item)) = ring.after(number)? {
            assert_eq!(next, number + 1);
            number = next;
            seen.push(item);
        }
        Ok(seen)
    }

    #[test]
    fn the_newest_are_kept_in_order() {
        let mut ring = Ring::new(3, 1000);
        assert_eq!((ring.newest(), all(&ring, 0)), (0, Ok(String::new())));
        for (item, number) in "abcde".chars().zip(1..) {
            assert_eq!(ring.push(item, 1), number);
        }
        assert_eq!((ring.before_oldest(), ring.newest()), (2, 5));
        assert_eq!(all(&ring, 2), Ok("cde".into()));
        assert_eq!(all(&ring, 4), Ok("e".into()));
        assert_eq!(all(&ring, 5), Ok(String::new()));
        assert_eq!(all(&ring, 1), Err(Gone));
        assert_eq!(
            all(&ring, u64::MAX),
            Ok(String::new()),
            "of the future: nothing"
        );
    }

    #[test]
    fn big_items_make_room() {
        let mut ring = Ring::new(10, 100);
        for item in "abc".chars() {
            ring.push(item, 40);
        }
        assert_eq!(all(&ring, 1), Ok("bc".into()));
        assert_eq!(all(&ring, 0), Err(Gone));
        ring.push('d', 5000);
        assert_eq!(all(&ring, 3), Ok("d".into()), "the newest is kept");
        ring.push('e', 1);
        assert_eq!(all(&ring, 4), Ok("e".into()));
    }
}
