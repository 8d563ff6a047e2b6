//! The same over TLS, where what came beyond an answer can wait in more places than one.

use fusebill::sandbox::KEY;

use super::server::whole;
use crate::tls::authority::Authority;
use crate::tls::server::Listener;
use crate::world::World;

/// Runs the change of a first name against a server with TLS that stores nothing, and whose reading of the customer brings
/// along what this makes of the answer that would say that it is stored.
fn changed(beside: fn(Vec<u8>) -> Vec<Vec<u8>>) -> (World, Listener, crate::world::Run) {
    let (world, authority) = (World::new(), Authority::new());
    let before = world.stored(123);
    let after = before.replacen("\"Jon\"", "\"John\"", 1);
    let server = Listener::tls_saying(authority.vouches_for(&["127.0.0.1"]), move |request| {
        let honest = whole("200 OK", "", &before);
        if request.starts_with("PUT") {
            return vec![honest];
        }
        // Longer than what TLS reads at once, so that a part of it stays behind.
        let padded = format!("{after}{}", " ".repeat(20_000));
        [vec![honest], beside(whole("200 OK", "", padded))].concat()
    });
    let file = world.file("authority.pem", authority.pem());
    let url = server.url();
    let variables =
        [("FUSEBILL_BASE_URL", url.as_str()), ("SSL_CERT_FILE", &file), ("FUSEBILL_API_KEY", KEY)];
    let run =
        world.run_with(&variables, &["customer", "update", "123", "--first-name", "John", "-o", "json"]);
    (world, server, run)
}

/// The pieces in which an answer that nobody asked for is sent behind another.
type Beside = fn(Vec<u8>) -> Vec<Vec<u8>>;

#[test]
fn an_answer_that_was_not_asked_for_is_never_taken_over_tls_either() {
    let besides: [Beside; 3] = [
        |answer| vec![answer],
        |answer| answer.chunks(1000).map(<[u8]>::to_vec).collect(),
        |answer| vec![answer[..9].to_vec(), answer[9..].to_vec()],
    ];
    for beside in besides {
        let (world, server, run) = changed(beside);
        assert_eq!((run.code, &run.json()["outcome"]), (9, &"differs".into()), "{run:#?}");
        assert!(server.connections() > 1, "{run:#?}");
        assert_eq!(world.journal()[1]["outcome"], "differs");
    }
}
