//! Parts of lists.

use serde::Serialize;

/// Which part of a list.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// After the item with this id.
    pub after: Option<String>,
    /// At most this many, 1–200; 50 if absent.
    pub limit: Option<usize>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// To be given as `after` for the next part; null at the end.
    pub next: Option<String>,
}

impl Paging {
    /// The part of `items` this asks for; `id` names an item.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = T>, id: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit.unwrap_or(50).clamp(1, 200);
        let mut rest = items.into_iter().peekable();
        if let Some(after) = &self.after {
            let _ = rest.find(|item| id(item) == *after);
        }
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let more = rest.peek().is_some();
        let next = items.last().filter(|_| more).map(id);
        Page { items, next }
    }
}
