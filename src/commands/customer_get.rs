//! `fusebill customer get`.

use super::lookup::check_still_matches;
use super::session::Context;
use crate::cli::{GetArgs, Output};
use crate::error::{ErrorKind, Result};
use crate::report::customer;

pub(super) fn run(args: &GetArgs, context: &Context) -> Result<ErrorKind> {
    let session = &context.open()?;
    let terminal = &session.terminal;
    let mut customers = Vec::new();
    for (number, name) in args.customers.iter().enumerate() {
        let customer = session.read(session.find(name)?)?;
        check_still_matches(name, &customer)?;
        match session.global.output {
            Output::Table => {
                let gap = if number > 0 { "\n" } else { "" };
                terminal.print(&format!("{gap}{}", customer::sections(&customer, terminal.look())))?;
            }
            Output::Ndjson => terminal.print(&customer::whole(&[customer], Output::Ndjson))?,
            Output::Json | Output::Csv => customers.push(customer),
        }
    }
    if !customers.is_empty() {
        terminal.print(&customer::whole(&customers, session.global.output))?;
    }
    Ok(ErrorKind::Done)
}
