//! Pearson's χ² test of independence in a table of counts.

use serde::Serialize;

use super::srm::EXPECTED_MIN;
use crate::infer::finding::Why;
use crate::infer::tail::ln_p_chi_square;

/// A χ² statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChiSquare {
    /// Σ(O − E)²/E.
    pub chi_square: f64,
    /// Degrees of freedom.
    pub degrees: u32,
    /// The logarithm of the p-value.
    pub ln_p: f64,
}

impl ChiSquare {
    pub(crate) fn new(chi_square: f64, degrees: usize) -> Self {
        let degrees = u32::try_from(degrees).unwrap_or(u32::MAX);
        Self { chi_square, degrees, ln_p: ln_p_chi_square(chi_square, f64::from(degrees)) }
    }
}

/// Whether rows and columns are independent: E = row · column / all, (rows − 1)(columns − 1) degrees of freedom. Empty
/// rows and columns are left out. As `scipy.stats.chi2_contingency(table, correction=False)`.
pub fn independence(table: &[Vec<u64>]) -> Result<ChiSquare, Why> {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let row_sums: Vec<f64> = table.iter().map(|row| row.iter().map(|count| *count as f64).sum()).collect();
    let at = |row: &[u64], column: usize| row.get(column).copied().unwrap_or(0) as f64;
    let column_sums: Vec<f64> = (0..columns).map(|column| table.iter().map(|row| at(row, column)).sum()).collect();
    let filled = |sums: &[f64]| sums.iter().filter(|sum| **sum > 0.0).count();
    let (rows, columns) = (filled(&row_sums), filled(&column_sums));
    if rows < 2 || columns < 2 {
        return Err(Why::OneArm);
    }
    let all: f64 = row_sums.iter().sum();
    let mut chi_square = 0.0;
    for (row, row_sum) in table.iter().zip(&row_sums) {
        for (column, column_sum) in column_sums.iter().enumerate() {
            let expected = row_sum / all * column_sum;
            if expected > 0.0 && expected < EXPECTED_MIN {
                return Err(Why::TooFewUnits);
            }
            if expected > 0.0 {
                chi_square += (at(row, column) - expected).powi(2) / expected;
            }
        }
    }
    Ok(ChiSquare::new(chi_square, (rows - 1) * (columns - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    /// SciPy 1.17.1: `chi2_contingency(table, correction=False)`.
    #[test]
    fn scipy_agrees() {
        let found = independence(&[vec![120, 90, 0], vec![80, 110, 0], vec![0, 0, 0]]).unwrap();
        close(found.chi_square, 9.022556390977442, 1e-12);
        close(found.ln_p.exp(), 0.0026666817936140982, 1e-10);
        let found = independence(&[vec![5_010, 4_985, 2_500], vec![5_100, 4_800, 2_610]]).unwrap();
        assert_eq!(found.degrees, 2);
        close(found.chi_square, 6.657797767730082, 1e-10);
        close(found.ln_p.exp(), 0.03583253913992785, 1e-10);
        assert_eq!(independence(&[vec![1, 2], vec![3, 4]]), Err(Why::TooFewUnits));
        assert_eq!(independence(&[vec![100, 200]]), Err(Why::OneArm));
        assert_eq!(independence(&[]), Err(Why::OneArm));
    }
}
