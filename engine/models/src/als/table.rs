//! One side's factors, while they are learned.

/// Rows begin at multiples of this many numbers, so that no vector of any processor meets a row's end.
const LANES: usize = 16;

/// Rows of `rank` numbers, each followed by zeros up to `stride`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    rank: usize,
    stride: usize,
    values: Vec<f32>,
}

impl Table {
    /// Rows of zeros.
    pub(super) fn zeros(rows: usize, rank: usize) -> Self {
        let stride = Self::stride_of(rank);
        Self { rank, stride, values: vec![0.0; rows * stride] }
    }

    /// From one row to the next.
    pub(super) const fn stride_of(rank: usize) -> usize {
        rank.next_multiple_of(LANES)
    }

    pub(super) const fn rank(&self) -> usize {
        self.rank
    }

    pub(super) const fn stride(&self) -> usize {
        self.stride
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }

    /// A row without its padding.
    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.stride..row * self.stride + self.rank]
    }

    /// The rows without their padding, one after the other.
    pub(super) fn packed(mut self) -> Vec<f32> {
        if self.stride > self.rank {
            let rows = self.values.len() / self.stride;
            for row in 0..rows {
                self.values.copy_within(row * self.stride..row * self.stride + self.rank, row * self.rank);
            }
            self.values.truncate(rows * self.rank);
            self.values.shrink_to_fit();
        }
        self.values
    }
}
