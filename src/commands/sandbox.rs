//! `fusebill sandbox`, and the account behind `--profile sandbox`: a server in this process, with its customers in a file.

use std::io;
use std::path::PathBuf;

use clap_complete::CompletionCandidate as Candidate;

use super::session::Context;
use crate::account::{self, Account, Profile, environment};
use crate::api::{ApiKey, BaseUrl, Trust};
use crate::cli::candidates::{candidate, matching};
use crate::cli::{Output, SandboxCommand, ServeArgs};
use crate::error::{Error, ErrorKind, Result};
use crate::report::escape::escaped;
use crate::report::json::{Object, printed};
use crate::sandbox::{self, Behaviour, Fault, FaultKind, Limits, Options, Server, State};
use crate::store::secure_folder;

pub(super) fn run(command: &SandboxCommand, context: &Context) -> Result<ErrorKind> {
    match command {
        SandboxCommand::Serve(args) => serve(args, context),
        SandboxCommand::Reset => {
            let path = state_file()?;
            sandbox::reset(&path).map_err(|error| failed("resetting the sandbox", error))?;
            context.terminal.notes().say("The sandbox's customers are as they were at first.");
            print("path", &path.display().to_string(), context)
        }
        SandboxCommand::Path => print("path", &state_file()?.display().to_string(), context),
    }
}

fn serve(args: &ServeArgs, context: &Context) -> Result<ErrorKind> {
    let mut behaviour = Behaviour::default();
    for choice in &args.behaviour {
        behaviour.set(choice).map_err(|error| Error::usage(format!("--behaviour {choice}: {error}")))?;
    }
    let fault = |spec: &String| {
        spec.parse::<Fault>().map_err(|error| Error::usage(format!("--fault {spec}")).source(error))
    };
    let faults = args.fault.iter().map(fault).collect::<Result<_>>()?;
    let state = if args.memory { State::Memory } else { State::File(state_file()?) };
    let limits = Limits { per_minute: args.per_minute, per_day: args.per_day, ..Limits::default() };
    let clock = args.clock.unwrap_or_default();
    let server =
        start(Options { port: args.port, state, faults, behaviour, limits, clock, ..Options::default() })?;
    let url = server.base_url();
    let ready = || {
        print("url", &url, context).map_err(|error| anyhow::anyhow!(error.headline()))?;
        context.terminal.notes().say_command("The key is", sandbox::KEY);
        context.terminal.notes().say("Ctrl-C stops the server.");
        Ok(())
    };
    server.wait(ready).map_err(|error| failed("serving the sandbox", error))?;
    context.terminal.notes().say("Stopped.");
    Ok(ErrorKind::Done)
}

fn print(name: &str, text: &str, context: &Context) -> Result<ErrorKind> {
    let line = if context.global.wants_json() {
        printed(&Object::default().member(name, &text).end(), Output::Json)
    } else {
        format!("{}\n", escaped(text))
    };
    context.terminal.print(&line).map(|()| ErrorKind::Done)
}

/// Neither the key nor the base URL of the environment is read, so neither is sent to it.
pub(super) fn open(profile: Profile) -> Result<(Account, Server)> {
    let state = State::File(state_file()?);
    let server = start(Options { state, ..Options::default() })
        .map_err(|error| if is_denied(&error) { error.hint(secure_folder::ELSEWHERE) } else { error })?;
    let key = ApiKey::parse(sandbox::KEY)
        .map_err(|error| failed("starting the sandbox", anyhow::Error::msg(error)))?;
    let base = BaseUrl::parse(&server.base_url())?;
    let account = Account {
        host: base.place(),
        overrides: Vec::new(),
        profile: profile.name,
        base,
        key,
        origin: account::SANDBOX.to_string(),
        trust: Trust::default(),
        settings: profile.settings,
    };
    Ok((account, server))
}

fn start(options: Options) -> Result<Server> {
    Server::start(options).map_err(|error| failed("starting the sandbox", error))
}

fn failed(step: &str, error: anyhow::Error) -> Error {
    Error::new(ErrorKind::Failed, "the sandbox does not work").step(step).source(error)
}

/// Whether the state folder cannot be written.
fn is_denied(error: &Error) -> bool {
    use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let mut causes = error.source.iter().flat_map(anyhow::Error::chain);
    causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(NotADirectory | PermissionDenied | ReadOnlyFilesystem))
    })
}

fn state_file() -> Result<PathBuf> {
    Ok(environment::state_folder()?.join("sandbox").join("customers.ndjson"))
}

pub(super) fn behaviour_candidates(typed: &str) -> Vec<Candidate> {
    let choices = Behaviour::choices();
    let chosen =
        typed.split_once('=').and_then(|(name, _)| choices.iter().find(|choice| choice.name == name));
    match chosen {
        Some(choice) => {
            let values = choice.values.iter().map(|value| candidate(format!("{}={value}", choice.name), ""));
            matching(typed, values)
        }
        None => {
            matching(typed, choices.iter().map(|choice| candidate(format!("{}=", choice.name), choice.help)))
        }
    }
}

pub(super) fn fault_candidates(typed: &str) -> Vec<Candidate> {
    let Some((hit, _)) = typed.split_once(':') else {
        let hit = [
            ("get", "reading one customer"),
            ("put", "writing"),
            ("list", "lists"),
            ("post", "status actions"),
            ("preview", "previews of status actions"),
            ("overview", "reading balances"),
            ("any", "any request"),
        ];
        return matching(typed, hit.map(|(name, help)| candidate(format!("{name}:"), help)));
    };
    let sign = |kind: &FaultKind| if kind.value.starts_with('=') { "=" } else { "" };
    let kind = |kind: &FaultKind| candidate(format!("{hit}:{}{}", kind.name, sign(kind)), kind.help);
    matching(typed, Fault::kinds().iter().map(kind))
}
