use std::time::Duration;

use super::*;
use crate::document::plan::{plan as planned, rewrite};
use crate::document::{Action, Edit, Edits};

const BEFORE: &str = "{ \"id\":7,\"status\":\"Active\", \"firstName\":\"J\\u006fn\",\"lastName\":null,\"balance\":1E5 ,\"tags\":[1,\n2]}\n";

fn at(folder: &tempfile::TempDir) -> Store {
    Store::at(folder.path().to_path_buf(), Duration::from_secs(60))
}

fn plan_of(before: &str, values: &[(&str, &str)]) -> Plan {
    let edit = |(path, text): &(&str, &str)| Edit {
        path: Path::parse(path).unwrap(),
        action: Action::Set(Json::string(text)),
        given: String::new(),
    };
    let edits = Edits::check(values.iter().map(edit).collect()).unwrap();
    planned(Customer::parse(before).unwrap(), &edits, true).unwrap()
}

fn customer(id: u64) -> String {
    format!("{{\"id\":{},\"status\":\"Active\",\"firstName\":\"Jon\",\"lastName\":\"Smith\"}}", id + 1)
}

fn origin(profile: &str) -> Origin {
    let (profile, host) = (profile.to_string(), "host".to_string());
    Origin { profile, host, command: "customer update", undoes: None, row: None }
}

fn names(store: &Store, filter: &Filter) -> Vec<EntryId> {
    store.history(filter).map(|entry| entry.unwrap().entry).collect()
}

#[test]
fn an_entry_gives_back_the_plan_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let plans = [
        plan_of(BEFORE, &[("firstName", "Jon\n\u{7}"), ("zeta", "new"), ("alpha", "newer")]),
        plan_of(
            BEFORE,
            &[("customerReference.reference2", "b"), ("customerReference.reference1", "a"), ("x", "y")],
        ),
        rewrite(
            Customer::parse(BEFORE).unwrap(),
            vec![(Path::root("tags"), None), (Path::root("lastName"), None)],
        )
        .unwrap(),
        rewrite(
            Customer::parse(BEFORE).unwrap(),
            vec![(Path::root("tags"), Some(Json::parse("[ 3,\r\n4 ]").unwrap()))],
        )
        .unwrap(),
    ];
    for plan in plans {
        let name = at(&folder).begin(&plan, &origin("live")).unwrap();
        let store = at(&folder);
        let entry = store.entry(&name).unwrap().unwrap();
        let read = store.plan(&entry).unwrap();
        assert_eq!(read.before.text(), plan.before.text());
        assert_eq!(read.after.text(), plan.after.text());
        let exact = |changes: &[Change]| {
            let mut tokens: Vec<_> = changes
                .iter()
                .map(|change| {
                    [&change.before, &change.after]
                        .map(|json| json.as_ref().map(|json| json.text().to_string()))
                })
                .collect();
            tokens.sort();
            tokens
        };
        assert_eq!(exact(&read.replaced), exact(&plan.replaced));
        assert_eq!(exact(&read.changes), exact(&plan.changes));
        assert_eq!(entry.state(), "unfinished");
    }
}

#[test]
fn an_entry_that_was_tampered_with_gives_no_plan() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let name = store.begin(&plan_of(BEFORE, &[("firstName", "John")]), &origin("live")).unwrap();
    let spoil = |sql: &str| store.write(|transaction| transaction.execute(sql, [])).unwrap();
    spoil("UPDATE entries SET before = replace(before, '1E5', '1E6')");
    let error = store.plan(&store.entry(&name).unwrap().unwrap()).unwrap_err();
    assert!(error.message.contains("do not match"), "{error}");
    spoil("UPDATE entries SET outcome = 'who knows'");
    assert!(store.entry(&name).unwrap_err().message.ends_with("cannot be used"));
}

#[test]
fn an_outcome_is_recorded_with_its_customer_unless_the_entry_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let plan = plan_of(&customer(7), &[("firstName", "John")]);
    let name = store.begin(&plan, &origin("live")).unwrap();
    store.end(&name, EntryOutcome::Differs, Some(&plan.before)).unwrap();
    let entry = store.entry(&name).unwrap().unwrap();
    assert_eq!(entry.outcome, Some(EntryOutcome::Differs));
    assert_eq!(store.stored(&entry).unwrap().unwrap().text(), plan.before.text());
    store.end(&name, EntryOutcome::Written, None).unwrap();
    assert!(store.stored(&entry).unwrap().is_none());
    let error = store.end(&EntryId::typed("none"), EntryOutcome::Written, None).unwrap_err();
    assert_eq!(error.message, "the store has no entry none any more");
}

#[test]
fn history_is_newest_first_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let run = EntryId::typed("run");
    let mut made = Vec::new();
    for at in 0..500 {
        let profile = if at % 2 == 0 { "even" } else { "odd" };
        let path = if at % 5 == 0 { "lastName" } else { "firstName" };
        let row = (at % 10 == 0).then(|| RunRow { run: run.clone(), row: at });
        let origin = Origin { row, ..origin(profile) };
        made.push(store.begin(&plan_of(&customer(at % 3), &[(path, "x")]), &origin).unwrap());
    }
    made.reverse();
    let every = |step: usize, from: usize| made.iter().skip(from).step_by(step).cloned().collect::<Vec<_>>();
    assert_eq!(names(&store, &Filter::default()), made);
    assert_eq!(names(&store, &Filter { limit: Some(201), ..Filter::default() }), made[..201]);
    let odd =
        Filter { profile: Some("odd".to_string()), host: Some("host".to_string()), ..Filter::default() };
    assert_eq!(names(&store, &odd), every(2, 0));
    assert!(names(&store, &Filter { host: Some("other".to_string()), ..odd.clone() }).is_empty());
    assert_eq!(names(&store, &Filter { customer: Some(2), ..Filter::default() }), every(3, 0));
    let path = Some(Path::root("lastName"));
    assert_eq!(names(&store, &Filter { path: path.clone(), ..Filter::default() }), every(5, 4));
    assert_eq!(names(&store, &Filter { path, limit: Some(3), ..odd }), every(10, 4)[..3]);
    assert_eq!(names(&store, &Filter { run: Some(run), ..Filter::default() }), every(10, 9));
    let middle = store.entry(&made[250]).unwrap().unwrap();
    let since = names(&store, &Filter { since: Some(middle.time), ..Filter::default() });
    assert!(since.len() > 250 && since.len() < 300 && since == made[..since.len()], "{}", since.len());
}

#[test]
fn open_entries_are_given_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let begin = |customer_id: u64| {
        store.begin(&plan_of(&customer(customer_id), &[("firstName", "x")]), &origin("live")).unwrap()
    };
    let names = [1, 2, 1, 1].map(begin);
    store.end(&names[0], EntryOutcome::Written, None).unwrap();
    store.end(&names[2], EntryOutcome::Unknown, None).unwrap();
    let open = |profile: &str, customer: Option<u64>| {
        let (mut open, mut last) = (Vec::new(), None);
        while let Some(entry) = store.next_open(profile, customer, last.as_ref()).unwrap() {
            open.push(entry.entry.clone());
            last = Some(entry);
        }
        open
    };
    assert_eq!(open("live", None), names[1..]);
    assert_eq!(open("live", Some(2)), names[2..]);
    assert!(open("other", None).is_empty());
}

#[test]
fn the_last_written_entry_and_the_entry_that_undid_it_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let begin = |undoes: Option<EntryId>| {
        store
            .begin(&plan_of(&customer(7), &[("firstName", "x")]), &Origin { undoes, ..origin("live") })
            .unwrap()
    };
    let last = || store.last_written("live", "host").unwrap().map(|entry| entry.entry);
    assert_eq!(last(), None);
    let (first, second, third) = (begin(None), begin(None), begin(None));
    store.end(&first, EntryOutcome::Written, None).unwrap();
    store.end(&second, EntryOutcome::NotWritten, None).unwrap();
    store.end(&third, EntryOutcome::Unknown, None).unwrap();
    assert_eq!(last().as_ref(), Some(&first));
    let undone_by = || store.entry(&first).unwrap().unwrap().undone_by;
    let undo = begin(Some(first.clone()));
    assert_eq!(undone_by(), None);
    store.end(&undo, EntryOutcome::Differs, None).unwrap();
    assert_eq!((undone_by().as_ref(), last().as_ref()), (Some(&undo), Some(&undo)));
    assert!(store.last_written("live", "elsewhere").unwrap().is_none());
}

#[test]
fn the_paths_that_later_changes_wrote_are_those_of_the_customer_and_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    let begin = |id: u64, profile: &str, path: &str, outcome: EntryOutcome| {
        let name = store.begin(&plan_of(&customer(id), &[(path, "x")]), &origin(profile)).unwrap();
        store.end(&name, outcome, None).unwrap();
        name
    };
    let first = begin(7, "live", "firstName", EntryOutcome::Unknown);
    begin(7, "live", "lastName", EntryOutcome::Written);
    begin(7, "live", "lastName", EntryOutcome::Written);
    begin(7, "live", "customerReference.reference1", EntryOutcome::Written);
    begin(7, "live", "firstName", EntryOutcome::NotWritten);
    begin(8, "live", "firstName", EntryOutcome::Written);
    begin(7, "test", "firstName", EntryOutcome::Written);
    let paths = store.paths_written_later(&store.entry(&first).unwrap().unwrap()).unwrap();
    assert_eq!(paths.iter().map(ToString::to_string).collect::<Vec<_>>(), ["lastName", "customerReference"]);
}

#[test]
fn no_query_walks_through_the_whole_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder);
    store.begin(&plan_of(&customer(7), &[("firstName", "x")]), &origin("live")).unwrap();
    let wide = Filter { limit: Some(20), ..Filter::default() };
    let filters = [
        Filter { profile: Some(String::new()), ..wide.clone() },
        Filter { profile: Some(String::new()), since: Some(Timestamp::UNIX_EPOCH), ..wide.clone() },
        Filter { customer: Some(7), ..wide.clone() },
        Filter { path: Some(Path::root("a")), ..wide.clone() },
        Filter { run: Some(EntryId::typed("")), ..wide.clone() },
    ];
    for filter in filters {
        let (sql, _) = filter.query(i64::MAX, 20);
        let plan: Vec<String> = store
            .read(|connection| {
                let mut steps = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let mut rows = steps.raw_query();
                let mut details = Vec::new();
                while let Some(row) = rows.next()? {
                    details.push(row.get("detail")?);
                }
                Ok(details)
            })
            .unwrap();
        let walks = |step: &String| step.starts_with("SCAN") || step.contains("TEMP B-TREE");
        assert!(!plan.iter().any(walks), "{filter:?}: {plan:#?}");
    }
}
