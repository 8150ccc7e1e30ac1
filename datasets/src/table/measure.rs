//! From a table of units to what an analysis needs: moments by arm, and by arm and label.
//!
//! Each block is gone through twice, for its means and then for what lies around them, and blocks are merged in their
//! order: nothing is lost where the numbers are large, and the answer is the same for any number of threads.

use anklang_experiments::health::shape::Shape;
use anklang_experiments::infer::joint::Joint;
use rayon::prelude::*;

use super::{Block, Table};

/// By what units are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Their arm alone.
    #[default]
    Arm,
    /// Their arm, and this label.
    Label(usize),
}

/// Groups of units: for each value of a label (one, where there is none), each arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups<T> {
    arms: usize,
    cells: Vec<T>,
}

impl<T: Clone> Groups<T> {
    /// Each arm's, among the units with this value of the label; without a label, value 0.
    #[must_use]
    pub fn arms(&self, value: usize) -> &[T] {
        self.cells.get(value * self.arms..(value + 1) * self.arms).unwrap_or_default()
    }
}

/// The units of one column of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// Of the units that have a number.
    pub shape: Shape,
    /// Units that have none.
    pub missing: u64,
    /// Whether every number is 0 or 1.
    pub binary: bool,
}

impl Cell {
    fn merge(self, other: Self) -> Self {
        Self {
            shape: self.shape.merge(other.shape),
            missing: self.missing + other.missing,
            binary: self.binary && other.binary,
        }
    }
}

/// Which group each unit of a block is in.
struct Places<'a> {
    arms: &'a [u8],
    labels: Option<&'a [u16]>,
    of_arms: usize,
}

impl<'a> Places<'a> {
    fn of(table: &Table, block: &'a Block, by: By) -> Self {
        let labels = match by {
            By::Arm => None,
            By::Label(at) => Some(block.labels[at].as_slice()),
        };
        Self { arms: &block.arms, labels, of_arms: table.arms.len() }
    }

    /// Gives each unit's group and number to `take`.
    #[inline]
    fn each(&self, numbers: &[f64], mut take: impl FnMut(usize, f64)) {
        match self.labels {
            None => self.arms.iter().zip(numbers).for_each(|(arm, number)| take(usize::from(*arm), *number)),
            Some(labels) => {
                let rows = self.arms.iter().zip(labels).zip(numbers);
                rows.for_each(|((arm, label), number)| {
                    take(usize::from(*label) * self.of_arms + usize::from(*arm), *number)
                });
            }
        }
    }
}

impl Table {
    fn groups(&self, by: By) -> usize {
        let values = match by {
            By::Arm => 1,
            By::Label(at) => self.labels[at].len(),
        };
        values * self.arms.len()
    }

    fn fold<T: Clone + Send>(
        &self,
        by: By,
        none: T,
        of_block: impl Fn(&Block, &Places<'_>) -> Vec<T> + Sync,
        merge: impl Fn(T, T) -> T,
    ) -> Groups<T> {
        let of_blocks: Vec<Vec<T>> =
            self.blocks.par_iter().map(|block| of_block(block, &Places::of(self, block, by))).collect();
        let mut cells = vec![none; self.groups(by)];
        for block in of_blocks {
            for (cell, more) in cells.iter_mut().zip(block) {
                *cell = merge(cell.clone(), more);
            }
        }
        Groups { arms: self.arms.len(), cells }
    }

    /// How many units there are in each group.
    #[must_use]
    pub fn count(&self, by: By) -> Groups<u64> {
        let of_block = |block: &Block, places: &Places<'_>| {
            let mut counts = vec![0_u64; self.groups(by)];
            match places.labels {
                None => block.arms.iter().for_each(|arm| counts[usize::from(*arm)] += 1),
                Some(labels) => {
                    let rows = block.arms.iter().zip(labels);
                    rows.for_each(|(arm, label)| counts[usize::from(*label) * places.of_arms + usize::from(*arm)] += 1);
                }
            }
            counts
        };
        self.fold(by, 0, of_block, |a, b| a + b)
    }

    /// The moments of a column of numbers, each held to `cap`.
    #[must_use]
    pub fn cells(&self, number: usize, cap: f64, by: By) -> Groups<Cell> {
        let groups = self.groups(by);
        let none = Cell { binary: true, ..Cell::default() };
        self.fold(by, none, |block, places| cells(&block.numbers[number], places, cap, groups), Cell::merge)
    }

    /// The joint moments of several columns, of the units that have a number in each; each column held to its cap.
    #[must_use]
    pub fn joints<const K: usize>(&self, numbers: [usize; K], caps: [f64; K], by: By) -> Groups<Joint<K>> {
        let of_block = |block: &Block, places: &Places<'_>| {
            let mut joints = vec![Joint::<K>::default(); self.groups(by)];
            let mut unit = 0;
            places.each(&block.numbers[numbers[0]], |group, _| {
                let row: [f64; K] = std::array::from_fn(|at| held(block.numbers[numbers[at]][unit], caps[at]));
                unit += 1;
                if row.iter().all(|number| !number.is_nan()) {
                    joints[group].push(row);
                }
            });
            joints
        };
        self.fold(by, Joint::default(), of_block, Joint::merge)
    }

    /// All numbers of a column that are there.
    #[must_use]
    pub fn values(&self, number: usize, by: By) -> Groups<Vec<f64>> {
        let of_block = |block: &Block, places: &Places<'_>| {
            let mut values = vec![Vec::new(); self.groups(by)];
            places.each(&block.numbers[number], |group, number| {
                if !number.is_nan() {
                    values[group].push(number);
                }
            });
            values
        };
        self.fold(by, Vec::new(), of_block, |mut all: Vec<f64>, more| {
            all.extend(more);
            all
        })
    }

    /// The smallest number of a column that this share of the units do not exceed; none where there are no numbers.
    #[must_use]
    pub fn quantile(&self, number: usize, share: f64) -> Option<f64> {
        let numbers = self.blocks.iter().flat_map(|block| &block.numbers[number]).copied();
        let mut numbers: Vec<f64> = numbers.filter(|number| !number.is_nan()).collect();
        let last = numbers.len().checked_sub(1)?;
        let place = ((numbers.len() as f64 * share).ceil() as usize).clamp(1, last + 1) - 1;
        Some(*numbers.select_nth_unstable_by(place, f64::total_cmp).1)
    }

    /// How many units have a number above this.
    #[must_use]
    pub fn above(&self, number: usize, cap: f64) -> u64 {
        let of_block = |block: &Block| block.numbers[number].iter().filter(|value| **value > cap).count() as u64;
        self.blocks.par_iter().map(of_block).sum()
    }
}

/// A number that is not above a cap; NaN stays what it is.
fn held(number: f64, cap: f64) -> f64 {
    if number > cap { cap } else { number }
}

/// What is summed in the first pass over a block.
#[derive(Debug, Clone, Copy)]
struct First {
    n: u64,
    sum: f64,
    missing: u64,
    largest: f64,
    other: u64,
}

fn cells(numbers: &[f64], places: &Places<'_>, cap: f64, groups: usize) -> Vec<Cell> {
    let mut first = vec![First { n: 0, sum: 0.0, missing: 0, largest: f64::NEG_INFINITY, other: 0 }; groups];
    places.each(numbers, |group, number| {
        let number = held(number, cap);
        let first = &mut first[group];
        if number.is_nan() {
            first.missing += 1;
            return;
        }
        first.n += 1;
        first.sum += number;
        first.largest = first.largest.max(number);
        first.other += u64::from(number != 0.0 && number != 1.0);
    });
    let means: Vec<f64> = first.iter().map(|first| first.sum / first.n.max(1) as f64).collect();
    let mut around = vec![[0.0; 2]; groups];
    places.each(numbers, |group, number| {
        let off = held(number, cap) - means[group];
        if !off.is_nan() {
            let [m2, m3] = &mut around[group];
            *m2 += off * off;
            *m3 += off * off * off;
        }
    });
    let cell = |((first, mean), [m2, m3]): ((First, f64), [f64; 2])| Cell {
        shape: if first.n == 0 { Shape::default() } else { Shape { n: first.n, mean, m2, m3, largest: first.largest } },
        missing: first.missing,
        binary: first.other == 0,
    };
    first.into_iter().zip(means).zip(around).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(rows: &[(u8, u16, f64, f64)], parts: usize) -> Table {
        let block = |rows: &[(u8, u16, f64, f64)]| Block {
            arms: rows.iter().map(|row| row.0).collect(),
            numbers: vec![rows.iter().map(|row| row.2).collect(), rows.iter().map(|row| row.3).collect()],
            labels: vec![rows.iter().map(|row| row.1).collect()],
        };
        let names = |count: usize| (0..count).map(|at| at.to_string()).collect();
        let blocks = rows.chunks(rows.len().div_ceil(parts).max(1)).map(block).collect();
        Table { arms: names(2), labels: vec![names(3)], blocks, ..Table::default() }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
    }

    #[test]
    fn a_mean_of_a_billion_keeps_its_variance() {
        let rows: Vec<_> = (0..10_000_u32).map(|row| (0, 0, 1e9 + f64::from(row % 10), 0.0)).collect();
        let shape = table(&rows, 7).cells(0, f64::INFINITY, By::Arm).arms(0)[0].shape;
        let variance = shape.moments().variance().unwrap();
        assert!((variance / (8.25 * 10_000.0 / 9_999.0) - 1.0).abs() < 1e-9, "{variance}");
    }

    #[test]
    fn quantiles_and_caps() {
        let rows: Vec<_> = (1..=100_u32).map(|row| (0, 0, f64::from(row), f64::NAN)).collect();
        let table = table(&rows, 3);
        assert_eq!(
            (table.quantile(0, 0.99), table.quantile(0, 1.0), table.quantile(1, 0.5)),
            (Some(99.0), Some(100.0), None)
        );
        assert_eq!((table.above(0, 99.0), table.above(1, 0.0)), (1, 0));
        assert_eq!(table.cells(0, 10.0, By::Arm).arms(0)[0].shape.largest, 10.0);
        assert_eq!(table.cells(1, 10.0, By::Arm).arms(0)[0].missing, 100);
    }

    proptest! {
        /// However the units are cut into blocks, and as pushing them one by one.
        #[test]
        fn as_one_by_one(
            rows in prop::collection::vec(
                (0..2_u8, 0..3_u16, prop::sample::select(vec![0.0, 1.0, 2.5, -7.0, 1e6, f64::NAN]), -9.0..9.0_f64), 0..60),
            parts in 1..5_usize,
        ) {
            let table = table(&rows, parts);
            for by in [By::Arm, By::Label(0)] {
                let (counts, cells, joints) =
                    (table.count(by), table.cells(0, 2.0, by), table.joints([0, 1], [2.0, f64::INFINITY], by));
                for value in 0..if by == By::Arm { 1 } else { 3 } {
                    for arm in 0..2 {
                        let of = || rows.iter().filter(|row| {
                            usize::from(row.0) == arm && (by == By::Arm || usize::from(row.1) == value)
                        });
                        let there = || of().filter(|row| !row.2.is_nan());
                        let shape = Shape::of(there().map(|row| row.2.min(2.0)));
                        let joint = Joint::of(there().map(|row| [row.2.min(2.0), row.3]));
                        let cell = cells.arms(value)[arm];
                        prop_assert_eq!(counts.arms(value)[arm], of().count() as u64);
                        prop_assert_eq!(cell.missing, of().count() as u64 - shape.n);
                        prop_assert_eq!(cell.binary, there().all(|row| [0.0, 1.0].contains(&row.2)));
                        prop_assert_eq!(cell.shape.n, shape.n);
                        prop_assert!(near(cell.shape.mean, shape.mean) && near(cell.shape.m2, shape.m2));
                        prop_assert!(near(cell.shape.m3, shape.m3) && cell.shape.largest == shape.largest);
                        prop_assert!(near(joints.arms(value)[arm].co[0][1], joint.co[0][1]));
                    }
                }
            }
        }
    }
}
