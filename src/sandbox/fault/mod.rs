//! What goes wrong on demand: one fault, its spelling, and the faults that are still to come.

mod hits;
mod kind;
mod spec;

pub use kind::FaultKind;

pub(crate) use hits::Hits;
use kind::Kind;

/// Something that goes wrong with certain requests, written `[METHOD][@N][*TIMES]:KIND[=VALUE]`.
///
/// METHOD is `get` (one customer), `put`, `list` or `any`; `any` is the default. `@N` makes the Nth such request the
/// first it hits, counted from when the fault was given; `*TIMES` is how many it hits, `*all` all that follow. Both are
/// one by default. [`Fault::kinds`] lists the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    method: Method,
    from: u64,
    times: Times,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Put,
    List,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Some(u64),
    All,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// One customer.
    Get(u64),
    /// An edit of the customer that the body names.
    Put,
    /// The customers that a filter finds.
    List,
    /// An address without a meaning.
    Nothing,
    /// An address with a method it does not know.
    WrongMethod {
        /// The methods it knows, as the header `Allow` lists them (RFC 9110, 10.2.1).
        allowed: &'static str,
    },
}

impl Fault {
    /// Every kind of fault there is, for help and documentation.
    pub fn kinds() -> &'static [FaultKind] {
        kind::KINDS
    }

    fn concerns(&self, operation: &Operation) -> bool {
        self.kind.can_hit(operation)
            && match self.method {
                Method::Any => true,
                Method::Get => matches!(operation, Operation::Get(_)),
                Method::Put => *operation == Operation::Put,
                Method::List => *operation == Operation::List,
            }
    }
}

/// The faults that can still hit.
#[derive(Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
}

struct Active {
    fault: Fault,
    seen: u64,
}

impl Active {
    fn is_spent(&self) -> bool {
        match self.fault.times {
            Times::Some(times) => self.seen >= (self.fault.from - 1).saturating_add(times),
            Times::All => false,
        }
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(Active { fault, seen: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn pending(&self) -> impl Iterator<Item = &Fault> {
        self.active.iter().map(|active| &active.fault)
    }

    /// Counts a request, and says which faults hit it.
    pub(crate) fn hits(&mut self, operation: &Operation) -> Hits {
        let mut hits = Vec::new();
        for active in &mut self.active {
            if active.fault.concerns(operation) {
                active.seen += 1;
                if active.seen >= active.fault.from {
                    hits.push(active.fault.kind.clone());
                }
            }
        }
        self.active.retain(|active| !active.is_spent());
        Hits::new(hits)
    }
}
