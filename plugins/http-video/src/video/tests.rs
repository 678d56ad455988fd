use super::*;

const SPS: &[u8] = &[0x67, 0x4d, 0, 0x2a, 0x95, 0xa8];
const PPS: &[u8] = &[0x68, 0xee, 0x3c, 0x80];
const IDR: &[u8] = &[0x65, 0x88, 1];
const SLICE: &[u8] = &[0x41, 0x9a, 1];

fn units(nals: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::new();
    for nal in nals {
        append(&mut data, nal);
    }
    data
}

fn picture(pictures: &mut Pictures, nals: &[&[u8]], at: u64) -> Option<Picture> {
    pictures.picture(nals.iter().copied(), at)
}

#[test]
fn a_keyframe_begins_with_the_sets() {
    let mut pictures = Pictures::new(Codec::H264);
    let bare = picture(&mut pictures, &[IDR], 0).unwrap();
    assert!(!bare.keyframe && pictures.format().is_none());
    let whole = picture(&mut pictures, &[&[9, 0xf0], SPS, PPS, IDR], 0).unwrap();
    assert_eq!(
        whole,
        Picture {
            data: units(&[SPS, PPS, IDR]),
            keyframe: true
        }
    );
    assert_eq!(pictures.format().unwrap().config, units(&[SPS, PPS]));
    // Those of before go along.
    let later = picture(&mut pictures, &[IDR], 1).unwrap();
    assert_eq!(later.data, units(&[SPS, PPS, IDR]));
    let other = picture(&mut pictures, &[SLICE], 2).unwrap();
    assert_eq!((other.data, other.keyframe), (units(&[SLICE]), false));
    assert_eq!(picture(&mut pictures, &[SPS, PPS], 3), None);
}

#[test]
fn recovery_points_and_starvation() {
    let mut pictures = Pictures::new(Codec::H264);
    let point: &[u8] = &[0x06, 6, 1, 0xc4, 0x80];
    assert!(
        picture(&mut pictures, &[SPS, PPS, point, SLICE], 0)
            .unwrap()
            .keyframe
    );
    assert!(!picture(&mut pictures, &[point, SLICE], 0).unwrap().keyframe);
    assert!(
        !picture(&mut pictures, &[SPS, PPS, SLICE], 9_000_000)
            .unwrap()
            .keyframe
    );
    assert!(
        picture(&mut pictures, &[SPS, PPS, SLICE], 10_000_000)
            .unwrap()
            .keyframe
    );
}

#[test]
fn a_new_set_is_a_new_format() {
    let mut pictures = Pictures::new(Codec::H264);
    picture(&mut pictures, &[SPS, PPS, IDR], 0);
    let first = pictures.format().unwrap();
    picture(&mut pictures, &[SPS, PPS, IDR], 0);
    assert!(Rc::ptr_eq(&first, &pictures.format().unwrap()));
    let other: &[u8] = &[0x67, 0x4d, 0, 0x2a, 0x95, 0xa9];
    picture(&mut pictures, &[other, PPS, IDR], 0);
    assert_eq!(pictures.format().unwrap().config, units(&[other, PPS]));
}

#[test]
fn sets_and_pictures_are_bounded() {
    let mut pictures = Pictures::new(Codec::H264);
    for id in 0..=255u8 {
        pictures.parameter_set(&[0x68, 0, id | 0x80, id, id | 1]);
        pictures.parameter_set(&[0x68, id, id | 1]);
    }
    pictures.parameter_set(&vec![0x67; 5000]);
    pictures.parameter_set(&[]);
    assert!(pictures.format().is_none());
    let huge = vec![0x65; 1024 * 1024];
    let nals: Vec<&[u8]> = (0..9).map(|_| huge.as_slice()).collect();
    assert_eq!(picture(&mut pictures, &nals, 0), None);
}
