//! Pages of lists (contract 01 §4.7).

use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiError, BaseUrl, Query, error};

const DEFAULT_SIZE: u64 = 100;
const LARGEST: u64 = 1000;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageWish {
    /// `page_size=none`: everything, as a bare array.
    Everything,
    /// A page.
    Page {
        /// From 1; `None` means the last one.
        number: Option<u64>,
        /// Rows per page, 1 to 1000.
        size: u64,
    },
}

impl PageWish {
    /// Reads `page` and `page_size`; `page_size=none` counts only where `bare` is offered.
    ///
    /// # Errors
    /// 404 for a page number that is not one.
    pub fn read(query: &Query, bare: bool) -> Result<Self, ApiError> {
        let size = query.get("page_size");
        if bare && size == Some("none") {
            return Ok(Self::Everything);
        }
        let size = size.and_then(|size| size.trim().parse::<u64>().ok()).filter(|size| *size > 0);
        let number = match query.get("page") {
            None => Some(1),
            Some("last") => None,
            Some(text) => {
                Some(text.trim().parse().ok().filter(|page| *page > 0).ok_or_else(error::no_such_page)?)
            }
        };
        Ok(Self::Page { number, size: size.unwrap_or(DEFAULT_SIZE).min(LARGEST) })
    }

    /// How many rows to pass over and how many to take. For the last page `total` must be known.
    pub fn part(self, total: u64) -> (u64, u64) {
        match self {
            Self::Everything => (0, u64::MAX),
            Self::Page { number, size } => {
                let number = number.unwrap_or_else(|| pages(total, size));
                ((number - 1).saturating_mul(size), size)
            }
        }
    }
}

fn pages(total: u64, size: u64) -> u64 {
    total.div_ceil(size).max(1)
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageEnvelope<T> {
    /// Rows of the whole list.
    pub count: u64,
    /// Address of the next page.
    pub next: Option<String>,
    /// Address of the page before.
    pub previous: Option<String>,
    /// The rows of this page.
    pub results: Vec<T>,
    /// Number of this page, from 1.
    pub actual: u64,
    /// Number of pages, at least 1.
    pub total_paginas: u64,
}

impl<T> PageEnvelope<T> {
    /// The envelope of the rows of one page of a list of `total` rows at `base` + `path`.
    ///
    /// # Errors
    /// 404 when the page lies behind the last one.
    pub fn new(
        wish: PageWish,
        results: Vec<T>,
        total: u64,
        base: &BaseUrl,
        path: &str,
        query: &Query,
    ) -> Result<Self, ApiError> {
        let (number, size) = match wish {
            PageWish::Everything => (1, total.max(1)),
            PageWish::Page { number, size } => (number.unwrap_or_else(|| pages(total, size)), size),
        };
        let last = pages(total, size);
        if number > last {
            return Err(error::no_such_page());
        }
        let link = |page: Option<u64>| {
            let query = query.with_page(page);
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{}{path}{mark}{query}", base.0)
        };
        Ok(Self {
            count: total,
            next: (number < last).then(|| link(Some(number + 1))),
            previous: (number > 1).then(|| link((number > 2).then(|| number - 1))),
            results,
            actual: number,
            total_paginas: last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str, total: u64) -> Result<PageEnvelope<u8>, ApiError> {
        let query = Query::parse(query);
        let wish = PageWish::read(&query, true)?;
        PageEnvelope::new(wish, vec![], total, &BaseUrl("http://h".into()), "/x/", &query)
    }

    /// Contract 01 §9, example 10, and the links of §4.7.2.
    #[test]
    fn sizes_and_links() {
        let size = |text: &str| PageWish::read(&Query::parse(text), true).unwrap();
        assert_eq!(size("page_size=5000"), PageWish::Page { number: Some(1), size: 1000 });
        assert_eq!(size("page_size=0"), PageWish::Page { number: Some(1), size: 100 });
        assert_eq!(size("page_size=x&page="), PageWish::Page { number: Some(1), size: 100 });
        assert_eq!(size("page_size=none"), PageWish::Everything);
        assert_eq!(page("page_size=5000", 1200).unwrap().total_paginas, 2);
        assert_eq!(page("page_size=0", 1200).unwrap().total_paginas, 12);
        let third = page("type=aus&page=3&page_size=2&exclude=man", 6).unwrap();
        assert_eq!(third.previous.as_deref(), Some("http://h/x/?exclude=man&page=2&page_size=2&type=aus"));
        assert_eq!(
            page("page=2&page_size=2", 6).unwrap().previous.as_deref(),
            Some("http://h/x/?page_size=2")
        );
        assert_eq!(page("page=2", 101).unwrap().previous.as_deref(), Some("http://h/x/"));
        assert_eq!(page("page=last&page_size=4", 9).unwrap().actual, 3);
        for bad in ["page=0", "page=-1", "page=x", "page=2"] {
            assert_eq!(page(bad, 6).unwrap_err().status(), 404, "{bad}");
        }
    }
}
