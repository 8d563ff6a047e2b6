//! Bytes a second of the pure core: `cargo bench --bench core [-- FILTER]`.
//!
//! Each step of an edit runs over customers of several sizes and shapes. Where bytes a second stay the same from 2 kB to
//! 1 MB, a step is linear in the size of the document.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput};
use fusebill::document::diff::diff;
use fusebill::document::json::MAX_DEPTH;
use fusebill::document::merge::{Merge, merge};
use fusebill::document::plan::plan;
use fusebill::document::verify::verify;
use fusebill::document::{Action, Customer, Edit, Edits, Json, Path, Plan};
use fusebill::sandbox::seed;

/// A document, and all that is done with it.
struct Case {
    name: String,
    text: String,
    plan: Plan,
    /// What the server has stored after the write: it moved its timestamp.
    stored: Customer,
    /// What somebody else made of the customer meanwhile.
    theirs: Customer,
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let cases = cases();
    over(&mut criterion, "parse", &cases, |case| case.text.clone(), Customer::parse);
    over(
        &mut criterion,
        "plan",
        &cases,
        |case| (case.plan.before.clone(), edits()),
        |(before, edits)| plan(before, &edits, false),
    );
    over(
        &mut criterion,
        "diff",
        &cases,
        |case| (&case.plan.before, &case.plan.after),
        |(before, after)| diff(before.root(), after.root()),
    );
    over(&mut criterion, "verify", &cases, |case| case, |case| verify(&case.plan, &case.stored));
    over(&mut criterion, "merge", &cases, |case| case, |case| merge(&case.plan, &case.theirs));
    criterion.final_summary();
}

/// Times a step over all documents; what it is given is made outside the measurement.
fn over<'a, I, O>(
    criterion: &mut Criterion,
    step: &str,
    cases: &'a [Case],
    given: impl Fn(&'a Case) -> I,
    work: impl Fn(I) -> O,
) {
    let mut group = criterion.benchmark_group(step);
    group.sampling_mode(SamplingMode::Flat);
    for case in cases {
        group.throughput(Throughput::Bytes(case.text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(&case.name), |bencher| {
            bencher.iter_batched(|| given(case), |input| black_box(work(input)), BatchSize::LargeInput);
        });
    }
}

fn cases() -> Vec<Case> {
    let sizes = [("2 kB", 2 << 10), ("16 kB", 16 << 10), ("128 kB", 128 << 10), ("1 MB", 1 << 20)];
    let mut cases: Vec<Case> = sizes.iter().map(|(name, size)| Case::new(name, &customer(*size))).collect();
    for (name, size) in [("16 kB", 16 << 10), ("128 kB", 128 << 10)] {
        cases.push(Case::new(&format!("{name} wide"), &wide(size)));
        cases.push(Case::new(&format!("{name} deep"), &deep(size)));
    }
    cases
}

impl Case {
    fn new(name: &str, text: &str) -> Case {
        let read = |text: &str| Customer::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let plan = plan(read(text), &edits(), false).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stored = read(&put(plan.after.text(), "2024-03-05T10:20:30.12", "2024-03-06T11:21:31.13"));
        let theirs = read(&put(text, "net 30", "net 60"));
        assert!(verify(&plan, &stored).holds(), "{name} is verified");
        assert!(matches!(merge(&plan, &theirs), Ok(Merge::Merged { .. })), "{name} is merged");
        Case { name: name.to_string(), text: text.to_string(), plan, stored, theirs }
    }
}

fn put(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the customer has {old}");
    text.replacen(old, new, 1)
}

/// A few fields, as an edit has them.
fn edits() -> Edits {
    let set = |path: &str, value: &str| Edit {
        path: Path::parse(path).expect("it is a path"),
        action: Action::Set(Json::string(value)),
        given: path.to_string(),
    };
    let list =
        [("firstName", "John"), ("primaryPhone", "613-555-0199"), ("customerReference.reference1", "R-1")];
    Edits::check(list.map(|(path, value)| set(path, value)).to_vec()).expect("the edits are allowed")
}

/// Customer 123 with one more member.
fn with(member: &str) -> String {
    let seed = seed().find(|text| text.contains("\"id\":123,")).expect("the seed has customer 123");
    let open = seed.strip_suffix('}').expect("a customer is an object");
    format!("{open}{member}}}")
}

/// A customer of at least so many bytes, with custom fields and addresses in lists.
fn customer(size: usize) -> String {
    let mut lists = [String::new(), String::new()];
    let mut at = 0;
    while with("").len() + lists[0].len() + lists[1].len() < size {
        let comma = if at > 0 { "," } else { "" };
        let [fields, addresses] = &mut lists;
        let _ = write!(
            fields,
            r#"{comma}{{"id":{at},"key":"field-{at}","friendlyName":"Größe {at}","dataType":"String","value":"a \"quoted\" value, no. {at}"}}"#
        );
        let _ = write!(
            addresses,
            r#"{comma}{{"id":{at},"line1":"{at} Main Street","line2":null,"city":"Ottawa","countryId":124,"postalZip":"K1A 0B1","latitude":45.4215,"valid":true}}"#
        );
        at += 1;
    }
    with(&format!(r#","customFields":[{}],"addresses":[{}]"#, lists[0], lists[1]))
}

/// A customer with one object of very many members.
fn wide(size: usize) -> String {
    let mut members = String::new();
    let mut at = 0;
    while members.len() < size {
        let _ = write!(members, r#"{}"field{at}":{at}"#, if at > 0 { "," } else { "" });
        at += 1;
    }
    with(&format!(r#","customFields":{{{members}}}"#))
}

/// A customer with chains of objects, each as deep as a document may be.
fn deep(size: usize) -> String {
    // The outermost object and the list are two levels.
    let levels = MAX_DEPTH - 2;
    let chain = format!("{}null{}", r#"{"in":"#.repeat(levels), "}".repeat(levels));
    with(&format!(r#","customFields":[{}]"#, vec![chain.as_str(); size / chain.len()].join(",")))
}
