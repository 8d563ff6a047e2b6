//! Answers one request to the API, without HTTP: faults, key, quota, content type, then the customers.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use super::access::{Quota, check_key};
use super::actions::{self, Address, Post};
use super::behaviour::Behaviour;
use super::fault::{Fault, Operation};
use super::fault_plan::FaultPlan;
use super::ledger::Movement;
use super::record::{Recorded, Records, normalized};
use super::response::Response;
use super::store::{Store, lock};
use super::timestamp::http_date;
use super::{customers, list};

pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) behaviour: Behaviour,
    pub(crate) faults: Mutex<Vec<Fault>>,
    pub(crate) records: Mutex<Records>,
    pub(crate) quota: Mutex<Quota>,
    /// How far the server's clock is ahead of this machine's.
    pub(crate) clock: SignedDuration,
    pub(crate) connections: AtomicUsize,
}

/// HEAD is a GET here; hyper drops the body of its response.
pub(crate) fn operation(request: &Recorded) -> Operation {
    let method = request.method.as_str();
    let reads = matches!(method, "GET" | "HEAD");
    let path = normalized(&request.path);
    if let Some(address) = Address::of(&request.path) {
        return match method {
            "POST" if address.is_preview(request) => Operation::Preview,
            "POST" => Operation::Post,
            _ => Operation::WrongMethod("POST"),
        };
    }
    if let Some(id) = path.strip_prefix("/v1/customers/").and_then(|rest| rest.strip_suffix("/overview")) {
        return match id.parse() {
            Ok(id) if reads => Operation::Overview(id),
            Ok(_) => Operation::WrongMethod("GET,HEAD"),
            Err(_) => Operation::Nothing,
        };
    }
    match path.strip_prefix("/v1/customers") {
        Some("") if reads => Operation::List,
        Some("") if method == "PUT" => Operation::Put,
        Some("") => Operation::WrongMethod("GET,HEAD,PUT"),
        Some(rest) => match rest.strip_prefix('/').filter(|id| !id.contains('/')) {
            Some(id) if reads => id.parse().map_or(Operation::Nothing, Operation::Get),
            Some(_) => Operation::WrongMethod("GET,HEAD"),
            None => Operation::Nothing,
        },
        None => Operation::Nothing,
    }
}

impl Api {
    pub(crate) fn respond(&self, request: &Recorded, operation: Operation, faults: &FaultPlan) -> Response {
        let now = self.now();
        let refused = faults.instead(now, &self.behaviour);
        let refused = refused.or_else(|| self.admit(request, operation, now).err());
        let mut response = refused.unwrap_or_else(|| {
            let response = self.act(request, operation, faults, now);
            packed(request, response.unwrap_or_else(|reason| Response::error(500, &format!("{reason:#}"))))
        });
        faults.change(&mut response, |id| self.document(id));
        for (name, value) in lock(&self.quota).headers(now, self.behaviour.of("reset")) {
            response.header(&name, &value);
        }
        response.header("date", &http_date(now));
        response
    }

    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.clock).unwrap_or(now)
    }

    pub(crate) fn document(&self, id: u64) -> Option<String> {
        self.store.read(|table| table.get(id).map(|document| document.text().to_string())).ok().flatten()
    }

    pub(crate) fn money(&self, id: u64) -> Vec<Movement> {
        self.store.read(|table| table.ledger(id).moves).unwrap_or_default()
    }

    fn admit(&self, request: &Recorded, operation: Operation, now: Timestamp) -> Result<(), Response> {
        check_key(&request.header_values("authorization"), &self.behaviour)?;
        lock(&self.quota).take(now, &self.behaviour)?;
        check_content_type(request, operation)
    }

    fn act(
        &self,
        request: &Recorded,
        operation: Operation,
        faults: &FaultPlan,
        now: Timestamp,
    ) -> anyhow::Result<Response> {
        let behaviour = &self.behaviour;
        match operation {
            Operation::Get(id) => {
                // A GET that a fault does not concern leaves the file unlocked.
                if !faults.effects.is_empty() {
                    self.store.write(|table| faults.write_between(table, id, now))?;
                }
                self.store.read(|table| customers::get(table, id, behaviour))
            }
            Operation::Put => {
                let put = customers::Put { body: &request.body, behaviour, now, faults };
                self.store.write(|table| put.apply(table))
            }
            Operation::Post | Operation::Preview => {
                let post = Post { request, behaviour, faults, now };
                self.store.write(|table| post.apply(table))
            }
            Operation::Overview(id) => self.store.read(|table| actions::overview(table, id, behaviour)),
            Operation::List => {
                let query = request.query.as_deref().unwrap_or_default();
                self.store.read(|table| list::list(table, query, behaviour))
            }
            Operation::Nothing => {
                let (method, path) = (&request.method, &request.path);
                Ok(Response::message(404, &format!("The sandbox has nothing at {method} {path}.")))
            }
            Operation::WrongMethod(allowed) => {
                let text =
                    format!("The requested resource does not support http method '{}'.", request.method);
                Ok(Response::message(405, &text).allowing(allowed))
            }
        }
    }
}

/// "JSON bodies need `Content-Type: application/json`" ("Authentication"); the status of others is not published.
fn check_content_type(request: &Recorded, operation: Operation) -> Result<(), Response> {
    let sent = request.header("content-type").unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    let has_body = match operation {
        Operation::Post | Operation::Preview => Address::of(&request.path).is_some_and(Address::has_body),
        operation => operation == Operation::Put,
    };
    if !has_body || media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let text = format!("The media type '{media_type}' is not supported; send application/json.");
    Err(Response::message(415, &text))
}

/// The response as gzip, if the client accepts it ("compression encouraged", the vendor's page "Authentication").
fn packed(request: &Recorded, mut response: Response) -> Response {
    let accepted = request.header_values("accept-encoding").join(",");
    if response.body.is_empty()
        || !accepted.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("gzip"))
    {
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    if encoder.write_all(&response.body).is_ok()
        && let Ok(body) = encoder.finish()
    {
        response.body = body;
        response.header("content-encoding", "gzip");
    }
    response
}
