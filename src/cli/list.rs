//! `fusebill customer list`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::bulk::file;

use crate::api::Order;
use crate::document::Path;
use crate::error::{Error, Result};
use crate::search::{Condition, QueryError, Search, names};

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only customers that match this (repeatable; all must match)
    #[arg(long = "where", value_name = "FIELD=PATTERN")]
    pub(crate) conditions: Vec<String>,
    /// Order by this field; without it, the oldest customer comes first
    #[arg(long, value_name = "FIELD")]
    pub(crate) sort: Option<String>,
    /// The largest first
    #[arg(long, requires = "sort")]
    pub(crate) desc: bool,
    /// Stop after this many customers
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) columns: Columns,
    /// Export to a file, .csv or .xlsx, that `customer bulk` reads after it was edited
    ///
    /// What was exported is kept too: a CSV file's base in FILE.csv.base, that of a workbook inside it. `customer bulk` writes only
    /// cells that were edited, and merges them with what is stored then.
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(file))]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FindArgs {
    /// Words to look for
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Stop after this many customers
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) columns: Columns,
}

#[derive(Debug, Args)]
pub(crate) struct Columns {
    /// Show these fields (comma-separated); JSON has the id in any case
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    columns: Vec<String>,
}

impl Columns {
    /// None for the usual columns of the output format.
    pub(crate) fn paths(&self) -> Result<Option<Vec<Path>>> {
        let mut columns = Vec::new();
        for name in &self.columns {
            let path = column(name.trim())?;
            if !columns.contains(&path) {
                columns.push(path);
            }
        }
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ListRequest {
    pub(crate) search: Search,
    pub(crate) order: Order,
    pub(crate) limit: Option<u64>,
    /// None for the usual columns of the output format.
    pub(crate) columns: Option<Vec<Path>>,
}

impl ListArgs {
    pub(crate) fn request(&self) -> Result<ListRequest> {
        let condition =
            |text: &String| Condition::parse(text).map_err(|error| usage("--where", text, &error));
        let conditions = self.conditions.iter().map(condition).collect::<Result<_>>()?;
        Ok(ListRequest {
            search: Search::new(conditions),
            order: self.order()?,
            limit: self.limit,
            columns: self.columns.paths()?,
        })
    }

    fn order(&self) -> Result<Order> {
        let Some(field) = &self.sort else {
            return Ok(Order { by: names::CREATED.to_string(), descending: false });
        };
        let name = names::find(field).map_err(|error| usage("--sort", field, &error))?;
        let by = name.filter.ok_or_else(|| {
            Error::usage(format!("--sort {field}: the API cannot sort by it"))
                .hint("it sorts by the fields that it can filter by; sort the output instead")
        })?;
        Ok(Order { by, descending: self.desc })
    }
}

fn column(text: &str) -> Result<Path> {
    if let Some(path) = names::path(text) {
        return Ok(Path::of(path));
    }
    if names::find(text).is_ok() {
        return Err(Error::usage(format!("--columns {text}: the API filters by it, but it is not a field"))
            .hint("the codes are in customerReference.salesTrackingCodes"));
    }
    Path::parse(text)
        .map_err(|error| Error::usage(format!("--columns: `{text}` is not a path")).source(error))
}

fn usage(flag: &str, text: &str, error: &QueryError) -> Error {
    error.hint.iter().fold(Error::usage(format!("{flag} {text}: {error}")), Error::hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(columns: &[&str], sort: Option<&str>) -> ListArgs {
        ListArgs {
            conditions: Vec::new(),
            sort: sort.map(str::to_string),
            desc: true,
            limit: None,
            columns: Columns { columns: columns.iter().map(|name| (*name).to_string()).collect() },
            out: None,
        }
    }

    #[test]
    fn a_column_is_a_field_or_any_path() {
        let names =
            ["id", "last-name", "lastName", "reference1", "AccountStatus", "salesTrackingCodes", "x.y"];
        let columns = args(&names, None).request().unwrap().columns.unwrap();
        let shown: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let expected = [
            "id",
            "lastName",
            "customerReference.reference1",
            "customerAccountStatus",
            "customerReference.salesTrackingCodes",
            "x.y",
        ];
        assert_eq!(shown, expected);
        assert!(args(&["SalesTrackingCode1.Code"], None).request().is_err());
        assert!(args(&["a..b"], None).request().is_err());
        assert!(args(&[], None).request().unwrap().columns.is_none());
    }

    #[test]
    fn an_order_is_one_the_api_knows() {
        let order = |sort| args(&[], sort).request().map(|request| request.order);
        assert_eq!(order(None).unwrap(), Order { by: "CreatedTimestamp".to_string(), descending: false });
        let by = order(Some("reference1")).unwrap();
        assert_eq!(by, Order { by: "CustomerReference.Reference1".to_string(), descending: true });
        assert!(order(Some("currency")).unwrap_err().message.starts_with("--sort currency:"));
    }
}
