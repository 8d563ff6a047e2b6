//! The sandbox's own addresses, by which scripts in any language reach what the handle offers in Rust.
//!
//! They need no key, count against no limit and are not recorded.

use hyper::Method;

use super::World;
use super::answer::Answer;
use super::record::Recorded;
use crate::sandbox::fault::Fault;
use crate::sandbox::lock;

/// The answer to a request at a place below `/_sandbox/`. There is no body where it was too large or cut off.
pub(crate) fn answer(world: &World, method: &Method, place: &str, body: Option<Vec<u8>>) -> Answer {
    match (place, method) {
        ("faults", &(Method::GET | Method::HEAD)) => faults(world),
        ("faults", &Method::POST) => inject(world, body),
        ("faults", &Method::DELETE) => clear(world),
        ("faults", _) => refused("GET,HEAD,POST,DELETE"),
        ("requests", &(Method::GET | Method::HEAD)) => requests(world),
        ("requests", _) => refused("GET,HEAD"),
        _ => Answer::empty(404),
    }
}

fn refused(allowed: &str) -> Answer {
    let mut answer = Answer::empty(405);
    answer.header("allow", allowed);
    answer
}

/// The faults that can still hit, one a line.
fn faults(world: &World) -> Answer {
    let lines: String = lock(&world.faults).pending().map(|fault| format!("{fault}\n")).collect();
    Answer::text(200, lines)
}

/// Takes in all the faults of the body, or none of them.
fn inject(world: &World, body: Option<Vec<u8>>) -> Answer {
    let Some(Ok(body)) = body.map(String::from_utf8) else {
        return Answer::refusal(400, "The faults did not arrive as text.");
    };
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.map(str::parse).collect::<Result<Vec<Fault>, _>>() {
        Ok(faults) => {
            let mut active = lock(&world.faults);
            faults.into_iter().for_each(|fault| active.add(fault));
            Answer::empty(204)
        }
        Err(why) => Answer::refusal(400, &why.to_string()),
    }
}

fn clear(world: &World) -> Answer {
    lock(&world.faults).clear();
    Answer::empty(204)
}

fn requests(world: &World) -> Answer {
    let requests: Vec<String> = lock(&world.records).all().iter().map(Recorded::to_json).collect();
    Answer::json(200, format!("[{}]", requests.join(",\n")))
}
