//! A server that answers exactly the bytes it is told to, and keeps customers as an honest one would beside that.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fusebill::document::Customer;

/// After this the server gives up whatever it does, so that a program that would never end does, and is found out.
const PATIENCE: Duration = Duration::from_secs(25);

/// What the server does with a connection, one after the other.
#[derive(Debug, Clone)]
pub enum Part {
    Bytes(Vec<u8>),
    /// The same again and again, until nobody listens any more.
    Endless(Vec<u8>),
    /// One byte after the other, with so much time before each.
    Drip(Vec<u8>, Duration),
    /// Says nothing more, and keeps the connection.
    Silence,
    Close,
}

/// An answer, part by part; the next request is read after it.
pub type Says = Vec<Part>;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    pub body: String,
}

impl Request {
    /// The customer that it is about; none of a list.
    pub fn customer(&self) -> Option<u64> {
        match self.method.as_str() {
            "GET" => self.path.strip_prefix("/v1/customers/")?.parse().ok(),
            _ => Some(id_of(&self.body)),
        }
    }
}

/// What the server holds and what was asked of it.
#[derive(Default)]
pub struct State {
    pub customers: BTreeMap<u64, String>,
    pub requests: Vec<Request>,
    pub connections: usize,
}

impl State {
    /// How many requests of a method there were.
    pub fn count(&self, method: &str) -> usize {
        self.requests.iter().filter(|request| request.method == method).count()
    }

    /// Does what an honest server would, and answers as it would.
    pub fn honestly(&mut self, request: &Request) -> Says {
        let id = request.customer().expect("a list is answered by the test");
        if request.method == "PUT" {
            self.customers.insert(id, request.body.clone());
        }
        ok(self.customers.get(&id).expect("the customer is there"))
    }
}

type Answering = dyn Fn(&mut State, &Request) -> Says + Send + Sync;

/// The server, on a port of its own.
pub struct Server {
    base: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Answers every request with what this makes of it; the request is among those of the state already.
    pub fn new(
        customers: impl IntoIterator<Item = String>,
        answer: impl Fn(&mut State, &Request) -> Says + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
        let customers = customers.into_iter().map(|text| (id_of(&text), text)).collect();
        let state = Arc::new(Mutex::new(State { customers, ..State::default() }));
        let (kept, answer) = (Arc::clone(&state), Arc::new(answer));
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (state, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                lock(&state).connections += 1;
                // A client that leaves in the middle is what most of the tests are about.
                thread::spawn(move || serve(&socket, &state, &*answer).ok());
            }
        });
        Server { base, state }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn id_of(text: &str) -> u64 {
    Customer::parse(text).expect("a customer").id()
}

fn serve(mut socket: &TcpStream, state: &Mutex<State>, answer: &Answering) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    loop {
        let request = read(&mut socket)?;
        let says = {
            let mut state = lock(state);
            state.requests.push(request.clone());
            answer(&mut state, &request)
        };
        for part in says {
            say(socket, &part)?;
        }
    }
}

fn say(mut socket: &TcpStream, part: &Part) -> io::Result<()> {
    let begun = Instant::now();
    match part {
        Part::Bytes(bytes) => socket.write_all(bytes),
        Part::Endless(bytes) => {
            while begun.elapsed() < PATIENCE {
                socket.write_all(bytes)?;
            }
            Ok(())
        }
        Part::Drip(bytes, pause) => {
            for byte in bytes {
                thread::sleep(*pause);
                socket.write_all(&[*byte])?;
            }
            Ok(())
        }
        // What comes is the end of the connection, or time is up.
        Part::Silence => socket.read(&mut [0]).and(Err(io::ErrorKind::ConnectionAborted.into())),
        Part::Close => {
            // What is left unread when a socket is closed would take what was said last away from the client.
            socket.shutdown(Shutdown::Write)?;
            io::copy(&mut socket, &mut io::sink())?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}

fn read(stream: &mut impl Read) -> io::Result<Request> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("a request is text");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    stream.read_exact(&mut body)?;
    let mut words = head.split(' ').map(str::to_string);
    let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
    Ok(Request { method, path, body: String::from_utf8(body).expect("the body is text") })
}

/// These bytes and nothing else.
pub fn raw(bytes: impl Into<Vec<u8>>) -> Says {
    vec![Part::Bytes(bytes.into())]
}

/// These bytes, then the end of the connection.
pub fn cut(bytes: impl Into<Vec<u8>>) -> Says {
    vec![Part::Bytes(bytes.into()), Part::Close]
}

/// An answer with this status line and these headers, each with its line's end, and this body with its length.
pub fn with(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Says {
    raw(whole(status, headers, body))
}

/// The bytes of the same.
pub fn whole(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let length = body.as_ref().len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body.as_ref()].concat()
}

/// A success with this body.
pub fn ok(body: impl AsRef<[u8]>) -> Says {
    with("200 OK", "", body)
}
