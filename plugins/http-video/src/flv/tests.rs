use super::*;

const SPS: &[u8] = &[0x67, 0x4d, 0, 0x2a, 0x95, 0xa8];
const PPS: &[u8] = &[0x68, 0xee, 0x3c, 0x80];

fn tag(kind: u8, timestamp: u32, data: &[u8]) -> Vec<u8> {
    let size = (data.len() as u32).to_be_bytes();
    let time = timestamp.to_be_bytes();
    let mut bytes = vec![0, 0, 0, 0, kind, size[1], size[2], size[3]];
    bytes.extend([time[1], time[2], time[3], time[0], 0, 0, 0]);
    bytes.extend(data);
    bytes
}

fn file(tags: &[Vec<u8>]) -> Vec<u8> {
    [&b"FLV\x01\x05\0\0\0\x09"[..], &tags.concat()].concat()
}

fn avc_config() -> Vec<u8> {
    let mut data = vec![
        0x17,
        0,
        0,
        0,
        0,
        1,
        77,
        0,
        42,
        0xff,
        0xe1,
        0,
        SPS.len() as u8,
    ];
    data.extend(SPS);
    data.extend([1, 0, PPS.len() as u8]);
    data.extend(PPS);
    data
}

fn samples(bytes: &[u8], size: usize) -> Result<Vec<Sample>, Error> {
    let mut demuxer = FlvDemuxer::new(true);
    let mut samples = Vec::new();
    for piece in bytes.chunks(size) {
        demuxer.push(piece, 1, &mut samples)?;
    }
    Ok(samples)
}

#[test]
fn pictures_and_sound() {
    let bytes = file(&[
        tag(18, 0, b"onMetaData and so on"),
        tag(9, 0, &avc_config()),
        tag(8, 0, &[0xaf, 0, 0x12, 0x10]),
        tag(9, 0xffff_ffff, &[0x17, 1, 0, 0, 80, 0, 0, 0, 2, 0x65, 0x88]),
        tag(8, 5, &[0xaf, 1, 7, 8]),
        tag(9, 39, &[0x27, 1, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0x41, 0x9a]),
        tag(8, 10, &[0x72, 9, 9]),
        tag(9, 50, &[0x17, 2, 0, 0, 0]),
    ]);
    for size in [1, 7, 4000] {
        let found = samples(&bytes, size).unwrap();
        let of = |at: usize| {
            (
                found[at].format.codec,
                found[at].keyframe,
                found[at].data.len(),
            )
        };
        assert_eq!(of(0), ("h264", true, 4 + SPS.len() + 4 + PPS.len() + 6));
        assert_eq!(of(1), ("aac", true, 2));
        assert_eq!(of(2), ("h264", false, 6));
        assert_eq!(of(3), ("pcma", true, 2));
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].pts - found[0].dts, 80 * 90);
        assert_eq!(
            found[2].dts - found[0].dts,
            40 * 90,
            "across the counter's end"
        );
        assert_eq!(found[2].dts - found[2].pts, 90);
        assert_eq!(found[3].format.channels, 1);
    }
}

#[test]
fn both_ways_of_h265() {
    let mut record = vec![0; 23];
    (record[0], record[21], record[22]) = (1, 3, 3);
    for set in [[0x40, 1, 0x0c], [0x42, 1, 1], [0x44, 1, 0xc1]] {
        record.extend([set[0] >> 1, 0, 1, 0, 3]);
        record.extend(set);
    }
    let slice = [0, 0, 0, 3, 0x26, 1, 0xaf];
    let legacy = [
        tag(9, 0, &[&[0x1c, 0, 0, 0, 0][..], &record].concat()),
        tag(9, 0, &[&[0x1c, 1, 0, 0, 0][..], &slice].concat()),
    ];
    let enhanced = [
        tag(9, 0, &[&b"\x90hvc1"[..], &record].concat()),
        tag(9, 0, &[&b"\x91hvc1\0\0\x05"[..], &slice].concat()),
        tag(9, 40, &[&b"\x93hvc1"[..], &slice].concat()),
        tag(9, 40, b"\x92hvc1"),
    ];
    for (tags, count) in [(&legacy[..], 1), (&enhanced, 2)] {
        let found = samples(&file(tags), 4000).unwrap();
        assert_eq!(found.len(), count);
        assert!(
            found
                .iter()
                .all(|sample| sample.keyframe && sample.format.codec == "h265")
        );
    }
}

#[test]
fn nonsense_is_an_error_and_giants_are_skipped() {
    assert!(samples(b"FLV\x01\x05\xff\xff\xff\xff", 4).is_err());
    assert!(samples(&file(&[tag(77, 0, &[1; 20])]), 4).is_err());
    assert!(samples(&file(&[tag(9, 0, &[0x12; 20])]), 4).is_err());
    assert!(samples(&file(&[tag(9, 0, b"\x90av01123")]), 4).is_err());
    let mut demuxer = FlvDemuxer::new(false);
    let mut found = Vec::new();
    let giant = tag(9, 0, &vec![0x27; 9 << 20]);
    for piece in file(&[giant, tag(9, 0, &avc_config())]).chunks(1 << 18) {
        demuxer.push(piece, 1, &mut found).unwrap();
    }
    demuxer
        .push(
            &tag(9, 0, &[0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88]),
            1,
            &mut found,
        )
        .unwrap();
    assert_eq!((found.len(), found[0].lost), (1, 1));
}
