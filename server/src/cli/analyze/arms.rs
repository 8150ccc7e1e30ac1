//! The arms of a table: which is the control, and which shares were planned.

use clap::Args;

use crate::cli::failure::Failure;
use crate::nearest::nearest;

/// Names that people give to a control; the first that is found is it.
const CONTROLS: [&str; 12] =
    ["control", "ctrl", "baseline", "placebo", "original", "default", "off", "old", "none", "a", "0", "false"];
/// How far the weights may be from 1 (or 100) in all.
const WEIGHTS_OFF_MAX: f64 = 1e-6;

#[derive(Debug, Default, Args)]
pub(crate) struct ArmArgs {
    /// The arm that the others are compared with [default: the one that is called so, else the first by name]
    #[arg(long, value_name = "NAME")]
    pub(super) control: Option<String>,
    /// The planned shares of the arms, such as a=.9,b=.1 [default: equal]
    #[arg(long, value_name = "A=SHARE,…")]
    pub(super) weights: Option<String>,
}

/// The arms in the order of the analysis: the control first, the others by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arms {
    pub(super) keys: Vec<String>,
    /// Each arm's place in the table.
    pub(super) places: Vec<usize>,
    /// Planned shares, of 1.
    pub(super) weights: Vec<f64>,
    /// What was taken for granted.
    pub(super) note: String,
}

impl Arms {
    pub(super) fn of(names: &[String], args: &ArmArgs) -> Result<Self, Failure> {
        let mut places: Vec<usize> = (0..names.len()).collect();
        places.sort_by(|a, b| names[*a].cmp(&names[*b]));
        let (control, why) = match &args.control {
            Some(name) => (place(names, name, "--control")?, "as --control says"),
            None => guess(names, &places),
        };
        places.retain(|place| *place != control);
        places.insert(0, control);
        let keys: Vec<String> = places.iter().map(|place| names[*place].clone()).collect();
        let (weights, planned) = match &args.weights {
            Some(text) => {
                let of_names = weights(names, text)?;
                (places.iter().map(|place| of_names[*place]).collect(), "as --weights says")
            }
            None => (vec![1.0 / names.len() as f64; names.len()], "equal; say otherwise with --weights"),
        };
        let other = if args.control.is_some() { "" } else { "; another is chosen with --control" };
        let note = format!("The control is {:?}, {why}{other}. Planned shares: {planned}.", names[control]);
        Ok(Self { keys, places, weights, note })
    }
}

/// The control where nobody says which, and why it is.
fn guess(names: &[String], by_name: &[usize]) -> (usize, &'static str) {
    let named = |wanted: &str| by_name.iter().copied().find(|place| names[*place].eq_ignore_ascii_case(wanted));
    if let Some(place) = CONTROLS.iter().find_map(|name| named(name)) {
        return (place, "by its name");
    }
    let without = |place: &&usize| {
        let name = names[**place].to_ascii_lowercase();
        name.starts_with("no ") || name.starts_with("no_") || name.starts_with("control")
    };
    match by_name.iter().find(without) {
        Some(place) => (*place, "by its name"),
        None => (by_name.first().copied().unwrap_or(0), "the first by name"),
    }
}

fn place(names: &[String], name: &str, flag: &str) -> Result<usize, Failure> {
    names.iter().position(|known| known == name).ok_or_else(|| {
        let near = nearest(name, names.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        Failure::Use(format!("{flag}: there is no arm {name:?}; there are {}{near}", names.join(", ")))
    })
}

/// The planned share of each arm.
fn weights(names: &[String], text: &str) -> Result<Vec<f64>, Failure> {
    let mut weights: Vec<Option<f64>> = vec![None; names.len()];
    for part in text.split(',') {
        let wrong = || Failure::Use(format!("--weights: {part:?} is not ARM=SHARE"));
        let (name, share) = part.rsplit_once('=').ok_or_else(wrong)?;
        let share: f64 =
            share.trim().parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0).ok_or_else(wrong)?;
        let weight = &mut weights[place(names, name.trim(), "--weights")?];
        if weight.replace(share).is_some() {
            return Err(Failure::Use(format!("--weights: {name:?} is there twice")));
        }
    }
    if let Some(missing) = weights.iter().position(Option::is_none) {
        return Err(Failure::Use(format!(
            "--weights: arm {:?} has none; say {0}=0 if it was to have no units",
            names[missing]
        )));
    }
    shares_of_one(weights.into_iter().flatten().collect())
}

/// Planned shares as shares of 1, whether they add up to 1 or to 100.
pub(in crate::cli) fn shares_of_one(weights: Vec<f64>) -> Result<Vec<f64>, Failure> {
    let sum: f64 = weights.iter().sum();
    let whole = [1.0, 100.0].into_iter().find(|whole| (sum / whole - 1.0).abs() <= WEIGHTS_OFF_MAX);
    let whole = whole.ok_or_else(|| Failure::Use(format!("--weights add up to {sum}, not to 1 (or to 100)")))?;
    Ok(weights.into_iter().map(|weight| weight / whole).collect())
}
