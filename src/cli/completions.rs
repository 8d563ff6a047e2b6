//! `fusebill completions`: the script for each shell.
//! The scripts of bash, zsh and fish are in completions/: they ask the program (`COMPLETE=bash fusebill -- WORD…`, see
//! `commands::complete`). clap generates those of PowerShell and elvish, which complete commands and flags but no values.

use clap::ValueEnum;
use clap_complete::aot;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Elvish,
}

impl Shell {
    /// The name of the script's file in packages.
    pub fn file(self) -> &'static str {
        match self {
            Shell::Bash => "fusebill.bash",
            Shell::Zsh => "_fusebill",
            Shell::Fish => "fusebill.fish",
            Shell::PowerShell => "_fusebill.ps1",
            Shell::Elvish => "fusebill.elv",
        }
    }

    pub fn script(self) -> String {
        match self {
            Shell::Bash => include_str!("../../completions/fusebill.bash").to_string(),
            Shell::Zsh => include_str!("../../completions/_fusebill").to_string(),
            Shell::Fish => include_str!("../../completions/fusebill.fish").to_string(),
            Shell::PowerShell => generated(aot::PowerShell),
            Shell::Elvish => generated(aot::Elvish),
        }
    }
}

fn generated(shell: impl aot::Generator) -> String {
    let mut script = Vec::new();
    aot::generate(shell, &mut super::command(), "fusebill", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
