//! One GET and one PUT over a connection that is open: what the server itself takes, and two round trips.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use fusebill::sandbox::{KEY, Server};

use super::sandbox::CUSTOMER;

pub struct Exchange {
    stream: TcpStream,
}

impl Exchange {
    pub fn with(server: &Server) -> Exchange {
        let stream = TcpStream::connect(server.address()).expect("the sandbox listens");
        stream.set_nodelay(true).expect("a socket takes it");
        Exchange { stream }
    }

    /// Reads the customer and sends it as this document.
    pub fn take(&mut self, document: &str) -> Duration {
        let begun = Instant::now();
        self.ask(&format!("GET /v1/customers/{CUSTOMER}"), "");
        self.ask("PUT /v1/customers", document);
        begun.elapsed()
    }

    fn ask(&mut self, what: &str, body: &str) {
        let request = format!(
            "{what} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).expect("the sandbox reads");
        let mut answer = Vec::new();
        let mut part = [0; 16 * 1024];
        while !is_whole(&answer) {
            let read = self.stream.read(&mut part).expect("the sandbox answers");
            assert!(read > 0, "the sandbox closed the connection: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&part[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Whether an answer is there to the last byte of its body.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).expect("an answer has a length");
    answer.len() >= end + 4 + length
}
