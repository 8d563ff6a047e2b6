//! Whatever keeps a change waiting between its reading and its PUT, what another client writes meanwhile survives.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::{signal, start, stop, until};
use crate::hostile::server::Server;
use crate::world::{Run, World, all};

/// Longer than a reading may be old.
const OLD: Duration = Duration::from_millis(1_100);

/// The commands that set the first name of customer 123 from John back to Jon.
const WAYS: [&[&str]; 3] = [
    &["customer", "update", "123", "--first-name", "Jon"],
    &["customer", "undo", "--last"],
    &["customer", "bulk", "update", "rows.csv", "--yes"],
];

struct Scene {
    world: World,
    server: Server,
    /// Says that the customer was read, and that its answer waits for the test.
    read: Receiver<()>,
    answer: Sender<()>,
}

impl Scene {
    /// Customer 123 is named John, by an entry of this machine.
    fn new() -> Scene {
        let world = World::new();
        world.file("rows.csv", "id,firstName\n123,Jon\n");
        let ((tell, read), (answer, go)) = (channel(), channel());
        let gate = Mutex::new((tell, go));
        let server = Server::new([world.stored(123)], move |state, request| {
            // The first write and its reading go through; of the second write, the first reading waits.
            if request.method == "GET" && state.count("GET") == 2 {
                let (tell, go) = &*gate.lock().expect("one at a time");
                tell.send(()).expect("the test waits");
                go.recv().expect("the test says when");
            }
            state.honestly(request)
        });
        let scene = Scene { world, server, read, answer };
        let run = Run::of(
            scene.command(&["customer", "update", "123", "--first-name", "John"]).output().expect("it runs"),
        );
        assert_eq!(run.code, 0, "{run:#?}");
        scene
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        command.env("FUSEBILL_BASE_URL", self.server.base()).stdin(Stdio::null());
        command
    }

    /// Does something while the customer is read; gives the moment of that reading.
    fn at_the_reading<T>(&self, meanwhile: impl FnOnce() -> T) -> (Instant, T) {
        self.read.recv().expect("the customer is read");
        let (moment, done) = (Instant::now(), meanwhile());
        self.answer.send(()).expect("the server waits");
        (moment, done)
    }

    /// Another client changes the customer, and the reading grows old.
    fn others_write(&self, read: Instant) {
        let mut state = self.server.state();
        let customer = state.customers.get_mut(&123).expect("it is there");
        *customer = customer.replacen("\"Smith\"", "\"Theirs\"", 1);
        drop(state);
        until("the reading is old", || read.elapsed() > OLD);
    }

    fn hold_store(&self) -> rusqlite::Connection {
        let holder = rusqlite::Connection::open(self.world.store().path()).expect("the store opens");
        holder.busy_timeout(super::PATIENCE).expect("it can be set");
        holder.execute_batch("BEGIN IMMEDIATE").expect("no other process writes");
        holder
    }

    fn keeps_both(&self, child: Child) -> Option<String> {
        let run = super::ended(child);
        let stored = self.server.state().customers[&123].clone();
        let kept = stored.contains("\"firstName\":\"Jon\"") && stored.contains("\"lastName\":\"Theirs\"");
        (run.code != 0 || !kept).then(|| format!("{run:#?} {stored}"))
    }
}

#[track_caller]
fn by_every_way(check: impl Fn(&[&str]) -> Option<String> + Sync) {
    let surprises = all(WAYS.into_iter(), check);
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn a_wait_for_the_store_lock_keeps_another_clients_change() {
    by_every_way(|way| {
        let scene = Scene::new();
        let child = start(scene.command(way));
        let (read, holder) = scene.at_the_reading(|| scene.hold_store());
        scene.others_write(read);
        holder.execute_batch("ROLLBACK").expect("it can be given up");
        scene.keeps_both(child)
    });
}

#[test]
fn a_stopped_process_keeps_another_clients_change() {
    by_every_way(|way| {
        let scene = Scene::new();
        let child = start(scene.command(way));
        let (read, holder) = scene.at_the_reading(|| scene.hold_store());
        stop(&child);
        holder.execute_batch("ROLLBACK").expect("it can be given up");
        scene.others_write(read);
        signal(&child, "CONT");
        scene.keeps_both(child)
    });
}

/// Two ends of which the second takes nothing more until the first is read.
fn full() -> (UnixStream, OwnedFd) {
    let (unread, mut full) = UnixStream::pair().expect("two sockets");
    full.set_nonblocking(true).expect("it can be set");
    while full.write(&[b' '; 4096]).is_ok() {}
    full.set_nonblocking(false).expect("it can be set");
    (unread, full.into())
}

/// A row prints nothing between its reading and its PUT; the run waits before its first reading.
#[test]
fn a_blocked_standard_output_keeps_another_clients_change() {
    by_every_way(|way| {
        let scene = Scene::new();
        let (mut unread, full) = full();
        let is_run = way.contains(&"bulk");
        let mut command = scene.command(&if is_run { [way, &["-o", "csv"]].concat() } else { way.to_vec() });
        let child = command.stdout(full).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(command);
        let read = if is_run {
            scene.answer.send(()).expect("the server waits");
            Instant::now()
        } else {
            scene.at_the_reading(|| ()).0
        };
        scene.others_write(read);
        let mut shown = String::new();
        unread.read_to_string(&mut shown).expect("it is text");
        scene.keeps_both(child)
    });
}

/// A library that keeps every sync of a process waiting while the file `closed` is in the folder `GATE`.
const SYNC: &str = r#"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static void gate(void) {
    char closed[4096], reached[4096];
    snprintf(closed, sizeof closed, "%s/closed", getenv("GATE"));
    snprintf(reached, sizeof reached, "%s/reached", getenv("GATE"));
    if (access(closed, F_OK) == 0) close(open(reached, O_CREAT | O_WRONLY, 0600));
    while (access(closed, F_OK) == 0) usleep(1000);
}
int fsync(int file) { gate(); return syscall(SYS_fsync, file); }
int fdatasync(int file) { gate(); return syscall(SYS_fdatasync, file); }
"#;

/// A disk on which a sync takes as long as the test wants.
struct Disk<'a>(&'a World);

impl Disk<'_> {
    fn of(world: &World) -> Disk<'_> {
        let source = world.file("sync.c", SYNC);
        let library = world.home.path().join("sync.so");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(library).arg(source).status();
        assert!(built.expect("the C compiler that builds SQLite is there").success());
        Disk(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.home.path().join(name)
    }

    fn under(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", self.path("sync.so")).env("GATE", self.0.home.path());
        command
    }

    fn close(&self) {
        std::fs::write(self.path("closed"), "").expect("the home can be written");
    }

    fn open(&self) {
        std::fs::remove_file(self.path("closed")).expect("it was closed");
    }
}

#[test]
fn a_slow_disk_keeps_another_clients_change() {
    by_every_way(|way| {
        let scene = Scene::new();
        let disk = Disk::of(&scene.world);
        let child = start(disk.under(scene.command(way)));
        let (read, ()) = scene.at_the_reading(|| disk.close());
        until("the record is synced", || disk.path("reached").exists());
        scene.others_write(read);
        disk.open();
        scene.keeps_both(child)
    });
}

#[test]
fn a_simultaneous_prune_keeps_another_clients_change() {
    by_every_way(|way| {
        let scene = Scene::new();
        let other = scene.world.run(&["customer", "update", "1016", "--title", "dr"]);
        assert_eq!(other.code, 0, "{other:#?}");
        let disk = Disk::of(&scene.world);
        let child = start(scene.command(way));
        let (read, prune) = scene.at_the_reading(|| {
            disk.close();
            let prune = ["customer", "history", "prune", "--older-than", "0h", "--yes"];
            let prune = start(disk.under(scene.command(&prune)));
            until("its removal is synced", || disk.path("reached").exists());
            prune
        });
        scene.others_write(read);
        disk.open();
        assert_eq!(super::ended(prune).code, 0);
        scene.keeps_both(child)
    });
}

#[test]
fn a_slow_reader_of_one_command_does_not_block_another() {
    let world = World::new();
    let (mut unread, full) = full();
    let mut command = world.command(super::JOHN);
    command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let first = command.spawn().expect("it starts");
    drop(command);
    super::until_seen(&world, "GET");
    let second = world.run(&["customer", "update", "123", "--title", "dr", "--timeout", "30"]);
    assert_eq!((second.code, world.puts().len()), (0, 1), "{second:#?}");
    unread.read_to_string(&mut String::new()).expect("it is text");
    let first = super::ended(first);
    assert_eq!(first.code, 0, "{first:#?}");
    assert!(["\"John\"", "\"Dr\""].iter().all(|value| world.stored(123).contains(value)), "{first:#?}");
}

#[test]
fn an_action_with_blocked_output_is_checked_again_before_its_post() {
    let world = World::new();
    let posts = |world: &World| world.lines().iter().filter(|line| line.starts_with("POST")).count();
    let (mut unread, full) = full();
    let mut command = world.command(["customer", "hold", "123", "--yes"]);
    command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let first = command.spawn().expect("it starts");
    drop(command);
    super::until_seen(&world, "GET");
    let second = world.run(&["customer", "hold", "123", "--yes", "--timeout", "30"]);
    assert_eq!((second.code, posts(&world)), (0, 1), "{second:#?}");
    unread.read_to_string(&mut String::new()).expect("it is text");
    let first = super::ended(first);
    assert_eq!((first.code, posts(&world)), (6, 1), "{first:#?}");
    first.says(&["another client did this meanwhile", "Nothing was"]);
}
