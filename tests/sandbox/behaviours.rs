//! Every value of every behaviour.

use fusebill::sandbox::{Behaviour, Limits, Options, Server};

use crate::actions;
use crate::client::{Ask, Reply, Wire, at, behaving, plus, with, without};

fn edit(choice: &str, id: u64, change: impl Fn(&str) -> String) -> Reply {
    let server = behaving(&[choice]);
    let before = server.document(id);
    server.put(&change(&before))
}

fn refused(reply: &Reply, part: &str) {
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains(part), "{}", reply.text());
}

fn holds(reply: &Reply, path: &str, token: &str) {
    assert_eq!((reply.status, reply.at(path).as_str()), (200, token), "{}", reply.text());
}

const CODES: &str = "customerReference.salesTrackingCodes";
const RETIRED: &str = r#"[{"type":"Sales Rep","code":"SR-07"}]"#;

fn omitted(choice: &str) -> Reply {
    edit(choice, 123, |text| without(text, "customerReference"))
}

fn partial(choice: &str) -> Reply {
    edit(choice, 123, |text| without(&without(text, "customerReference.reference1"), CODES))
}

fn with_codes(choice: &str, codes: &str) -> Reply {
    edit(choice, 123, |text| with(text, CODES, codes))
}

fn status(choice: &str, id: u64, status: &str) -> Reply {
    edit(choice, id, |text| with(text, "status", status))
}

fn currency(choice: &str) -> Reply {
    edit(choice, 123, |text| with(text, "currency", "\"EUR\""))
}

fn orphan(choice: &str) -> Reply {
    edit(choice, 2003, |text| with(text, "parentId", "null"))
}

fn adopted(choice: &str, child: u64, parent: &str) -> Reply {
    edit(choice, child, |text| with(text, "parentId", parent))
}

fn unknown_key(choice: &str) -> Reply {
    edit(choice, 1016, |text| plus(&with(text, "loyaltyTier", "\"iron\""), "\"shoeSize\":4.50"))
}

fn case_twice(choice: &str) -> Reply {
    edit(choice, 123, |text| plus(text, "\"FirstName\":\"Last\""))
}

fn long(choice: &str, path: &str, text: &str) -> Reply {
    edit(choice, 123, |document| with(document, path, &format!("\"{text}\"")))
}

fn limited(choice: &str) -> Reply {
    let mut options =
        Options { limits: Limits { per_minute: 0, per_day: 1, ..Limits::default() }, ..Options::default() };
    options.behaviour.set(choice).unwrap();
    Server::start(options).unwrap().get(123)
}

fn without_key(choice: &str) -> Reply {
    let server = behaving(&[choice]);
    let mut wire = Wire::to(&server);
    wire.send(b"GET /v1/customers/123 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wire.reply().unwrap()
}

/// The timestamps before, in the answer and after a PUT that changes nothing.
fn untouched(choice: &str) -> [String; 3] {
    let server = behaving(&[choice]);
    let before = server.document(123);
    let answer = server.put(&before);
    [before, answer.text().to_string(), server.document(123)].map(|text| at(&text, "modifiedTimestamp"))
}

fn header(choice: &str, query: &str, name: &str) -> String {
    behaving(&[choice]).list(query).header(name).unwrap_or_default().to_string()
}

/// A choice, and a check that gets it.
type Case = (&'static str, fn(&str));

/// Every value of every choice and a check of it; the table of choices is held to this one.
static CASES: &[Case] = &[
    ("nested-omitted=clear", |choice| {
        holds(&omitted(choice), "customerReference.reference1", "null");
        holds(&omitted(choice), CODES, "[]");
        holds(&omitted(choice), "customerReference.id", "123");
    }),
    ("nested-omitted=keep", |choice| holds(&omitted(choice), "customerReference.reference1", "\"PO-2291\"")),
    ("nested-omitted=refuse", |choice| refused(&omitted(choice), "customerReference is required")),
    ("nested-partial=clear", |choice| {
        holds(&partial(choice), "customerReference.reference1", "null");
        holds(&partial(choice), CODES, "[]");
        holds(&partial(choice), "customerReference.reference3", "\"net 30\"");
    }),
    ("nested-partial=keep", |choice| {
        holds(&partial(choice), "customerReference.reference1", "\"PO-2291\"");
        holds(&partial(choice), &format!("{CODES}.1.code"), "\"SR-01\"");
    }),
    ("null-codes=clear", |choice| holds(&with_codes(choice, "null"), CODES, "[]")),
    ("null-codes=keep", |choice| holds(&with_codes(choice, "null"), &format!("{CODES}.0.code"), "\"NA\"")),
    ("null-codes=refuse", |choice| refused(&with_codes(choice, "null"), "cannot be null")),
    ("retired-code=keep", |choice| {
        holds(&edit(choice, 3002, str::to_string), &format!("{CODES}.1.code"), "\"SR-07\"");
        refused(&with_codes(choice, RETIRED), "retired");
    }),
    ("retired-code=refuse", |choice| refused(&edit(choice, 3002, str::to_string), "retired")),
    ("status-change=allow", |choice| holds(&status(choice, 123, "\"Hold\""), "status", "\"Hold\"")),
    ("status-change=refuse", |choice| {
        refused(&status(choice, 123, "\"Hold\""), "cannot be changed in this way");
    }),
    ("status-change=ignore", |choice| holds(&status(choice, 123, "\"Hold\""), "status", "\"Active\"")),
    ("unchanged-suspended=accept", |choice| {
        holds(&edit(choice, 1020, str::to_string), "status", "\"Suspended\"");
    }),
    ("unchanged-suspended=refuse", |choice| {
        refused(&edit(choice, 1020, str::to_string), "Cannot manually suspend");
    }),
    ("unchanged-cancelled=accept", |choice| {
        holds(&edit(choice, 1021, str::to_string), "status", "\"Cancelled\"");
    }),
    ("unchanged-cancelled=refuse", |choice| {
        refused(&edit(choice, 1021, str::to_string), "cannot be modified");
        holds(&status(choice, 1021, "\"Active\""), "status", "\"Active\"");
    }),
    ("currency-change=refuse", |choice| {
        refused(&currency(choice), "currency of this customer cannot be changed");
        holds(&edit(choice, 1017, |text| with(text, "currency", "\"EUR\"")), "currency", "\"EUR\"");
        holds(&edit(choice, 1018, |text| with(text, "currency", "\"EUR\"")), "currency", "\"EUR\"");
    }),
    ("currency-change=ignore", |choice| holds(&currency(choice), "currency", "\"USD\"")),
    ("currency-change=allow", |choice| holds(&currency(choice), "currency", "\"EUR\"")),
    ("null-parent=detach", |choice| {
        holds(&orphan(choice), "parentId", "null");
        holds(&edit(choice, 2003, |text| without(text, "parentId")), "parentId", "null");
    }),
    ("null-parent=keep", |choice| holds(&orphan(choice), "parentId", "2002")),
    ("null-parent=refuse", |choice| refused(&orphan(choice), "cannot be taken from its parent")),
    ("parent-rules=loose", |choice| holds(&adopted(choice, 123, "2004"), "parentId", "2004")),
    ("parent-rules=strict", |choice| {
        refused(&adopted(choice, 123, "2004"), "not Active");
        refused(&adopted(choice, 2001, "12000750"), "4 generations");
        holds(&adopted(choice, 123, "2003"), "parentId", "2003");
    }),
    ("unknown-keys=ignore", |choice| {
        holds(&unknown_key(choice), "loyaltyTier", "\"gold\"");
        holds(&unknown_key(choice), "shoeSize", "-");
    }),
    ("unknown-keys=store", |choice| {
        holds(&unknown_key(choice), "loyaltyTier", "\"iron\"");
        holds(&unknown_key(choice), "shoeSize", "4.50");
    }),
    ("unknown-keys=refuse", |choice| {
        refused(&unknown_key(choice), "There is no field shoeSize");
        holds(&edit(choice, 1016, str::to_string), "loyaltyTier", "\"gold\"");
    }),
    ("key-case-twice=last", |choice| holds(&case_twice(choice), "firstName", "\"Last\"")),
    ("key-case-twice=refuse", |choice| refused(&case_twice(choice), "FirstName is given more than once")),
    ("text-id=refuse", |choice| {
        refused(&edit(choice, 4001, |text| with(text, "id", "\"4001\"")), "id must be a whole number");
    }),
    ("text-id=accept", |choice| {
        holds(&edit(choice, 4001, |text| with(text, "id", "\"4001\"")), "id", "4001");
        holds(&edit(choice, 4001, str::to_string), "id", "4001");
        refused(&edit(choice, 4001, |text| with(text, "id", "\"x\"")), "id must be a whole number");
    }),
    ("byte-order-mark=refuse", |choice| {
        refused(&edit(choice, 123, |text| format!("\u{feff}{text}")), "The body is refused");
    }),
    ("byte-order-mark=accept", |choice| {
        holds(&edit(choice, 123, |text| format!("\u{feff}{text}")), "id", "123");
        holds(&edit(choice, 123, str::to_string), "id", "123");
    }),
    ("empty-title=keep", |choice| holds(&long(choice, "title", ""), "title", "\"\"")),
    ("empty-title=null", |choice| holds(&long(choice, "title", ""), "title", "null")),
    ("numeric-text=keep", |choice| {
        holds(&edit(choice, 12_000_750, str::to_string), "primaryPhone", "9964413586");
    }),
    ("numeric-text=string", |choice| {
        holds(&edit(choice, 12_000_750, str::to_string), "primaryPhone", "\"9964413586\"");
    }),
    ("length-unit=utf16", |choice| refused(&long(choice, "firstName", &"😀".repeat(26)), "it has 52")),
    ("length-unit=code-points", |choice| {
        assert_eq!(long(choice, "firstName", &"😀".repeat(50)).status, 200);
        refused(&long(choice, "firstName", &"😀".repeat(51)), "it has 51");
    }),
    ("company-name=50", |choice| refused(&long(choice, "companyName", &"x".repeat(51)), "longer than 50")),
    ("company-name=255", |choice| {
        assert_eq!(long(choice, "companyName", &"x".repeat(255)).status, 200);
        refused(&long(choice, "companyName", &"x".repeat(256)), "longer than 255");
        refused(&long(choice, "firstName", &"x".repeat(51)), "longer than 50");
    }),
    ("action-refusal=400", |choice| assert_eq!(actions::hold(&behaving(&[choice]), 1019).status, 400)),
    ("action-refusal=409", |choice| assert_eq!(actions::hold(&behaving(&[choice]), 1019).status, 409)),
    ("activation-defaults=false", |choice| assert_eq!(actions::activated_in_part(choice), [200, 200])),
    ("activation-defaults=refuse", |choice| assert_eq!(actions::activated_in_part(choice), [200, 400])),
    ("hold-from=active", |choice| assert_eq!(actions::hold(&behaving(&[choice]), 1017).status, 400)),
    ("hold-from=active+draft+suspended", |choice| {
        let server = behaving(&[choice]);
        let held = [1017, 1020].map(|id| actions::hold(&server, id).at("status"));
        assert_eq!(held, ["\"Hold\"", "\"Hold\""]);
    }),
    ("uncancel-to=active", |choice| assert_eq!(actions::back(choice), ["\"Active\"", "0.00"])),
    ("uncancel-to=previous", |choice| assert_eq!(actions::back(choice)[0], "\"Hold\"")),
    ("uncancel-subscriptions=stay", |choice| assert_eq!(actions::back(choice), ["\"Active\"", "0.00"])),
    ("uncancel-subscriptions=return", |choice| assert_eq!(actions::back(choice), ["\"Active\"", "75.25"])),
    ("preview-extra=none", |choice| assert_eq!(actions::previewed(choice), ["158.20", "-"])),
    ("preview-extra=additional", |choice| assert_eq!(actions::previewed(choice), ["129.95", "28.25"])),
    ("collection=ok", |choice| assert_eq!(actions::owed(choice), "0.00")),
    ("collection=fails", |choice| assert_eq!(actions::owed(choice), "158.20")),
    ("modified=every-put", |choice| {
        let [before, answer, later] = untouched(choice);
        assert!(before != answer && before != later);
    }),
    ("modified=when-changed", |choice| {
        let [before, answer, later] = untouched(choice);
        assert!(before == answer && before == later);
    }),
    ("later-timestamp=short", |choice| {
        let [_, answer, later] = untouched(choice);
        assert!(answer.ends_with("Z\"") && !later.ends_with("Z\"") && later.len() < answer.len());
    }),
    ("later-timestamp=same", |choice| {
        let [_, answer, later] = untouched(choice);
        assert_eq!(answer, later);
    }),
    ("put-answer=document", |choice| holds(&edit(choice, 123, str::to_string), "id", "123")),
    ("put-answer=null", |choice| {
        let reply = edit(choice, 123, str::to_string);
        assert_eq!((reply.status, reply.text()), (200, "null"));
    }),
    ("put-answer=empty", |choice| {
        let reply = edit(choice, 123, str::to_string);
        assert_eq!((reply.status, reply.text()), (204, ""));
    }),
    ("not-found=envelope", |choice| assert_eq!(behaving(&[choice]).get(5).at("HttpStatusCode"), "404")),
    ("not-found=message", |choice| {
        assert_eq!(behaving(&[choice]).get(5).text(), r#"{"Message":"Customer 5 does not exist."}"#);
    }),
    ("not-found=empty", |choice| {
        let reply = behaving(&[choice]).get(5);
        assert_eq!((reply.status, reply.text()), (404, ""));
    }),
    ("unauthorized=envelope", |choice| assert_eq!(without_key(choice).at("HttpStatusCode"), "401")),
    ("unauthorized=empty", |choice| {
        let reply = without_key(choice);
        assert_eq!((reply.status, reply.text()), (401, ""));
    }),
    ("too-many=envelope", |choice| assert_eq!(limited(choice).at("HttpStatusCode"), "429")),
    ("too-many=text", |choice| {
        let reply = limited(choice);
        assert_eq!(
            (reply.status, reply.text()),
            (429, "The limit of requests per minute has been exceeded.")
        );
    }),
    ("error-key=api-error", |choice| {
        let reply = long(choice, "title", "Sir");
        assert_eq!((reply.status, reply.at("Errors.0.Key").as_str()), (400, "\"Api Error\""));
    }),
    ("error-key=field", |choice| {
        assert_eq!(long(choice, "title", "Sir").at("Errors.0.Key"), "\"title\"");
        assert_eq!(long(choice, "status", "Suspended").at("Errors.0.Key"), "\"Api Error\"");
    }),
    ("reset=iso", |choice| {
        let reply = behaving(&[choice]).get(123);
        let reset = reply.header("x-rate-limit-reset-minute").unwrap();
        assert!(reset.len() == 20 && reset.ends_with('Z'), "{reset}");
    }),
    ("reset=epoch", |choice| {
        let reply = behaving(&[choice]).get(123);
        let [minute, day] = ["minute", "day"].map(|window| {
            reply.header(&format!("x-rate-limit-reset-{window}")).unwrap().parse::<u64>().unwrap()
        });
        assert_eq!(day - minute, 86_340);
    }),
    ("reset=none", |choice| {
        let reply = behaving(&[choice]).get(123);
        assert_eq!(reply.header("x-rate-limit-reset-minute"), None);
        assert_eq!(reply.header("x-rate-limit-remaining-minute"), Some("999"));
    }),
    ("unknown-filter=everything", |choice| {
        assert_eq!(header(choice, "query=id:123", "x-count"), "38");
        assert_eq!(header(choice, "sortExpression=id&sortOrder=Ascending", "x-count"), "38");
    }),
    ("unknown-filter=refuse", |choice| {
        refused(&behaving(&[choice]).list("query=id:123"), "no filter id");
        refused(&behaving(&[choice]).list("sortExpression=id&sortOrder=Ascending"), "no filter id");
    }),
    ("filter-case=ignore", |choice| {
        assert_eq!(behaving(&[choice]).list("query=firstName:jON;status:aCTIVE").ids(), [123]);
    }),
    ("filter-case=match", |choice| {
        assert_eq!(behaving(&[choice]).list("query=firstName:jON").text(), "[]");
        assert_eq!(behaving(&[choice]).list("query=firstName:Jon;status:aCTIVE").text(), "[]");
        assert_eq!(behaving(&[choice]).list("query=FIRSTNAME:Jon").ids(), [123]);
    }),
    ("page-size=clip", |choice| assert_eq!(header(choice, "pageSize=5000", "x-pagesize"), "1000")),
    ("page-size=refuse", |choice| refused(&behaving(&[choice]).list("pageSize=1001"), "above 1000")),
    ("next-page=minus-one", |choice| assert_eq!(header(choice, "", "x-nextpage"), "-1")),
    ("next-page=one-more", |choice| assert_eq!(header(choice, "", "x-nextpage"), "1")),
    ("max-page-index=last", |choice| assert_eq!(header(choice, "pageSize=10", "x-maxpageindex"), "3")),
    ("max-page-index=count", |choice| assert_eq!(header(choice, "pageSize=10", "x-maxpageindex"), "4")),
];

#[test]
fn every_value_of_every_behaviour_has_its_effect() {
    let choices = Behaviour::choices().iter();
    let all: Vec<String> = choices
        .flat_map(|choice| choice.values.iter().map(move |value| format!("{}={value}", choice.name)))
        .collect();
    assert_eq!(all, CASES.iter().map(|(choice, _)| (*choice).to_string()).collect::<Vec<_>>());
    for (choice, case) in CASES {
        println!("{choice}");
        case(choice);
    }
}
