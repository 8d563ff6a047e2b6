//! Starts and stops a sandbox: its thread and its accept loop.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection;
use crate::sandbox::access::{Limits, Quota};
use crate::sandbox::api::Api;
use crate::sandbox::behaviour::Behaviour;
use crate::sandbox::fault::Fault;
use crate::sandbox::ledger::Movement;
use crate::sandbox::record::{Recorded, Records};
use crate::sandbox::store::{State, Store, lock};

const GRACE: Duration = Duration::from_millis(200);

/// How a sandbox is started. The default holds the seed in memory, on a free port, and has no faults.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    pub state: State,
    pub faults: Vec<Fault>,
    pub behaviour: Behaviour,
    pub limits: Limits,
    /// How far the server's clock is ahead of this machine's.
    pub clock: SignedDuration,
    /// The number of recorded requests.
    pub remembered: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            state: State::Memory,
            faults: Vec::new(),
            behaviour: Behaviour::default(),
            limits: Limits::default(),
            clock: SignedDuration::ZERO,
            remembered: 20_000,
        }
    }
}

/// A running sandbox, listening on 127.0.0.1 only. Dropping it stops it, after a moment for the responses in flight.
pub struct Server {
    address: SocketAddr,
    api: Arc<Api>,
    stop: watch::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves on its own thread when this returns. Fails if the port is in use or the state file is unusable.
    pub fn start(options: Options) -> anyhow::Result<Server> {
        let api = Arc::new(Api {
            store: Store::open(&options.state)?,
            behaviour: options.behaviour,
            faults: Mutex::new(options.faults),
            records: Mutex::new(Records::new(options.remembered)),
            quota: Mutex::new(Quota::new(options.limits)),
            clock: options.clock,
            connections: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .with_context(|| format!("the sandbox cannot listen on 127.0.0.1:{}", options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let runtime = runtime()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let thread = std::thread::Builder::new().name("sandbox".to_string()).spawn({
            let api = Arc::clone(&api);
            move || runtime.block_on(accept(listener, api, stopped))
        })?;
        Ok(Server { address, api, stop, thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address in the form of the vendor's `https://secure.fusebill.com/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn inject(&self, fault: Fault) {
        lock(&self.api.faults).push(fault);
    }

    /// The latest [`Options::remembered`] API requests, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.api.records).all()
    }

    pub fn connections(&self) -> usize {
        self.api.connections.load(Ordering::SeqCst)
    }

    /// A customer's document; none if there is no such customer or the state cannot be read.
    pub fn customer(&self, id: u64) -> Option<String> {
        self.api.document(id)
    }

    /// The amounts that status actions charged or reversed, oldest first.
    pub fn money(&self, id: u64) -> Vec<Movement> {
        self.api.money(id)
    }

    /// Stores a customer's document byte for byte. It must be a JSON object with a whole number as its `id`.
    pub fn store(&self, text: &str) -> anyhow::Result<()> {
        self.api.store.write(|table| table.add(text))?
    }

    /// Serves until SIGINT or SIGTERM, then stops. `ready` runs after the signal handlers are set, so that a script that
    /// waits for its output can stop the sandbox cleanly.
    pub(crate) fn wait(self, ready: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        runtime()?.block_on(signal_to_stop(ready))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, api: Arc<Api>, mut stopped: watch::Receiver<()>) {
    let mut tasks = JoinSet::new();
    let for_connections = stopped.clone();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let number = api.connections.fetch_add(1, Ordering::SeqCst) + 1;
                tasks.spawn(connection::serve(stream, number, Arc::clone(&api), for_connections.clone()));
            },
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(listener);
    // Dropping the set closes the connections that need longer.
    let _ = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

#[cfg(unix)]
async fn signal_to_stop(ready: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let unheard = "the sandbox cannot set its signal handlers";
    let mut interrupt = signal(SignalKind::interrupt()).context(unheard)?;
    let mut terminate = signal(SignalKind::terminate()).context(unheard)?;
    ready()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal_to_stop(ready: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    ready()?;
    tokio::signal::ctrl_c().await.context("the sandbox cannot set its signal handlers")
}
