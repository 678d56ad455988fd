//! Misdeeds against the sandbox: each tells in its failure what it got of the world.

use std::io::Read as _;
use std::net::{TcpStream, ToSocketAddrs as _, UdpSocket};

use padelvar_sdk::Command;

use crate::{fail, not_stopped};

/// `files`, `write-file`, `environment`, `arguments`, `tcp`, `udp`, `resolve`, `listen`, `stdin`,
/// `spawn`, `thread`.
pub fn begin(misdeed: &str) -> Option<Vec<Command>> {
    let tried = match misdeed {
        "files" => std::fs::read_to_string("/etc/passwd").map_err(|error| error.to_string()),
        "write-file" => std::fs::write("/tmp/escaped", "x")
            .map(|()| "written".to_owned())
            .map_err(|error| error.to_string()),
        "environment" => some(std::env::vars().map(|(name, _)| name)),
        "arguments" => some(std::env::args()),
        "tcp" => TcpStream::connect("127.0.0.1:22")
            .map(|_| "connected".to_owned())
            .map_err(|error| error.to_string()),
        "listen" => std::net::TcpListener::bind("0.0.0.0:0")
            .map(|_| "listening".to_owned())
            .map_err(|error| error.to_string()),
        "udp" => UdpSocket::bind("0.0.0.0:0")
            .map(|_| "bound".to_owned())
            .map_err(|error| error.to_string()),
        "resolve" => ("localhost", 80)
            .to_socket_addrs()
            .map(|_| "resolved".to_owned())
            .map_err(|error| error.to_string()),
        "stdin" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            match read {
                Ok(0) => Err("nothing on stdin".to_owned()),
                Ok(_) => Ok(text),
                Err(error) => Err(error.to_string()),
            }
        }
        "spawn" => std::process::Command::new("/bin/sh")
            .spawn()
            .map(|_| "spawned".to_owned())
            .map_err(|error| error.to_string()),
        "thread" => std::thread::Builder::new()
            .spawn(|| {})
            .map(|_| "a thread".to_owned())
            .map_err(|error| error.to_string()),
        _ => return None,
    };
    Some(match tried {
        Ok(got) => not_stopped(&got),
        Err(reason) => vec![fail(format!("no {misdeed}: {reason}"))],
    })
}

fn some(names: impl Iterator<Item = String>) -> Result<String, String> {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        Err("there is nothing".to_owned())
    } else {
        Ok(names.join(", "))
    }
}
