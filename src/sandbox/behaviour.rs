//! The questions that the vendor's documents leave open or answer twice, in one table.

use std::collections::BTreeMap;

#[derive(Debug)]
pub struct Choice {
    /// The name before the `=`.
    pub name: &'static str,
    /// The values after the `=`; the first is the default.
    pub values: &'static [&'static str],
    pub help: &'static str,
}

const fn choice(name: &'static str, values: &'static [&'static str], help: &'static str) -> Choice {
    Choice { name, values, help }
}

#[rustfmt::skip]
static CHOICES: &[Choice] = &[
    choice("nested-omitted", &["clear", "keep", "refuse"], "a PUT without (or with a null) customerReference or customerAcquisition"),
    choice("nested-partial", &["clear", "keep"], "members left out of customerReference or customerAcquisition"),
    choice("null-codes", &["clear", "keep", "refuse"], "a PUT with salesTrackingCodes null"),
    choice("retired-code", &["keep", "refuse"], "a PUT that sends back a retired sales-tracking code the customer has"),
    choice("status-change", &["allow", "refuse", "ignore"], "a PUT that changes the status to anything but Suspended"),
    choice("unchanged-suspended", &["accept", "refuse"], "a PUT that leaves a suspended customer Suspended"),
    choice("unchanged-cancelled", &["accept", "refuse"], "a PUT that leaves a cancelled customer Cancelled"),
    choice("currency-change", &["refuse", "ignore", "allow"], "a PUT with another currency when it can no longer change"),
    choice("null-parent", &["detach", "keep", "refuse"], "a PUT without (or with a null) parentId on a customer that has a parent"),
    choice("parent-rules", &["loose", "strict"], "whether a new parent must be Active and the hierarchy at most 4 generations"),
    choice("unknown-keys", &["ignore", "store", "refuse"], "keys that are no field of a customer"),
    choice("key-case-twice", &["last", "refuse"], "the same key twice in different case"),
    choice("text-id", &["refuse", "accept"], "a PUT whose id is a text (\"4001\")"),
    choice("byte-order-mark", &["refuse", "accept"], "a PUT whose body begins with a byte order mark"),
    choice("empty-title", &["keep", "null"], "how an empty title is stored"),
    choice("numeric-text", &["keep", "string"], "how a number sent for a text field is stored"),
    choice("length-unit", &["utf16", "code-points"], "what a length limit counts"),
    choice("company-name", &["50", "255"], "the longest companyName"),
    choice("action-refusal", &["400", "409"], "the status of a status action that the customer's status does not allow"),
    choice("activation-defaults", &["false", "refuse"], "an activation without one of its three flags"),
    choice("hold-from", &["active", "active+draft+suspended"], "which customers can be put on hold"),
    choice("uncancel-to", &["active", "previous"], "the status after a cancellation is taken back"),
    choice("uncancel-subscriptions", &["stay", "return"], "whether subscriptions return with an un-cancelled customer"),
    choice("preview-extra", &["none", "additional"], "whether draft purchases are on an additional invoice"),
    choice("collection", &["ok", "fails"], "whether the invoice of a status action is paid at once"),
    choice("modified", &["every-put", "when-changed"], "when a PUT moves modifiedTimestamp"),
    choice("later-timestamp", &["short", "same"], "how a GET spells the modifiedTimestamp that a PUT answered"),
    choice("put-answer", &["document", "null", "empty"], "what a successful PUT answers: the customer, null, or 204"),
    choice("not-found", &["envelope", "message", "empty"], "the body of 404"),
    choice("unauthorized", &["envelope", "empty"], "the body of 401"),
    choice("too-many", &["envelope", "text"], "the body of 429"),
    choice("error-key", &["api-error", "field"], "the Key of an error about one field"),
    choice("reset", &["iso", "epoch", "none"], "the format of X-Rate-Limit-Reset"),
    choice("unknown-filter", &["everything", "refuse"], "a list filtered or sorted by an unknown name"),
    choice("filter-case", &["ignore", "match"], "whether filter values match in any case"),
    choice("page-size", &["clip", "refuse"], "a pageSize above 1000"),
    choice("next-page", &["minus-one", "one-more"], "X-NextPage on the last page"),
    choice("max-page-index", &["last", "count"], "whether X-MaxPageIndex is the last index or the number of pages"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour(BTreeMap<&'static str, &'static str>);

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour(CHOICES.iter().map(|choice| (choice.name, choice.values[0])).collect())
    }
}

impl Behaviour {
    pub fn choices() -> &'static [Choice] {
        CHOICES
    }

    /// Makes one choice, written `name=value`. The error names the questions, or the values of the question.
    pub fn set(&mut self, choice: &str) -> Result<(), String> {
        let (name, value) = choice
            .split_once('=')
            .ok_or_else(|| format!("`{choice}` is no choice of behaviour: write NAME=VALUE"))?;
        let Some(known) = CHOICES.iter().find(|known| known.name == name) else {
            let names: Vec<&str> = CHOICES.iter().map(|choice| choice.name).collect();
            return Err(format!("there is no behaviour `{name}`; there are {}", names.join(", ")));
        };
        let chosen = known.values.iter().find(|known| **known == value);
        let wrong = || format!("`{name}` is one of {}, not `{value}`", known.values.join(", "));
        self.0.insert(known.name, chosen.ok_or_else(wrong)?);
        Ok(())
    }

    /// Panics if the table has no such question.
    pub(crate) fn of(&self, name: &str) -> &'static str {
        self.0[name]
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.of(name) == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_can_be_set_and_the_first_is_the_default() {
        for choice in Behaviour::choices() {
            for (at, value) in choice.values.iter().enumerate() {
                let mut behaviour = Behaviour::default();
                behaviour.set(&format!("{}={value}", choice.name)).unwrap();
                assert_eq!(behaviour == Behaviour::default(), at == 0, "{} {value}", choice.name);
            }
        }
    }

    #[test]
    fn a_wrong_choice_is_answered_with_the_right_ones() {
        let mut behaviour = Behaviour::default();
        assert!(behaviour.set("reset=never").unwrap_err().contains("iso, epoch, none"));
        assert!(behaviour.set("rest=iso").unwrap_err().contains("nested-omitted, "));
        assert!(behaviour.set("reset").unwrap_err().contains("NAME=VALUE"));
    }
}
