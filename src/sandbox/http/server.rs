//! The sandbox as a handle: its thread, its accept loop, its end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::quota::Quota;
use super::record::{Recorded, Records};
use super::{World, door};
use crate::sandbox::fault::{Fault, Faults};
use crate::sandbox::store::Store;
use crate::sandbox::{Options, lock};

/// How long a stop waits for answers that are under way.
const GRACE: Duration = Duration::from_millis(200);

/// A running sandbox, listening on 127.0.0.1 only. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    world: Arc<World>,
    connections: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a sandbox on a thread of its own; it answers from the moment this returns.
    ///
    /// # Errors
    /// Where the port is taken, or the state file cannot be read or made.
    pub fn start(options: Options) -> anyhow::Result<Server> {
        let mut faults = Faults::default();
        options.faults.into_iter().for_each(|fault| faults.add(fault));
        let world = Arc::new(World {
            store: Store::open(&options.state)?,
            behaviour: options.behaviour,
            faults: Mutex::new(faults),
            records: Mutex::new(Records::new(options.remembered)),
            quota: Mutex::new(Quota::new(options.limits)),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .with_context(|| format!("the sandbox cannot listen on 127.0.0.1:{}", options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(AtomicUsize::new(0));
        let service = Accept { world: Arc::clone(&world), connections: Arc::clone(&connections), stopped };
        let runtime = runtime()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let thread = std::thread::Builder::new()
            .name("sandbox".to_string())
            .spawn(move || runtime.block_on(service.run(listener)))?;
        Ok(Server { address, world, connections, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address in the form of the vendor's `https://secure.fusebill.com/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Lets something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        lock(&self.world.faults).add(fault);
    }

    /// The API requests it saw, oldest first: the latest [`Options::remembered`] of them.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.world.records).all()
    }

    /// How many TCP connections were made to it.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The document it holds of a customer; none where there is no such customer or the state cannot be read.
    pub fn customer(&self, id: u64) -> Option<String> {
        self.world.store.read(|table| table.get(id).map(str::to_string)).ok().flatten()
    }

    /// Takes in a customer document as it is, in place of the one with its id.
    ///
    /// # Errors
    /// Where the text is no JSON object with a whole number as its `id`, or the state cannot be written.
    pub fn store(&self, text: &str) -> anyhow::Result<()> {
        self.world.store.write(|table| table.add(text))?
    }

    /// Stops accepting, finishes the answers under way where that takes no longer than a moment, and ends.
    pub fn stop(self) {
        drop(self);
    }

    /// Serves until the process is interrupted or told to terminate, then stops.
    ///
    /// # Errors
    /// Where the signals cannot be listened for.
    pub fn wait(self, signals: Signals) -> anyhow::Result<()> {
        signals.wait().context("the sandbox cannot listen for signals")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened; an end has nothing to add.
            let _ = thread.join();
        }
    }
}

/// The accept loop.
struct Accept {
    world: Arc<World>,
    connections: Arc<AtomicUsize>,
    stopped: watch::Receiver<bool>,
}

impl Accept {
    async fn run(mut self, listener: tokio::net::TcpListener) {
        let mut tasks = JoinSet::new();
        let stopped = self.stopped.clone();
        loop {
            tokio::select! {
                () = ended(&mut self.stopped) => break,
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    let number = self.connections.fetch_add(1, Ordering::SeqCst) + 1;
                    let connection = door::serve(stream, number, Arc::clone(&self.world), stopped.clone());
                    tasks.spawn(connection);
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        drop(listener);
        // Whoever is still waited for after the grace is cut off: dropping the set ends its tasks.
        let _ = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

/// Waits until the sandbox is to end.
pub(crate) async fn ended(stopped: &mut watch::Receiver<bool>) {
    // The only error is that the handle is gone, and then it is to end as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The signals that end a server: whichever comes once they are listened for is not lost.
pub struct Signals {
    runtime: Runtime,
    #[cfg(unix)]
    kinds: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Signals {
    /// Listens for them from now on, so that none of them ends the process by itself.
    ///
    /// # Errors
    /// Where that cannot be set up.
    pub fn listen() -> anyhow::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = runtime()?;
        let kinds = {
            let _inside = runtime.enter();
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]
        };
        Ok(Signals { runtime, kinds })
    }

    fn wait(self) -> std::io::Result<()> {
        let [mut interrupt, mut terminate] = self.kinds;
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        Ok(())
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Listens for them.
    ///
    /// # Errors
    /// Where that cannot be set up.
    pub fn listen() -> anyhow::Result<Signals> {
        Ok(Signals { runtime: runtime()? })
    }

    fn wait(self) -> std::io::Result<()> {
        self.runtime.block_on(tokio::signal::ctrl_c())
    }
}
