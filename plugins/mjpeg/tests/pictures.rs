//! Multipart as cameras write it.

mod common;

use common::{assert_whole, picture};
use mjpeg::Pictures;

/// All pictures of a stream that comes in pieces of that size.
fn found(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut pictures = Pictures::new();
    let mut found = Vec::new();
    for piece in stream.chunks(size) {
        pictures.push(piece.to_vec(), 1);
        while let Some(picture) = pictures.next_picture() {
            assert_whole(&picture.data);
            found.push(picture.data);
        }
    }
    found
}

fn expect(stream: &[u8], tags: &[u8]) {
    let pictures: Vec<Vec<u8>> = tags.iter().map(|tag| picture(*tag)).collect();
    for size in [1, 2, 3, 7, 64, stream.len()] {
        assert_eq!(found(stream, size), pictures, "in pieces of {size}");
    }
}

/// Parts of a header text and a body.
fn parts(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (header, body) in parts {
        stream.extend(header.as_bytes());
        stream.extend(*body);
    }
    stream
}

#[test]
fn with_and_without_length_and_line_ends() {
    let len = picture(1).len();
    let exact = format!("\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len}\r\n\r\n");
    let bare = "\n--b\nContent-Type: image/jpeg\n\n";
    let shouting = format!("\r\n--b\r\nX-Time: 1\r\nCONTENT-LENGTH :{len}\r\n\r\n");
    for header in [exact.as_str(), bare, &shouting] {
        let (one, two, three) = (picture(1), picture(2), picture(3));
        expect(
            &parts(&[(header, &one), (header, &two), (header, &three)]),
            &[1, 2, 3],
        );
    }
}

#[test]
fn the_boundary_does_not_matter() {
    for boundary in ["--b", "b", "----b", "\"b\"", "--other", "--b--"] {
        let header = format!("{boundary}\r\n\r\n");
        expect(
            &parts(&[(&header, &picture(1)), (&header, &picture(2))]),
            &[1, 2],
        );
    }
    expect(&parts(&[("", &picture(1)), ("", &picture(2))]), &[1, 2]);
}

#[test]
fn a_picture_is_there_as_soon_as_its_last_byte() {
    let mut pictures = Pictures::new();
    pictures.push(b"--b\r\n\r\n".to_vec(), 1);
    let picture = picture(1);
    pictures.push(picture[..5].to_vec(), 2);
    pictures.push(picture[5..].to_vec(), 3);
    assert_eq!(pictures.next_picture().map(|found| found.arrived), Some(2));
}

#[test]
fn wrong_lengths() {
    for wrong in [
        0,
        1,
        5,
        picture(1).len() - 1,
        picture(1).len() + 40,
        9_999_999,
    ] {
        let header = format!("\r\n--b\r\nContent-Length: {wrong}\r\n\r\n");
        expect(
            &parts(&[(&header, &picture(1)), (&header, &picture(2))]),
            &[1, 2],
        );
    }
}

#[test]
fn empty_parts_text_parts_and_padding() {
    expect(
        &parts(&[
            (
                "--b\r\nContent-Length: 0\r\n\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n\r\n",
                &picture(1),
            ),
            ("\0\0\0\0\r\n--b\r\n\r\n", &picture(2)),
        ]),
        &[1, 2],
    );
}

#[test]
fn a_missing_end_is_mended() {
    let cut = &picture(1)[..picture(1).len() - 2];
    let announced = format!("--b\r\nContent-Length: {}\r\n\r\n", cut.len());
    // With its length as soon as the boundary is there, else when the next one begins.
    expect(&parts(&[(&announced, cut), ("\r\n--b", &[])]), &[1]);
    expect(
        &parts(&[("--b\r\n\r\n", cut), ("\r\n--b\r\n\r\n", &picture(2))]),
        &[1, 2],
    );
}

#[test]
fn damaged_pictures_are_skipped() {
    let header = "\r\n--b\r\n\r\n";
    expect(
        &parts(&[
            (header, &[0xff, 0xd8, 0xff, 0xe0, 0, 0]),
            (header, &picture(1)[..20]),
            (header, &[0xff, 0xd8, 0xff, 0xd9]),
            (header, &picture(2)),
        ]),
        &[2],
    );
}

#[test]
fn a_picture_without_end_is_bounded() {
    let mut pictures = Pictures::new();
    pictures.push(picture(1)[..33].to_vec(), 1);
    for _ in 0..40 {
        pictures.push(vec![1; 250_000], 1);
        assert_eq!(pictures.next_picture(), None);
    }
    assert!(pictures.damaged() > 0);
    pictures.push(picture(2), 1);
    assert_eq!(
        pictures.next_picture().map(|found| found.data),
        Some(picture(2))
    );
}
