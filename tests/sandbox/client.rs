//! An HTTP client that keeps the raw response, and helpers for documents.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fusebill::document::json::{Json, View};
use fusebill::sandbox::{KEY, Options, Server};

/// The response to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether all of the body came that the headers promised.
    pub(crate) complete: bool,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The token at a dotted path of the body.
    pub(crate) fn at(&self, path: &str) -> String {
        at(self.text(), path)
    }

    /// The ids in the array that a list answered.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let json = Json::parse(self.text()).unwrap();
        json.root().children().map(|child| child.member("id").unwrap().raw().parse().unwrap()).collect()
    }
}

/// One connection.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) fn to(server: &Server) -> Wire {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire(stream)
    }

    pub(crate) fn send(&mut self, request: &[u8]) {
        self.0.write_all(request).unwrap();
    }

    /// The reply; none if the connection closed without one.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let mut reply = self.head()?;
        let promised = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        reply.body.reserve(promised);
        while reply.body.len() < promised {
            match self.byte() {
                Some(byte) => reply.body.push(byte),
                None => return Some(Reply { complete: false, ..reply }),
            }
        }
        Some(reply)
    }

    /// The reply up to its body, which is still to come.
    pub(crate) fn head(&mut self) -> Option<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
            .collect();
        Some(Reply { status, headers, body: Vec::new(), complete: true })
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(0) => None,
            Ok(_) => Some(byte[0]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the server has closed the connection and sent nothing more.
    pub(crate) fn ended(&mut self) -> bool {
        self.byte().is_none()
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &str) -> Option<Reply> {
        self.send(&request(method, target, body));
        self.reply()
    }
}

/// A request with the sandbox's key.
pub(crate) fn request(method: &str, target: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Requests to a server, each on a new connection.
pub(crate) trait Ask {
    fn ask(&self, method: &str, target: &str, body: &str) -> Option<Reply>;

    fn get(&self, id: u64) -> Reply {
        self.ask("GET", &format!("/v1/customers/{id}"), "").unwrap()
    }

    fn document(&self, id: u64) -> String {
        let reply = self.get(id);
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.text().to_string()
    }

    fn put(&self, body: &str) -> Reply {
        self.ask("PUT", "/v1/customers", body).unwrap()
    }

    fn list(&self, query: &str) -> Reply {
        self.ask("GET", &format!("/v1/customers?{query}"), "").unwrap()
    }
}

impl Ask for Server {
    fn ask(&self, method: &str, target: &str, body: &str) -> Option<Reply> {
        Wire::to(self).ask(method, target, body)
    }
}

/// A sandbox with the seed in memory.
pub(crate) fn sandbox() -> Server {
    Server::start(Options::default()).unwrap()
}

/// The same with some behaviour chosen.
pub(crate) fn behaving(choices: &[&str]) -> Server {
    let mut options = Options::default();
    for choice in choices {
        options.behaviour.set(choice).unwrap();
    }
    Server::start(options).unwrap()
}

/// The same with faults.
pub(crate) fn faulty(faults: &[&str]) -> Server {
    let server = sandbox();
    faults.iter().for_each(|fault| server.inject(fault.parse().unwrap()));
    server
}

/// The token at a dotted path; `-` if there is none.
pub(crate) fn at(document: &str, path: &str) -> String {
    let json = Json::parse(document).unwrap();
    find(json.root(), path).map_or("-".to_string(), |view| view.raw().to_string())
}

fn find<'a>(root: View<'a>, path: &str) -> Option<View<'a>> {
    path.split('.').try_fold(root, |view, name| match name.parse::<usize>() {
        Ok(index) => view.children().nth(index),
        Err(_) => view.member(name),
    })
}

/// The document with another token at a path that it has.
pub(crate) fn with(document: &str, path: &str, token: &str) -> String {
    let json = Json::parse(document).unwrap();
    let mut text = document.to_string();
    text.replace_range(find(json.root(), path).unwrap().span(), token);
    text
}

/// The document with one more member.
pub(crate) fn plus(document: &str, member: &str) -> String {
    format!("{},{member}}}", document.strip_suffix('}').unwrap())
}

/// The document without a member, which may be inside an object.
pub(crate) fn without(document: &str, path: &str) -> String {
    if let Some((object, rest)) = path.split_once('.') {
        return with(document, object, &without(&at(document, object), rest));
    }
    let json = Json::parse(document).unwrap();
    let members = json.root().members().filter(|(key, _)| !key.is(path));
    let members: Vec<String> =
        members.map(|(key, value)| format!("{}:{}", key.token(), value.raw())).collect();
    format!("{{{}}}", members.join(","))
}
