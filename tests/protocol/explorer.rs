//! Breadth first through every world that can be reached, so that the first trace to a violation is a shortest one.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::documents::{Documents, Second};
use crate::mutants::Rules;
use crate::world::{Bounds, Move, Violation, World};

/// What was explored, and the shortest trace to each property that does not hold.
#[derive(Debug, Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) violations: Vec<(Violation, Vec<Move>)>,
}

impl Explored {
    pub(crate) fn told(&self) -> String {
        let mut told = format!("{} states, {} steps\n", self.states, self.steps);
        for (violation, trace) in &self.violations {
            told.push_str(&format!("{violation}:\n"));
            for (number, step) in trace.iter().enumerate() {
                told.push_str(&format!("  {}. {step}\n", number + 1));
            }
        }
        told
    }
}

/// Multiplies and rotates, as rustc's own hasher does: the states are no attacker's.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }
}

/// A world is known by 64 bits: among ten million, two share them once in 400,000 explorations.
fn digest(world: &World) -> u64 {
    let mut mix = Mix::default();
    world.hash(&mut mix);
    mix.write_u64(0);
    mix.finish()
}

type Digests = HashSet<u64, BuildHasherDefault<Mix>>;

pub(crate) struct Explorer {
    bounds: Bounds,
    rules: Rules,
    documents: Documents,
    /// Each world and the place of the one before it.
    worlds: Vec<(World, u32)>,
    seen: Digests,
    ends: Digests,
    found: HashMap<Violation, u32>,
    explored: Explored,
    /// The violation that ends it.
    until: Option<Violation>,
}

impl Explorer {
    pub(crate) fn new(bounds: Bounds, second: Second, rules: Rules) -> Explorer {
        Explorer {
            bounds,
            rules,
            documents: Documents::new(second),
            worlds: Vec::new(),
            seen: Digests::default(),
            ends: Digests::default(),
            found: HashMap::new(),
            explored: Explored::default(),
            until: None,
        }
    }

    pub(crate) fn until(violation: Violation, bounds: Bounds, second: Second, rules: Rules) -> Explored {
        Explorer { until: Some(violation), ..Explorer::new(bounds, second, rules) }.run()
    }

    pub(crate) fn run(mut self) -> Explored {
        let start = World::start(self.bounds, &mut self.documents);
        self.add(start, 0);
        let (mut at, mut moves, mut violations) = (0, Vec::new(), Vec::new());
        while at < self.worlds.len()
            && !self.until.is_some_and(|violation| self.found.contains_key(violation))
        {
            let world = self.worlds[at].0;
            moves.clear();
            world.moves(self.bounds, self.documents.second, &mut moves);
            for step in &moves {
                let next = world.after(*step, &mut self.documents, self.rules, &mut violations);
                self.explored.steps += 1;
                self.add(next, at as u32);
                self.note(&mut violations, at, *step);
            }
            at += 1;
        }
        self.explored.states = self.worlds.len();
        self.explored
    }

    fn add(&mut self, world: World, parent: u32) {
        if self.seen.insert(digest(&world)) {
            assert!(self.worlds.len() < 4_000_000, "it does not end: {world:?}");
            self.worlds.push((world, parent));
            self.ends_in_calm(world);
        }
    }

    /// From every world, if nothing goes wrong any more, the write ends and `--resolve` leaves nothing open.
    fn ends_in_calm(&mut self, from: World) {
        let mut world = from.calm();
        let mut ignored = Vec::new();
        for _ in 0..30 {
            if !self.ends.insert(digest(&world)) {
                return;
            }
            let Some(step) = world.calm_move() else {
                assert!(world.has_ended() && !world.has_open_entry(), "left open: {from:?}");
                return;
            };
            world = world.after(step, &mut self.documents, self.rules, &mut ignored).calm();
        }
        panic!("does not end: {from:?}");
    }

    fn note(&mut self, violations: &mut Vec<Violation>, at: usize, step: Move) {
        for violation in violations.drain(..) {
            if self.found.insert(violation, at as u32).is_none() {
                let mut trace = vec![step];
                self.trace(at, &mut trace);
                trace.reverse();
                self.explored.violations.push((violation, trace));
            }
        }
    }

    /// The moves that lead to a world, last first: each is found again between its two worlds.
    fn trace(&mut self, mut at: usize, trace: &mut Vec<Move>) {
        let mut ignored = Vec::new();
        while at > 0 {
            let (world, parent) = self.worlds[at];
            let before = self.worlds[parent as usize].0;
            let mut moves = Vec::new();
            before.moves(self.bounds, self.documents.second, &mut moves);
            let leads =
                |step: &Move| before.after(*step, &mut self.documents, self.rules, &mut ignored) == world;
            trace.extend(moves.into_iter().find(leads));
            at = parent as usize;
        }
    }
}
