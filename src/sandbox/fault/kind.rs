//! The kinds of fault: what they are called, what value they take, which requests they can hit.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Operation;
use crate::document::json::Json;
use crate::document::path::Path;

/// A kind of fault, for help and documentation.
#[derive(Debug, Clone, Copy)]
pub struct FaultKind {
    /// What stands after the `:`.
    pub name: &'static str,
    /// What stands after the name, in brackets where it may be left out.
    pub value: &'static str,
    /// One line of help.
    pub help: &'static str,
}

const fn kind(name: &'static str, value: &'static str, help: &'static str) -> FaultKind {
    FaultKind { name, value, help }
}

#[rustfmt::skip]
pub(crate) static KINDS: &[FaultKind] = &[
    kind("latency", "=DURATION", "waits before the request is handled"),
    kind("status", "=CODE", "refuses with this status and the error envelope"),
    kind("message", "=CODE", "refuses with this status and {\"Message\": …}, as ASP.NET Web API does"),
    kind("html", "[=CODE]", "refuses with an HTML page, as a proxy does; 502 by default"),
    kind("text", "=CODE", "refuses with this status and plain text"),
    kind("empty", "=CODE", "refuses with this status and no body"),
    kind("refuse", "=TEXT", "refuses with 400 and this text in the error envelope"),
    kind("redirect", "=CODE[,LOCATION]", "redirects, by default to /v1/moved on this server"),
    kind("rate-limit", "[=SECONDS]", "429 whose reset headers are this far ahead; 1 by default"),
    kind("null", "", "the request takes effect, and a success is answered with the body null"),
    kind("no-content", "", "the request takes effect, and a success is answered with 204"),
    kind("body", "=TEXT", "the request takes effect, and a success is answered with exactly this body"),
    kind("not-utf8", "", "the request takes effect, and a success is answered with bytes that are not UTF-8"),
    kind("huge", "=BYTES", "the request takes effect, and a success is answered with JSON of this size"),
    kind("swap", "=ID", "the request takes effect, and a success is answered with another customer's document"),
    kind("cut", "", "the request takes effect, half of the answer's body comes, the connection closes"),
    kind("slow", "=DURATION", "the request takes effect, and the answer's body comes in pieces over this time"),
    kind("lost-before", "", "the connection closes, and the request has no effect"),
    kind("lost-after", "", "the request takes effect, and the connection closes without an answer"),
    kind("close", "", "answers well, then closes the connection without having said so"),
    kind("hang", "", "never answers, until the client gives up or the sandbox stops"),
    kind("other-writer", "=PATH=JSON", "another client writes this value just before a get or put is handled"),
    kind("truncate", "=PATH,N", "a put stores only the first N UTF-16 units of this text"),
    kind("ignore", "=PATH", "a put leaves this field as it was"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Latency(Duration),
    Status(u16),
    Message(u16),
    Html(u16),
    Text(u16),
    Empty(u16),
    Refuse(String),
    Redirect(u16, String),
    RateLimit(u64),
    Null,
    NoContent,
    Body(String),
    NotUtf8,
    Huge(usize),
    Swap(u64),
    Cut,
    Slow(Duration),
    LostBefore,
    LostAfter,
    Close,
    Hang,
    OtherWriter(Path, String),
    Truncate(Path, usize),
    Ignore(Path),
}

/// Where `redirect` points by default: an address that answers 404.
const MOVED: &str = "/v1/moved";
/// The longest body of `huge`, which is made in memory.
const HUGE_LIMIT: usize = 1 << 30;

impl Kind {
    /// Whether this kind means anything for such a request.
    pub(super) fn can_hit(&self, operation: &Operation) -> bool {
        match self {
            Kind::Truncate(..) | Kind::Ignore(_) => *operation == Operation::Put,
            Kind::OtherWriter(..) => matches!(operation, Operation::Put | Operation::Get(_)),
            _ => true,
        }
    }

    /// Reads a kind and its value, where it has one.
    pub(super) fn parse(name: &str, value: Option<&str>) -> Result<Kind, String> {
        let Some(known) = KINDS.iter().find(|kind| kind.name == name) else {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            return Err(format!("there is no fault `{name}`; there are {}", names.join(", ")));
        };
        let made = match value {
            None => without_value(name),
            Some(value) => with_value(name, value)?,
        };
        made.ok_or_else(|| format!("the fault `{name}` is written `{name}{}`", known.value))
    }
}

fn without_value(name: &str) -> Option<Kind> {
    Some(match name {
        "html" => Kind::Html(502),
        "rate-limit" => Kind::RateLimit(1),
        "null" => Kind::Null,
        "no-content" => Kind::NoContent,
        "not-utf8" => Kind::NotUtf8,
        "cut" => Kind::Cut,
        "lost-before" => Kind::LostBefore,
        "lost-after" => Kind::LostAfter,
        "close" => Kind::Close,
        "hang" => Kind::Hang,
        _ => return None,
    })
}

fn with_value(name: &str, value: &str) -> Result<Option<Kind>, String> {
    Ok(Some(match name {
        "latency" => Kind::Latency(duration(value)?),
        "slow" => Kind::Slow(duration(value)?),
        "status" => Kind::Status(code(value)?),
        "message" => Kind::Message(code(value)?),
        "html" => Kind::Html(code(value)?),
        "text" => Kind::Text(code(value)?),
        "empty" => Kind::Empty(code(value)?),
        "refuse" => Kind::Refuse(value.to_string()),
        "redirect" => {
            let (status, location) = value.split_once(',').unwrap_or((value, MOVED));
            Kind::Redirect(code(status)?, location.to_string())
        }
        "rate-limit" => Kind::RateLimit(number(value, "a whole number of seconds")?),
        "body" => Kind::Body(value.to_string()),
        "huge" => Kind::Huge(number(value, "a number of bytes").and_then(bounded)?),
        "swap" => Kind::Swap(number(value, "the id of a customer")?),
        "other-writer" => {
            let (path, json) = two(value, '=', "PATH=JSON")?;
            let path = parse_path(path)?;
            // It will stand inside a document, whose depth is limited too.
            let (open, close) = ("[".repeat(path.names().len()), "]".repeat(path.names().len()));
            let inside = Json::parse(format!("{open}{json}{close}"));
            inside.and_then(|_| Json::parse(json)).map_err(|why| format!("the value `{json}` is {why}"))?;
            Kind::OtherWriter(path, json.trim().to_string())
        }
        "truncate" => {
            let (path, units) = two(value, ',', "PATH,N")?;
            Kind::Truncate(parse_path(path)?, number(units, "a number of UTF-16 units")?)
        }
        "ignore" => Kind::Ignore(parse_path(value)?),
        _ => return Ok(None),
    }))
}

fn number<T: FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not {what}"))
}

fn bounded(bytes: usize) -> Result<usize, String> {
    if bytes <= HUGE_LIMIT { Ok(bytes) } else { Err(format!("a body has at most {HUGE_LIMIT} bytes")) }
}

fn code(text: &str) -> Result<u16, String> {
    let code = number(text, "a status from 200 to 599")?;
    if (200..600).contains(&code) {
        Ok(code)
    } else {
        Err(format!("`{text}` is not a status from 200 to 599"))
    }
}

fn two<'a>(text: &'a str, between: char, form: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once(between).ok_or_else(|| format!("`{text}` is not of the form {form}"))
}

fn parse_path(text: &str) -> Result<Path, String> {
    Path::parse(text).map_err(|why| format!("`{text}` is no path: {why}"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let milliseconds = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    digits
        .parse::<u64>()
        .ok()
        .zip(milliseconds)
        .and_then(|(count, each)| count.checked_mul(each))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no duration such as 50ms, 2s or 1m"))
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Latency(time) => write!(f, "latency={}ms", time.as_millis()),
            Kind::Status(code) => write!(f, "status={code}"),
            Kind::Message(code) => write!(f, "message={code}"),
            Kind::Html(code) => write!(f, "html={code}"),
            Kind::Text(code) => write!(f, "text={code}"),
            Kind::Empty(code) => write!(f, "empty={code}"),
            Kind::Refuse(text) => write!(f, "refuse={text}"),
            Kind::Redirect(code, location) => write!(f, "redirect={code},{location}"),
            Kind::RateLimit(seconds) => write!(f, "rate-limit={seconds}"),
            Kind::Null => f.write_str("null"),
            Kind::NoContent => f.write_str("no-content"),
            Kind::Body(text) => write!(f, "body={text}"),
            Kind::NotUtf8 => f.write_str("not-utf8"),
            Kind::Huge(bytes) => write!(f, "huge={bytes}"),
            Kind::Swap(id) => write!(f, "swap={id}"),
            Kind::Cut => f.write_str("cut"),
            Kind::Slow(time) => write!(f, "slow={}ms", time.as_millis()),
            Kind::LostBefore => f.write_str("lost-before"),
            Kind::LostAfter => f.write_str("lost-after"),
            Kind::Close => f.write_str("close"),
            Kind::Hang => f.write_str("hang"),
            Kind::OtherWriter(path, json) => write!(f, "other-writer={path}={json}"),
            Kind::Truncate(path, units) => write!(f, "truncate={path},{units}"),
            Kind::Ignore(path) => write!(f, "ignore={path}"),
        }
    }
}
