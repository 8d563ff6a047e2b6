//! Exported tables that real spreadsheets opened and saved: what they damaged is named with its column and refused, and what they
//! kept asks for nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use crate::if_installed;
use crate::world::{Run, World};

pub fn tests() -> Vec<Trial> {
    vec![
        if_installed("ssconvert", "a_csv_whose_zeros_gnumeric_dropped_is_refused", || {
            let run = saved("csv", |from, to| convert("ssconvert", &[from, to]));
            refused(&run);
        }),
        if_installed("soffice", "a_csv_whose_zeros_libreoffice_dropped_is_refused", || {
            refused(&saved("csv", |from, to| libreoffice(from, to, "csv")));
        }),
        if_installed("soffice", "libreoffice_keeps_every_text_and_the_base_of_xlsx", || {
            let run = saved("xlsx", |from, to| libreoffice(from, to, "xlsx"));
            assert!(run.code == 0 && run.stderr.contains(": 0 of 38 rows edited since."), "{}", run.stderr);
        }),
        if_installed("ssconvert", "an_xlsx_whose_blanks_gnumeric_cut_is_refused", || {
            let run = saved("xlsx", |from, to| convert("ssconvert", &[from, to]));
            assert!(
                run.code == 2 && run.stderr.contains("blanks or invisible characters differ"),
                "{}",
                run.stderr
            );
        }),
    ]
}

fn refused(run: &Run) {
    assert_eq!(run.code, 2, "{}", run.stderr);
    for says in
        ["column `reference`: ", "`007` → `7` (read as a number)", "--allow-respelled reference takes them"]
    {
        assert!(run.stderr.contains(says), "{says} in {}", run.stderr);
    }
}

/// What `bulk plan` says of an export that a spreadsheet opened and saved.
fn saved(form: &str, save: impl Fn(&Path, &Path)) -> Run {
    let world = World::new();
    let folder = world.home.path().join("saved");
    std::fs::create_dir(&folder).expect("a folder");
    let (from, to) = (format!("a.{form}"), folder.join(format!("a.{form}")));
    let run = world.run(&["customer", "list", "--out", &from]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    save(&world.home.path().join(&from), &to);
    let base = world.home.path().join(if form == "csv" { "a.csv.base" } else { "a.xlsx" });
    let mut arguments = vec!["customer", "bulk", "plan", to.to_str().expect("a path")];
    if form == "csv" {
        arguments.extend(["--base", base.to_str().expect("a path")]);
    }
    world.run(&arguments)
}

fn convert<A: AsRef<std::ffi::OsStr>>(program: &str, arguments: &[A]) {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Each run has its own profile, because LibreOffice starts once for a profile.
fn libreoffice(from: &Path, to: &Path, form: &str) {
    let folder = to.parent().expect("a folder");
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let [from, folder] = [from, folder].map(|path| path.display().to_string());
    convert("soffice", &[&profile, "--headless", "--convert-to", form, "--outdir", &folder, &from]);
}
