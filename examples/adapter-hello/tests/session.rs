//! The adapter with the SDK's harness as the host.

use core::time::Duration;

use padelvar_sdk::jpeg::whole_picture;
use padelvar_sdk::testing::{Harness, camera};

#[test]
fn five_pictures_a_second_each_another_one() {
    let mut host = Harness::new(camera("hello://court:1"), hello::run);
    host.start();
    assert_eq!(host.tracks()[0][0].codec, "mjpeg");
    host.advance(Duration::from_millis(1_999));
    let packets = host.packets();
    assert_eq!(packets.len(), 10);
    for (number, packet) in (0..).zip(&packets) {
        assert_eq!(packet.timestamp, Some(number));
        assert_eq!(packet.arrived, 1_000_000 + number * 200_000);
        let whole = whole_picture(packet.data.clone()).expect("a whole JPEG");
        assert_eq!(whole, packet.data);
    }
    assert!(packets.windows(2).all(|two| two[0].data != two[1].data));
    host.stop();
    assert_eq!(host.outcome(), Some(&Ok(())));
}

#[test]
fn every_brightness_can_be_coded() {
    for step in 0..=255_u8 {
        let picture = hello::jpeg(|column, _| if column % 2 == 0 { step } else { 255 - step });
        assert_eq!(whole_picture(picture.clone()), Some(picture), "{step}");
    }
}
