//! Sources of the API key, and reading it from them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::environment;
use crate::api::key::{EMPTY, has_key, without_keys};
use crate::api::{ApiKey, BaseUrl};
use crate::error::{Error, ErrorKind, Result};
use crate::files;

pub(crate) const VARIABLE: &str = "FUSEBILL_API_KEY";
pub(crate) const FILE_VARIABLE: &str = "FUSEBILL_API_KEY_FILE";
/// In bytes.
const LARGEST: u64 = 64 * 1024;

const POLL: Duration = Duration::from_millis(5);
/// How long to read on after the program has ended, if a child process of it keeps the pipe open. The program's output is
/// in the pipe, so this only has to outlast the scheduling of the reader thread.
const REST: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    Variable,
    VariableFile(PathBuf),
    Command(Vec<String>),
    File(PathBuf),
    Stored(PathBuf),
}

impl KeySource {
    pub(crate) fn of_environment() -> Result<Option<KeySource>> {
        // An empty variable is a missing key: no other source takes its place.
        if environment::lossy(VARIABLE).is_some() {
            return Ok(Some(KeySource::Variable));
        }
        let file = environment::variable(FILE_VARIABLE)?;
        Ok(file.map(|path| KeySource::VariableFile(PathBuf::from(path))))
    }

    pub(crate) fn name(&self) -> String {
        match self {
            KeySource::Variable => VARIABLE.to_string(),
            KeySource::VariableFile(_) => FILE_VARIABLE.to_string(),
            KeySource::Command(_) => "api_key_command".to_string(),
            KeySource::File(_) => "api_key_file".to_string(),
            KeySource::Stored(path) => format!("the key that `auth login` stored in `{}`", path.display()),
        }
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            KeySource::VariableFile(path) | KeySource::File(path) | KeySource::Stored(path) => Some(path),
            KeySource::Variable | KeySource::Command(_) => None,
        }
    }

    pub(crate) fn is_plain_text(&self) -> bool {
        !matches!(self, KeySource::Command(_))
    }

    /// `limit` bounds a program that prints the key. No message repeats the key.
    pub(crate) fn read(&self, limit: Duration, base: &BaseUrl) -> Result<ApiKey> {
        let file = |path: &Path| {
            File::open(path).and_then(read_text).map_err(|reason| self.unreadable(path).source(reason))
        };
        let pasted = Zeroizing::new(match self {
            KeySource::Variable => environment::variable(VARIABLE)?.unwrap_or_default(),
            KeySource::VariableFile(path) | KeySource::File(path) => file(path)?,
            KeySource::Stored(path) => of_address(&file(path)?, base)?,
            KeySource::Command(words) => printed(words, limit).map_err(|error| error.step(self.name()))?,
        });
        ApiKey::parse(&pasted).map_err(|reason| {
            Error::new(ErrorKind::Credentials, reason).step(self.name()).hint(match self {
                KeySource::Variable if reason == EMPTY => {
                    "unset it to use the key of the profile, or set it to a key"
                }
                KeySource::Command(_) => {
                    "the program must print the key as Fusebill shows it, and nothing else; for pipes write sh -c '… | head -1'"
                }
                _ => "paste the key exactly as Fusebill shows it",
            })
        })
    }

    fn unreadable(&self, path: &Path) -> Error {
        if has_key(&path.to_string_lossy()) {
            return Error::new(ErrorKind::Credentials, "it names no file, and looks like a key itself")
                .step(self.name())
                .hint(format!("the key goes into {VARIABLE}, or into a file that {FILE_VARIABLE} names"));
        }
        Error::new(ErrorKind::Credentials, format!("cannot read `{}`", path.display()))
            .step(self.name())
            .hint("it must be a text file that holds the key and nothing else")
    }

    pub(crate) fn exposed(&self) -> Option<String> {
        let path = self.file()?;
        let shown = path.display().to_string();
        let command = format!("chmod 600 {}", shell_words::quote(&shown));
        files::has_mode(path, 0o066)
            .then(|| format!("other users of this machine can read the key in `{shown}`; run `{command}`"))
    }
}

/// The file ends with the address that accepted the key, and the key is sent to no other.
fn of_address(text: &str, base: &BaseUrl) -> Result<String> {
    let (key, tried_at) = match text.trim_end().rsplit_once('\n') {
        Some((key, address)) if address.starts_with("http") => (key, address),
        _ => return Ok(text.to_string()),
    };
    if tried_at == base.to_string() {
        return Ok(key.to_string());
    }
    Err(Error::new(ErrorKind::Credentials, "the stored key is for another address, so it is not sent")
        .detail([format!("stored for: {tried_at}"), format!("asked for: {base}")]))
}

pub(crate) fn read_text(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    let invalid = |reason: &'static str| io::Error::new(io::ErrorKind::InvalidData, reason);
    if bytes.len() as u64 > LARGEST {
        return Err(invalid("it is too long"));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8 text"))
}

/// Standard input is empty, and standard error is the user's.
fn printed(words: &[String], limit: Duration) -> Result<String> {
    let [program, arguments @ ..] = words else { return Err(failed("", "names no program")) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(program, "cannot be started").source(error))?;
    let output = output(&mut child, Instant::now() + limit);
    if !matches!(output, Ok(Some(_))) {
        // Both fail if it ended meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    let output = output.map_err(|error| failed(program, "cannot be waited for").source(error))?;
    let (bytes, status) = output.ok_or_else(|| {
        failed(program, &format!("did not end within {} s", limit.as_secs_f64()))
            .hint("--timeout SECONDS allows more time")
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(program, "prints more than a key"));
    }
    if !status.success() {
        return Err(failed(program, &format!("failed: {status}"))
            .hint("run it by hand to see why; it is run without a shell, so for pipes write sh -c '…'"));
    }
    String::from_utf8(bytes).map_err(|_| failed(program, "prints text that is not UTF-8"))
}

fn failed(program: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("the program `{}` {reason}", without_keys(program)))
}

/// None if the program does not end in time.
fn output(child: &mut Child, ends: Instant) -> io::Result<Option<(Vec<u8>, ExitStatus)>> {
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let chunks = chunks(stdout.take(LARGEST + 1))?;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() < ends => std::thread::sleep(POLL),
            None => return Ok(None),
        }
    };
    let mut bytes = Vec::new();
    while let Ok(chunk) = chunks.recv_timeout(REST) {
        bytes.extend(chunk);
    }
    Ok(Some((bytes, status)))
}

/// Reads in a thread, because reading a pipe has no timeout. The channel closes at the end of the input.
fn chunks(mut from: impl Read + Send + 'static) -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            match from.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(length) => drop(sender.send(chunk[..length].to_vec())),
            }
        }
    })?;
    Ok(receiver)
}

/// The keys that `auth login` stored: a 0600 file for each profile in a 0700 folder.
#[derive(Debug)]
pub struct KeyStore {
    folder: PathBuf,
}

impl KeyStore {
    /// The keys in the folder of config.toml.
    pub fn in_folder(folder: &Path) -> KeyStore {
        KeyStore { folder: folder.join("keys") }
    }

    /// The path of a profile's key; the file need not exist.
    pub fn place(&self, profile: &str) -> PathBuf {
        self.folder.join(profile)
    }

    pub(crate) fn source(&self, profile: &str) -> Option<KeySource> {
        let place = self.place(profile);
        place.symlink_metadata().is_ok().then_some(KeySource::Stored(place))
    }

    /// `base` accepted the key.
    pub(crate) fn store(&self, profile: &str, key: &ApiKey, base: &BaseUrl) -> io::Result<()> {
        files::make_folder(&self.folder)?;
        let text = Zeroizing::new(format!("{}\n{base}\n", key.reveal()));
        files::replace(&self.place(profile), text.as_bytes())?;
        files::sync_folder(&self.folder)
    }

    /// False if there was no key.
    pub(crate) fn remove(&self, profile: &str) -> io::Result<bool> {
        match std::fs::remove_file(self.place(profile)) {
            Ok(()) => files::sync_folder(&self.folder).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_string).to_vec()
    }

    fn refused(script: &str, limit: Duration) -> String {
        let error = printed(&words(script), limit).expect_err(script);
        assert_eq!(error.kind, ErrorKind::Credentials);
        error.message
    }

    #[test]
    fn a_key_command_gives_its_output_or_an_error_that_names_it() {
        let long = Duration::from_secs(600);
        assert_eq!(printed(&words("echo a; echo b"), long).unwrap(), "a\nb\n");
        assert_eq!(refused("exit 3", long), "the program `sh` failed: exit status: 3");
        assert_eq!(refused("yes", long), "the program `sh` prints more than a key");
        assert_eq!(refused("printf '\\377'", long), "the program `sh` prints text that is not UTF-8");
        let missing = printed(&["/no/such/program".to_string()], long).expect_err("there is none");
        assert_eq!(missing.message, "the program `/no/such/program` cannot be started");
    }

    #[test]
    fn a_key_command_with_a_background_child_gives_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe").display().to_string();
        let mut words = words("mkfifo \"$0\"; (read x < \"$0\") 2>&- & echo key");
        words.push(pipe.clone());
        assert_eq!(printed(&words, Duration::from_secs(600)).unwrap(), "key\n");
        // Ends the process that was left behind.
        std::fs::write(pipe, "\n").unwrap();
    }

    #[test]
    fn a_key_command_that_exceeds_its_time_is_killed() {
        let short = Duration::from_millis(20);
        for script in ["exec sleep 600", "exec >&-; exec sleep 600"] {
            assert_eq!(refused(script, short), "the program `sh` did not end within 0.02 s", "{script}");
        }
    }

    #[test]
    fn a_stored_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let vault = KeyStore::in_folder(home.path());
        assert_eq!((vault.source("live"), vault.remove("live").unwrap()), (None, false));
        let key = ApiKey::parse("MDpzZWNyZXQ=").unwrap();
        let base = BaseUrl::parse("https://api.example/v1").unwrap();
        vault.store("live", &key, &base).unwrap();
        let place = vault.place("live");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&place), mode(place.parent().unwrap())), (0o600, 0o700));
        let source = vault.source("live").unwrap();
        assert_eq!(source.exposed(), None);
        assert_eq!(source.read(Duration::ZERO, &base).unwrap().reveal(), key.reveal());
        let other = BaseUrl::parse("https://other.example/v1").unwrap();
        let refused = source.read(Duration::ZERO, &other).unwrap_err();
        assert_eq!(refused.message, "the stored key is for another address, so it is not sent");
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(source.exposed().unwrap().contains("chmod 600"));
        assert!(vault.remove("live").unwrap() && vault.source("live").is_none());
    }
}
