//! What is measured, as it is said on the command line.

use anklang_experiments::design::Role;
use anklang_experiments::metrics::Better;
use clap::Args;

use crate::cli::failure::Failure;
use crate::nearest::nearest;

/// The most metrics of one analysis.
pub(super) const METRICS_MAX: usize = 100;

#[derive(Debug, Default, Args)]
pub(crate) struct MetricArgs {
    /// A column of numbers, or of true and false; may be repeated
    #[arg(long = "metric", value_name = "COL")]
    pub(super) metrics: Vec<String>,
    /// One column's sum by another's; may be repeated
    #[arg(long = "ratio", value_name = "NUM/DEN")]
    pub(super) ratios: Vec<String>,
    /// A quantile over units, such as latency:.9; may be repeated
    #[arg(long = "quantile", value_name = "COL:Q")]
    pub(super) quantiles: Vec<String>,
    /// A metric not to be harmed by more than this share of the control's, such as latency:.02; may be repeated
    #[arg(long = "guardrail", value_name = "COL:MARGIN")]
    pub(super) guardrails: Vec<String>,
    /// A metric of which less is better; may be repeated
    #[arg(long = "lower-is-better", value_name = "METRIC")]
    pub(super) lower: Vec<String>,
    /// What units did before, to reduce the variance (CUPED): [METRIC=]COL, of a ratio NUM/DEN=NUM/DEN; may be repeated
    #[arg(long = "pre", value_name = "[METRIC=]COL")]
    pub(super) pre: Vec<String>,
    /// Hold means to this: above 0 and below 1 a quantile of all units, such as .999, else a value
    #[arg(long, value_name = "Q|VALUE")]
    pub(super) cap: Option<f64>,
}

/// What a metric is made of; columns by their place in [`Metrics::columns`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Made {
    /// A mean or a proportion, and the same before.
    Value {
        of: usize,
        pre: Option<usize>,
    },
    /// Numerator and denominator, and the same before.
    Ratio {
        of: [usize; 2],
        pre: Option<[usize; 2]>,
    },
    Quantile {
        of: usize,
        level: f64,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) key: String,
    pub(super) made: Made,
    pub(super) role: Role,
    pub(super) better: Better,
}

/// What means are held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cap {
    Quantile(f64),
    Value(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Metrics {
    /// The columns of numbers that are read.
    pub(super) columns: Vec<String>,
    pub(super) all: Vec<Asked>,
    pub(super) cap: Option<Cap>,
}

impl Metrics {
    pub(super) fn of(args: &MetricArgs) -> Result<Self, Failure> {
        let mut metrics = Self { columns: Vec::new(), all: Vec::new(), cap: cap(args.cap)? };
        for name in &args.metrics {
            let made = Made::Value { of: metrics.column(name), pre: None };
            metrics.add(name, made)?;
        }
        for text in &args.ratios {
            let made = Made::Ratio { of: metrics.pair(text, "--ratio")?, pre: None };
            metrics.add(text, made)?;
        }
        for text in &args.quantiles {
            let (name, level) = number_after_colon(text, "--quantile", |level| level > 0.0 && level < 1.0)?;
            let made = Made::Quantile { of: metrics.column(name), level };
            metrics.add(text, made)?;
        }
        for text in &args.guardrails {
            let (name, margin) = number_after_colon(text, "--guardrail", |_| true)?;
            if !(margin > 0.0 && margin < 1.0) {
                return Err(Failure::Use(format!(
                    "--guardrail: a margin is a share above 0 and below 1; {name}:{margin} would be {}%, and 5% is {name}:.05",
                    margin * 100.0
                )));
            }
            metrics.guard(name, margin)?;
        }
        for name in &args.lower {
            metrics.find(name, "--lower-is-better")?.better = Better::Lower;
        }
        for text in &args.pre {
            metrics.before(text)?;
        }
        Ok(metrics)
    }

    /// Whether moments of single columns are all that is needed.
    pub(super) fn only_moments(&self) -> bool {
        let plain = |metric: &Asked| matches!(metric.made, Made::Value { pre: None, .. });
        self.cap.is_none() && self.all.iter().all(plain)
    }

    fn column(&mut self, name: &str) -> usize {
        self.columns.iter().position(|known| known == name).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        })
    }

    fn pair(&mut self, text: &str, flag: &str) -> Result<[usize; 2], Failure> {
        let (numerator, denominator) = text
            .split_once('/')
            .filter(|(numerator, denominator)| !numerator.is_empty() && !denominator.is_empty())
            .ok_or_else(|| Failure::Use(format!("{flag}: {text:?} is not NUMERATOR/DENOMINATOR")))?;
        Ok([self.column(numerator), self.column(denominator)])
    }

    fn add(&mut self, key: &str, made: Made) -> Result<(), Failure> {
        if self.all.iter().any(|metric| metric.key == key) {
            return Err(Failure::Use(format!("metric {key:?} is there twice")));
        }
        if self.all.len() == METRICS_MAX {
            return Err(Failure::Use(format!("more than {METRICS_MAX} metrics")));
        }
        self.all.push(Asked { key: key.to_owned(), made, role: Role::Goal, better: Better::Higher });
        Ok(())
    }

    fn guard(&mut self, name: &str, margin: f64) -> Result<(), Failure> {
        if !self.all.iter().any(|metric| metric.key == name) {
            let made = if name.contains('/') {
                Made::Ratio { of: self.pair(name, "--guardrail")?, pre: None }
            } else {
                Made::Value { of: self.column(name), pre: None }
            };
            self.add(name, made)?;
        }
        self.find(name, "--guardrail")?.role = Role::Guardrail { margin };
        Ok(())
    }

    fn find(&mut self, name: &str, flag: &str) -> Result<&mut Asked, Failure> {
        let keys: Vec<String> = self.all.iter().map(|metric| metric.key.clone()).collect();
        self.all.iter_mut().find(|metric| metric.key == name).ok_or_else(|| {
            let near = nearest(name, keys.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            Failure::Use(format!("{flag}: there is no metric {name:?}; there are {}{near}", keys.join(", ")))
        })
    }

    /// What units did before, of the metric that is named, or of the only one.
    fn before(&mut self, text: &str) -> Result<(), Failure> {
        let (name, column) = match (text.split_once('='), &self.all[..]) {
            (Some((name, column)), _) => (name.to_owned(), column),
            (None, [only]) => (only.key.clone(), text),
            (None, _) => return Err(Failure::Use(format!("--pre: of which metric? Say METRIC={text}"))),
        };
        let made = match self.find(&name, "--pre")?.made {
            Made::Value { of, .. } => Made::Value { of, pre: Some(self.column(column)) },
            Made::Ratio { of, .. } => Made::Ratio { of, pre: Some(self.pair(column, "--pre")?) },
            Made::Quantile { .. } => {
                return Err(Failure::Use(format!("--pre: the quantile {name:?} cannot be adjusted")));
            }
        };
        self.find(&name, "--pre")?.made = made;
        Ok(())
    }
}

fn cap(number: Option<f64>) -> Result<Option<Cap>, Failure> {
    match number {
        None => Ok(None),
        Some(share) if share > 0.0 && share < 1.0 => Ok(Some(Cap::Quantile(share))),
        Some(value) if value.is_finite() && value >= 1.0 => Ok(Some(Cap::Value(value))),
        Some(wrong) => Err(Failure::Use(format!("--cap: {wrong} is neither a quantile between 0 and 1 nor a value"))),
    }
}

fn number_after_colon<'a>(text: &'a str, flag: &str, sound: impl Fn(f64) -> bool) -> Result<(&'a str, f64), Failure> {
    let parts = text.rsplit_once(':').and_then(|(name, number)| Some((name, number.trim().parse::<f64>().ok()?)));
    let wanted = if flag == "--quantile" { "a quantile between 0 and 1, such as :.9" } else { "a share, such as :.02" };
    parts
        .filter(|(name, number)| !name.is_empty() && number.is_finite() && sound(*number))
        .ok_or_else(|| Failure::Use(format!("{flag}: {text:?} is not a column with {wanted}")))
}
