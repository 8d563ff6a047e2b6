//! The customers a sandbox begins with.

use std::sync::LazyLock;

use super::Table;
use crate::document::json::{Json, ValueKind, View, quote};
use crate::document::path::Path;
use crate::document::splice::splice;

/// One customer a line. All are made up; the addresses are under example.com and example.org, the numbers are 555 ones.
///
/// A line without a `uri` has only what makes the customer other than [`PLAIN`]; all others are whole.
static SEED: &str = include_str!("../seed.ndjson");

/// A customer of whom nothing is known.
static PLAIN: &str = include_str!("../plain.json");

/// Where the vendor's server has its customers.
const ADDRESS: &str = "https://secure.fusebill.com/v1/customers/";

static WHOLE: LazyLock<Vec<String>> = LazyLock::new(|| SEED.lines().map(whole).collect());

/// The documents of the customers that a new sandbox holds, each compact JSON.
pub fn seed() -> impl Iterator<Item = &'static str> {
    WHOLE.iter().map(String::as_str)
}

/// The seed as a table.
pub(crate) fn table() -> anyhow::Result<Table> {
    let mut table = Table::default();
    for line in seed() {
        table.add(line)?;
    }
    Ok(table)
}

/// The whole customer of a line, with the tokens that the line has.
fn whole(line: &str) -> String {
    let (own, plain) = (Json::known(line.to_string()), Json::known(PLAIN.trim_end().to_string()));
    if own.root().member("uri").is_some() {
        return line.to_string();
    }
    let id = own.root().member("id").map_or("0", View::raw);
    let uri = quote(&format!("{ADDRESS}{id}"));
    let mut values = vec![(Path::root("uri"), uri.as_str())];
    for object in ["customerReference", "customerAcquisition"].map(Path::root) {
        values.extend([(object.join("id"), id), (object.join("uri"), uri.as_str())]);
    }
    for (key, value) in own.root().members() {
        let path = Path::root(key.name());
        match value.kind() {
            ValueKind::Object => {
                values.extend(value.members().map(|(key, value)| (path.join(key.name()), value.raw())));
            }
            _ => values.push((path, value.raw())),
        }
    }
    splice(plain.text(), plain.root(), values.iter().map(|(path, token)| (path, Some(*token))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_makes_a_customer_other_than_a_plain_one() {
        let ada = seed().find(|text| text.contains("\"id\":1001,")).unwrap();
        let ada = Json::parse(ada).unwrap();
        let raw = |path: &str| {
            let names = Path::parse(path).unwrap();
            names.names().iter().try_fold(ada.root(), |view, name| view.member(name)).unwrap().raw()
        };
        assert_eq!((raw("monthlyRecurringRevenue"), raw("netMonthlyRecurringRevenue")), ("1E5", "9.95e4"));
        assert_eq!(
            (raw("suffix"), raw("status"), raw("customerReference.id")),
            ("null", "\"Active\"", "1001")
        );
        let uri = "\"https://secure.fusebill.com/v1/customers/1001\"";
        assert_eq!((raw("uri"), raw("customerAcquisition.uri")), (uri, uri));
        assert!(raw("customerReference.salesTrackingCodes").contains("EMEA"));
    }
}
