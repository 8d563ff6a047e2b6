//! `customer update`: what is shown, what is sent, what is stored.

use crate::world::World;

#[test]
fn one_update_is_a_get_and_a_put_on_one_connection() {
    let world = World::new();
    let before = world.stored(123);
    let run = world.run(&["customer", "update", "123", "--first-name", "John"]);
    let table = "\
Customer 123 Jon Smith (Acme Inc.)  (profile default, 127.0.0.1)
Field      Before  After
────────── ─────── ─────
firstName  Jon     John
";
    run.is(0, table, "Written and verified: 1 changed.\n");
    assert_eq!(run.undo, Some(format!("fusebill customer undo {}", world.entry())));
    assert_eq!(world.lines(), ["GET /v1/customers/123", "PUT /v1/customers"]);
    assert_eq!(world.server.connections(), 1);
    assert_eq!(world.put_body(), before.replacen("\"Jon\"", "\"John\"", 1));
}

#[test]
fn an_update_without_changes_sends_no_put() {
    let world = World::new();
    let run = world.run(&["customer", "update", "123", "--first-name", "Jon", "--clear", "suffix"]);
    run.is(0, "", "No changes: customer 123 already has these values. Nothing was written.\n");
    assert_eq!(world.lines(), ["GET /v1/customers/123"]);
}

#[test]
fn a_usage_error_sends_no_request() {
    let world = World::new();
    world
        .run(&["customer", "update", "123", "--frist-name", "John"])
        .fails(2, &["--frist-name", "--first-name"]);
    assert_eq!((world.lines().len(), world.server.connections()), (0, 0));
}

#[test]
fn a_host_may_be_given_by_name_and_is_looked_up_once() {
    let world = World::new();
    world.fault("put:close");
    let url = format!("http://localhost:{}/v1", world.server.address().port());
    let arguments = ["customer", "update", "123", "--first-name", "John", "--verify", "read"];
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.says(&["Written and verified: 1 changed."]);
    assert_eq!(world.server.connections(), 2);
    assert!(
        world
            .requests()
            .iter()
            .all(|request| request.header("host").is_some_and(|host| host.starts_with("localhost:")))
    );
}
