//! Searches of `customer list` against the filters of `GET /v1/customers`: every match is among the results.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use fusebill::document::customer::get;
use fusebill::document::{Json, Path, View};
use fusebill::sandbox::{KEY, Limits, Options, Server, seed};
use fusebill::search::filters::MatchKind;
use fusebill::search::names::{Name, find};
use fusebill::search::{Condition, Search, SearchMatch};

/// What is searched by: every filter that a customer has a value for, and fields without one.
const FIELDS: &[&str] = &[
    "CompanyName",
    "FirstName",
    "MiddleName",
    "LastName",
    "Suffix",
    "PrimaryEmail",
    "PrimaryPhone",
    "SecondaryEmail",
    "SecondaryPhone",
    "Reference",
    "NetSuiteId",
    "SalesforceId",
    "CustomerReference.Reference1",
    "CustomerReference.Reference2",
    "CustomerReference.Reference3",
    "CustomerAcquisition.AdContent",
    "CustomerAcquisition.Campaign",
    "CustomerAcquisition.LandingPage",
    "CustomerAcquisition.Medium",
    "CustomerAcquisition.Source",
    "Status",
    "AccountStatus",
    "Title",
    "SalesforceAccountType",
    "SalesforceSynchStatus",
    "NetSuiteSynchStatusId",
    "QuickBooksLatchTypeId",
    "ParentId",
    "QuickBooksId",
    "QuickBooksSyncToken",
    "MonthlyRecurringRevenue",
    "CurrentMrr",
    "NetMRR",
    "CurrentNetMrr",
    "CreatedTimestamp",
    "ModifiedTimestamp",
    "currency",
    "keyword",
    "id",
];

fn documents() -> Vec<Json> {
    seed().map(|text| Json::parse(text).unwrap()).collect()
}

/// The different values that the seed has of a field.
fn values(name: &Name, documents: &[Json]) -> BTreeSet<String> {
    let path = Path::of(name.path().unwrap());
    let found = documents.iter().filter_map(|document| get(document.root(), path.names()));
    let message = |view: View<'_>| view.as_text().map_or_else(|| view.raw().to_string(), Into::into);
    found.filter(|view| !view.is_null()).map(message).filter(|text: &String| !text.is_empty()).collect()
}

/// What is looked for: each value in several ways, and things that no customer has.
fn patterns(kind: MatchKind, value: &str) -> Vec<String> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('*', "\\*").replace('[', "\\[");
    let mut letters = value.chars();
    match kind {
        MatchKind::Text => {
            let (first, last) = (letters.next().unwrap_or('x'), value.chars().last().unwrap_or('x'));
            let (first, last) = (escaped(&first.to_string()), escaped(&last.to_string()));
            let middle: String = value.chars().skip(2).take(3).collect();
            let whole = [escaped(value), escaped(&value.to_uppercase())];
            let parts = [format!("{first}*"), format!("*{last}"), format!("*{}*{last}", escaped(&middle))];
            whole.into_iter().chain(parts).collect()
        }
        MatchKind::Word(_) => vec![value.to_lowercase(), format!("{}*", letters.next().unwrap_or('x'))],
        MatchKind::Integer => vec![value.to_string(), format!("0{value}")],
        MatchKind::Decimal => {
            vec![value.to_string(), format!("{value}.."), format!("|{value}"), format!("0..{value}")]
        }
        MatchKind::Date => {
            let (day, second) = (&value[..10], &value[..19]);
            let (from, to) = (format!("{day}.."), format!("..{second}"));
            vec![day.to_string(), second.to_string(), from, to, format!("2000-01-01|{second}")]
        }
    }
}

/// The ids that a search is answered with. Read at once: there are thousands of searches.
fn served(server: &Server, search: &Search) -> BTreeSet<u64> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let target = format!("/v1/customers?pageSize=1000&query={}", search.query());
    let head = format!("host: localhost\r\nauthorization: Basic {KEY}\r\nconnection: close");
    stream.write_all(format!("GET {target} HTTP/1.1\r\n{head}\r\n\r\n").as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{target} {reply}");
    let list = Json::parse(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    list.root().children().map(|row| row.member("id").unwrap().raw().parse().unwrap()).collect()
}

/// Searches and holds what is sent against what is meant.
fn try_one(server: &Server, documents: &[Json], typed: &str, codes: bool) {
    let Ok(condition) = Condition::parse(typed) else { return };
    let search = Search::new(vec![condition]);
    let served = served(server, &search);
    let mut found = 0;
    for document in documents {
        let id: u64 = document.root().member("id").unwrap().raw().parse().unwrap();
        let (verdict, sent) = (search.judge(document.root()), served.contains(&id));
        assert!(verdict != SearchMatch::Match || sent || codes, "{typed} means {id}, which is not sent");
        assert!(verdict != SearchMatch::Unexpected || !sent, "{typed} asks not for {id}, which is sent");
        found += usize::from(verdict == SearchMatch::Match);
    }
    assert!(!search.is_exact() || found == served.len() || codes, "{typed}: {found} of {}", served.len());
}

#[test]
fn every_match_is_among_the_results() {
    let limits = Limits { per_minute: u32::MAX, per_day: u32::MAX, ..Limits::default() };
    let server = Server::start(Options { limits, ..Options::default() }).unwrap();
    let documents = documents();
    for field in FIELDS {
        let name = find(field).unwrap();
        let mut tried: BTreeSet<String> =
            ["[empty]", "*", ";", "no such", "1..2", "2030-01-01.."].map(str::to_string).into();
        for value in values(&name, &documents) {
            tried.extend(patterns(name.kind, &value));
        }
        for pattern in tried {
            try_one(&server, &documents, &format!("{field}={pattern}"), false);
        }
    }
}

#[test]
fn every_tracking_code_that_matches_is_among_the_results() {
    let server = Server::start(Options::default()).unwrap();
    let documents = documents();
    for number in 1..=5 {
        for pattern in ["EMEA", "*E*", "SR-01", "DIRECT", "Q1-2024", "01234", "gr*", "[empty]", "*"] {
            let field = format!("CustomerReference.SalesTrackingCode{number}.Code");
            try_one(&server, &documents, &format!("{field}={pattern}"), true);
        }
    }
}
