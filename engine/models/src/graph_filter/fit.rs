//! From a view to the graph.

use rayon::prelude::*;

use super::chebyshev::coefficients;
use super::eigen::{needs_bytes, smoothest};
use super::params::{Checked, Params};
use super::{Graph, GraphFilter, Ideal, NAME};
use crate::csr::Csr;
use crate::log::View;
use crate::model::{Context, FitError};
use crate::signal::{Columns, LANES, power, row_degrees};

/// How often the graph is applied to find its largest eigenvalue.
const POWER_ROUNDS: usize = 40;

impl Checked {
    /// The model.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<GraphFilter, FitError> {
        let params = &self.0;
        let matrix = view.matrix();
        if matrix.nnz() == 0 {
            return Err(FitError::Nothing { model: NAME, what: "no member dealt with an item" });
        }
        let degrees = row_degrees(&matrix.transpose());
        let scale = |exponent: f64| -> Vec<f32> { degrees.iter().map(|n| power(*n, exponent) as f32).collect() };
        let forth = normalised(params, matrix, &degrees);
        let back = forth.transpose();
        let ideal = ideal(params, &forth, &back, context)?.map(|vectors| Ideal {
            vectors,
            signal: scale(-params.ideal_exponent),
            output: scale(params.ideal_exponent),
        });
        let graph = if params.similarity_power == 1.0 {
            Graph::Product { forth, back }
        } else {
            Graph::Pairs(pairs(&forth, &back, params.similarity_power as f32, context)?)
        };
        Ok(GraphFilter {
            stretch: 2.0 / largest(&graph, degrees.len()),
            graph,
            signal: scale(-params.signal_exponent),
            output: scale(params.output_exponent),
            coefficients: coefficients(params),
            ideal,
            ideal_weight: params.ideal_weight as f32,
        })
    }
}

/// R̃ = D_u^−a · R · D_i^−b.
fn normalised(params: &Params, mut matrix: Csr, degrees: &[f64]) -> Csr {
    let items: Vec<f64> = degrees.iter().map(|n| power(*n, -params.item_exponent)).collect();
    let members: Vec<f64> = row_degrees(&matrix).iter().map(|n| power(*n, -params.member_exponent)).collect();
    let entries = |member| matrix.entries(member).map(move |(item, _)| (member, item));
    let values: Vec<f32> =
        (0..matrix.rows()).flat_map(entries).map(|(member, item)| (members[member] * items[item]) as f32).collect();
    matrix.values_mut().copy_from_slice(&values);
    matrix
}

fn ideal(
    params: &Params,
    forth: &Csr,
    back: &Csr,
    context: &Context<'_>,
) -> Result<Option<super::eigen::Tall>, FitError> {
    let rank = params.ideal_rank as usize;
    if rank == 0 || params.ideal_weight == 0.0 {
        return Ok(None);
    }
    context.allow(NAME, "the smoothest directions", needs_bytes(forth.rows(), forth.cols(), rank))?;
    let found = smoothest(forth, back, rank, context.seed);
    found
        .map(Some)
        .ok_or(FitError::Numbers { model: NAME, what: "the eigenvectors do not converge; set ideal_rank to 0" })
}

/// (R̃ᵀR̃)^∘s, pair by pair (Turbo-CF, eq. 8).
fn pairs(forth: &Csr, back: &Csr, exponent: f32, context: &Context<'_>) -> Result<Csr, FitError> {
    let most: u64 = (0..forth.rows()).map(|member| (forth.row(member).0.len() as u64).pow(2)).sum();
    let all = (forth.cols() as u64).pow(2);
    // Index and value, in rows and once more in the matrix.
    context.allow(NAME, "all pairs of items that share a member", most.min(all) * 16)?;
    let rows: Vec<Vec<(u32, f32)>> = (0..back.rows())
        .into_par_iter()
        .map_init(
            || (vec![0.0_f32; back.rows()], Vec::new()),
            |(sums, met), item| {
                for (member, left) in back.entries(item) {
                    for (other, right) in forth.entries(member) {
                        if sums[other] == 0.0 {
                            met.push(other);
                        }
                        sums[other] += left * right;
                    }
                }
                met.sort_unstable();
                met.drain(..).map(|other| (other as u32, std::mem::take(&mut sums[other]).powf(exponent))).collect()
            },
        )
        .collect();
    Ok(Csr::from_rows(forth.cols(), rows))
}

/// The largest eigenvalue, by power iteration; all entries are 0 or more, so a start of ones meets its vector (Perron).
fn largest(graph: &Graph, items: usize) -> f32 {
    let mut column: Columns = vec![[0.0; LANES]; items];
    column.iter_mut().for_each(|row| row[0] = 1.0);
    let (mut middle, mut next) = (Columns::new(), column.clone());
    let mut length = 1.0;
    for _ in 0..POWER_ROUNDS {
        graph.apply(&column, &mut middle, &mut next);
        length = next.iter().map(|row| f64::from(row[0]).powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            return 1.0;
        }
        column.iter_mut().zip(&next).for_each(|(row, applied)| row[0] = (f64::from(applied[0]) / length) as f32);
    }
    length as f32
}
