//! Items near in content to what the member dealt with of late.

use super::{Source, best, newest};
use crate::interests::content::cosine;
use crate::recommend::Ask;
use crate::views::intern::ItemIx;

/// Recently active items that are compared, exactly.
const SCANNED_MAX: usize = 2048;
/// Items taken.
const ITEMS_MAX: usize = 96;
/// Below this the likeness is chance.
const COSINE_MIN: f32 = 0.3;

/// The items nearest to any of the member's medoids, among those active since.
pub(super) struct Neighbours;

impl Source for Neighbours {
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>) {
        if ask.medoids.is_empty() {
            return;
        }
        let mut active = Vec::with_capacity(SCANNED_MAX);
        newest(ask, &ask.views.catalogue.activity, SCANNED_MAX, SCANNED_MAX * 2, &mut active);
        let catalogue = &ask.views.catalogue;
        let medoids: Vec<&[i8]> = ask.medoids.iter().map(|medoid| catalogue.vector(medoid.item)).collect();
        let mut near: Vec<(f32, ItemIx)> = active
            .into_iter()
            .filter_map(|item| {
                let vector = catalogue.vector(item);
                let nearest = medoids.iter().map(|medoid| cosine(medoid, vector)).fold(0.0, f32::max);
                (nearest >= COSINE_MIN).then_some((nearest, item))
            })
            .collect();
        found.extend(best(&mut near, ITEMS_MAX));
    }
}
