//! Customers that can be edited, large or odd as they are: nothing in them changes but what was asked for.

use super::server::{Server, State};
use super::{bounded, steers_nothing};
use crate::world::{World, all};

/// Members that a customer has beside the usual ones.
type Members = fn() -> String;

/// They have names to be told by.
const ODD: &[(&str, Members)] = &[
    ("a text of five megabytes", || format!("\"x\":\"{}\"", "é".repeat(2_500_000))),
    ("a number of a megabyte", || format!("\"x\":{}", "7".repeat(1_000_000))),
    ("numbers beyond all numbers", || {
        "\"x\":1e999999999,\"y\":-0.0,\"z\":1E+5,\"w\":0.10000000000000000000000000001".into()
    }),
    ("half a surrogate pair", || r#""x":"\ud800","\udfff":1"#.into()),
    ("escapes where none are needed", || r#""\u0078":"\u0041\/\b\f""#.into()),
    ("a NUL in a name", || r#""a\u0000b":"\u0000""#.into()),
    ("an empty name", || r#""":"""#.into()),
    ("as deep as is read", || format!("\"x\":{}1{}", "[".repeat(250), "]".repeat(250))),
    ("names that differ by what Unicode calls the same", || "\"caf\u{e9}\":1,\"cafe\u{301}\":2".into()),
    ("a hundred thousand members", || {
        (0..100_000).map(|number| format!("\"m{number}\":{number}")).collect::<Vec<_>>().join(",")
    }),
    ("words of the language", || r#""__proto__":{"a":1},"constructor":null,"toString":"x""#.into()),
];

#[test]
fn odd_members_of_a_customer_are_sent_back_unchanged() {
    all(ODD.iter(), |(name, members)| {
        let world = World::new();
        let before = world.stored(123).replacen('{', &format!("{{ {},\r\n\t", members()), 1);
        let after = before.replacen("\"Jon\"", "\"John\"", 1);
        let server = Server::new([before], State::honestly);
        let run = bounded(&world, &server, &["customer", "update", "123", "--first-name", "John"], 60);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        steers_nothing(&run.stdout);
        assert!(run.stdout.len() < 10_000, "{name}: {} bytes", run.stdout.len());
        assert!(server.state().customers[&123] == after, "{name}");
        let run = bounded(&world, &server, &["customer", "undo", "--last", "--yes"], 60);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        None
    });
}
