//! One fault, and its grammar.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{anyhow, bail};
use jiff::SignedDuration;

use super::money::cents_of;
use super::response::{Delivery, Response};
use crate::document::json::Json;
use crate::document::path::Path;

/// `[METHOD][@N][*TIMES]:KIND[=VALUE]`
///
/// METHOD is `get` (one customer), `put`, `list`, `post` (a status action), `preview` (of one), `overview` or `any`; `any` is the default. `@N` makes the Nth such request the
/// first it hits, counted from when the fault was given; `*TIMES` is how many it hits, `*all` all that follow. The
/// default of both is one.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Method,
    /// Counted from 1.
    pub(crate) from: u64,
    /// None if it hits all that follow.
    pub(crate) to: Option<u64>,
    /// The requests of its method so far.
    pub(crate) seen: u64,
    pub(crate) effect: Effect,
    spelling: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
enum Method {
    Get,
    Put,
    List,
    Post,
    Preview,
    Overview,
    #[strum(serialize = "any", serialize = "")]
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Get(u64),
    Put,
    List,
    Post,
    Preview,
    Overview(u64),
    Nothing,
    /// The methods that the known address has.
    WrongMethod(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Latency(Duration),
    Hang,
    LostBefore,
    /// The PUT or POST takes effect this much later.
    Late(Duration),
    /// Sent instead of handling the request.
    Refuse(Response),
    /// In seconds, until the limit starts anew.
    RateLimit(u64),
    /// Sent in place of a success.
    Replace(Response),
    /// Sends the document of this customer in place of a success.
    Swap(u64),
    Deliver(Delivery),
    OtherWriter(Path, String),
    /// Another client does the same action first.
    DoneFirst,
    /// Every subscription costs this much more, in cents.
    Price(i64),
    Truncate(Path, usize),
    Ignore(Path),
}

#[derive(Debug, Clone, Copy)]
pub struct FaultKind {
    /// The word after the `:`.
    pub name: &'static str,
    /// The form of its value, in brackets if the value is optional.
    pub value: &'static str,
    pub help: &'static str,
    /// Its argument is empty if the value was left out.
    read: fn(&str) -> anyhow::Result<Effect>,
}

const fn kind(
    name: &'static str,
    value: &'static str,
    help: &'static str,
    read: fn(&str) -> anyhow::Result<Effect>,
) -> FaultKind {
    FaultKind { name, value, help, read }
}

#[rustfmt::skip]
static KINDS: &[FaultKind] = &[
    kind("latency", "=DURATION", "waits before the request is handled",
        |value| duration(value).map(Effect::Latency)),
    kind("status", "=CODE", "refuses with this status and the error envelope",
        |value| refuse(value, |code| Response::error(code, TEXT))),
    kind("message", "=CODE", "refuses with this status and {\"Message\": …}, as ASP.NET Web API does",
        |value| refuse(value, |code| Response::message(code, TEXT))),
    kind("html", "[=CODE]", "refuses with an HTML page, as a proxy does; 502 by default",
        |value| refuse(or(value, "502"), |code| Response::html(code, page(code)))),
    kind("text", "=CODE", "refuses with this status and plain text",
        |value| refuse(value, |code| Response::text(code, TEXT))),
    kind("empty", "=CODE", "refuses with this status and no body",
        |value| refuse(value, Response::empty)),
    kind("refuse", "=TEXT", "refuses with 400 and this text in the error envelope",
        |value| Ok(Effect::Refuse(Response::error(400, value)))),
    kind("redirect", "=CODE[,LOCATION]", "redirects, by default to /v1/moved on this server", redirect),
    kind("rate-limit", "[=SECONDS]", "429 whose reset headers are this far ahead; 1 by default",
        |value| number(or(value, "1"), "a whole number of seconds").map(Effect::RateLimit)),
    kind("null", "", "applies the request; answers a success with the body null",
        |_| replace(Response::json(200, "null"))),
    kind("no-content", "", "applies the request; answers a success with 204",
        |_| replace(Response::empty(204))),
    kind("body", "=TEXT", "applies the request; answers a success with exactly this body",
        |value| replace(Response::json(200, value))),
    kind("not-utf8", "", "applies the request; answers a success with bytes that are not UTF-8",
        |_| replace(Response::json(200, b"{\"firstName\":\"\xff\xfe\"}".as_slice()))),
    kind("huge", "=BYTES", "applies the request; answers a success with JSON of this size",
        |value| replace(Response::json(200, huge(size(value)?)))),
    kind("swap", "=ID", "applies the request; answers a success with the document of customer ID",
        |value| number(value, "the id of a customer").map(Effect::Swap)),
    kind("status-after", "=CODE", "applies the request; answers a success with this status and the error envelope",
        |value| replace(Response::error(status(value)?, TEXT))),
    kind("cut", "", "applies the request, sends half of the body, closes the connection",
        |_| Ok(Effect::Deliver(Delivery::Cut))),
    kind("slow", "=DURATION", "applies the request, sends the body in pieces over this time",
        |value| Ok(Effect::Deliver(Delivery::Slow(duration(value)?)))),
    kind("lost-before", "", "closes the connection; the request has no effect",
        |_| Ok(Effect::LostBefore)),
    kind("lost-after", "", "applies the request, closes the connection without an answer",
        |_| Ok(Effect::Deliver(Delivery::Lost))),
    kind("late", "=DURATION", "closes the connection without an answer; applies the PUT or POST this much later",
        |value| duration(value).map(Effect::Late)),
    kind("close", "", "answers, then closes the connection without announcing it",
        |_| Ok(Effect::Deliver(Delivery::ThenClose))),
    kind("hang", "", "never answers",
        |_| Ok(Effect::Hang)),
    kind("other-writer", "=PATH=JSON", "another client writes this value just before a GET, PUT or POST is handled", other_writer),
    kind("done-first", "", "another client does the same status action just before",
        |_| Ok(Effect::DoneFirst)),
    kind("price", "=AMOUNT", "every subscription costs this much more, from just before a POST or preview is handled",
        |value| Ok(Effect::Price(cents(value)?))),
    kind("truncate", "=PATH,N", "a PUT stores only the first N UTF-16 units of this text", truncate),
    kind("ignore", "=PATH", "a PUT leaves this field as it was",
        |value| parse_path(value).map(Effect::Ignore)),
];

const TEXT: &str = "The sandbox was told to fail.";
const MOVED: &str = "/v1/moved";
/// In bytes: `huge` makes its body in memory.
const HUGE_LIMIT: usize = 1 << 30;

impl Fault {
    pub fn kinds() -> &'static [FaultKind] {
        KINDS
    }

    pub(crate) fn applies_to(&self, operation: &Operation) -> bool {
        let can_hit = match self.effect {
            Effect::Truncate(..) | Effect::Ignore(_) => *operation == Operation::Put,
            Effect::Late(_) => matches!(operation, Operation::Put | Operation::Post),
            Effect::OtherWriter(..) => {
                matches!(operation, Operation::Put | Operation::Get(_) | Operation::Post)
            }
            Effect::DoneFirst => *operation == Operation::Post,
            Effect::Price(_) => matches!(operation, Operation::Post | Operation::Preview),
            _ => true,
        };
        let is_method = match self.method {
            Method::Any => true,
            Method::Get => matches!(operation, Operation::Get(_)),
            Method::Put => *operation == Operation::Put,
            Method::List => *operation == Operation::List,
            Method::Post => *operation == Operation::Post,
            Method::Preview => *operation == Operation::Preview,
            Method::Overview => matches!(operation, Operation::Overview(_)),
        };
        can_hit && is_method
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Fault> {
        parse(text).map_err(|error| anyhow!("the fault `{text}` is not understood: {error}"))
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
    let unknown =
        |_| anyhow!("there is no method `{method}`; there are get, put, list, post, preview, overview, any");
    let fault = Fault {
        method: method.parse().map_err(unknown)?,
        from,
        to: times.map(|times| (from - 1).saturating_add(times)),
        seen: 0,
        effect: parse_kind(name, value)?,
        spelling: text.to_string(),
    };
    let possible = [
        Operation::Get(0),
        Operation::Put,
        Operation::List,
        Operation::Post,
        Operation::Preview,
        Operation::Overview(0),
    ];
    if !possible.iter().any(|operation| fault.applies_to(operation)) {
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

fn parse_kind(name: &str, value: Option<&str>) -> anyhow::Result<Effect> {
    let Some(known) = KINDS.iter().find(|kind| kind.name == name) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        bail!("there is no fault `{name}`; there are {}", names.join(", "));
    };
    let is_optional = known.value.starts_with('[');
    let is_wrong = match value {
        None => known.value.starts_with('='),
        Some(value) => known.value.is_empty() || is_optional && value.is_empty(),
    };
    if is_wrong {
        bail!("the fault `{name}` is written `{name}{}`", known.value);
    }
    (known.read)(value.unwrap_or_default())
}

fn or<'a>(value: &'a str, default: &'a str) -> &'a str {
    if value.is_empty() { default } else { value }
}

fn refuse(code: &str, response: fn(u16) -> Response) -> anyhow::Result<Effect> {
    Ok(Effect::Refuse(response(status(code)?)))
}

fn replace(response: Response) -> anyhow::Result<Effect> {
    Ok(Effect::Replace(response))
}

fn page(code: u16) -> String {
    format!("<!DOCTYPE html>\n<html><head><title>{code}</title></head><body><h1>{code}</h1></body></html>\n")
}

/// JSON of exactly this size, or the smallest there is.
fn huge(bytes: usize) -> String {
    let around = r#"{"filler":""}"#.len();
    format!(r#"{{"filler":"{}"}}"#, "x".repeat(bytes.saturating_sub(around)))
}

fn redirect(value: &str) -> anyhow::Result<Effect> {
    let (code, location) = split(value, ',');
    let mut response = Response::empty(status(code)?);
    response.header("location", location.unwrap_or(MOVED));
    Ok(Effect::Refuse(response))
}

fn other_writer(value: &str) -> anyhow::Result<Effect> {
    let (path, json) = two(value, '=', "PATH=JSON")?;
    let path = parse_path(path)?;
    // The value becomes part of a document, whose depth is limited too.
    let (open, close) = ("[".repeat(path.names().len()), "]".repeat(path.names().len()));
    Json::parse(format!("{open}{json}{close}"))
        .and_then(|_| Json::parse(json))
        .map_err(|error| anyhow!("the value `{json}` is {error}"))?;
    Ok(Effect::OtherWriter(path, json.trim().to_string()))
}

fn truncate(value: &str) -> anyhow::Result<Effect> {
    let (path, units) = two(value, ',', "PATH,N")?;
    Ok(Effect::Truncate(parse_path(path)?, number(units, "a number of UTF-16 units")?))
}

fn cents(text: &str) -> anyhow::Result<i64> {
    let number: f64 = number(text, "an amount such as 5.00")?;
    if number.is_finite() { Ok(cents_of(text)) } else { bail!("`{text}` is not an amount such as 5.00") }
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
    Path::parse(text).map_err(|error| anyhow!("`{text}` is no path: {error}"))
}

fn duration(text: &str) -> anyhow::Result<Duration> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| duration.try_into().ok());
    duration.ok_or_else(|| anyhow!("`{text}` is no duration such as 50ms, 2s or 1m"))
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
    fn omitted_parts_of_a_fault_have_defaults() {
        let fault = |text: &str| text.parse::<Fault>().unwrap();
        let plain = fault(":html");
        assert_eq!((plain.method, plain.from, plain.to), (Method::Any, 1, Some(1)));
        assert_eq!(plain.effect, fault(":html=502").effect);
        let counted = fault("get@2*3:rate-limit");
        assert_eq!((counted.method, counted.from, counted.to), (Method::Get, 2, Some(4)));
        assert_eq!(counted.effect, Effect::RateLimit(1));
        assert_eq!(fault("@3*all:latency=2s").to, None);
        assert_eq!(fault("put:late=1m").effect, Effect::Late(Duration::from_secs(60)));
        let refused = Response::error(400, "No: a=b * @");
        assert_eq!(fault("any:refuse=No: a=b * @").effect, Effect::Refuse(refused));
        let location = "http://example.com/a=b:c";
        let Effect::Refuse(moved) = fault(&format!("list:redirect=302,{location}")).effect else { panic!() };
        assert_eq!(
            (moved.status, moved.headers),
            (302, vec![("location".to_string(), location.to_string())])
        );
        assert_eq!(fault("put:redirect=307").effect, fault("put:redirect=307,/v1/moved").effect);
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
    fn an_invalid_fault_is_refused_with_the_allowed_forms() {
        for (text, part) in [
            ("status=500", "[METHOD]"),
            ("delete:status=500", "get, put, list, post, preview, overview, any"),
            ("put:statsu=500", "latency, status"),
            ("put:status=99", "200 to 599"),
            ("put:status", "`status=CODE`"),
            ("put:cut=1", "written `cut`"),
            ("put:html=", "written `html[=CODE]`"),
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
            let reason = text.parse::<Fault>().unwrap_err().to_string();
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
