//! Where the API key comes from, and getting it from there.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::environment::Environment;
use crate::api::key::KeyError;
use crate::api::{ApiKey, BaseUrl};
use crate::error::{Error, Kind, Result};
use crate::files;

/// The variable that holds the key.
pub const VARIABLE: &str = "FUSEBILL_API_KEY";
/// The variable that names a file with the key.
pub const FILE_VARIABLE: &str = "FUSEBILL_API_KEY_FILE";
/// No key is longer, in bytes; what prints more prints something else.
const LARGEST: u64 = 64 * 1024;

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// `FUSEBILL_API_KEY`.
    Variable,
    /// The file that `FUSEBILL_API_KEY_FILE` names.
    VariableFile(PathBuf),
    /// The profile's `api_key_command`.
    Command(Vec<String>),
    /// The profile's `api_key_file`.
    File(PathBuf),
    /// The file that `auth login` wrote.
    Stored(PathBuf),
}

impl KeySource {
    /// The one that the environment names.
    ///
    /// # Errors
    /// `Usage` for a variable that is not UTF-8.
    pub fn of_environment(environment: Environment) -> Result<Option<KeySource>> {
        // One that is empty is a key that is missing, and nothing else is taken for it.
        if environment.lossy(VARIABLE).is_some() {
            return Ok(Some(KeySource::Variable));
        }
        let file = environment.variable(FILE_VARIABLE)?;
        Ok(file.map(|path| KeySource::VariableFile(PathBuf::from(path))))
    }

    /// What it is called in messages: the variable or the setting.
    pub fn name(&self) -> String {
        match self {
            KeySource::Variable => VARIABLE.to_string(),
            KeySource::VariableFile(_) => FILE_VARIABLE.to_string(),
            KeySource::Command(_) => "api_key_command".to_string(),
            KeySource::File(_) => "api_key_file".to_string(),
            KeySource::Stored(path) => format!("the key that `auth login` stored in `{}`", path.display()),
        }
    }

    /// The file it is read from, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            KeySource::VariableFile(path) | KeySource::File(path) | KeySource::Stored(path) => Some(path),
            KeySource::Variable | KeySource::Command(_) => None,
        }
    }

    /// Whether the key stands somewhere as it is: in a file, or in the environment.
    pub fn is_plain_text(&self) -> bool {
        !matches!(self, KeySource::Command(_))
    }

    /// Gets the key. A program is given so much time.
    ///
    /// # Errors
    /// `Credentials` where there is none to be had, or what is there cannot be a key. No message repeats it.
    pub fn read(&self, environment: Environment, limit: Duration, base: &BaseUrl) -> Result<ApiKey> {
        let file = |path: &Path| read_file(path).map_err(|why| self.failed("cannot read", path).because(why));
        let pasted = match self {
            KeySource::Variable => environment.variable(VARIABLE)?.unwrap_or_default(),
            KeySource::VariableFile(path) | KeySource::File(path) => file(path)?,
            KeySource::Stored(path) => of_address(&file(path)?, base)?,
            KeySource::Command(words) => printed(words, limit).map_err(|error| error.at(self.name()))?,
        };
        ApiKey::parse(&pasted).map_err(|why| {
            let error = Error::new(Kind::Credentials, why.to_string()).at(self.name());
            error.hint(match self {
                KeySource::Variable if why == KeyError::Empty => {
                    "unset it to use the key of the profile, or set it to a key"
                }
                KeySource::Command(_) => {
                    "the program must print the key as Fusebill shows it, and nothing else; for pipes write sh -c '… | head -1'"
                }
                _ => "paste the key exactly as Fusebill shows it",
            })
        })
    }

    fn failed(&self, what: &str, path: &Path) -> Error {
        if matches!(self, KeySource::VariableFile(_)) && looks_like_a_key(path) {
            return Error::new(Kind::Credentials, "it names no file, and looks like a key itself")
                .at(self.name())
                .hint(format!("the key goes into {VARIABLE}, or into a file that {FILE_VARIABLE} names"));
        }
        Error::new(Kind::Credentials, format!("{what} `{}`", path.display()))
            .at(self.name())
            .hint("it must be a text file that holds the key and nothing else")
    }

    /// What is to be said about its file: that others may read the key in it, or change it.
    pub fn exposed(&self) -> Option<String> {
        let path = self.file()?;
        let command = format!("chmod 600 {}", shell_words::quote(&path.display().to_string()));
        is_open_to_others(path).then(|| {
            format!(
                "other users of this machine can read the key in `{}`; `{command}` ends that",
                path.display()
            )
        })
    }
}

/// The key in a file that `auth login` wrote, which ends with the address that it was tried at.
///
/// # Errors
/// `Credentials` where it is for another address: a key is sent only where its owner sent it first.
fn of_address(text: &str, base: &BaseUrl) -> Result<String> {
    let (key, tried_at) = match text.trim_end().rsplit_once('\n') {
        Some((key, address)) if address.starts_with("http") => (key, address),
        _ => return Ok(text.to_string()),
    };
    if tried_at == base.to_string() {
        return Ok(key.to_string());
    }
    Err(Error::new(Kind::Credentials, "the stored key is for another address, so it is not sent")
        .detail([format!("stored for: {tried_at}"), format!("asked for: {base}")]))
}

/// Whether somebody wrote a key where the path of a file is to be.
fn looks_like_a_key(path: &Path) -> bool {
    const LEAST: usize = 24;
    let Some(text) = path.to_str() else { return false };
    let text = text.trim().trim_start_matches("Basic ");
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    text.len() >= LEAST
        && !text.starts_with('/')
        && text.chars().all(is_base64)
        && text.contains(|c: char| c.is_ascii_uppercase())
        && text.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether anyone but its owner may read or write a file.
pub fn is_open_to_others(path: &Path) -> bool {
    files::has_mode(path, 0o066)
}

fn read_file(path: &Path) -> io::Result<String> {
    read_text(File::open(path)?)
}

/// Reads what is said to be a key, and not on and on.
///
/// # Errors
/// As the file system has them; `InvalidData` for what is too long to be a key or is no text.
pub fn read_text(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    let invalid = |why: &'static str| io::Error::new(ErrorKind::InvalidData, why);
    if bytes.len() as u64 > LARGEST {
        return Err(invalid("it is too long"));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8 text"))
}

/// What a program prints. Its standard input is empty, and what it says on standard error is seen.
fn printed(words: &[String], limit: Duration) -> Result<String> {
    let [program, arguments @ ..] = words else { return Err(failed("", "names no program")) };
    let ends = Instant::now() + limit;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| failed(program, "cannot be started").because(why))?;
    let chunks = child.stdout.take().map(read_apart).transpose();
    if let Err(why) = chunks {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(program, "cannot be listened to").because(why));
    }
    let read = chunks.ok().flatten().and_then(|chunks| until_it_ends(&mut child, &chunks, ends));
    let status = child.try_wait().ok().flatten();
    if status.is_none() {
        // It may have ended by itself in this moment.
        let _ = child.kill();
        let _ = child.wait();
    }
    match (read, status) {
        (Some(bytes), _) if bytes.len() as u64 > LARGEST => Err(failed(program, "prints more than a key")),
        (Some(bytes), Some(status)) if status.success() => {
            String::from_utf8(bytes).map_err(|_| failed(program, "prints what is not UTF-8 text"))
        }
        (Some(_), Some(status)) => Err(failed(program, &format!("did not end well: {status}"))
            .hint("run it by hand to see why; it is run without a shell, so for pipes write sh -c '…'")),
        (None, _) | (_, None) => {
            let seconds = limit.as_secs_f64();
            Err(failed(program, &format!("did not end within {seconds} s"))
                .hint("--timeout SECONDS allows more time"))
        }
    }
}

fn failed(program: &str, why: &str) -> Error {
    let program = if looks_like_a_key(Path::new(program)) { "…" } else { program };
    Error::new(Kind::Credentials, format!("the program `{program}` {why}"))
}

/// Reads in a thread of its own: a program of the program may keep the pipe open for longer.
fn read_apart(mut stdout: impl Read + Send + 'static) -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stdout.read(&mut chunk) {
            if sender.send(chunk[..length].to_vec()).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// What is read until the program ends, or prints more than a key; none where it does neither in time.
fn until_it_ends(child: &mut Child, chunks: &Receiver<Vec<u8>>, ends: Instant) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut ended = false;
    loop {
        match chunks.recv_timeout(LOOK) {
            Ok(chunk) => bytes.extend(chunk),
            // Whoever else has the pipe: what the program printed has arrived.
            Err(RecvTimeoutError::Timeout) if ended => return Some(bytes),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if ended => return Some(bytes),
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
        }
        if bytes.len() as u64 > LARGEST {
            return Some(bytes);
        }
        ended = ended || matches!(child.try_wait(), Ok(Some(_)));
        if !ended && Instant::now() > ends {
            return None;
        }
    }
}

/// The keys that `auth login` stored: a file a profile, 0600 in a folder 0700.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// The one in this folder of configuration.
    pub fn in_folder(folder: &Path) -> Vault {
        Vault { folder: folder.join("keys") }
    }

    /// Where the key of a profile is, whether there is one or not.
    pub fn place(&self, profile: &str) -> PathBuf {
        self.folder.join(profile)
    }

    /// The key of a profile as a source, where there is one.
    pub fn source(&self, profile: &str) -> Option<KeySource> {
        let place = self.place(profile);
        place.symlink_metadata().is_ok().then_some(KeySource::Stored(place))
    }

    /// Stores the key of a profile, which was tried at this address, in the place of an older one.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn store(&self, profile: &str, key: &ApiKey, base: &BaseUrl) -> io::Result<()> {
        files::make_folder(&self.folder)?;
        files::replace(&self.place(profile), format!("{}\n{base}\n", key.reveal()).as_bytes())?;
        files::sync_folder(&self.folder)
    }

    /// Removes the key of a profile; false where there was none.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn remove(&self, profile: &str) -> io::Result<bool> {
        match std::fs::remove_file(self.place(profile)) {
            Ok(()) => files::sync_folder(&self.folder).map(|()| true),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
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
        assert_eq!(error.kind, Kind::Credentials);
        error.message
    }

    #[test]
    fn what_a_program_prints_is_the_key() {
        let long = Duration::from_secs(600);
        assert_eq!(printed(&words("echo a; echo b"), long).unwrap(), "a\nb\n");
        assert_eq!(refused("exit 3", long), "the program `sh` did not end well: exit status: 3");
        assert_eq!(refused("yes", long), "the program `sh` prints more than a key");
        assert_eq!(refused("printf '\\377'", long), "the program `sh` prints what is not UTF-8 text");
        let missing = printed(&["/no/such/program".to_string()], long).expect_err("there is none");
        assert_eq!(missing.message, "the program `/no/such/program` cannot be started");
    }

    #[test]
    fn a_program_that_leaves_another_behind_has_printed_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe").display().to_string();
        let mut words = words("mkfifo \"$0\"; (read x < \"$0\") 2>&- & echo key");
        words.push(pipe.clone());
        assert_eq!(printed(&words, Duration::from_secs(600)).unwrap(), "key\n");
        // It waits for somebody to write, and goes.
        std::fs::write(pipe, "\n").unwrap();
    }

    #[test]
    fn a_program_that_goes_on_is_ended() {
        let short = Duration::from_millis(20);
        for script in ["exec sleep 600", "exec >&-; exec sleep 600"] {
            assert_eq!(refused(script, short), "the program `sh` did not end within 0.02 s", "{script}");
        }
    }

    #[test]
    fn a_stored_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let vault = Vault::in_folder(home.path());
        assert_eq!((vault.source("live"), vault.remove("live").unwrap()), (None, false));
        let key = ApiKey::parse("MDpzZWNyZXQ=").unwrap();
        let base = BaseUrl::parse("https://api.example/v1").unwrap();
        vault.store("live", &key, &base).unwrap();
        let place = vault.place("live");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&place), mode(place.parent().unwrap())), (0o600, 0o700));
        let source = vault.source("live").unwrap();
        assert_eq!(source.exposed(), None);
        assert_eq!(source.read(Environment, Duration::ZERO, &base).unwrap().reveal(), key.reveal());
        let other = BaseUrl::parse("https://other.example/v1").unwrap();
        let refused = source.read(Environment, Duration::ZERO, &other).unwrap_err();
        assert_eq!(refused.message, "the stored key is for another address, so it is not sent");
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(source.exposed().unwrap().contains("chmod 600"));
        assert!(vault.remove("live").unwrap() && vault.source("live").is_none());
    }
}
