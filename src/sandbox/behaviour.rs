//! One table of the questions that the vendor's documents leave open or answer twice. It makes the type of each answer,
//! the parsing of `name=value` and the help. The first value is the default.

/// A question that the vendor's documents leave open.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The name before the `=`.
    pub name: &'static str,
    /// The values after the `=`; the first is the default.
    pub values: &'static [&'static str],
    /// One line of help.
    pub help: &'static str,
}

macro_rules! choices {
    ($($field:ident: $type:ident = $name:literal { $first:ident = $word:literal $(, $more:ident = $words:literal)+ } $help:literal)+) => {
        $(
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
            pub(crate) enum $type { #[default] $first, $($more),+ }
        )+

        /// The chosen answer to each question.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Behaviour { $(pub(crate) $field: $type),+ }

        static CHOICES: &[Choice] = &[
            $(Choice { name: $name, values: &[$word $(, $words)+], help: $help }),+
        ];

        impl Behaviour {
            fn choose(&mut self, name: &str, value: &str) -> bool {
                match (name, value) {
                    $(
                        ($name, $word) => self.$field = $type::$first,
                        $(($name, $words) => self.$field = $type::$more,)+
                    )+
                    _ => return false,
                }
                true
            }
        }
    };
}

choices! {
    nested_omitted: NestedOmitted = "nested-omitted" { Clear = "clear", Keep = "keep", Refuse = "refuse" }
        "a PUT without (or with a null) customerReference or customerAcquisition"
    nested_partial: NestedPartial = "nested-partial" { Clear = "clear", Keep = "keep" }
        "members left out of customerReference or customerAcquisition"
    null_codes: NullCodes = "null-codes" { Clear = "clear", Keep = "keep", Refuse = "refuse" }
        "a PUT with salesTrackingCodes null"
    retired_code: RetiredCode = "retired-code" { Keep = "keep", Refuse = "refuse" }
        "a PUT that sends back a retired sales-tracking code the customer has"
    status_change: StatusChange = "status-change" { Allow = "allow", Refuse = "refuse", Ignore = "ignore" }
        "a PUT that changes the status to anything but Suspended"
    unchanged_suspended: UnchangedSuspended = "unchanged-suspended" { Accept = "accept", Refuse = "refuse" }
        "a PUT that leaves a suspended customer Suspended"
    unchanged_cancelled: UnchangedCancelled = "unchanged-cancelled" { Accept = "accept", Refuse = "refuse" }
        "a PUT that leaves a cancelled customer Cancelled"
    currency_change: CurrencyChange = "currency-change" { Refuse = "refuse", Ignore = "ignore", Allow = "allow" }
        "a PUT with another currency when it can no longer change"
    null_parent: NullParent = "null-parent" { Detach = "detach", Keep = "keep", Refuse = "refuse" }
        "a PUT without (or with a null) parentId on a customer that has a parent"
    parent_rules: ParentRules = "parent-rules" { Loose = "loose", Strict = "strict" }
        "whether a new parent must be Active and the hierarchy at most 4 generations"
    unknown_keys: UnknownKeys = "unknown-keys" { Ignore = "ignore", Store = "store", Refuse = "refuse" }
        "keys that are no field of a customer"
    key_case_twice: KeyCaseTwice = "key-case-twice" { Last = "last", Refuse = "refuse" }
        "the same key twice in different case"
    empty_title: EmptyTitle = "empty-title" { Keep = "keep", Null = "null" }
        "how an empty title is stored"
    numeric_text: NumericText = "numeric-text" { Keep = "keep", String = "string" }
        "how a number sent for a text field is stored"
    length_unit: LengthUnit = "length-unit" { Utf16 = "utf16", CodePoints = "code-points" }
        "what a length limit counts"
    company_name: CompanyName = "company-name" { Fifty = "50", Long = "255" }
        "the longest companyName"
    modified: Modified = "modified" { EveryPut = "every-put", WhenChanged = "when-changed" }
        "when a PUT moves modifiedTimestamp"
    later_timestamp: LaterTimestamp = "later-timestamp" { Short = "short", Same = "same" }
        "how a GET spells the modifiedTimestamp that a PUT answered"
    put_answer: PutAnswer = "put-answer" { Document = "document", Null = "null", Empty = "empty" }
        "what a successful PUT answers: the customer, null, or 204"
    not_found: NotFound = "not-found" { Envelope = "envelope", Message = "message", Empty = "empty" }
        "the body of 404"
    unauthorized: Unauthorized = "unauthorized" { Envelope = "envelope", Empty = "empty" }
        "the body of 401"
    too_many: TooMany = "too-many" { Envelope = "envelope", Text = "text" }
        "the body of 429"
    error_key: ErrorKey = "error-key" { ApiError = "api-error", Field = "field" }
        "the Key of an error about one field"
    reset: Reset = "reset" { Iso = "iso", Epoch = "epoch", None = "none" }
        "the format of X-Rate-Limit-Reset"
    unknown_filter: UnknownFilter = "unknown-filter" { Everything = "everything", Refuse = "refuse" }
        "a list filtered or sorted by an unknown name"
    filter_case: FilterCase = "filter-case" { Ignore = "ignore", Match = "match" }
        "whether filter values match in any case"
    page_size: PageSize = "page-size" { Clip = "clip", Refuse = "refuse" }
        "a pageSize above 1000"
    next_page: NextPage = "next-page" { MinusOne = "minus-one", OneMore = "one-more" }
        "X-NextPage on the last page"
    max_page_index: MaxPageIndex = "max-page-index" { Last = "last", Count = "count" }
        "whether X-MaxPageIndex is the last index or the number of pages"
}

impl Behaviour {
    /// Every question.
    pub fn choices() -> &'static [Choice] {
        CHOICES
    }

    /// Makes one choice, written `name=value`. The error names the questions, or the values of the question.
    pub fn set(&mut self, choice: &str) -> Result<(), String> {
        let (name, value) = choice
            .split_once('=')
            .ok_or_else(|| format!("`{choice}` is no choice of behaviour: write NAME=VALUE"))?;
        if self.choose(name, value) {
            return Ok(());
        }
        Err(match CHOICES.iter().find(|known| known.name == name) {
            Some(known) => format!("`{name}` is one of {}, not `{value}`", known.values.join(", ")),
            None => {
                let names: Vec<&str> = CHOICES.iter().map(|choice| choice.name).collect();
                format!("there is no behaviour `{name}`; there are {}", names.join(", "))
            }
        })
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
