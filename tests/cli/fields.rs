//! Every field of the field table, set and cleared by its flag.

use fusebill::field::{CODES_PATH, FIELDS, Field, FieldKind};

use crate::world::{Run, World, table, without_timestamp};

const HEAD: &str = "Customer 7001 old firstName old lastName (old companyName)";

/// A customer with something in every field, in a spelling that nothing but its own bytes can reproduce.
fn full() -> String {
    let member = |field: &&Field| format!("\"{}\":{}", name(field), old(field));
    let members = |inside: &str| {
        let in_it = |field: &&Field| field.path.split_once('.').map_or("", |(outer, _)| outer) == inside;
        FIELDS.iter().filter(in_it).map(|field| member(&field)).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{{ {},\n\t\"customerReference\" : {{{},\"id\":7001}},\"customerAcquisition\":{{{},\"id\":7001}},\
         \"monthlyRecurringRevenue\":250.00,\"canChangeCurrency\":true,\"lifetimeValue\":12345678901234567890123,\
         \"creditScore\":1E-7,\"note\":\"caf\\u00e9 \\/ bar\",\"modifiedTimestamp\":\"2024-03-05T10:20:30.12\",\"id\":7001}}\n",
        members(""),
        members("customerReference"),
        members("customerAcquisition"),
    )
}

fn name(field: &Field) -> &'static str {
    field.path.rsplit('.').next().unwrap_or(field.path)
}

/// The token a field has at first.
fn old(field: &Field) -> String {
    match (field.kind, field.path) {
        (FieldKind::Text { .. }, _) => format!("\"old {}\"", name(field)),
        (FieldKind::Emails { .. }, _) => "\"old@example.com\"".to_string(),
        (FieldKind::Choice(words), _) => format!("\"{}\"", words[0]),
        (FieldKind::Currency, _) => "\"USD\"".to_string(),
        (FieldKind::Integer, "parentId") => "2001".to_string(),
        (FieldKind::Integer, _) => "58".to_string(),
        (FieldKind::Codes, _) => r#"[{"type":"Region", "code":"NA","id":9.0}]"#.to_string(),
    }
}

/// What is typed for a field, and the token it becomes.
fn new(field: &Field) -> (String, String) {
    let pair = |typed: &str, token: &str| (typed.to_string(), token.to_string());
    match (field.kind, field.path) {
        (FieldKind::Text { .. }, _) => pair("=01234, \"é\" \\ 株 😀", r#""=01234, \"é\" \\ 株 😀""#),
        (FieldKind::Emails { .. }, _) => {
            pair("a@example.com;b@example.org", "\"a@example.com;b@example.org\"")
        }
        (FieldKind::Choice(words), _) => (words[1].to_uppercase(), format!("\"{}\"", words[1])),
        (FieldKind::Currency, _) => pair("cad", "\"CAD\""),
        (FieldKind::Integer, "parentId") => pair("2002", "2002"),
        (FieldKind::Integer, _) => pair("0", "0"),
        (FieldKind::Codes, _) => pair("region = EMEA", r#"[{"type":"Region","code":"EMEA"}]"#),
    }
}

/// The document with one field's token replaced.
fn replaced(document: &str, field: &Field, token: &str) -> String {
    let (old, new) = (format!("\"{}\":{}", name(field), old(field)), format!("\"{}\":{token}", name(field)));
    assert_eq!(document.matches(&old).count(), 1, "{old} in {document}");
    document.replace(&old, &new)
}

/// A value as the table shows it.
fn shown(field: &Field, token: &str) -> String {
    match (field.kind, token) {
        (_, "null" | "[]") => token.to_string(),
        (FieldKind::Codes, token) if token.contains("EMEA") => "Region=EMEA".to_string(),
        (FieldKind::Codes, _) => "Region=NA".to_string(),
        (FieldKind::Integer, _) => token.to_string(),
        _ => format!("\"{}\"", token[1..token.len() - 1].replace("\\\"", "\"").replace("\\\\", "\\")),
    }
}

/// What is said of the change of the status.
const ADVICE: &str = "warning: to change a status the vendor advises `fusebill customer activate 7001`; \
                      what this change charges or stops is not documented\n";

fn world() -> World {
    let world = World::new();
    world.server.store(&full()).expect("the customer is one");
    world
}

fn update(world: &World, field: &Field, arguments: &[&str]) -> Run {
    let consent: &[&str] = if field.affects_billing() { &["--yes"] } else { &[] };
    world.run(&[&["customer", "update", "7001"], arguments, consent].concat())
}

/// Asserts everything about one field that became `token`.
fn became(world: &World, run: &Run, field: &Field, token: &str, message: &str) {
    let rows = [[field.path, &shown(field, &old(field)), &shown(field, token)]];
    let advice = if field.path == "status" { ADVICE } else { "" };
    run.is(0, &table(HEAD, &rows), &format!("{advice}Written and verified: {message}.\n"));
    let after = replaced(&full(), field, token);
    assert_eq!(world.lines(), ["GET /v1/customers/7001", "PUT /v1/customers"], "{}", field.flag);
    assert_eq!(world.put_body(), after);
    assert_eq!(world.server.connections(), 1, "{}", field.flag);
    if field.path != CODES_PATH || token == "[]" {
        let stored = world.stored(7001);
        assert_eq!(without_timestamp(&stored).trim(), without_timestamp(&after).trim(), "{}", field.flag);
    }
}

/// The request parameters of the vendor's page "Edit customer", as paths, in its order, but for `id`.
const VENDOR: &str = "firstName middleName lastName companyName suffix primaryEmail primaryPhone secondaryEmail \
    secondaryPhone title reference status currency customerReference.reference1 customerReference.reference2 \
    customerReference.reference3 customerReference.salesTrackingCodes customerAcquisition.adContent \
    customerAcquisition.campaign customerAcquisition.keyword customerAcquisition.landingPage \
    customerAcquisition.medium customerAcquisition.source parentId quickBooksLatchType quickBooksId";

#[test]
fn every_parameter_of_the_vendors_page_has_the_flag_of_its_name() {
    let mut vendor: Vec<&str> = VENDOR.split_whitespace().collect();
    let mut paths: Vec<&str> = FIELDS.iter().map(|field| field.path).collect();
    vendor.sort_unstable();
    paths.sort_unstable();
    assert_eq!(paths, vendor);
    for field in FIELDS {
        let camel = name(field).replace("quickBooks", "quickbooks").replace("Codes", "Code");
        let dash = |c: char| if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.to_string() };
        assert_eq!(field.flag, camel.chars().map(dash).collect::<String>());
    }
}

#[test]
fn every_flag_sets_its_field_and_nothing_else() {
    for field in FIELDS {
        let (world, (typed, token)) = (world(), new(field));
        let run = update(&world, field, &[&format!("--{}", field.flag), &typed]);
        became(&world, &run, field, &token, "1 changed");
    }
}

#[test]
fn every_field_that_can_be_null_is_cleared_by_its_flag_name_and_nothing_else() {
    for field in FIELDS.iter().filter(|field| field.never_null().is_none()) {
        let world = world();
        let run = update(&world, field, &["--clear", field.flag]);
        let token = if field.path == CODES_PATH { "[]" } else { "null" };
        became(&world, &run, field, token, "1 cleared");
    }
}

#[test]
fn every_field_is_cleared_by_its_path_too() {
    for field in FIELDS.iter().filter(|field| field.never_null().is_none() && field.path != CODES_PATH) {
        let world = world();
        let pointer = format!("/{}", field.path.replace('.', "/"));
        let run = update(&world, field, &["--clear", &pointer]);
        became(&world, &run, field, "null", "1 cleared");
    }
}

#[test]
fn a_field_that_can_never_be_null_is_not_cleared_and_nothing_is_sent() {
    let refused: Vec<&Field> = FIELDS.iter().filter(|field| field.never_null().is_some()).collect();
    assert_eq!(refused.iter().map(|field| field.flag).collect::<Vec<_>>(), ["status", "currency"]);
    for field in refused {
        let world = world();
        let cleared = update(&world, field, &["--clear", field.flag]);
        cleared.fails(2, &[&format!("--clear {}", field.flag), "cannot be cleared", "Nothing was written."]);
        let null = update(&world, field, &["--set-json", &format!("{}=null", field.path)]);
        null.fails(2, &["--set-json", "cannot be null"]);
        world.was_left_alone();
    }
}

#[test]
fn empty_cleared_and_not_mentioned_are_three_things() {
    for (arguments, token) in
        [(vec!["--suffix", ""], "\"\""), (vec!["--clear", "suffix"], "null"), (vec![], "\"old suffix\"")]
    {
        let world = world();
        let arguments = [vec!["customer", "update", "7001", "--middle-name", "M"], arguments].concat();
        assert_eq!(world.run(&arguments).code, 0);
        let expected = full().replace("\"old middleName\"", "\"M\"").replace("\"old suffix\"", token);
        assert_eq!(world.put_body(), expected, "{arguments:?}");
    }
}

#[test]
fn an_empty_text_is_written_to_every_text_field() {
    for field in FIELDS.iter().filter(|field| field.is_text()) {
        let world = world();
        let run = update(&world, field, &[&format!("--{}", field.flag), ""]);
        became(&world, &run, field, "\"\"", "1 changed");
    }
}

#[test]
fn many_fields_change_in_one_put() {
    let world = world();
    let mut arguments: Vec<String> = ["customer", "update", "7001", "--yes"].map(str::to_string).to_vec();
    let mut after = full();
    for field in FIELDS {
        let (typed, token) = new(field);
        arguments.extend([format!("--{}", field.flag), typed]);
        after = replaced(&after, field, &token);
    }
    let run = world.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let message = format!("{ADVICE}Written and verified: {} changed.\n", FIELDS.len());
    assert_eq!((run.code, run.stderr.as_str()), (0, message.as_str()));
    assert_eq!(world.put_body(), after);
    assert_eq!(run.stdout.lines().count(), FIELDS.len() + 3);
}

#[test]
fn words_are_taken_in_any_case_and_sent_in_the_vendors() {
    for (flag, typed, sent) in [
        ("--title", "dR", "\"title\":\"Dr\""),
        ("--status", "HOLD", "\"status\":\"Hold\""),
        ("--quickbooks-latch-type", "donothing", "\"quickBooksLatchType\":\"DoNothing\""),
        ("--currency", "eUr", "\"currency\":\"EUR\""),
    ] {
        let world = world();
        assert_eq!(world.run(&["customer", "update", "7001", flag, typed, "--yes"]).code, 0, "{flag}");
        assert!(world.put_body().contains(sent), "{}", world.put_body());
    }
}

#[test]
fn a_billing_field_is_not_written_without_consent() {
    for field in FIELDS.iter().filter(|field| field.affects_billing()) {
        let world = world();
        let run = world.run(&["customer", "update", "7001", &format!("--{}", field.flag), &new(field).0]);
        assert_eq!(run.code, 2, "{}", field.flag);
        run.says(&[&format!("`{}` affects billing", field.path), "--yes", "Nothing was written."]);
        assert_eq!(world.lines(), ["GET /v1/customers/7001"]);
        assert_eq!(world.stored(7001), full());
    }
}

#[test]
fn codes_are_edited_one_type_at_a_time_and_the_others_keep_their_bytes() {
    let before = World::new().stored(123);
    let (region, rep) = {
        let start = before.find("[{\"type\":\"Region\"").expect("a code") + 1;
        let end = start + before[start..].find(']').expect("an end");
        before[start..end]
            .split_once("},")
            .map(|(one, two)| (format!("{one}}}"), two.to_string()))
            .expect("two")
    };
    let list = format!("[{region},{rep}]");
    for (arguments, expected) in [
        (vec!["--sales-tracking-code", "sales rep=SR-02"], format!("[{region},{{\"type\":\"Sales Rep\",\"code\":\"SR-02\"}}]")),
        (vec!["--sales-tracking-code", "Sales Tracking Code 5=01234"], format!("[{region},{rep},{{\"type\":\"Sales Tracking Code 5\",\"code\":\"01234\"}}]")),
        (vec!["--remove-sales-tracking-code", "REGION"], format!("[{rep}]")),
        (
            vec!["--remove-sales-tracking-code", "Region", "--sales-tracking-code", "Sales Rep=SR-02", "--sales-tracking-code", "Sales Tracking Code 3=DIRECT"],
            "[{\"type\":\"Sales Rep\",\"code\":\"SR-02\"},{\"type\":\"Sales Tracking Code 3\",\"code\":\"DIRECT\"}]".to_string(),
        ),
        (vec!["--remove-sales-tracking-code", "Region", "--remove-sales-tracking-code", "Sales Rep"], "[]".to_string()),
    ] {
        let world = World::new();
        let run = world.update(&arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(world.put_body(), before.replace(&list, &expected), "{arguments:?}");
    }
}

#[test]
fn a_sixth_code_is_refused_before_it_is_sent() {
    let world = World::new();
    let run = world.run(&["customer", "update", "3004", "--sales-tracking-code", "Sales Tracking Code 6=X"]);
    run.fails(2, &["would have 6 sales-tracking codes, the limit is 5", "Nothing was written."]);
    assert_eq!(world.lines(), ["GET /v1/customers/3004"]);
}

#[test]
fn removing_a_type_that_is_not_there_warns_and_writes_nothing() {
    let world = World::new();
    let run = world.update(&["--remove-sales-tracking-code", "Colour"]);
    run.is(
        0,
        "",
        "warning: the customer has no sales-tracking code of type `Colour`; it has `Region`, `Sales Rep`\n\
         No changes: customer 123 already has these values. Nothing was written.\n",
    );
    assert_eq!(world.lines(), ["GET /v1/customers/123"]);
}

#[test]
fn a_company_name_above_the_documented_limit_is_a_warning_and_the_server_decides() {
    let long = "x".repeat(51);
    let warning = "warning: `companyName` is 51 characters long, the limit is 50 in the API reference; the vendor's \
                   import page allows 255, so the server decides\n";
    let world = World::behaving(&["company-name=255"]);
    let run = world.update(&["--company-name", &long, "-q"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, warning));
    assert!(world.stored(123).contains(&long));
    let world = World::new();
    let run = world.update(&["--company-name", &long]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    run.says(&[warning, "the API refused the change (HTTP 400)", "companyName cannot be longer than 50"]);
    assert!(world.stored(123).contains("\"Acme Inc.\""));
}

#[test]
fn a_parent_is_taken_away_only_by_clearing_it() {
    let world = World::new();
    let run = world.run(&["customer", "update", "2002", "--clear", "parent-id", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(world.put_body().contains("\"parentId\":null"));
    assert!(world.stored(2002).contains("\"parentId\":null"));
}

#[test]
fn addresses_are_stored_without_the_blanks_and_line_breaks_around_them() {
    let world = World::new();
    let run = world.update(&["--primary-email", " a@example.com\r\n;\tb@example.com\r\n"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(world.stored(123).contains(r#""primaryEmail":"a@example.com;b@example.com""#));
}

#[test]
fn the_server_judges_addresses_and_the_doubtful_ones_are_warned_of() {
    let world = World::new();
    let run = world.update(&["--secondary-email", "राम@मोहन.ईन्फो"]);
    assert_eq!((run.code, run.stderr.contains("warning")), (0, false), "{}", run.stderr);
    let run = world.update(&["--secondary-email", "A <a@example.com>"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&[
        "warning: `secondaryEmail` holds `A <a@example.com>`, which does not look like an e-mail address",
    ]);
    assert!(world.stored(123).contains(r#""secondaryEmail":"A <a@example.com>""#));
}
