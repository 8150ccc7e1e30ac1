//! What linear models share: a request as a sparse row, degrees, and a sparse matrix times a few dense columns at once.

use crate::csr::Csr;
use crate::model::Request;

/// How many columns are multiplied together: one cache line of `f32`.
pub(crate) const LANES: usize = 16;

/// A few dense columns beside each other, row after row.
pub(crate) type Columns = Vec<[f32; LANES]>;

/// The items that speak for the member who asks, ascending: the row that [`crate::View::matrix`] would hold.
pub(crate) fn items(request: &Request<'_>) -> Vec<usize> {
    let mut sums: Vec<(usize, f32)> = request.history().map(|event| (event.item.ix(), event.weight)).collect();
    // Stable, so that weights add up in the order of time, as they do in the matrix.
    sums.sort_by_key(|(item, _)| *item);
    sums.chunk_by(|a, b| a.0 == b.0)
        .filter(|same| same.iter().map(|(_, weight)| weight).sum::<f32>() > 0.0)
        .map(|same| same[0].0)
        .collect()
}

/// How many entries each row has.
pub(crate) fn row_degrees(matrix: &Csr) -> Vec<f64> {
    (0..matrix.rows()).map(|row| matrix.row(row).0.len() as f64).collect()
}

/// n^exponent; 0 where there is nothing to scale.
pub(crate) fn power(degree: f64, exponent: f64) -> f64 {
    if degree > 0.0 { degree.powf(exponent) } else { 0.0 }
}

/// `out` = `matrix` · `columns`: (rows × lanes) from (rows × cols) and (cols × lanes).
pub(crate) fn multiply(matrix: &Csr, columns: &[[f32; LANES]], out: &mut [[f32; LANES]]) {
    for (row, sum) in out.iter_mut().enumerate() {
        *sum = [0.0; LANES];
        for (col, value) in matrix.entries(row) {
            for (sum, x) in sum.iter_mut().zip(&columns[col]) {
                *sum += value * x;
            }
        }
    }
}

/// Six members and eight items, the last met by nobody, for which NumPy was asked.
#[cfg(test)]
pub(crate) fn six_by_eight() -> crate::log::Log {
    let rows: [&[u32]; 6] = [&[0, 1, 2], &[0, 2, 3, 4], &[1, 2, 5], &[3, 4, 6], &[0, 4, 5, 6], &[2, 6]];
    let events: Vec<(i64, u32, u32)> =
        rows.iter().zip(0..).flat_map(|(row, member)| row.iter().map(move |item| (0, member, *item))).collect();
    crate::conformance::log(8, &events)
}

/// Holds a model's scores of members 1 and 5 of [`six_by_eight`] to those given for items 0 … 6.
#[cfg(test)]
pub(crate) fn agrees(model: &dyn crate::model::Model, want: [[f32; 7]; 2]) {
    let scores = crate::conformance::scores(model, &six_by_eight(), &[1, 5]);
    for (scores, want) in scores.iter().zip(want) {
        for (got, want) in scores.iter().zip(want) {
            assert!((got - want).abs() < 5e-6, "{scores:?}, not {want:?}");
        }
        assert_eq!(scores[7], f32::NEG_INFINITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::log;
    use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};

    #[test]
    fn a_request_reads_as_the_matrix_does() {
        let event = |at, item, weight| Event { at, member: MemberIx(0), item: ItemIx(item), weight };
        let events = vec![event(1, 2, 1.0), event(2, 0, 1.0), event(3, 0, -1.0), event(4, 1, 0.5), event(5, 1, 0.5)];
        let log = Log::new(1, 3, events, ItemFacts::default()).unwrap();
        let found = items(&Request { member: MemberIx(0), view: log.whole() });
        assert_eq!(found, [1, 2]);
        assert_eq!(log.whole().matrix().row(0).0, [1, 2]);
    }

    #[test]
    fn multiplied_lane_by_lane() {
        let matrix = log(3, &[(0, 0, 0), (0, 0, 2), (0, 1, 2)]).whole().matrix();
        let mut columns = vec![[0.0; LANES]; 3];
        (columns[0][0], columns[2][0], columns[2][15]) = (2.0, 3.0, 7.0);
        let mut out = vec![[f32::NAN; LANES]; 2];
        multiply(&matrix, &columns, &mut out);
        assert_eq!((out[0][0], out[0][15], out[1][0], out[1][1]), (5.0, 7.0, 3.0, 0.0));
    }
}
