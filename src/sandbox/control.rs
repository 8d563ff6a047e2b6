//! The sandbox's own addresses, `/_sandbox/faults`, `/_sandbox/requests` and `/_sandbox/money/ID`: scripts in any language inject faults and read
//! the recorded requests. They need no key, count against no limit and are not recorded.

use super::api::Api;
use super::fault::Fault;
use super::response::Response;
use super::store::lock;

/// `body` is none if it was too large or cut off.
pub(crate) fn respond(api: &Api, method: &str, path: &str, body: Option<&[u8]>) -> Response {
    match (path, method) {
        ("faults", "GET" | "HEAD") => {
            let lines = lock(&api.faults).iter().map(|fault| format!("{fault}\n")).collect::<String>();
            Response::text(200, lines)
        }
        ("faults", "POST") => inject(api, body),
        ("faults", "DELETE") => {
            lock(&api.faults).clear();
            Response::empty(204)
        }
        ("faults", _) => Response::empty(405).allowing("GET,HEAD,POST,DELETE"),
        ("requests", "GET" | "HEAD") => Response::json(200, lock(&api.records).to_json()),
        ("requests", _) => Response::empty(405).allowing("GET,HEAD"),
        (path, "GET" | "HEAD") => match path.strip_prefix("money/").map(str::parse) {
            Some(Ok(id)) => Response::json(200, serde_json::to_vec(&api.money(id)).unwrap_or_default()),
            _ => Response::empty(404),
        },
        _ => Response::empty(404),
    }
}

/// Adds all the faults of the body, or none of them.
fn inject(api: &Api, body: Option<&[u8]>) -> Response {
    let Some(Ok(body)) = body.map(std::str::from_utf8) else {
        return Response::error(400, "The faults did not arrive as text.");
    };
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.map(str::parse).collect::<Result<Vec<Fault>, _>>() {
        Ok(faults) => {
            lock(&api.faults).extend(faults);
            Response::empty(204)
        }
        Err(reason) => Response::error(400, &reason.to_string()),
    }
}
