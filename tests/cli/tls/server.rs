//! Servers on loopback: one with TLS before a sandbox, one that says what a test tells it to, and a proxy.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{
    DEFAULT_VERSIONS, RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
    version::TLS12,
};

use super::authority::{Authority, Identity};

/// What one connection brought, byte for byte.
type Log = Arc<Mutex<Vec<Vec<u8>>>>;

fn lock(log: &Log) -> MutexGuard<'_, Vec<Vec<u8>>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A listener that serves every connection in a thread of its own and remembers what came over it.
pub struct Listener {
    address: SocketAddr,
    log: Log,
}

impl Listener {
    fn new(serve: impl Fn(Recorded) -> io::Result<()> + Send + Sync + 'static) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (log, serve) = (Log::default(), Arc::new(serve));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let place = {
                    let mut log = lock(&kept);
                    log.push(Vec::new());
                    log.len() - 1
                };
                let recorded = Recorded { socket, log: Arc::clone(&kept), place };
                let serve = Arc::clone(&serve);
                // A client that leaves in the middle is what many of the tests are about.
                thread::spawn(move || serve(recorded).ok());
            }
        });
        Listener { address, log }
    }

    /// Speaks TLS and passes requests on to a server that does not.
    pub fn tls(identity: Identity, behind: SocketAddr) -> Listener {
        Listener::encrypted(identity, WebPkiClientVerifier::no_client_auth(), move |client| {
            relay(client, &TcpStream::connect(behind)?)
        })
    }

    /// The same, and knows no version of TLS above 1.2.
    pub fn tls12(identity: Identity, behind: SocketAddr) -> Listener {
        Listener::speaking(&[&TLS12], identity, WebPkiClientVerifier::no_client_auth(), move |client| {
            relay(client, &TcpStream::connect(behind)?)
        })
    }

    /// Speaks TLS with those only who have a certificate of this authority.
    pub fn wanting_certificates(identity: Identity, authority: &Authority) -> Listener {
        Listener::wanting(DEFAULT_VERSIONS, identity, authority)
    }

    /// The same in TLS 1.2, which has no alert for a client without a certificate.
    pub fn wanting_certificates_in_tls12(identity: Identity, authority: &Authority) -> Listener {
        Listener::wanting(&[&TLS12], identity, authority)
    }

    fn wanting(
        versions: &[&'static SupportedProtocolVersion],
        identity: Identity,
        authority: &Authority,
    ) -> Listener {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate()).expect("a certificate");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        Listener::speaking(versions, identity, verifier.expect("a verifier"), |client| {
            head(client).map(|_| ())
        })
    }

    /// Speaks TLS and answers a request with these, each in a record of its own, all of them in one piece.
    pub fn tls_saying(
        identity: Identity,
        says: impl Fn(&str) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Listener {
        Listener::encrypted(identity, WebPkiClientVerifier::no_client_auth(), move |client| {
            loop {
                let request = String::from_utf8_lossy(&message(client)?).into_owned();
                for record in says(&request) {
                    client.conn.writer().write_all(&record)?;
                }
                let mut wire = Vec::new();
                while client.conn.wants_write() {
                    client.conn.write_tls(&mut wire)?;
                }
                client.sock.write_all(&wire)?;
            }
        })
    }

    /// A proxy that is itself spoken to with TLS.
    pub fn tls_proxy_to(identity: Identity, server: SocketAddr) -> Listener {
        Listener::encrypted(identity, WebPkiClientVerifier::no_client_auth(), move |client| {
            head(client)?;
            let mut server = TcpStream::connect(server)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            client.sock.socket.set_nonblocking(true)?;
            server.set_nonblocking(true)?;
            // One TLS connection cannot be read and written by two threads.
            while pass(client, &mut server)? && pass(&mut server, client)? {
                thread::yield_now();
            }
            Ok(())
        })
    }

    fn encrypted(
        identity: Identity,
        clients: Arc<dyn ClientCertVerifier>,
        serve: impl Fn(&mut StreamOwned<ServerConnection, Recorded>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::speaking(DEFAULT_VERSIONS, identity, clients, serve)
    }

    fn speaking(
        versions: &[&'static SupportedProtocolVersion],
        identity: Identity,
        clients: Arc<dyn ClientCertVerifier>,
        serve: impl Fn(&mut StreamOwned<ServerConnection, Recorded>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Listener {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .expect("versions of TLS")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![identity.certificate], identity.key)
            .expect("the key is that of the certificate");
        let config = Arc::new(config);
        Listener::new(move |socket| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, socket);
            let served = serve(&mut stream);
            // What is left unread when a socket is closed would take what was said last away from the client.
            stream.sock.socket.set_nonblocking(false)?;
            stream.sock.socket.shutdown(Shutdown::Write)?;
            io::copy(&mut stream.sock, &mut io::sink())?;
            served
        })
    }

    /// Reads something, says this and hangs up.
    pub fn saying(answer: &'static [u8]) -> Listener {
        Listener::new(move |mut socket| {
            let _ = socket.read(&mut [0; 4096])?;
            socket.write_all(answer)?;
            socket.socket.shutdown(Shutdown::Write)?;
            io::copy(&mut socket, &mut io::sink()).map(|_| ())
        })
    }

    /// A proxy that makes every tunnel to the same server, whatever name is asked for.
    pub fn proxy_to(server: SocketAddr) -> Listener {
        Listener::new(move |mut client| {
            head(&mut client)?;
            let mut server = TcpStream::connect(server)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut back, mut to_client) = (server.try_clone()?, client.socket.try_clone()?);
            let answers = thread::spawn(move || {
                io::copy(&mut back, &mut to_client).and_then(|_| to_client.shutdown(Shutdown::Write)).ok()
            });
            // What goes through the tunnel is the server's to remember.
            io::copy(&mut client.socket, &mut server)?;
            server.shutdown(Shutdown::Write)?;
            answers.join().map(|_| ()).map_err(|_| io::ErrorKind::Other.into())
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("https://{}/v1", self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        lock(&self.log).len()
    }

    /// What came, as text; what is no text in it is replaced.
    pub fn heard(&self) -> Vec<String> {
        lock(&self.log).iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

/// A port of this machine that is taken and at which nobody listens.
pub struct Closed {
    _listener: TcpListener,
    held: TcpStream,
}

impl Closed {
    pub fn new() -> Closed {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let held = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("a connection");
        Closed { _listener: listener, held }
    }

    pub fn address(&self) -> SocketAddr {
        self.held.local_addr().expect("it is connected")
    }
}

/// A connection whose bytes are remembered as they came over the wire.
pub struct Recorded {
    socket: TcpStream,
    log: Log,
    place: usize,
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.socket.read(buffer)?;
        lock(&self.log)[self.place].extend(&buffer[..count]);
        Ok(count)
    }
}

impl Write for Recorded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// The head of a message, to the empty line, and not a byte more.
fn head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// One message, by its Content-Length.
fn message(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut message = head(stream)?;
    let text = String::from_utf8_lossy(&message).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().expect("a length"));
    stream.take(length).read_to_end(&mut message)?;
    Ok(message)
}

/// A request as the server behind expects it: with its own name.
fn addressed_to(server: SocketAddr, request: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(request).expect("a request is text");
    let is_host = |line: &str| line.to_ascii_lowercase().starts_with("host:");
    let (head, body) = text.split_once("\r\n\r\n").expect("a request has a head");
    let lines =
        head.lines().map(|line| if is_host(line) { format!("host: {server}") } else { line.to_string() });
    let head: Vec<String> = lines.collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}

/// Passes requests on and their answers back, one after the other.
fn relay(client: &mut (impl Read + Write), mut server: &TcpStream) -> io::Result<()> {
    loop {
        let request = message(client)?;
        server.write_all(&addressed_to(server.peer_addr()?, &request))?;
        client.write_all(&message(&mut server)?)?;
    }
}

/// Passes on what is there to be read, if anything; false at the end.
fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    match from.read(&mut buffer) {
        Ok(count) => to.write_all(&buffer[..count]).map(|()| count > 0),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}
