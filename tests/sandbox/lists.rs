//! `GET /v1/customers`: filters, order, pages.

use fusebill::sandbox::{Server, seed};

use crate::client::{Ask, at, sandbox};

const NOBODY: [u64; 0] = [];

fn found(server: &Server, filter: &str) -> Vec<u64> {
    let reply = server.list(&format!("pageSize=1000&query={filter}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.ids()
}

/// The seeded ids whose document passes a test.
fn seeded(keep: impl Fn(&str) -> bool) -> Vec<u64> {
    let mut ids: Vec<u64> =
        seed().filter(|text| keep(text)).map(|text| at(text, "id").parse().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_list_is_a_bare_array_of_whole_documents_by_id() {
    let server = sandbox();
    let reply = server.list("pageSize=1000");
    assert_eq!(reply.ids(), seeded(|_| true));
    assert!(reply.text().starts_with(&format!("[{},", server.document(123))));
    assert_eq!(server.list("query=firstName:Nobody").text(), "[]");
}

#[test]
fn a_filter_matches_the_whole_value_unless_it_has_a_star() {
    let server = sandbox();
    assert_eq!(found(&server, "firstName:Jon"), [123]);
    assert_eq!(found(&server, "firstName:Jo"), NOBODY);
    assert_eq!(found(&server, "firstName:Jo*"), [123]);
    assert_eq!(found(&server, "companyName:*parent*"), [2001, 2002]);
    assert_eq!(found(&server, "companyName:%E6%A0%AA"), NOBODY);
    assert_eq!(found(&server, "companyName:%E6%A0%AA*"), [1005]);
    assert_eq!(found(&server, "reference:100986"), [12_000_750]);
    assert_eq!(found(&server, "primaryEmail:*billing%40example.com"), [123]);
}

#[test]
fn conditions_hold_together_and_empty_means_null_missing_or_empty() {
    let server = sandbox();
    assert_eq!(found(&server, "firstName:C*;lastName:Child"), [2003, 2004]);
    assert_eq!(found(&server, "firstName:C*;lastName:Child;status:Hold"), [2004]);
    assert_eq!(found(&server, "firstName:[empty]"), [1012, 1013]);
    assert_eq!(found(&server, "customerAcquisition.source:[empty];companyName:No*"), [4001]);
}

#[test]
fn words_match_as_a_set() {
    let server = sandbox();
    assert_eq!(found(&server, "status:Draft,Cancelled"), [1017, 1018, 1021]);
    assert_eq!(found(&server, "AccountStatus:Collection"), [1022]);
    assert_eq!(found(&server, "title:Dr"), [1015]);
    assert_eq!(found(&server, "status:Act*"), NOBODY);
}

#[test]
fn numbers_match_by_value_and_in_ranges() {
    let server = sandbox();
    assert_eq!(found(&server, "parentId:2002"), [2003, 2004]);
    assert_eq!(found(&server, "monthlyRecurringRevenue:250"), [123, 12_000_750]);
    assert_eq!(found(&server, "MonthlyRecurringRevenue:75.25%7C250.0"), [1019]);
    assert_eq!(found(&server, "NetMRR:10000%7C"), [1001, 1005, 2001]);
    assert_eq!(found(&server, "monthlyRecurringRevenue:0.1|0.5"), [1002]);
    assert_eq!(found(&server, "currencyId:11"), [1005]);
    assert_eq!(found(&server, "QuickBooksId:9007199254740993"), [9_007_199_254_740_993]);
}

#[test]
fn dates_match_from_the_first_to_before_the_second() {
    let server = sandbox();
    assert_eq!(found(&server, "createdTimestamp:2018-01-01|2018-01-02"), [12_000_750]);
    assert_eq!(found(&server, "createdTimestamp:2018-01-01T03:33:33|2019-01-01"), [12_000_750]);
    assert_eq!(found(&server, "createdTimestamp:|2018-01-01"), [12_000_749]);
    assert_eq!(found(&server, "modifiedTimestamp:2015-06-30"), [4002]);
    assert_eq!(found(&server, "modifiedTimestamp:2015-06-30|2015-06-30"), NOBODY);
    let recent = seeded(|text| at(text, "modifiedTimestamp").as_str() >= "\"2020");
    assert_eq!(found(&server, "modifiedTimestamp:2020-01-01|"), recent);
}

#[test]
fn tracking_codes_are_found_by_either_name_of_their_type() {
    let server = sandbox();
    assert_eq!(found(&server, "CustomerReference.SalesTrackingCode1.Code:EMEA"), [1001, 3001, 3004]);
    assert_eq!(found(&server, "customerReference.salesTrackingCode2.name:Former*"), [3002]);
}

#[test]
fn a_filter_that_cannot_be_read_is_refused() {
    let server = sandbox();
    for query in [
        "query=firstName",
        "query=createdTimestamp:yesterday",
        "query=parentId:x",
        "pageSize=0",
        "pageSize=x",
        "pageNumber=-1",
        "sortExpression=firstName&sortOrder=up",
    ] {
        let reply = server.list(query);
        assert_eq!((reply.status, reply.at("HttpStatusCode").as_str()), (400, "400"), "{query}");
    }
}

#[test]
fn an_order_needs_a_name_and_a_direction() {
    let server = sandbox();
    let list = |sort: &str| server.list(&format!("query=parentId:*;lastName:Child&{sort}"));
    assert_eq!(list("").status, 400);
    let list = |sort: &str| server.list(&format!("query=lastName:Child&{sort}")).ids();
    assert_eq!(list("sortExpression=firstName&sortOrder=Ascending"), [2004, 2003]);
    assert_eq!(list("sortExpression=FIRSTNAME&sortOrder=descending"), [2003, 2004]);
    assert_eq!(list("sortExpression=firstName"), [2003, 2004]);
    let by = |name: &str| server.list(&format!("pageSize=1000&sortOrder=Ascending&sortExpression={name}"));
    assert_eq!(by("firstName").ids()[..2], [1012, 1013], "null comes before the empty text");
    assert_eq!(by("netMRR").ids().last(), Some(&1001));
    assert_eq!(by("netMRR").header("x-sortorder"), Some("Ascending"));
    assert_eq!(by("netMRR").header("x-sortexpression"), Some("netMRR"));
    let unsorted = server.list("");
    assert_eq!(unsorted.header("x-sortorder"), Some("Ascending"), "every page tells its order");
    assert_eq!(unsorted.header("x-sortexpression"), Some("id"));
    assert_eq!(by("createdTimestamp").ids()[..3], [4002, 12_000_749, 12_000_750]);
}

#[test]
fn pages_count_from_zero_and_headers_describe_them() {
    let server = sandbox();
    let headers = |query: &str| {
        let reply = server.list(query);
        [
            "x-currentpage",
            "x-previouspage",
            "x-nextpage",
            "x-maxpageindex",
            "x-pagesize",
            "x-count",
            "x-maxcount",
        ]
        .map(|name| reply.header(name).unwrap().to_string())
    };
    assert_eq!(headers("pageSize=10"), ["0", "-1", "1", "3", "10", "38", "38"]);
    assert_eq!(headers("pageSize=10&pageNumber=3"), ["3", "2", "-1", "3", "10", "38", "38"]);
    assert_eq!(headers("query=firstName:Jon"), ["0", "-1", "-1", "0", "100", "1", "1"]);
    let pages: Vec<u64> =
        (0..5).flat_map(|page| server.list(&format!("pageSize=10&pageNumber={page}")).ids()).collect();
    assert_eq!(pages, seeded(|_| true));
}
