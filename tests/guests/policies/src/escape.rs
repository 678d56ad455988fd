//! Misdeeds that want something of the host: to wait, to print, to read, to reach out.

use std::io::{Read as _, Write as _};
use std::time::Duration;

/// Does it. What the host lets pass ends in a panic that says `NOT STOPPED`.
pub fn commit(misdeed: &str) {
    match misdeed {
        "sleep" => {
            std::thread::sleep(Duration::from_hours(1));
            panic!("NOT STOPPED: it slept");
        }
        "print" => {
            println!("a word");
            eprintln!("and another");
            // Whatever becomes of it.
            let _ = std::io::stdout().flush();
        }
        "print-flood" => loop {
            eprintln!("{}", "spam \u{1b}[31m ".repeat(100));
        },
        "read-stdin" => {
            let mut said = String::new();
            let read = std::io::stdin().read_to_string(&mut said);
            assert!(
                read.is_err() || said.is_empty(),
                "NOT STOPPED: it read {said}"
            );
        }
        "connect" => {
            let _ = std::net::TcpStream::connect("127.0.0.1:9");
            panic!("NOT STOPPED: it had a socket");
        }
        "resolve" => {
            let _ = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 9));
            panic!("NOT STOPPED: it asked for a name");
        }
        "bind" => {
            let _ = std::net::UdpSocket::bind("127.0.0.1:0");
            panic!("NOT STOPPED: it had a socket");
        }
        "read-file" => {
            let read = std::fs::read("/etc/hostname");
            assert!(read.is_err(), "NOT STOPPED: it read a file");
        }
        "write-file" => {
            let written = std::fs::write("/tmp/policy", b"x");
            assert!(written.is_err(), "NOT STOPPED: it wrote a file");
        }
        "environment" => {
            let found = std::env::vars().count() + std::env::args().count();
            assert!(found == 0, "NOT STOPPED: it has an environment");
        }
        _ => {}
    }
}
