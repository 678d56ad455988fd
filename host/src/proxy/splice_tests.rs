use super::super::trace::Way;
use super::*;

/// A picture every 40 ms, a keyframe every 20.
const STEP_US: i64 = 40_000;
const GROUP: i64 = 20;
/// When the later attempt connects, in pictures.
const JOINS: i64 = 62;

/// How one attempt brings the camera's pictures.
#[derive(Clone, Copy)]
struct Side {
    /// Origin of its timestamps; none without timestamps.
    origin: Option<u32>,
    delay_us: i64,
    jitter_us: i64,
    /// Its first picture and the one behind its last.
    pictures: (i64, i64),
    /// Its encoding: other ones have other bytes.
    encoding: u8,
    reports: bool,
}

/// The earlier attempt of a good camera.
const OLD: Side = Side {
    origin: Some(0x8000_1234),
    delay_us: 5_000,
    jitter_us: 0,
    pictures: (0, 200),
    encoding: 0,
    reports: false,
};

/// The later one.
const NEW: Side = Side {
    origin: Some(77),
    pictures: (JOINS, 200),
    ..OLD
};

/// What is shown of the camera.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    numbers: Vec<i64>,
    /// How many of them the earlier attempt brought.
    from_old: usize,
    way: Option<Way>,
}

impl Shown {
    #[track_caller]
    fn whole(&self, way: Way) {
        let all: Vec<i64> = (0..200).collect();
        assert_eq!(self.way, Some(way));
        let at = self.from_old;
        assert_eq!(self.numbers, all, "changed behind {at}");
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Picture(i64),
    Report,
    Tick,
}

/// Everything that happens, in the order of its time.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of what a scene is like"
)]
struct Scene {
    old: Side,
    new: Side,
    keyframes: bool,
    /// Order in which the pictures of a group of four are decoded.
    order: [i64; 4],
    /// All pictures are the same.
    still: bool,
    anywhere: bool,
    afresh: bool,
}

impl Scene {
    fn of(old: Side, new: Side) -> Self {
        Self {
            old,
            new,
            keyframes: true,
            order: [0, 1, 2, 3],
            still: false,
            anywhere: false,
            afresh: false,
        }
    }

    fn events(&self, side: &Side, later: bool) -> Vec<(i64, bool, Kind)> {
        let mut events = Vec::new();
        let mut free_us = 0;
        for n in side.pictures.0..side.pictures.1 {
            let jitter = (n * 7919 + i64::from(later) * 31) % 100 * side.jitter_us / 100;
            let held_back = if self.order == [0, 1, 2, 3] { 0 } else { 2 };
            let taken = (n + held_back) * STEP_US + side.delay_us + jitter;
            let joined = if later {
                JOINS * STEP_US + side.delay_us
            } else {
                0
            };
            // One behind the other, and a burst of what the camera had kept.
            free_us = (free_us + 100).max(taken).max(joined);
            events.push((free_us, later, Kind::Picture(self.decoded(n))));
            if side.reports && n % 50 == 20 {
                events.push((free_us, later, Kind::Report));
            }
        }
        events
    }

    /// The picture at this place of the decoding order.
    fn decoded(&self, place: i64) -> i64 {
        place - place % 4 + self.order[(place % 4) as usize]
    }

    fn play(&self) -> Shown {
        let (mut old, mut new) = (Trace::new(90_000), Trace::new(90_000));
        let mut splice: Splice<i64> = Splice::new();
        if self.anywhere {
            splice.begin_anywhere();
        }
        if self.afresh {
            splice.begin_afresh();
        }
        let mut shown = Shown {
            numbers: Vec::new(),
            from_old: 0,
            way: None,
        };
        let mut events = self.events(&self.old, false);
        events.extend(self.events(&self.new, true));
        events.extend((0..400).map(|n| (n * 25_000, false, Kind::Tick)));
        events.sort_by_key(|(at, ..)| *at);
        let old_ends = self.events(&self.old, false).last().map_or(0, |e| e.0);
        for (now, later, kind) in events {
            let side = if later { &self.new } else { &self.old };
            let trace = if later { &mut new } else { &mut old };
            let ticks = |us: i64| (us * 9 / 100) as u64;
            let verdict = match kind {
                Kind::Report => {
                    let wall = (1_000_000_i128 + i128::from(now - side.delay_us)) << 32;
                    let ntp = (wall / 1_000_000) as u64;
                    let at = side.origin.unwrap_or(0);
                    let at = at.wrapping_add(ticks(now - side.delay_us) as u32);
                    trace.report(u64::from(at), ntp);
                    continue;
                }
                Kind::Tick if now > old_ends && self.old.pictures.1 < 200 => {
                    splice.old_ended((&old, &new), now)
                }
                Kind::Tick => splice.look((&old, &new), now),
                Kind::Picture(n) => {
                    let at = ticks(n * STEP_US) as u32;
                    let timestamp = side.origin.map(|origin| u64::from(origin.wrapping_add(at)));
                    let content = if self.still { 0 } else { n };
                    let data = [&[side.encoding][..], &content.to_le_bytes()].concat();
                    let seen = trace.picture(timestamp, now, &data);
                    let key = self.keyframes && n % GROUP == 0 || side.origin.is_none();
                    match (later, shown.way) {
                        (true, Some(_)) => {
                            shown.numbers.push(n);
                            continue;
                        }
                        (false, Some(_)) => continue,
                        (false, None) => splice.old((&old, &new), seen, n, now),
                        (true, None) => splice.new_picture((&old, &new), seen, key, n, now),
                    }
                }
            };
            if shown.way.is_some() {
                continue;
            }
            shown.from_old += verdict.old.len();
            shown.numbers.extend(verdict.old);
            if let Some(over) = verdict.over {
                shown.way = Some(over.alignment.way);
                shown.numbers.extend(over.new);
            }
        }
        shown
    }
}

/// Keyframes on which the feed may change where each attempt brings the same pictures.
fn play(old: Side, new: Side) -> Shown {
    Scene::of(old, new).play()
}

#[test]
fn other_jitter_and_another_origin() {
    let shown = play(
        Side {
            jitter_us: 15_000,
            ..OLD
        },
        Side {
            jitter_us: 30_000,
            delay_us: 12_000,
            ..NEW
        },
    );
    shown.whole(Way::Bytes);
    assert!(
        (80..=81).contains(&shown.from_old),
        "at the keyframe: {shown:?}"
    );
    // Across the end of the counter, on either side.
    let near = |seconds: u32| Some((seconds * 90_000).wrapping_neg());
    play(
        Side {
            origin: near(3),
            ..OLD
        },
        NEW,
    )
    .whole(Way::Bytes);
    play(
        OLD,
        Side {
            origin: near(3),
            ..NEW
        },
    )
    .whole(Way::Bytes);
}

#[test]
fn either_one_is_late() {
    for late in [41_000, 150_000, 450_000] {
        play(
            Side {
                delay_us: late,
                ..OLD
            },
            NEW,
        )
        .whole(Way::Bytes);
        play(
            OLD,
            Side {
                delay_us: late,
                ..NEW
            },
        )
        .whole(Way::Bytes);
    }
    // By more than is waited for: what the earlier one has not brought is missing.
    let shown = play(
        Side {
            delay_us: 1_200_000,
            ..OLD
        },
        NEW,
    );
    assert_eq!(shown.numbers.last(), Some(&199));
    let holes = shown.numbers.windows(2).filter(|p| p[1] != p[0] + 1);
    assert_eq!(holes.count(), 1, "{shown:?}");
    // The later one never comes near: the earlier one goes on.
    let shown = play(
        OLD,
        Side {
            delay_us: 700_000,
            ..NEW
        },
    );
    assert_eq!(shown.way, None);
    assert_eq!(shown.numbers, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_camera_that_begins_with_what_it_has_kept() {
    let burst = Side {
        pictures: (60, 200),
        ..NEW
    };
    let shown = play(OLD, burst);
    shown.whole(Way::Bytes);
    assert!((62..=64).contains(&shown.from_old), "at once: {shown:?}");
    play(
        Side {
            delay_us: 90_000,
            ..OLD
        },
        burst,
    )
    .whole(Way::Bytes);
}

#[test]
fn pictures_that_are_shown_out_of_order() {
    let mut scene = Scene::of(
        OLD,
        Side {
            delay_us: 60_000,
            ..NEW
        },
    );
    // A group of four: decoded as I P B B.
    scene.order = [0, 3, 1, 2];
    for pictures in [(JOINS, 200), (60, 200)] {
        scene.new.pictures = pictures;
        let shown = scene.play();
        assert_eq!(shown.way, Some(Way::Bytes));
        let wanted: Vec<i64> = (0..200).map(|n| scene.decoded(n)).collect();
        assert_eq!(shown.numbers, wanted);
    }
}

#[test]
fn jpegs_without_timestamps() {
    let stills = |side: Side| Side {
        origin: None,
        jitter_us: 30_000,
        ..side
    };
    for late in [0, 60_000, 300_000] {
        play(
            stills(Side {
                delay_us: late,
                ..OLD
            }),
            stills(NEW),
        )
        .whole(Way::Bytes);
        play(
            stills(OLD),
            stills(Side {
                delay_us: late,
                ..NEW
            }),
        )
        .whole(Way::Bytes);
    }
    // Each connection's JPEGs are encoded anew.
    let even = |side: Side| Side {
        origin: None,
        ..side
    };
    play(even(OLD), even(Side { encoding: 1, ..NEW })).whole(Way::Arrival);
}

#[test]
fn another_encoding_is_begun_at_its_keyframe() {
    let reports = |side: Side| Side {
        reports: true,
        ..side
    };
    for late in [0, 150_000, 400_000] {
        let new = reports(Side { encoding: 1, ..NEW });
        let shown = play(
            reports(Side {
                delay_us: late,
                ..OLD
            }),
            new,
        );
        shown.whole(Way::Report);
        assert_eq!(shown.from_old % 20, 0, "{shown:?}");
        // By arrival the keyframe is found where both are about as fast.
        if late == 0 {
            let shown = play(OLD, Side { encoding: 1, ..NEW });
            shown.whole(Way::Arrival);
            assert_eq!(shown.from_old % 20, 0, "{shown:?}");
        }
    }
}

#[test]
fn reports_and_pictures_together_are_exact() {
    let reports = |side: Side| Side {
        reports: true,
        jitter_us: 25_000,
        ..side
    };
    play(reports(OLD), reports(NEW)).whole(Way::Report);
}

#[test]
fn a_still_picture_is_no_riddle() {
    let reports = |side: Side| Side {
        reports: true,
        ..side
    };
    let mut scene = Scene::of(reports(OLD), reports(NEW));
    scene.still = true;
    scene.play().whole(Way::Report);
    let mut scene = Scene::of(OLD, NEW);
    scene.still = true;
    scene.play().whole(Way::Bytes);
}

#[test]
fn a_camera_that_ends_the_old_connection() {
    let ended = Side {
        pictures: (0, JOINS),
        ..OLD
    };
    // The later one begins with its next keyframe.
    let shown = play(ended, NEW);
    let wanted: Vec<i64> = (0..62).chain(80..200).collect();
    assert_eq!(shown.numbers, wanted);
    // The camera has kept what is missing.
    play(
        ended,
        Side {
            pictures: (60, 200),
            ..NEW
        },
    )
    .whole(Way::Bytes);
    // Never on the same pictures, one is long gone.
    let shown = play(
        Side {
            pictures: (0, 10),
            ..OLD
        },
        NEW,
    );
    assert_eq!(shown.numbers.first(), Some(&0));
    assert_eq!(shown.numbers[10], 80);
}

#[test]
fn readers_that_were_told_of_a_loss_get_a_keyframe() {
    let mut scene = Scene::of(
        Side {
            pictures: (0, JOINS),
            ..OLD
        },
        Side {
            pictures: (60, 200),
            ..NEW
        },
    );
    scene.afresh = true;
    let shown = scene.play();
    assert_eq!(shown.numbers[shown.from_old], 60);
}

#[test]
fn without_keyframes_between_any_two_equal_pictures() {
    let mut scene = Scene::of(
        OLD,
        Side {
            delay_us: 50_000,
            ..NEW
        },
    );
    scene.keyframes = false;
    assert_eq!(scene.play().way, None);
    scene.anywhere = true;
    let shown = scene.play();
    shown.whole(Way::Bytes);
    scene.new.encoding = 1;
    assert_eq!(scene.play().way, None, "not of another encoding");
}

#[test]
fn what_waits_is_bounded_and_not_lost_when_it_is_given_up() {
    let (mut old, mut new) = (Trace::new(90_000), Trace::new(90_000));
    let mut splice: Splice<i64> = Splice::new();
    for n in 0..3000_i64 {
        let seen = new.picture(Some(n as u64), 0, &n.to_le_bytes());
        let verdict = splice.new_picture((&old, &new), seen, n == 0, n, 0);
        assert!(verdict.over.is_none());
    }
    assert!(splice.held.len() <= HELD);
    splice.forget_new();
    let data = 5_i64.to_le_bytes();
    let mut new = Trace::new(90_000);
    let seen = new.picture(Some(7), 0, &data);
    splice.new_picture((&old, &new), seen, true, 5, 0);
    let seen = old.picture(Some(900), 0, &data);
    let verdict = splice.old((&old, &new), seen, 5, 0);
    assert!(verdict.over.is_some(), "the same picture");
}
