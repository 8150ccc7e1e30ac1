//! What was known of the items when the training ended, for measures beyond accuracy and for slices.

use anklang_models::View;

use super::top_k::Ties;
use crate::measure::long_tail;

#[derive(Debug)]
pub(super) struct Background {
    /// How many members dealt with each item.
    pub(super) known_by: Vec<u32>,
    /// How many members dealt with anything.
    pub(super) people: u32,
    /// Which members did.
    pub(super) warm_members: Vec<bool>,
    /// From the most popular on; ties as in lists.
    pub(super) by_popularity: Vec<u32>,
    /// What is not in the head.
    pub(super) tail: Vec<bool>,
}

impl Background {
    pub(super) fn of(view: &View<'_>, ties: &Ties) -> Self {
        let matrix = view.matrix();
        let known_by: Vec<u32> = matrix.col_sums().into_iter().map(|sum| sum as u32).collect();
        let warm_members: Vec<bool> = (0..matrix.rows()).map(|member| !matrix.row(member).0.is_empty()).collect();
        let people = warm_members.iter().filter(|warm| **warm).count() as u32;
        let mut by_popularity: Vec<u32> = (0..known_by.len() as u32).collect();
        by_popularity.sort_by_key(|item| (std::cmp::Reverse(known_by[*item as usize]), ties.place(*item)));
        let tail = long_tail::tail(&known_by, &by_popularity);
        Self { known_by, people, warm_members, by_popularity, tail }
    }

    /// Whether nobody had dealt with the item.
    pub(super) fn cold(&self, item: usize) -> bool {
        self.known_by[item] == 0
    }
}
