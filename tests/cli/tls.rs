//! TLS, proxies and redirects: who is trusted, what is said when nobody is, and that the key stays here then.

pub mod authority;
pub mod server;

use fusebill::sandbox::KEY;

use crate::safety::{Bystander, key_is_nowhere};
use crate::world::{Run, World};
use authority::{Authority, Identity};
use server::{Closed, Listener};

const HERE: &[&str] = &["127.0.0.1"];
/// A host that no resolver knows; only the proxies of these tests lead there.
const ELSEWHERE: &str = "https://billing.example.test/v1";
const NOTHING: &str = "Nothing was written.";
const READ: &[&str] = &["customer", "get", "123", "-v"];

/// A world whose sandbox is behind TLS.
struct Site {
    world: World,
    server: Listener,
    /// The PEM file of the authority.
    authority: String,
}

impl Site {
    /// A server that shows what this makes.
    fn showing(identity: impl FnOnce(&Authority) -> Identity) -> Site {
        let (world, authority) = (World::new(), Authority::new());
        let server = Listener::tls(identity(&authority), world.server.address());
        let authority = world.file("authority.pem", authority.pem());
        Site { world, server, authority }
    }

    /// A server that a proxy leads to by name.
    fn elsewhere() -> Site {
        Site::showing(|authority| authority.vouches_for(&["billing.example.test"]))
    }

    /// Runs the program against the server, trusting its authority.
    fn trusting(&self, arguments: &[&str]) -> Run {
        let variables = [("FUSEBILL_BASE_URL", self.server.url()), ("SSL_CERT_FILE", self.authority.clone())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.world.run_with(&variables, arguments)
    }

    /// Runs the program against a host that only the proxy knows.
    fn through(&self, proxy: &str, arguments: &[&str]) -> Run {
        let variables =
            [("FUSEBILL_BASE_URL", ELSEWHERE), ("SSL_CERT_FILE", &self.authority), ("HTTPS_PROXY", proxy)];
        self.world.run_with(&variables, arguments)
    }

    /// Asserts that a run ended before anything was said to the API, after one connection.
    #[track_caller]
    fn was_refused(&self, run: &Run, says: &[&str]) {
        run.fails(7, says);
        assert!(!run.stderr.contains("trying again"), "{}", run.stderr);
        assert_eq!((self.server.connections(), self.world.lines()), (1, Vec::new()));
        never_heard_the_key(&self.server);
        key_is_nowhere(&self.world, run, KEY);
    }
}

#[track_caller]
fn never_heard_the_key(listener: &Listener) {
    for heard in listener.heard() {
        assert!(!heard.contains(KEY) && !heard.to_lowercase().contains("\r\nauthorization"), "{heard}");
    }
}

#[test]
fn a_customer_is_read_and_written_over_tls() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    let read = site.trusting(READ);
    assert_eq!(read.code, 0, "{}", read.stderr);
    assert!(read.stdout.contains("Jon"), "{}", read.stdout);
    let written = site.trusting(&["customer", "update", "123", "--first-name", "John"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    written.says(&["Written and verified: 1 changed."]);
    assert!(site.world.stored(123).contains("\"firstName\":\"John\""));
    let expected = ["GET /v1/customers/123", "GET /v1/customers/123", "PUT /v1/customers"];
    assert_eq!(site.world.lines(), expected);
    assert_eq!(site.server.connections(), 2, "each run makes one connection");
    let key = format!("Basic {KEY}");
    assert!(site.world.requests().iter().all(|request| request.header("authorization") == Some(&key)));
    never_heard_the_key(&site.server);
}

#[test]
fn a_tls_1_2_server_is_accepted_and_its_certificate_verified() {
    let (world, authority) = (World::new(), Authority::new());
    let server = Listener::tls12(authority.vouches_for(HERE), world.server.address());
    let authority = world.file("authority.pem", authority.pem());
    let site = Site { world, server, authority };
    let written = site.trusting(&["customer", "update", "123", "--first-name", "John"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert!(site.world.stored(123).contains("\"firstName\":\"John\""));
    never_heard_the_key(&site.server);
    let run = site.world.run_with(&[("FUSEBILL_BASE_URL", &site.server.url())], READ);
    run.fails(7, &["is from an authority that is not trusted"]);
}

#[test]
fn authorities_are_found_in_folders_too() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    let folder = site.world.home.path().join("authorities");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(&site.authority, folder.join("1.pem")).expect("a copy");
    std::fs::write(folder.join("README"), "not one of them").expect("a file");
    let folders = format!("{}:{}", site.world.home.path().display(), folder.display());
    let url = site.server.url();
    let run = site.world.run_with(&[("FUSEBILL_BASE_URL", &url), ("SSL_CERT_DIR", &folders)], READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn one_certificate_that_is_signed_by_itself_can_be_trusted_alone() {
    let identity = Identity::self_signed(HERE);
    let pem = identity.pem.clone();
    let mut site = Site::showing(|_| identity);
    site.authority = site.world.file("server.pem", pem);
    let run = site.trusting(READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn an_authority_that_is_not_bundled_is_not_trusted() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    for arguments in [READ, &["customer", "update", "123", "--first-name", "John"]] {
        let site = Site::showing(|authority| authority.vouches_for(HERE));
        let run = site.world.run_with(&[("FUSEBILL_BASE_URL", &site.server.url())], arguments);
        let message = format!(
            "error: reading customer 123: the certificate of {} is from an authority that is not trusted\n",
            site.server.address()
        );
        let hints = ["proxy that inspects TLS", "SSL_CERT_FILE", "`ca_file`", "`tls_roots = \"system\"`"];
        site.was_refused(&run, &[&[message.as_str()], hints.as_slice()].concat());
    }
    let run = site
        .world
        .run_with(&[("FUSEBILL_BASE_URL", &site.server.url())], &["customer", "get", "123", "-o", "json"]);
    assert_eq!((run.code, &run.json()["error"]["kind"]), (7, &"network".into()));
}

#[test]
fn an_authority_that_only_bears_the_name_of_a_trusted_one_is_not_trusted() {
    let mut site = Site::showing(|authority| authority.vouches_for(HERE));
    site.authority = site.world.file("other.pem", Authority::new().pem());
    site.was_refused(&site.trusting(READ), &["is from an authority that is not trusted"]);
}

#[test]
fn a_certificate_for_another_name_is_refused_with_both_names() {
    let site = Site::showing(|authority| authority.vouches_for(&["other.example.test", "10.0.0.1"]));
    let says = [
        "is for another name\n  asked for: 127.0.0.1\n  it is for: other.example.test, 10.0.0.1\n",
        "hint: check the host of the base URL",
    ];
    site.was_refused(&site.trusting(READ), &says);
}

#[test]
fn a_certificate_that_has_expired_is_refused_with_the_day() {
    let site = Site::showing(|authority| authority.vouched_for(HERE));
    let says = ["expired on 2020-01-01T00:00:00Z\n", "have to renew it", "this machine's clock"];
    site.was_refused(&site.trusting(READ), &says);
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_refused_and_the_clock_doubted() {
    let site = Site::showing(|authority| authority.will_vouch_for(HERE));
    let says =
        ["is not valid before 2999-01-01T00:00:00Z\n", "hint: check this machine's clock, which says 2"];
    site.was_refused(&site.trusting(READ), &says);
}

#[test]
fn a_certificate_that_is_signed_by_itself_is_refused() {
    let site = Site::showing(|_| Identity::self_signed(HERE));
    let says =
        ["is from an authority that is not trusted\n", "signed by itself", "SSL_CERT_FILE, or `ca_file`"];
    site.was_refused(&site.trusting(READ), &says);
}

#[test]
fn a_trusted_authority_certificate_is_refused_as_a_server() {
    let identity = Identity::of_an_authority(HERE);
    let pem = identity.pem.clone();
    let mut site = Site::showing(|_| identity);
    site.authority = site.world.file("server.pem", pem);
    site.was_refused(
        &site.trusting(READ),
        &["cannot be accepted", "ca used as end entity", "an authority's own certificate", "CA:FALSE"],
    );
}

#[test]
fn a_server_without_tls_is_reported_and_not_retried() {
    let world = World::new();
    let url = format!("https://{}/v1", world.server.address());
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &url)], READ);
    run.fails(7, &["does not speak TLS\n", "hint: check the host and the port of the base URL"]);
    assert_eq!((world.server.connections(), world.lines()), (1, Vec::new()));

    let server = Listener::saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &server.url())], READ);
    run.fails(7, &["does not speak TLS\n"]);
    assert_eq!(server.connections(), 1);
    never_heard_the_key(&server);
}

#[test]
fn a_handshake_that_the_server_refuses_is_not_tried_again() {
    // A fatal alert (RFC 8446, 6): handshake_failure.
    let server = Listener::saying(&[21, 3, 3, 0, 2, 2, 40]);
    let run = World::new().run_with(&[("FUSEBILL_BASE_URL", &server.url())], READ);
    run.fails(7, &[" ended the TLS handshake: handshake failure", "neither TLS 1.2 nor 1.3"]);
    assert_eq!(server.connections(), 1);
    never_heard_the_key(&server);
}

#[test]
fn a_server_that_wants_a_client_certificate_is_not_tried_again() {
    let (world, authority) = (World::new(), Authority::new());
    let server = Listener::wanting_certificates(authority.vouches_for(HERE), &authority);
    let pem = world.file("authority.pem", authority.pem());
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &server.url()), ("SSL_CERT_FILE", &pem)], READ);
    run.fails(7, &["asks for a client certificate"]);
    assert_eq!(server.connections(), 1);
    never_heard_the_key(&server);
}

#[test]
fn a_tls_1_2_server_that_wants_a_client_certificate_is_reported() {
    let (world, authority) = (World::new(), Authority::new());
    let server = Listener::wanting_certificates_in_tls12(authority.vouches_for(HERE), &authority);
    let pem = world.file("authority.pem", authority.pem());
    let run = world.run_with(&[("FUSEBILL_BASE_URL", &server.url()), ("SSL_CERT_FILE", &pem)], READ);
    run.fails(7, &["client certificate"]);
    assert_eq!(server.connections(), 1);
    never_heard_the_key(&server);
}

#[test]
fn a_silent_server_gives_a_hint_about_missing_tls() {
    let server = Bystander::new();
    let url = server.url().replacen("http", "https", 1);
    let arguments = ["customer", "get", "123", "--timeout", "1"];
    let run = World::new().run_with(&[("FUSEBILL_BASE_URL", &url)], &arguments);
    run.fails(7, &["the API cannot be reached: no connection in time", "speaks no TLS"]);
}

#[test]
fn a_connection_that_breaks_in_the_handshake_is_tried_again() {
    let server = Listener::saying(b"");
    let run = World::new().run_with(&[("FUSEBILL_BASE_URL", &server.url())], READ);
    run.fails(7, &["broke before anything was sent", "attempt 4 of 4 was the last"]);
    assert_eq!(server.connections(), 4);
    never_heard_the_key(&server);
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_is_named_before_anything_is_sent() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    let half = Authority::new().pem().replacen("-----END", "-----", 1);
    let begin = "-----BEGIN CERTIFICATE-----\n";
    let end = "\n-----END CERTIFICATE-----\n";
    let cases = [
        ("missing.pem", None, "cannot read"),
        ("empty.pem", Some(String::new()), "there is no certificate in"),
        ("garbage.pem", Some("\u{0}\u{1}garbage".to_string()), "there is no certificate in"),
        ("cut.pem", Some(half), "certificate 1 in"),
        ("base64.pem", Some(format!("{begin}!!!{end}")), "certificate 1 in"),
        ("der.pem", Some(format!("{}{begin}AAAA{end}", Authority::new().pem())), "certificate 2 in"),
    ];
    for (name, content, says) in cases {
        let path = site.world.home.path().join(name).display().to_string();
        if let Some(content) = content {
            site.world.file(name, content);
        }
        let variables = [("FUSEBILL_BASE_URL", site.server.url()), ("SSL_CERT_FILE", path.clone())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let run = site.world.run_with(&variables, READ);
        run.fails(2, &["error: SSL_CERT_FILE: ", says, &format!("`{path}`"), "PEM file"]);
    }
    assert_eq!(site.server.connections(), 0);
}

#[test]
fn folders_without_an_authority_are_named_before_anything_is_sent() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    std::fs::create_dir(site.world.home.path().join("empty")).expect("a folder");
    for (folder, says) in [("missing", "cannot read the folder"), ("empty", "there is no certificate in")] {
        let url = site.server.url();
        let run = site.world.run_with(&[("FUSEBILL_BASE_URL", &url), ("SSL_CERT_DIR", folder)], READ);
        run.fails(2, &["error: SSL_CERT_DIR: ", says, &format!("`{folder}`")]);
    }
    assert_eq!(site.server.connections(), 0);
}

#[test]
fn authorities_are_not_read_without_tls() {
    let run = World::new().run_with(&[("SSL_CERT_FILE", "/no/such/file")], READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_proxy_leads_to_a_host_that_only_it_knows() {
    let site = Site::elsewhere();
    let proxy = Listener::proxy_to(site.server.address());
    let url = format!("http://{}", proxy.address());
    for arguments in [READ, &["customer", "update", "123", "--first-name", "John"]] {
        let run = site.through(&url, arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    assert!(site.world.stored(123).contains("\"firstName\":\"John\""));
    let heard = proxy.heard();
    assert_eq!((heard.len(), site.server.connections()), (2, 2));
    for heard in heard {
        assert!(heard.starts_with("CONNECT billing.example.test:443 HTTP/1.1\r\n"), "{heard}");
        assert!(heard.ends_with("\r\n\r\n") && !heard.contains("Authorization"), "{heard}");
    }
}

#[test]
fn the_certificate_behind_a_proxy_is_judged_by_the_name_of_the_api() {
    let site = Site::showing(|authority| authority.vouches_for(HERE));
    let proxy = Listener::proxy_to(site.server.address());
    let run = site.through(&format!("http://{}", proxy.address()), READ);
    let says = "of billing.example.test is for another name\n  asked for: billing.example.test\n  it is for: 127.0.0.1";
    site.was_refused(&run, &[says]);
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn a_proxy_that_is_spoken_to_with_tls_is_trusted_like_a_server() {
    let (site, authority) = (Site::elsewhere(), Authority::new());
    let proxy = Listener::tls_proxy_to(authority.vouches_for(HERE), site.server.address());
    let url = format!("https://{}", proxy.address());
    let run = site.through(&url, READ);
    let message =
        format!("the certificate of the proxy {} is from an authority that is not trusted", proxy.address());
    run.fails(7, &[&message, "the proxy is the one in HTTPS_PROXY"]);
    assert_eq!((proxy.connections(), site.server.connections()), (1, 0));

    let known = std::fs::read_to_string(&site.authority).expect("a file");
    site.world.file("authority.pem", known + &authority.pem());
    let run = site.through(&url, READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(site.server.connections(), 1);
}

#[test]
fn the_hosts_of_no_proxy_are_reached_without() {
    // The address of no machine leads to this one, and is not among those that no proxy stands before anyway.
    let (site, proxy) = (Site::showing(|authority| authority.vouches_for(&["0.0.0.0"])), Bystander::new());
    let base = site.server.url().replace("127.0.0.1", "0.0.0.0");
    let url = proxy.url().replace("/v1/customers/123", "");
    let variables = [
        ("FUSEBILL_BASE_URL", base.as_str()),
        ("SSL_CERT_FILE", &site.authority),
        ("HTTPS_PROXY", &url),
        ("no_proxy", "example.com, 0.0.0.0"),
    ];
    let run = site.world.run_with(&variables, READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
    proxy.was_left_alone();
}

#[test]
fn loopback_is_reached_over_tls_without_a_proxy_too() {
    let (site, proxy) = (Site::showing(|authority| authority.vouches_for(HERE)), Bystander::new());
    let (url, base) = (proxy.url(), site.server.url());
    let variables = [
        ("FUSEBILL_BASE_URL", base.as_str()),
        ("SSL_CERT_FILE", &site.authority),
        ("HTTPS_PROXY", &url),
        ("ALL_PROXY", &url),
    ];
    let run = site.world.run_with(&variables, READ);
    assert_eq!(run.code, 0, "{}", run.stderr);
    proxy.was_left_alone();
}

#[test]
fn a_proxy_that_refuses_is_asked_once() {
    let cases: [(&'static [u8], &[&str]); 6] = [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            &["does not connect to billing.example.test: ", "407", "http://USER:PASSWORD@127.0.0.1:"],
        ),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", &["403", "NO_PROXY"]),
        (b"HTTP/1.1 302 Found\r\nLocation: https://other.example.test/\r\n\r\n", &["302"]),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", &["502", "5xx often passes"]),
        (b"SSH-2.0-OpenSSH_10.0\r\n", &["does not answer as a proxy does"]),
        (b"", &["does not connect to billing.example.test: "]),
    ];
    for (answer, says) in cases {
        let (site, proxy) = (Site::elsewhere(), Listener::saying(answer));
        let run = site.through(&format!("http://{}", proxy.address()), READ);
        run.fails(7, says);
        run.says(&[&format!("the proxy {}", proxy.address()), "the proxy is the one in HTTPS_PROXY"]);
        assert_eq!((proxy.connections(), site.server.connections()), (1, 0), "{}", run.stderr);
        never_heard_the_key(&proxy);
    }
}

#[test]
fn a_refused_proxy_connection_names_the_proxy() {
    let (site, closed) = (Site::elsewhere(), Closed::new());
    let run = site.through(&format!("http://{}", closed.address()), READ);
    let message = format!("the proxy {} cannot be reached: Connection refused", closed.address());
    run.fails(7, &[&message, "hint: check HTTPS_PROXY", "attempt 4 of 4"]);
    assert!(!run.stderr.contains("the API cannot be reached"), "{}", run.stderr);
}

#[test]
fn a_proxy_without_tls_is_not_spoken_to_with_it() {
    let (site, proxy) = (Site::elsewhere(), Listener::saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let run = site.through(&format!("https://{}", proxy.address()), READ);
    let hint = format!("hint: most proxies take http: http://{}", proxy.address());
    run.fails(7, &["does not speak TLS\n", &hint]);
    assert_eq!((proxy.connections(), site.server.connections()), (1, 0));
    never_heard_the_key(&proxy);
}

#[test]
fn the_password_of_a_proxy_is_sent_only_to_the_proxy() {
    const PASSWORD: &str = "s3cr3t%3Aword";
    // base64 of me:s3cr3t:word
    const TOLD: &str = "bWU6czNjcjN0OndvcmQ=";
    let site = Site::elsewhere();
    let open = Listener::proxy_to(site.server.address());
    let deny = Listener::saying(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let mute = Listener::saying(b"");
    let (closed, world) = (Closed::new(), &site.world);
    let proxies = [(open.address(), 0), (deny.address(), 7), (mute.address(), 7), (closed.address(), 7)];
    for (address, code) in proxies {
        for form in ["table", "json"] {
            let url = format!("http://me:{PASSWORD}@{address}");
            let run = site.through(&url, &["customer", "get", "123", "-v", "-o", form]);
            assert_eq!(run.code, code, "{}", run.stderr);
            for secret in [PASSWORD, "s3cr3t", TOLD] {
                key_is_nowhere(world, &run, secret);
            }
        }
    }
    for proxy in [&open, &deny, &mute] {
        let header = format!("\r\nProxy-Authorization: Basic {TOLD}\r\n");
        assert!(proxy.heard().iter().all(|heard| heard.contains(&header)), "{:?}", proxy.heard());
    }
    assert!(site.world.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
    let url = format!("http://me:{PASSWORD}@{}", deny.address());
    site.through(&url, READ).says(&["does not take the user name and the password in its URL"]);
}

#[test]
fn no_redirect_leads_away_from_the_server_that_is_trusted() {
    for method in ["get", "put"] {
        for code in [301, 302, 303, 307, 308] {
            for scheme in ["http", "https"] {
                let site = Site::showing(|authority| authority.vouches_for(HERE));
                let (other, before) = (Bystander::new(), site.world.stored(123));
                let target = other.url().replacen("http", scheme, 1);
                site.world.fault(&format!("{method}:redirect={code},{target}"));
                let run = site.trusting(&["customer", "update", "123", "--first-name", "John", "-v"]);
                assert_eq!(run.code, 7, "{}", run.stderr);
                run.says(&[&format!("redirects to {target} (HTTP {code})"), "never followed", NOTHING]);
                other.was_left_alone();
                assert_eq!(site.world.stored(123), before);
                key_is_nowhere(&site.world, &run, KEY);
            }
        }
    }
}

#[test]
fn no_redirect_makes_a_proxy_connect_elsewhere() {
    let site = Site::elsewhere();
    let proxy = Listener::proxy_to(site.server.address());
    site.world.fault("get:redirect=302,https://other.example.test/v1/customers/123");
    let run = site.through(&format!("http://{}", proxy.address()), READ);
    run.fails(7, &["redirects to https://other.example.test/v1/customers/123 (HTTP 302)"]);
    assert_eq!(proxy.connections(), 1);
    assert!(proxy.heard()[0].starts_with("CONNECT billing.example.test:443 "));
}

impl Site {
    /// A server before this world's sandbox whose account is a profile that also says this.
    fn configured(settings: &str) -> Site {
        let authority = Authority::new();
        let world = crate::accounts::configured("");
        let server = Listener::tls(authority.vouches_for(HERE), world.server.address());
        let folder = world.home.path().join(".config/fusebill");
        std::fs::create_dir(folder.join("certificates")).expect("a folder");
        let pem = authority.pem();
        let pem = |name: &str| world.file(name, &pem);
        let path = pem(".config/fusebill/certificates/ca.pem");
        pem("home.pem");
        let text = format!(
            "[profiles.default]\nbase_url = '{}'\n{}",
            server.url(),
            settings.replace("ABSOLUTE", &path)
        );
        world.file(".config/fusebill/config.toml", text);
        Site { world, server, authority: path }
    }

    /// Runs the program with what the profile says, and these variables.
    fn by_profile(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        self.world.bare(&[&[("FUSEBILL_API_KEY", KEY)], variables].concat(), arguments)
    }
}

#[test]
fn the_authority_of_a_profile_is_trusted_wherever_its_file_is() {
    for path in ["ABSOLUTE", "certificates/ca.pem", "./certificates/../certificates/ca.pem", "~/home.pem"] {
        let site = Site::configured(&format!("ca_file = '{path}'\n"));
        let other = tempfile::tempdir().expect("a folder");
        for arguments in [READ, &["customer", "update", "123", "--first-name", "John"], &["auth", "status"]] {
            let mut command = site.world.bare_command(&[("FUSEBILL_API_KEY", KEY)], arguments);
            // Where the program is started makes no difference.
            let run = crate::world::finished(command.current_dir(other.path()));
            assert_eq!(run.code, 0, "{path}: {}", run.stderr);
            key_is_nowhere(&site.world, &run, KEY);
        }
        assert!(site.world.stored(123).contains("\"firstName\":\"John\""));
        never_heard_the_key(&site.server);
    }
}

#[test]
fn the_authority_of_a_profile_is_the_only_one_and_that_of_no_other_profile() {
    let site = Site::configured("ca_file = 'certificates/ca.pem'\n[profiles.other]\nlabel = 'X'\n");
    let url = site.server.url();
    let run = site.by_profile(&[("FUSEBILL_BASE_URL", &url)], &[&["--profile", "other"], READ].concat());
    site.was_refused(&run, &["is from an authority that is not trusted"]);
    let site = Site::configured("ca_file = 'certificates/ca.pem'\n");
    site.world.file(".config/fusebill/certificates/ca.pem", Authority::new().pem());
    // The one in the home is that of the server, and nobody said to trust it.
    let run = site.by_profile(&[], READ);
    run.fails(7, &["is from an authority that is not trusted"]);
    assert_eq!(site.world.lines(), [""; 0]);
}

#[test]
fn ssl_cert_file_overrides_the_trust_of_the_profile() {
    for setting in ["tls_roots = 'system'\n", "tls_roots = 'bundled'\n", "ca_file = 'missing.pem'\n"] {
        let site = Site::configured(setting);
        let run = site.by_profile(&[("SSL_CERT_FILE", &site.authority)], READ);
        assert_eq!(run.code, 0, "{setting}: {}", run.stderr);
        // Where the file is not for this server, the profile's own authority does not help.
        let site = Site::configured("ca_file = 'certificates/ca.pem'\n");
        let other = site.world.file("other.pem", Authority::new().pem());
        let run = site.by_profile(&[("SSL_CERT_FILE", &other)], READ);
        run.fails(7, &["is from an authority that is not trusted"]);
        assert_eq!(site.world.lines(), [""; 0]);
    }
}

#[test]
fn the_authorities_of_the_machine_do_not_know_the_one_of_a_test() {
    let site = Site::configured("tls_roots = 'system'\n");
    let run = site.by_profile(&[], READ);
    // A machine without any is told apart, and nothing is sent on either.
    let expected = if run.code == 2 { "authorities of this machine cannot be read" } else { "not trusted" };
    run.says(&[expected]);
    assert!([2, 7].contains(&run.code), "{}", run.stderr);
    assert_eq!(site.world.lines(), [""; 0]);
    never_heard_the_key(&site.server);
}

#[test]
fn a_profile_s_file_that_cannot_be_used_is_named_before_anything_is_sent() {
    for (path, content, says) in [
        ("missing.pem", None, "cannot read"),
        ("certificates", None, "cannot read"),
        ("empty.pem", Some(""), "there is no certificate in"),
        ("garbage.pem", Some("\u{1}garbage"), "there is no certificate in"),
        (
            "base64.pem",
            Some("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"),
            "certificate 1 in",
        ),
        (
            "key.pem",
            Some("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "there is no certificate in",
        ),
    ] {
        let site = Site::configured(&format!("ca_file = '{path}'\n"));
        let place = site.world.home.path().join(".config/fusebill").join(path);
        if let Some(content) = content {
            std::fs::write(&place, content).expect("a file");
        }
        for arguments in [READ, &["customer", "update", "123", "--first-name", "J"], &["auth", "status"]] {
            let run = site.by_profile(&[], arguments);
            run.fails(2, &["error: ca_file: ", says, &format!("`{}`", place.display()), "PEM file"]);
        }
        assert_eq!(site.server.connections(), 0);
    }
}

#[test]
fn a_profile_trusts_a_file_or_a_list_and_not_both() {
    let site = Site::configured("tls_roots = 'system'\nca_file = 'certificates/ca.pem'\n");
    let run = site.by_profile(&[("SSL_CERT_FILE", &site.authority)], READ);
    run.fails(2, &["config.toml`, line 4: profile default has both tls_roots and ca_file"]);
    assert_eq!(site.server.connections(), 0);
    let site = Site::configured("tls_roots = 'system'\n");
    let before = site.world.config();
    let run = site.by_profile(&[], &["profile", "set", "default", "--ca-file", &site.authority]);
    run.fails(2, &["profile default has both tls_roots and ca_file"]);
    assert_eq!(site.world.config(), before);
    let run = site.by_profile(
        &[],
        &["profile", "set", "default", "--ca-file", &site.authority, "--unset", "tls-roots"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(site.by_profile(&[], READ).code, 0);
}
