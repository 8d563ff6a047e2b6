//! The sandbox's own addresses, `/_sandbox/faults` and `/_sandbox/requests`: scripts in any language inject faults and read
//! the recorded requests. They need no key, count against no limit and are not recorded.

use std::sync::Mutex;

use super::fault::Fault;
use super::fault_plan::Faults;
use super::record::Records;
use super::response::Response;
use super::store::lock;

/// `body` is none if it was too large or cut off.
pub(crate) fn respond(
    faults: &Mutex<Faults>,
    records: &Mutex<Records>,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
) -> Response {
    match (path, method) {
        ("faults", "GET" | "HEAD") => list(&lock(faults)),
        ("faults", "POST") => inject(faults, body),
        ("faults", "DELETE") => {
            lock(faults).clear();
            Response::empty(204)
        }
        ("faults", _) => Response::empty(405).allowing("GET,HEAD,POST,DELETE"),
        ("requests", "GET" | "HEAD") => Response::json(200, lock(records).to_json()),
        ("requests", _) => Response::empty(405).allowing("GET,HEAD"),
        _ => Response::empty(404),
    }
}

fn list(faults: &Faults) -> Response {
    let lines: String = faults.pending().map(|fault| format!("{fault}\n")).collect();
    Response::text(200, lines)
}

/// Adds all the faults of the body, or none of them.
fn inject(active: &Mutex<Faults>, body: Option<&[u8]>) -> Response {
    let Some(Ok(body)) = body.map(std::str::from_utf8) else {
        return Response::error(400, "The faults did not arrive as text.");
    };
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.map(str::parse).collect::<Result<Vec<Fault>, _>>() {
        Ok(faults) => {
            lock(active).add(faults);
            Response::empty(204)
        }
        Err(why) => Response::error(400, &why.to_string()),
    }
}
