//! Questions on a terminal that cannot move its cursor (`TERM=dumb`, as in Emacs): menus are numbered, answers are whole lines.

use super::modes::QuestionGuard;
use super::prompts::{List, no_answer};
use super::{Terminal, tell};
use crate::error::Result;

impl Terminal {
    /// None on Esc and at the end of input. Text that is no number lists the items that contain it, if the list is searched.
    pub(super) fn pick_by_number(&self, list: &List) -> Result<Option<usize>> {
        tell(&format!("{}\n", self.labelled(&list.prompt)));
        show(list, "");
        let first = list.first.map(|first| format!(" [{}]", first + 1)).unwrap_or_default();
        loop {
            let Some(line) = typed(&format!("number{first}: "), &QuestionGuard::line_by_line())? else {
                return Ok(None);
            };
            match line.trim().parse::<usize>() {
                _ if line.trim().is_empty() && list.first.is_some() => return Ok(list.first),
                Ok(number) if (1..=list.items.len()).contains(&number) => return Ok(Some(number - 1)),
                _ if list.search && show(list, line.trim()) => {}
                _ => tell(&format!("type a number from 1 to {}\n", list.items.len())),
            }
        }
    }

    /// None on Esc and at the end of input.
    pub(super) fn whole_line(&self, prompt: &str, asking: &QuestionGuard) -> Result<Option<String>> {
        typed(&format!("{}: ", self.labelled(prompt)), asking)
    }
}

/// None if Esc or the end of input ended the line.
fn typed(prompt: &str, asking: &QuestionGuard) -> Result<Option<String>> {
    tell(prompt);
    let line = asking.read_line().map_err(|error| no_answer(error.into()))?;
    if !line.ends_with('\n') || !asking.shows_keys {
        tell("\n");
    }
    Ok(line.strip_suffix('\n').map(str::to_string))
}

/// Shows the items that contain a text; false if there are none.
fn show(list: &List, text: &str) -> bool {
    let text = text.to_lowercase();
    let numbered = list.items.iter().enumerate().filter(|(_, item)| item.to_lowercase().contains(&text));
    let lines: String = numbered.map(|(at, item)| format!("{:>4}  {item}\n", at + 1)).collect();
    tell(&lines);
    !lines.is_empty()
}
