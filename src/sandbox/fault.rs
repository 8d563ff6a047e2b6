//! One fault, and its spelling `[METHOD][@N][*TIMES]:KIND[=VALUE]`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{anyhow, bail};

use crate::document::json::Json;
use crate::document::path::Path;

/// Something that goes wrong with certain requests, written `[METHOD][@N][*TIMES]:KIND[=VALUE]`.
///
/// METHOD is `get` (one customer), `put`, `list` or `any`; `any` is the default. `@N` makes the Nth such request the
/// first it hits, counted from when the fault was given; `*TIMES` is how many it hits, `*all` all that follow. Both are
/// one by default. [`Fault::kinds`] lists the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    method: Method,
    /// The first request that it hits, counted from 1.
    pub(crate) from: u64,
    /// The last request that it hits; none if it hits all that follow.
    pub(crate) to: Option<u64>,
    pub(crate) kind: Kind,
    spelling: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Put,
    List,
    Any,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// One customer.
    Get(u64),
    /// An edit of the customer that the body names.
    Put,
    /// The customers that a filter finds.
    List,
    /// An address without a meaning.
    Nothing,
    /// A known address with a method that it does not have, and the methods that it has.
    WrongMethod(&'static str),
}

/// A kind of fault, for help and documentation.
#[derive(Debug, Clone, Copy)]
pub struct FaultKind {
    /// The word after the `:`.
    pub name: &'static str,
    /// The form of its value, in brackets if it may be left out.
    pub value: &'static str,
    /// One line of help.
    pub help: &'static str,
}

const fn kind(name: &'static str, value: &'static str, help: &'static str) -> FaultKind {
    FaultKind { name, value, help }
}

#[rustfmt::skip]
static KINDS: &[FaultKind] = &[
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
    kind("status-after", "=CODE", "the request takes effect, and a success is answered with this status and the error envelope"),
    kind("cut", "", "the request takes effect, half of the answer's body comes, the connection closes"),
    kind("slow", "=DURATION", "the request takes effect, and the answer's body comes in pieces over this time"),
    kind("lost-before", "", "the connection closes, and the request has no effect"),
    kind("lost-after", "", "the request takes effect, and the connection closes without an answer"),
    kind("late", "=DURATION", "the connection closes without an answer, and a put takes effect this much later"),
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
    StatusAfter(u16),
    Cut,
    Slow(Duration),
    LostBefore,
    LostAfter,
    Late(Duration),
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

impl Fault {
    /// Every kind of fault there is, for help and documentation.
    pub fn kinds() -> &'static [FaultKind] {
        KINDS
    }

    /// Whether it counts and hits requests for this operation.
    pub(crate) fn concerns(&self, operation: &Operation) -> bool {
        let can_hit = match self.kind {
            Kind::Late(_) | Kind::Truncate(..) | Kind::Ignore(_) => *operation == Operation::Put,
            Kind::OtherWriter(..) => matches!(operation, Operation::Put | Operation::Get(_)),
            _ => true,
        };
        let is_method = match self.method {
            Method::Any => true,
            Method::Get => matches!(operation, Operation::Get(_)),
            Method::Put => *operation == Operation::Put,
            Method::List => *operation == Operation::List,
        };
        can_hit && is_method
    }
}

/// As it was given.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Fault> {
        parse(text).map_err(|why| anyhow!("the fault `{text}` is not understood: {why}"))
    }
}

fn parse(text: &str) -> anyhow::Result<Fault> {
    let Some((which, what)) = text.split_once(':') else {
        bail!("it is written [METHOD][@N][*TIMES]:KIND[=VALUE], for example put:status=500");
    };
    let (which, times) = split(which, '*');
    let (method, from) = split(which, '@');
    let (name, value) = split(what, '=');
    let from = from.map_or(Ok(1), |from| count(from, "@"))?;
    let times = match times {
        Some("all") => None,
        times => Some(times.map_or(Ok(1), |times| count(times, "*"))?),
    };
    let fault = Fault {
        method: parse_method(method)?,
        from,
        to: times.map(|times| (from - 1).saturating_add(times)),
        kind: parse_kind(name, value)?,
        spelling: text.to_string(),
    };
    let possible = [Operation::Get(0), Operation::Put, Operation::List];
    if !possible.iter().any(|operation| fault.concerns(operation)) {
        bail!("`{name}` cannot happen to `{method}`");
    }
    Ok(fault)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn count(text: &str, sign: &str) -> anyhow::Result<u64> {
    let all = if sign == "*" { " or `all`" } else { "" };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| anyhow!("`{sign}{text}` is not `{sign}` and a number from 1{all}"))
}

fn parse_method(name: &str) -> anyhow::Result<Method> {
    Ok(match name {
        "get" => Method::Get,
        "put" => Method::Put,
        "list" => Method::List,
        "any" | "" => Method::Any,
        _ => bail!("there is no method `{name}`; there are get, put, list, any"),
    })
}

fn parse_kind(name: &str, value: Option<&str>) -> anyhow::Result<Kind> {
    let Some(known) = KINDS.iter().find(|kind| kind.name == name) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        bail!("there is no fault `{name}`; there are {}", names.join(", "));
    };
    if value.is_some() == known.value.is_empty() && !known.value.starts_with('[') {
        bail!("the fault `{name}` is written `{name}{}`", known.value);
    }
    kind_named(name, value)
}

/// `name` is one of [`KINDS`], and has a value if it needs one.
fn kind_named(name: &str, given: Option<&str>) -> anyhow::Result<Kind> {
    let value = given.unwrap_or_default();
    Ok(match name {
        "latency" => Kind::Latency(duration(value)?),
        "status" => Kind::Status(status(value)?),
        "message" => Kind::Message(status(value)?),
        "html" => Kind::Html(status(given.unwrap_or("502"))?),
        "text" => Kind::Text(status(value)?),
        "empty" => Kind::Empty(status(value)?),
        "refuse" => Kind::Refuse(value.to_string()),
        "redirect" => {
            let (code, location) = split(value, ',');
            Kind::Redirect(status(code)?, location.unwrap_or(MOVED).to_string())
        }
        "rate-limit" => Kind::RateLimit(number(given.unwrap_or("1"), "a whole number of seconds")?),
        "null" => Kind::Null,
        "no-content" => Kind::NoContent,
        "body" => Kind::Body(value.to_string()),
        "not-utf8" => Kind::NotUtf8,
        "huge" => Kind::Huge(size(value)?),
        "swap" => Kind::Swap(number(value, "the id of a customer")?),
        "status-after" => Kind::StatusAfter(status(value)?),
        "cut" => Kind::Cut,
        "slow" => Kind::Slow(duration(value)?),
        "lost-before" => Kind::LostBefore,
        "lost-after" => Kind::LostAfter,
        "late" => Kind::Late(duration(value)?),
        "close" => Kind::Close,
        "hang" => Kind::Hang,
        "other-writer" => other_writer(value)?,
        "truncate" => {
            let (path, units) = two(value, ',', "PATH,N")?;
            Kind::Truncate(parse_path(path)?, number(units, "a number of UTF-16 units")?)
        }
        "ignore" => Kind::Ignore(parse_path(value)?),
        _ => bail!("there is no fault `{name}`"),
    })
}

fn other_writer(value: &str) -> anyhow::Result<Kind> {
    let (path, json) = two(value, '=', "PATH=JSON")?;
    let path = parse_path(path)?;
    // The value becomes part of a document, whose depth is limited too.
    let (open, close) = ("[".repeat(path.names().len()), "]".repeat(path.names().len()));
    Json::parse(format!("{open}{json}{close}"))
        .and_then(|_| Json::parse(json))
        .map_err(|why| anyhow!("the value `{json}` is {why}"))?;
    Ok(Kind::OtherWriter(path, json.trim().to_string()))
}

fn number<T: FromStr>(text: &str, what: &str) -> anyhow::Result<T> {
    text.parse().map_err(|_| anyhow!("`{text}` is not {what}"))
}

fn size(text: &str) -> anyhow::Result<usize> {
    match number(text, "a number of bytes")? {
        bytes if bytes <= HUGE_LIMIT => Ok(bytes),
        _ => bail!("a body has at most {HUGE_LIMIT} bytes"),
    }
}

fn status(text: &str) -> anyhow::Result<u16> {
    let code = text.parse().ok().filter(|code| (200..600).contains(code));
    code.ok_or_else(|| anyhow!("`{text}` is not a status from 200 to 599"))
}

fn two<'a>(text: &'a str, between: char, form: &str) -> anyhow::Result<(&'a str, &'a str)> {
    text.split_once(between).ok_or_else(|| anyhow!("`{text}` is not of the form {form}"))
}

fn parse_path(text: &str) -> anyhow::Result<Path> {
    Path::parse(text).map_err(|why| anyhow!("`{text}` is no path: {why}"))
}

fn duration(text: &str) -> anyhow::Result<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let milliseconds = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let count: Option<u64> = digits.parse().ok();
    count
        .zip(milliseconds)
        .and_then(|(count, each)| count.checked_mul(each))
        .map(Duration::from_millis)
        .ok_or_else(|| anyhow!("`{text}` is no duration such as 50ms, 2s or 1m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_shown_as_it_was_given() {
        for text in ["put:status=500", "get@2*3:status=503", ":html", "put:other-writer=/a.b/c={\"x\": [1]}"]
        {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let fault = |text: &str| text.parse::<Fault>().unwrap();
        let plain = fault(":html");
        assert_eq!((plain.method, plain.from, plain.to), (Method::Any, 1, Some(1)));
        assert_eq!(plain.kind, Kind::Html(502));
        let counted = fault("get@2*3:rate-limit");
        assert_eq!((counted.method, counted.from, counted.to), (Method::Get, 2, Some(4)));
        assert_eq!(counted.kind, Kind::RateLimit(1));
        assert_eq!(fault("@3*all:latency=2s").to, None);
        assert_eq!(fault("put:late=1m").kind, Kind::Late(Duration::from_secs(60)));
        assert_eq!(fault("any:refuse=No: a=b * @").kind, Kind::Refuse("No: a=b * @".to_string()));
        let location = "http://example.com/a=b:c".to_string();
        assert_eq!(fault(&format!("list:redirect=302,{location}")).kind, Kind::Redirect(302, location));
        assert_eq!(fault("put:redirect=307").kind, Kind::Redirect(307, MOVED.to_string()));
    }

    #[test]
    fn every_kind_of_the_table_can_be_parsed() {
        for kind in KINDS {
            let value = match kind.value.trim_start_matches(['[', '=']).trim_end_matches(']') {
                "" => None,
                "DURATION" => Some("5ms"),
                "PATH" => Some("a"),
                "PATH,N" => Some("a,3"),
                "PATH=JSON" => Some("a=1"),
                _ => Some("500"),
            };
            parse_kind(kind.name, value).unwrap();
        }
    }

    #[test]
    fn a_fault_that_is_not_understood_is_answered_with_what_is_allowed() {
        for (text, part) in [
            ("status=500", "[METHOD]"),
            ("post:status=500", "get, put, list, any"),
            ("put:statsu=500", "latency, status"),
            ("put:status=99", "200 to 599"),
            ("put:status", "`status=CODE`"),
            ("put:cut=1", "written `cut`"),
            ("put@0:cut", "number from 1"),
            ("put*many:cut", "or `all`"),
            ("put:latency=5", "50ms, 2s or 1m"),
            ("get:truncate=firstName,3", "cannot happen to `get`"),
            ("get:late=5ms", "cannot happen to `get`"),
            ("list:other-writer=a=1", "cannot happen to `list`"),
            ("put:other-writer=a=x", "not JSON"),
            ("put:other-writer=a", "PATH=JSON"),
            ("put:ignore=a..b", "no path"),
            ("any:huge=99999999999", "at most"),
        ] {
            let why = text.parse::<Fault>().unwrap_err().to_string();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
