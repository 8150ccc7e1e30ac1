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

/// The moments of every column of numbers, by arm and by each label: all that is left of rows that were not kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moments {
    /// By arm, then by each label.
    counts: Vec<Groups<u64>>,
    /// The same, for each number.
    cells: Vec<Vec<Groups<Cell>>>,
}

impl Moments {
    /// Of a table with its rows.
    pub(super) fn of(table: &Table) -> Self {
        let ways = || std::iter::once(By::Arm).chain((0..table.labels.len()).map(By::Label));
        let numbers = table.blocks.first().map_or(0, |block| block.numbers.len());
        Self {
            counts: ways().map(|by| table.count(by)).collect(),
            cells: (0..numbers)
                .map(|number| ways().map(|by| table.cells(number, f64::INFINITY, by)).collect())
                .collect(),
        }
    }

    /// Of no rows, with so many columns of numbers.
    pub(super) fn none(arms: usize, labels: &[usize], numbers: usize) -> Self {
        let values = || std::iter::once(1).chain(labels.iter().copied());
        let cell = Cell { binary: true, ..Cell::default() };
        Self {
            counts: values().map(|values| Groups { arms, cells: vec![0; arms * values] }).collect(),
            cells: vec![values().map(|values| Groups { arms, cells: vec![cell; arms * values] }).collect(); numbers],
        }
    }

    /// Takes in a part of the file, which has its own codes for arms and labels.
    pub(super) fn merge(&mut self, part: &Self, arms: &[u8], labels: &[Vec<u16>]) {
        let codes = || std::iter::once(None).chain(labels.iter().map(Some));
        for ((whole, part), codes) in self.counts.iter_mut().zip(&part.counts).zip(codes()) {
            whole.take(part, arms, codes, |a, b| a + b);
        }
        for (whole, part) in self.cells.iter_mut().zip(&part.cells) {
            for ((whole, part), codes) in whole.iter_mut().zip(part).zip(codes()) {
                whole.take(part, arms, codes, Cell::merge);
            }
        }
    }

    pub(super) fn units(&self) -> usize {
        self.counts.first().map_or(0, |counts| counts.cells.iter().sum::<u64>() as usize)
    }
}

impl<T: Copy> Groups<T> {
    fn take(&mut self, part: &Self, arms: &[u8], values: Option<&Vec<u16>>, merge: impl Fn(T, T) -> T) {
        for (at, more) in part.cells.iter().enumerate() {
            let value = values.map_or(0, |values| usize::from(values[at / part.arms]));
            let cell = &mut self.cells[value * self.arms + usize::from(arms[at % part.arms])];
            *cell = merge(*cell, *more);
        }
    }
}

impl By {
    /// Its place among the ways by which moments are kept.
    fn place(self) -> usize {
        match self {
            Self::Arm => 0,
            Self::Label(at) => at + 1,
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
        if let Some(moments) = &self.moments {
            return moments.counts[by.place()].clone();
        }
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

    /// The moments of a column of numbers, each held to `cap`, which counts for nothing where rows were not kept.
    #[must_use]
    pub fn cells(&self, number: usize, cap: f64, by: By) -> Groups<Cell> {
        if let Some(moments) = &self.moments {
            return moments.cells[number][by.place()].clone();
        }
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

/// The sums of a group's numbers around a shift.
#[derive(Debug, Clone, Copy)]
struct Sums {
    shift: f64,
    n: u64,
    /// Of the first three powers.
    powers: [f64; 3],
    largest: f64,
    /// Numbers other than 0 and 1.
    other: u64,
    missing: u64,
}

/// Σ(x − shift)² may be so many times Σ(x − mean)²: six bits are lost at most.
const LOST_MAX: f64 = 64.0;

impl Sums {
    fn around(shift: f64) -> Self {
        Self { shift, n: 0, powers: [0.0; 3], largest: f64::NEG_INFINITY, other: 0, missing: 0 }
    }

    #[inline]
    fn push(&mut self, number: f64) {
        if number.is_nan() {
            self.missing += 1;
            return;
        }
        let off = number - self.shift;
        self.n += 1;
        self.powers[0] += off;
        self.powers[1] += off * off;
        self.powers[2] += off * off * off;
        self.largest = self.largest.max(number);
        self.other += u64::from(number != 0.0 && number != 1.0);
    }

    /// How far the mean is from the shift.
    fn off(&self) -> f64 {
        self.powers[0] / self.n.max(1) as f64
    }

    /// Whether the shift is near enough to the mean.
    fn sound(&self) -> bool {
        let [first, second, _] = self.powers;
        second <= LOST_MAX * (second - self.off() * first)
    }

    fn cell(&self) -> Cell {
        let (n, off, [first, second, third]) = (self.n as f64, self.off(), self.powers);
        let (m2, m3) = (second - off * first, third - 3.0 * off * second + 2.0 * n * off.powi(3));
        let shape = Shape { n: self.n, mean: self.shift + off, m2: m2.max(0.0), m3, largest: self.largest };
        let shape = if self.n == 0 { Shape::default() } else { shape };
        Cell { shape, missing: self.missing, binary: self.other == 0 }
    }
}

/// In one pass around any one of the numbers; where that is too far from some group's mean, again around each group's own.
/// A group whose numbers are all the same has no variance at all, not merely next to none.
fn cells(numbers: &[f64], places: &Places<'_>, cap: f64, groups: usize) -> Vec<Cell> {
    let shift = numbers.iter().copied().find(|number| !number.is_nan()).map_or(0.0, |number| held(number, cap));
    let mut sums = vec![Sums::around(shift); groups];
    places.each(numbers, |group, number| sums[group].push(held(number, cap)));
    if !sums.iter().all(Sums::sound) {
        let mut firsts = vec![None; groups];
        places.each(numbers, |group, number| {
            if !number.is_nan() {
                firsts[group].get_or_insert(held(number, cap));
            }
        });
        for shifts in [|_: &Sums, first: Option<f64>| first, |sums: &Sums, _| Some(sums.shift + sums.off())] {
            let again = sums.iter().zip(&firsts).map(|(sums, first)| Sums::around(shifts(sums, *first).unwrap_or(0.0)));
            sums = again.collect();
            places.each(numbers, |group, number| sums[group].push(held(number, cap)));
        }
    }
    sums.iter().map(Sums::cell).collect()
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

    /// 0.1 is no sum of powers of two: a mean that is a bit off would make a variance of it.
    #[test]
    fn numbers_that_are_the_same_have_no_variance() {
        let rows: Vec<_> =
            (0..999_u32).map(|row| ((row % 2) as u8, 0, [0.1, 1e9 + 0.3][(row % 2) as usize], 0.0)).collect();
        for cell in table(&rows, 3).cells(0, f64::INFINITY, By::Arm).arms(0) {
            assert_eq!(cell.shape.m2, 0.0);
        }
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
