use std::rc::Rc;

use super::*;
use crate::clock::BASE;
use crate::sample::Format;

fn sample(stream: Stream, dts: u64) -> Sample {
    let format = Rc::new(Format {
        codec: "h264",
        config: Vec::new(),
        channels: 0,
        clock_rate: 90_000,
    });
    Sample {
        stream,
        format,
        pts: BASE + dts + 1,
        dts: BASE + dts,
        arrived: 0,
        keyframe: false,
        lost: 0,
        data: vec![0; 100],
    }
}

fn video(dts: u64) -> Sample {
    sample(Stream::Video, dts)
}

/// Arrivals of all that waits, released by a clock of milliseconds.
fn arrivals(pacer: &mut Pacer, from: Microseconds) -> Vec<(Microseconds, u64)> {
    let mut found = Vec::new();
    let mut now = from;
    while !pacer.is_empty() {
        while let Some(sample) = pacer.release(now) {
            assert!(sample.arrived <= now);
            found.push((sample.arrived, sample.dts - BASE));
        }
        now += 1000;
    }
    found
}

#[test]
fn a_burst_goes_out_evenly() {
    let mut pacer = Pacer::default();
    for n in 0..5 {
        pacer.push(video(n * 3600), 1_000_000 + n * 10);
    }
    let found = arrivals(&mut pacer, 1_000_000);
    for (n, (at, dts)) in (0..).zip(found) {
        assert_eq!(dts, n * 3600);
        let due = 1_000_000 + n * 40_000;
        assert!((due - ROUND_US..=due).contains(&at), "{n}: {at}");
    }
}

#[test]
fn sound_finds_its_place_and_nothing_overtakes() {
    let mut pacer = Pacer::default();
    for dts in [0, 9000, 18_000] {
        pacer.push(video(dts), 0);
    }
    for dts in [4500, 13_500, 3000] {
        pacer.push(sample(Stream::Audio, dts), 0);
    }
    let order: Vec<u64> = arrivals(&mut pacer, 0)
        .iter()
        .map(|(_, dts)| *dts)
        .collect();
    assert_eq!(order, [0, 4500, 9000, 13_500, 3000, 18_000]);
}

#[test]
fn a_stall_is_made_up_for_but_not_for_ever() {
    let mut pacer = Pacer::default();
    pacer.push(video(0), 0);
    assert!(pacer.release(0).is_some());
    // Two seconds late: out at once, and the next one that is in time keeps its time.
    pacer.push(video(90_000), 3_000_000);
    assert!(pacer.release(3_000_000).is_some());
    pacer.push(video(360_000), 3_000_000);
    assert_eq!(pacer.next_due(), Some(4_000_000));
    assert!(pacer.release(4_000_000).is_some());
    // Later than is waited for.
    pacer.push(video(450_000), 20_000_000);
    assert_eq!(pacer.next_due(), Some(20_000_000));
    pacer.push(video(540_000), 20_000_000);
    assert_eq!(pacer.span(20_000_000), 1_000_000);
}

#[test]
fn jumps_and_cuts_are_closed() {
    let mut pacer = Pacer::default();
    pacer.push(video(100_000_000), 0);
    pacer.push(video(0), 0);
    pacer.push(video(3600), 0);
    pacer.cut();
    pacer.push(sample(Stream::Audio, 3000), 0);
    pacer.push(video(500_000), 0);
    let found: Vec<u64> = arrivals(&mut pacer, 0)
        .iter()
        .map(|(_, dts)| dts - 100_000_000)
        .collect();
    assert_eq!(found, [0, 3600, 6600, 7200, 10_800]);
}

#[test]
fn sound_of_segments_further_on_or_back_moves_nothing() {
    for first in [100_000_000 + 1_800_000, 100_000_000 - 1_800_000] {
        let mut pacer = Pacer::default();
        pacer.push(video(100_000_000), 0);
        assert!(pacer.fits(&sample(Stream::Audio, first)));
        pacer.push(sample(Stream::Audio, first), 0);
        pacer.push(video(100_003_600), 0);
        pacer.push(sample(Stream::Audio, first + 2000), 0);
        let mut times: Vec<u64> = pacer.queue.iter().map(|(_, it)| it.dts - BASE).collect();
        times.sort_unstable();
        let mut expected = [100_000_000, 100_003_600, first, first + 2000];
        expected.sort_unstable();
        assert_eq!(times, expected);
        let span = pacer.span_of(Stream::Video, 0);
        assert_eq!((span, pacer.span_of(Stream::Video, span + 1)), (40_000, 0));
    }
    let mut pacer = Pacer::default();
    assert!(!pacer.is_running());
    pacer.push(video(100_000_000), 0);
    assert!(pacer.is_running());
    assert!(!pacer.fits(&sample(Stream::Audio, 0)), "another clock");
}

#[test]
fn any_times_are_bounded_and_end() {
    bolero::check!()
        .with_type::<Vec<(u64, bool, u16)>>()
        .for_each(|steps| {
            let mut pacer = Pacer::default();
            let mut now = 0;
            let mut last = [0; 2];
            for (dts, is_video, wait) in steps {
                now += u64::from(*wait) * 100;
                let stream = if *is_video {
                    Stream::Video
                } else {
                    Stream::Audio
                };
                let mut sample = sample(stream, dts % (1 << 34));
                sample.arrived = now;
                pacer.push(sample, now);
                while let Some(sample) = pacer.release(now) {
                    let last = &mut last[usize::from(sample.stream == Stream::Video)];
                    assert!(sample.arrived >= *last, "arrivals go on");
                    *last = sample.arrived;
                }
                // A jump of less than 10 s ahead is waited for.
                assert!(pacer.span(now) <= 11_000_000 * (steps.len() as u64 + 1));
            }
        });
}
