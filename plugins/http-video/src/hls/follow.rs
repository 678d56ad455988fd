//! Which segments are to be fetched (RFC 8216, section 6.3.3).

use super::playlist::{Media, Segment};

/// A live stream begins so many segments before its end: closer, and a small delay would stop it.
const FROM_END: usize = 3;

/// So many that were not fetched are too many: the stream is behind, and the oldest are left out.
const TOO_MANY: usize = 10;

/// The numbers must have gone back by so much to be those of a server that began anew: a cache
/// may give a list that is a little older.
const RESTARTED: u64 = 20;

/// What is to be fetched now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// In their order.
    pub segments: &'a [Segment],
    /// Segments that are missing before the first of them.
    pub lost: u64,
    /// The times of the first of them do not go on from what was before.
    pub cut: bool,
}

/// Follows a playlist from one reading to the next; no segment is named twice.
#[derive(Debug, Default)]
pub struct Follow {
    next: Option<u64>,
}

impl Follow {
    /// Takes the playlist as it is now.
    pub fn plan<'a>(&mut self, media: &'a Media) -> Plan<'a> {
        let segments = media.segments.as_slice();
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Plan::default();
        };
        let end = last.number.saturating_add(1);
        let newest = || &segments[segments.len().saturating_sub(FROM_END)..];
        let mut plan = Plan::default();
        match self.next {
            None if media.ended => plan.segments = segments,
            None => plan.segments = newest(),
            Some(next) if end.saturating_add(RESTARTED) < next => {
                plan.segments = newest();
                plan.cut = true;
            }
            Some(next) if end < next => return plan,
            Some(next) => {
                plan.lost = first.number.saturating_sub(next);
                let from = segments.partition_point(|segment| segment.number < next);
                plan.segments = &segments[from..];
            }
        }
        if !media.ended && plan.segments.len() > TOO_MANY {
            plan.lost = plan
                .lost
                .saturating_add((plan.segments.len() - FROM_END) as u64);
            plan.segments = newest();
            plan.cut = true;
        }
        self.next = Some(end);
        plan
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn media(numbers: core::ops::Range<u64>, ended: bool) -> Media {
        Media {
            target: Duration::from_secs(6),
            ended,
            segments: numbers
                .map(|number| Segment {
                    number,
                    uri: String::new(),
                    discontinuity: false,
                    missing: false,
                    range: None,
                    map: None,
                })
                .collect(),
        }
    }

    fn plan(follow: &mut Follow, media: &Media) -> (Vec<u64>, u64, bool) {
        let plan = follow.plan(media);
        let numbers = plan.segments.iter().map(|segment| segment.number);
        (numbers.collect(), plan.lost, plan.cut)
    }

    #[test]
    fn live() {
        let mut follow = Follow::default();
        assert_eq!(plan(&mut follow, &media(0..0, false)), (vec![], 0, false));
        assert_eq!(
            plan(&mut follow, &media(10..16, false)),
            (vec![13, 14, 15], 0, false)
        );
        assert_eq!(plan(&mut follow, &media(10..16, false)), (vec![], 0, false));
        assert_eq!(
            plan(&mut follow, &media(11..17, false)),
            (vec![16], 0, false)
        );
        assert_eq!(plan(&mut follow, &media(11..15, false)), (vec![], 0, false));
        assert_eq!(
            plan(&mut follow, &media(19..21, false)),
            (vec![19, 20], 2, false)
        );
        assert_eq!(
            plan(&mut follow, &media(20..40, false)),
            (vec![37, 38, 39], 16, true)
        );
        assert_eq!(
            plan(&mut follow, &media(0..2, false)),
            (vec![0, 1], 0, true)
        );
        assert_eq!(plan(&mut follow, &media(0..3, true)), (vec![2], 0, false));
    }

    #[test]
    fn a_whole_recording_is_played_from_its_start() {
        let whole = media(0..30, true);
        assert_eq!(plan(&mut Follow::default(), &whole).0.len(), 30);
    }
}
