//! A sandbox with many customers.

use fusebill::sandbox::Server;

use super::sandbox::{self, CUSTOMER};

/// A sandbox with so many customers more, copies of one of its seed.
pub fn server(latency: u64, customers: u64) -> Server {
    let server = sandbox::start(latency);
    let seed = server.customer(CUSTOMER).expect("the seed has customer 123");
    (0..customers).for_each(|at| {
        server.store(&seed.replace("\"id\":123,", &format!("\"id\":{},", id(at)))).expect("it is stored");
    });
    server
}

pub fn id(at: u64) -> u64 {
    1_000_000 + at
}
