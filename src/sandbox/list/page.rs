//! Pages of a list and the headers that tell of them (the vendor's page "Pagination").

use crate::sandbox::behaviour::{Behaviour, MaxPageIndex, NextPage, PageSize};

/// "Never below 1,000" is all that is said of the largest page.
const LARGEST: usize = 1_000;
/// The vendor's samples ask for 100; what comes without being asked for is not published.
const USUAL: usize = 100;

/// A page; pages are counted from 0.
pub(crate) struct Page {
    pub(crate) size: usize,
    number: usize,
}

impl Page {
    pub(crate) fn read(
        size: Option<&str>,
        number: Option<&str>,
        behaviour: &Behaviour,
    ) -> Result<Page, String> {
        let size = size.map_or(Ok(USUAL), |size| whole("pageSize", size))?;
        if size == 0 {
            return Err("pageSize must be at least 1.".to_string());
        }
        if size > LARGEST && behaviour.page_size == PageSize::Refuse {
            return Err(format!("pageSize cannot be above {LARGEST}."));
        }
        let number = number.map_or(Ok(0), |number| whole("pageNumber", number))?;
        Ok(Page { size: size.min(LARGEST), number })
    }

    /// The index of its first customer among the matches.
    pub(crate) fn first(&self) -> usize {
        self.number.saturating_mul(self.size)
    }

    pub(crate) fn headers(&self, matches: usize, behaviour: &Behaviour) -> [(&'static str, String); 7] {
        let pages = matches.div_ceil(self.size);
        let more = self.number.saturating_add(1) < pages;
        let next = if more || behaviour.next_page == NextPage::OneMore {
            self.number.saturating_add(1).to_string()
        } else {
            "-1".to_string()
        };
        let last = match behaviour.max_page_index {
            MaxPageIndex::Last => pages.saturating_sub(1),
            MaxPageIndex::Count => pages,
        };
        [
            ("x-count", matches.to_string()),
            ("x-maxcount", matches.to_string()),
            ("x-currentpage", self.number.to_string()),
            ("x-previouspage", self.number.checked_sub(1).map_or("-1".to_string(), |page| page.to_string())),
            ("x-nextpage", next),
            ("x-pagesize", self.size.to_string()),
            ("x-maxpageindex", last.to_string()),
        ]
    }
}

fn whole(name: &str, text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{name} must be a whole number, not {text}."))
}
