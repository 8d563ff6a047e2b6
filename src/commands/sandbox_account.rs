//! The account behind `--profile sandbox`: a server in this process, with its customers in a file.

use std::path::PathBuf;

use crate::account::{self, Account, Environment, Profile};
use crate::api::{ApiKey, BaseUrl, Trust};
use crate::error::{Error, Kind, Result};
use crate::sandbox::{KEY, Options, Server, State};

/// Neither the key nor the base URL of the environment is read, so neither is sent to it.
pub(super) fn open(profile: Profile, environment: Environment) -> Result<(Account, Server)> {
    let state = State::File(state_file(environment)?);
    let server = start(Options { state, ..Options::default() })?;
    let key = ApiKey::parse(KEY).map_err(|why| failed("starting the sandbox", anyhow::Error::msg(why)))?;
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

pub(super) fn start(options: Options) -> Result<Server> {
    Server::start(options).map_err(|why| failed("starting the sandbox", why))
}

pub(super) fn failed(step: &str, why: anyhow::Error) -> Error {
    Error::new(Kind::Failed, "the sandbox does not work").at(step).because(why)
}

pub(super) fn state_file(environment: Environment) -> Result<PathBuf> {
    Ok(environment.state_folder()?.join("sandbox").join("customers.ndjson"))
}
