//! Alternating least squares (Hu, Koren, Volinsky 2008) with the weights and the frequency-scaled regularisation of
//! Rendle et al. 2022: least Σ_S w·(1 − x·y)² + α₀·Σ_all (x·y)² + Σ_u λ_u·|x|² + Σ_i λ_i·|y|².

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::axes::Axes;
use super::factors::{Factors, Ridge};
use super::params::Checked;
use super::solve::{Against, rows};
use super::table::Table;
use super::{Als, NAME};
use crate::csr::Csr;
use crate::log::{MemberIx, View};
use crate::model::{Context, FitError};

/// σ*, the standard deviation of a factor's first length: Rendle et al. 2022, section 4.2, divide it by √k.
const FIRST_LENGTH: f64 = 0.1;
/// Steps that the members are given at the end, so that what was trained is what a fold-in would find.
const LAST_STEPS: u32 = 64;
/// When they are near enough: see [`Against::enough`].
const LAST_ENOUGH: f32 = 1e-10;

impl Checked {
    /// The model of a view.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Als, FitError> {
        let rank = self.0.factors as usize;
        let numbers = (view.members() + view.items()) * Table::stride_of(rank) + 4 * rank * rank;
        context.allow(NAME, "factors", 4 * numbers as u64)?;
        let mut counts = view.counts();
        for value in counts.values_mut() {
            *value = f64::from(*value).powf(self.0.weight_power) as f32;
        }
        let mut training = Training::new(&self.0, counts, context.seed)?;
        for epoch in 1..=self.0.epochs {
            training.epoch(self.0.steps)?;
            context.progress.step(NAME, u64::from(epoch), u64::from(self.0.epochs));
        }
        let factors = training.finish()?;
        let seen = (0..view.members()).map(|member| view.history(MemberIx(member as u32)).count() as u32).collect();
        Ok(Als::new(factors, seen))
    }
}

/// One side: who dealt with what, and how each row is regularised.
pub(super) struct Side {
    pub(super) pairs: Csr,
    pub(super) ridge: Ridge,
    pub(super) ridges: Vec<f32>,
    pub(super) table: Table,
}

impl Side {
    fn new(params: &super::Params, pairs: Csr, others: usize) -> Self {
        let everything = params.unobserved * others as f64;
        let (regularization, frequency_power) = (params.regularization, params.frequency_power);
        let ridge = Ridge { regularization, everything, frequency_power };
        let ridges = pairs.row_sums().into_iter().map(|weight| ridge.of(f64::from(weight)) as f32).collect();
        let table = Table::zeros(pairs.rows(), params.factors as usize);
        Self { pairs, ridge, ridges, table }
    }
}

/// Both sides between two epochs.
pub(super) struct Training {
    pub(super) members: Side,
    pub(super) items: Side,
    unobserved: f32,
    weight_power: f64,
}

impl Training {
    /// Items at random, members at zero: those are solved first. `pairs` is members × items.
    pub(super) fn new(params: &super::Params, pairs: Csr, seed: u64) -> Result<Self, FitError> {
        if pairs.nnz() == 0 {
            return Err(FitError::Nothing { model: NAME, what: "no member has dealt with any item" });
        }
        let by_item = pairs.transpose();
        // What nobody has met is not there to be unobserved.
        let met = |pairs: &Csr| (0..pairs.rows()).filter(|row| !pairs.row(*row).0.is_empty()).count();
        let (members_met, items_met) = (met(&pairs), met(&by_item));
        let members = Side::new(params, pairs, items_met);
        let mut items = Side::new(params, by_item, members_met);
        scatter(&mut items, seed)?;
        Ok(Self { members, items, unobserved: params.unobserved as f32, weight_power: params.weight_power })
    }

    /// Solves the members, then the items.
    pub(super) fn epoch(&mut self, steps: u32) -> Result<(), FitError> {
        let unobserved = self.unobserved;
        half(unobserved, &mut self.members, &mut self.items.table, steps, 0.0)?;
        half(unobserved, &mut self.items, &mut self.members.table, steps, 0.0)
    }

    /// Solves the members once more, all the way.
    pub(super) fn finish(mut self) -> Result<Factors, FitError> {
        half(self.unobserved, &mut self.members, &mut self.items.table, LAST_STEPS, LAST_ENOUGH)?;
        let spread = spread(self.unobserved, &Axes::of(&self.items.table)?);
        let rank = self.items.table.rank();
        Ok(Factors {
            rank,
            members: self.members.table.packed(),
            items: self.items.table.packed(),
            spread: spread[..rank].to_vec(),
            ridge: self.members.ridge,
            weight_power: self.weight_power,
        })
    }
}

/// Betters one side against the other; both end in the other's principal axes.
fn half(unobserved: f32, side: &mut Side, fixed: &mut Table, steps: u32, enough: f32) -> Result<(), FitError> {
    let axes = Axes::of(fixed)?;
    axes.turn(fixed);
    axes.turn(&mut side.table);
    let against = Against { fixed, spread: &spread(unobserved, &axes), steps, enough };
    rows(&against, &side.pairs, &side.ridges, &mut side.table);
    Ok(())
}

fn spread(unobserved: f32, axes: &Axes) -> Vec<f32> {
    axes.values.iter().map(|value| unobserved * value).collect()
}

/// Random factors for the rows that have something to learn from.
fn scatter(side: &mut Side, seed: u64) -> Result<(), FitError> {
    let deviation = FIRST_LENGTH / (side.table.rank() as f64).sqrt();
    let normal = Normal::new(0.0, deviation as f32)
        .map_err(|_| FitError::Numbers { model: NAME, what: "the first factors' deviation is no number" })?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for row in (0..side.pairs.rows()).filter(|row| !side.pairs.row(*row).0.is_empty()) {
        side.table.row_mut(row).fill_with(|| normal.sample(&mut rng));
    }
    Ok(())
}
