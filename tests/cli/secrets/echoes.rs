//! Servers that send back what they were sent.

use std::path::Path;

use fusebill::sandbox::KEY;

use super::{run_is_clean, script};
use crate::safety::Bystander;
use crate::tls::server::Listener;
use crate::world::World;

/// The key as servers and proxies write it where they repeat a request.
fn written() -> Vec<String> {
    let url: String = KEY
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", c as u32) })
        .collect();
    let json = |each: &dyn Fn(char) -> bool| -> String {
        KEY.chars().map(|c| if each(c) { format!("\\u{:04x}", c as u32) } else { c.to_string() }).collect()
    };
    let html: String =
        KEY.chars().map(|c| if c == '=' { "&#61;".to_string() } else { c.to_string() }).collect();
    let some = json(&|c| !c.is_ascii_alphanumeric() || c == 'M');
    vec![KEY.to_string(), url, json(&|_| true), some.clone(), some.replace('\\', "\\\\"), html]
}

/// What is asserted not to be shown: the key in each spelling, and a good part of it.
#[track_caller]
fn is_clean(world: &World, run: &crate::world::Run) {
    for spelling in written() {
        run_is_clean(world, &spelling, run, &[]);
    }
    run_is_clean(world, &KEY[..KEY.len() * 2 / 3], run, &[]);
}

/// An answer with the key in its headers and its body.
fn answer(status: &str, headers: &str, body: &str) -> &'static [u8] {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    Box::leak(text.into_bytes().into_boxed_slice())
}

#[test]
fn a_key_echoed_by_the_server_is_redacted() {
    for status in
        ["200 OK", "302 Found", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"]
    {
        for key in written() {
            for body in [
                format!("{{\"Message\":\"no: Basic {key}\"}}"),
                format!("{{\"Errors\":[{{\"Key\":\"Authorization\",\"Value\":\"Basic {key}\"}}]}}"),
                format!("\"Basic {key}\""),
                format!("{{\"request\":{{\"headers\":{{\"authorization\":\"Basic {key}\"}}}}}}"),
                format!("<html><p>Basic {key}</p></html>"),
                format!("authorization: Basic {key}"),
                format!("{}{key}", "x".repeat(280)),
            ] {
                let headers = format!(
                    "Location: https://other.invalid/?a=Basic {key}\r\nX-Echo: Basic {key}\r\nWWW-Authenticate: Basic {key}\r\n"
                );
                let server = Listener::saying(answer(status, &headers, &body));
                let world = World::new();
                let url = format!("http://{}/v1", server.address());
                for output in ["table", "json"] {
                    let run = world.run_with(
                        &[("FUSEBILL_BASE_URL", &url)],
                        &["customer", "get", "123", "-v", "-o", output],
                    );
                    assert_ne!(run.code, 0, "{status} {body}");
                    run.says(&["[redacted]"]);
                    is_clean(&world, &run);
                }
            }
        }
    }
}

#[test]
fn a_key_echoed_in_a_malformed_list_is_redacted() {
    for key in written() {
        let server = Listener::saying(answer("200 OK", "", &format!("{{\"Message\":\"Basic {key}\"}}")));
        let world = World::new();
        let url = format!("http://{}/v1", server.address());
        let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], &["customer", "list", "-v"]);
        run.fails(1, &["not a list of customers", "[redacted]"]);
        is_clean(&world, &run);
    }
}

#[test]
fn a_write_that_is_refused_with_the_key_in_the_words_leaves_it_in_no_journal() {
    for key in written().into_iter().filter(|key| !key.contains('&')) {
        for fault in [
            format!("put:refuse=no: Basic {key}"),
            format!("put:body={{\"Message\":\"Basic {key}\"}}"),
            format!("put:body=Basic {key}"),
            format!("put:redirect=307,https://other.invalid/?a={key}"),
            format!("get*2:redirect=302,https://other.invalid/?a={key}"),
        ] {
            for output in ["table", "json"] {
                let world = World::new();
                world.fault(&fault);
                let run = world.update(&["--first-name", "John", "-v", "-o", output]);
                is_clean(&world, &run);
                let run = world.run(&["customer", "history", "123", "-o", output]);
                is_clean(&world, &run);
            }
        }
    }
}

#[test]
fn rows_that_are_refused_with_the_key_in_the_words_leave_it_in_no_results() {
    for key in [KEY.to_string(), KEY.replace('=', "\\u003d")] {
        let world = World::new();
        let rows = world.file("rows.csv", "id,first-name\n123,John\n1016,Joe\n1020,Jane\n");
        world.fault(&format!("put*3:refuse=no: Basic {key}"));
        let arguments =
            ["customer", "bulk", "update", &rows, "--yes", "-v", "--results", "done.csv", "-o", "ndjson"];
        let run = world.run(&arguments);
        assert_ne!(run.code, 0, "{}", run.stdout);
        assert!(world.home.path().join("done.csv").exists(), "{}", run.stderr);
        is_clean(&world, &run);
    }
}

#[test]
fn an_edit_that_is_refused_with_the_key_in_the_words_keeps_a_draft_without_it() {
    let world = World::new();
    let editor = script(&world, "editor", "sed -i 's/\"Jon\"/\"John\"/' \"$1\"");
    world.fault(&format!("put:refuse=firstName: Basic {KEY}"));
    let variables = [("FUSEBILL_EDITOR", editor.as_str()), ("PATH", super::TOOLS)];
    let run = world.run_with(&variables, &["customer", "edit", "123", "--yes", "-v"]);
    run.says(&["[redacted]", "your text is kept"]);
    is_clean(&world, &run);
}

#[test]
fn a_redirect_with_the_key_in_it_is_not_followed() {
    let (world, other) = (World::new(), Bystander::new());
    world.fault(&format!("get:redirect=302,{}?key={KEY}", other.url()));
    let run = world.run(&["customer", "get", "123"]);
    run.fails(7, &["?key=[redacted] (HTTP 302)"]);
    other.was_left_alone();
    run_is_clean(&world, KEY, &run, &[] as &[&Path]);
}
