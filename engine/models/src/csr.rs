//! Sparse matrices by rows (compressed sparse row).

/// A sparse matrix, row after row; within a row columns ascend and none comes twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Csr {
    cols: usize,
    starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl Csr {
    /// The matrix of these rows, each a list of (column, value). Values of one column add up; a column beyond `cols` is
    /// left out.
    #[must_use]
    pub fn from_rows<R: IntoIterator<Item = (u32, f32)>>(cols: usize, rows: impl IntoIterator<Item = R>) -> Self {
        let mut csr = Self { cols, starts: vec![0], indices: Vec::new(), values: Vec::new() };
        let mut row: Vec<(u32, f32)> = Vec::new();
        for entries in rows {
            row.clear();
            row.extend(entries.into_iter().filter(|(col, _)| (*col as usize) < cols));
            // Stable, so that equal columns add up in the order given.
            row.sort_by_key(|(col, _)| *col);
            csr.push(&row);
        }
        csr
    }

    fn push(&mut self, row: &[(u32, f32)]) {
        let start = self.indices.len();
        for (col, value) in row {
            if self.indices.len() > start && self.indices.last() == Some(col) {
                if let Some(last) = self.values.last_mut() {
                    *last += value;
                }
            } else {
                self.indices.push(*col);
                self.values.push(*value);
            }
        }
        self.starts.push(self.indices.len());
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// How many columns there are.
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// How many entries are stored.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.indices.len()
    }

    /// A row's columns, ascending, and their values.
    #[must_use]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// A row's entries.
    pub fn entries(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let (cols, values) = self.row(row);
        cols.iter().zip(values).map(|(col, value)| (*col as usize, *value))
    }

    /// All values, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The sum of each row.
    #[must_use]
    pub fn row_sums(&self) -> Vec<f32> {
        (0..self.rows()).map(|row| self.row(row).1.iter().sum()).collect()
    }

    /// The sum of each column.
    #[must_use]
    pub fn col_sums(&self) -> Vec<f32> {
        let mut sums = vec![0.0; self.cols];
        for (col, value) in self.indices.iter().zip(&self.values) {
            sums[*col as usize] += value;
        }
        sums
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let mut starts = vec![0_usize; self.cols + 1];
        for col in &self.indices {
            starts[*col as usize + 1] += 1;
        }
        for col in 0..self.cols {
            starts[col + 1] += starts[col];
        }
        let mut next = starts.clone();
        let (mut indices, mut values) = (vec![0; self.nnz()], vec![0.0; self.nnz()]);
        for row in 0..self.rows() {
            for (col, value) in self.entries(row) {
                let place = next[col];
                next[col] += 1;
                (indices[place], values[place]) = (row as u32, value);
            }
        }
        Self { cols: self.rows(), starts, indices, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_given_twice_add_up_and_those_beyond_are_left_out() {
        let csr = Csr::from_rows(3, [vec![(2, 1.0), (0, 0.5), (2, 2.0), (7, 9.0)], vec![]]);
        assert_eq!((csr.rows(), csr.nnz()), (2, 2));
        assert_eq!(csr.row(0), (&[0, 2][..], &[0.5, 3.0][..]));
        assert_eq!(csr.row(1), (&[][..], &[][..]));
        assert_eq!(csr.col_sums(), [0.5, 0.0, 3.0]);
    }

    proptest! {
        #[test]
        fn transposed_twice_is_the_same(rows in prop::collection::vec(prop::collection::vec((0_u32..9, -5_i8..5), 0..12), 0..9)) {
            let csr = Csr::from_rows(9, rows.iter().map(|row| row.iter().map(|(c, v)| (*c, f32::from(*v)))));
            let turned = csr.transpose();
            prop_assert_eq!(turned.rows(), 9);
            for row in 0..csr.rows() {
                for (col, value) in csr.entries(row) {
                    prop_assert!(turned.entries(col).any(|entry| entry == (row, value)));
                }
            }
            prop_assert_eq!(turned.transpose(), csr);
        }
    }
}
