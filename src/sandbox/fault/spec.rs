//! The spelling of a fault: `[METHOD][@N][*TIMES]:KIND[=VALUE]`.

use std::fmt;
use std::str::FromStr;

use anyhow::{anyhow, bail};

use super::kind::Kind;
use super::{Fault, Method, Operation, Times};

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Fault> {
        read(text).map_err(|why| anyhow!("the fault `{text}` is not understood: {why}"))
    }
}

fn read(text: &str) -> anyhow::Result<Fault> {
    let Some((which, what)) = text.split_once(':') else {
        bail!("it is written [METHOD][@N][*TIMES]:KIND[=VALUE], for example put:status=500");
    };
    let (which, times) = split(which, '*');
    let (method, from) = split(which, '@');
    let (name, value) = split(what, '=');
    let fault = Fault {
        method: method_named(method)?,
        from: from.map_or(Ok(1), |from| counted(from, "@"))?,
        times: match times {
            None => Times::Some(1),
            Some("all") => Times::All,
            Some(times) => Times::Some(counted(times, "*")?),
        },
        kind: Kind::parse(name, value).map_err(|why| anyhow!(why))?,
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

fn method_named(name: &str) -> anyhow::Result<Method> {
    Ok(match name {
        "get" => Method::Get,
        "put" => Method::Put,
        "list" => Method::List,
        "any" | "" => Method::Any,
        _ => bail!("there is no method `{name}`; there are get, put, list, any"),
    })
}

fn counted(text: &str, sign: &str) -> anyhow::Result<u64> {
    let all = if sign == "*" { " or `all`" } else { "" };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| anyhow!("`{sign}{text}` is not `{sign}` and a number from 1{all}"))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.method {
            Method::Get => "get",
            Method::Put => "put",
            Method::List => "list",
            Method::Any => "any",
        })?;
        if self.from != 1 {
            write!(f, "@{}", self.from)?;
        }
        match self.times {
            Times::Some(1) => {}
            Times::Some(times) => write!(f, "*{times}")?,
            Times::All => f.write_str("*all")?,
        }
        write!(f, ":{}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_back_as_it_is_shown() {
        for (text, shown) in [
            ("put:status=500", "put:status=500"),
            ("get@2*3:status=503", "get@2*3:status=503"),
            (":html", "any:html=502"),
            ("*all:latency=2s", "any*all:latency=2000ms"),
            ("@3:lost-after", "any@3:lost-after"),
            ("list:redirect=302,http://example.com/a=b:c", "list:redirect=302,http://example.com/a=b:c"),
            ("put:redirect=307", "put:redirect=307,/v1/moved"),
            ("put:other-writer=/a.b/c={\"x\": [1]}", "put:other-writer=/a.b/c={\"x\": [1]}"),
            ("put:truncate=firstName,3", "put:truncate=firstName,3"),
            ("any:refuse=No: a=b * @", "any:refuse=No: a=b * @"),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), shown);
            assert_eq!(shown.parse::<Fault>().unwrap(), fault);
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
