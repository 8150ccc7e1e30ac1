//! Finding clusters.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand_xoshiro_linfa::Xoshiro256Plus;
use rand_xoshiro_linfa::rand_core::SeedableRng;

use super::Clusters;

/// The most clusters that may be asked for: more than anybody reads.
pub const CLUSTERS_MAX: usize = 64;
/// Starts that the best is kept of.
const RUNS: usize = 4;
/// Rounds of moving centroids, at most; on real communities some tens are enough.
const ROUNDS_MAX: u64 = 100;
/// A centroid that moves less than this in all has arrived.
const TOLERANCE: f32 = 1e-3;

/// Why there are no clusters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClusterError {
    /// The number of clusters makes no sense.
    #[error("{asked} clusters: from 1 to {CLUSTERS_MAX} can be found")]
    Count {
        /// How many were asked for.
        asked: usize,
    },
    /// There are fewer points with a direction than clusters.
    #[error("{points} members with interests for {asked} clusters")]
    Few {
        /// How many points have a direction.
        points: usize,
        /// How many clusters were asked for.
        asked: usize,
    },
    /// A coordinate is not a finite number.
    #[error("point {point} is not made of finite numbers")]
    Point {
        /// Which, from 0.
        point: usize,
    },
    /// linfa's fit failed.
    #[error("k-means: {0}")]
    Fit(String),
}

/// Finds `count` clusters among points (one a row); those without direction are left out. Equal points and seed give equal
/// clusters.
pub fn fit(points: &Array2<f32>, count: usize, seed: u64) -> Result<Clusters, ClusterError> {
    if !(1..=CLUSTERS_MAX).contains(&count) {
        return Err(ClusterError::Count { asked: count });
    }
    if let Some(point) = points.rows().into_iter().position(|row| row.iter().any(|x| !x.is_finite())) {
        return Err(ClusterError::Point { point });
    }
    let on_sphere = on_sphere(points);
    if on_sphere.nrows() < count {
        return Err(ClusterError::Few { points: on_sphere.nrows(), asked: count });
    }
    let data = DatasetBase::from(on_sphere);
    let model = KMeans::params_with_rng(count, Xoshiro256Plus::seed_from_u64(seed))
        .n_runs(RUNS)
        .max_n_iterations(ROUNDS_MAX)
        .tolerance(TOLERANCE)
        .fit(&data)
        .map_err(|error| ClusterError::Fit(error.to_string()))?;
    let member_of: Array1<usize> = model.predict(data.records());
    Ok(ordered(model.centroids(), &member_of))
}

/// The points that have a direction, each of length 1.
fn on_sphere(points: &Array2<f32>) -> Array2<f32> {
    let length = |row: ArrayView1<'_, f32>| row.dot(&row).sqrt();
    let kept: Vec<usize> = (0..points.nrows()).filter(|row| length(points.row(*row)).is_normal()).collect();
    let mut kept = points.select(Axis(0), &kept);
    for mut row in kept.rows_mut() {
        let length = length(row.view());
        row /= length;
    }
    kept
}

/// The largest first; clusters that hold nobody, or whose points cancel out, are left out.
fn ordered(centroids: &Array2<f32>, member_of: &Array1<usize>) -> Clusters {
    let mut counts = vec![0_usize; centroids.nrows()];
    for cluster in member_of {
        counts[*cluster] += 1;
    }
    let length = |cluster: usize| centroids.row(cluster).dot(&centroids.row(cluster)).sqrt();
    let mut kept: Vec<usize> = (0..counts.len()).filter(|c| counts[*c] > 0 && length(*c).is_normal()).collect();
    kept.sort_by_key(|cluster| (std::cmp::Reverse(counts[*cluster]), *cluster));
    let held: usize = kept.iter().map(|cluster| counts[*cluster]).sum();
    let row = |cluster: &usize| centroids.row(*cluster).iter().map(|x| x / length(*cluster)).collect::<Vec<f32>>();
    Clusters {
        dim: centroids.ncols(),
        centroids: kept.iter().flat_map(row).collect(),
        shares: kept.iter().map(|cluster| counts[*cluster] as f32 / held.max(1) as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ten points around each of three axes, nearer than any to another axis; and one that points nowhere.
    fn three_bundles() -> Array2<f32> {
        Array2::from_shape_fn((31, 3), |(row, col)| {
            if row == 30 {
                0.0
            } else if row % 3 == col {
                1.0 + row as f32
            } else {
                0.2 * ((row * 7 + col * 3) % 5) as f32 / 5.0
            }
        })
    }

    #[test]
    fn bundles_are_found_whatever_their_length() {
        let clusters = fit(&three_bundles(), 3, 1).unwrap();
        assert_eq!(clusters.len(), 3);
        let found: Vec<usize> = (0..3)
            .map(|axis| {
                let mut point = [0.0; 3];
                point[axis] = 5.0;
                let (cluster, cosine) = clusters.nearest(&point).unwrap();
                assert!(cosine > 0.95 && (clusters.share(cluster) - 1.0 / 3.0).abs() < 1e-6);
                cluster
            })
            .collect();
        assert!(found.contains(&0) && found.contains(&1) && found.contains(&2), "{found:?}");
        assert_eq!(clusters.nearest(&[0.0; 3]), None);
        assert_eq!(clusters.nearest(&[1.0; 2]), None);
    }

    #[test]
    fn the_same_whatever_the_threads() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&three_bundles(), 2, 9).unwrap())
        };
        assert_eq!(on(1), on(4));
    }

    #[test]
    fn nonsense_is_refused() {
        let nan = Array2::from_elem((3, 2), f32::NAN);
        assert_eq!(fit(&nan, 2, 1), Err(ClusterError::Point { point: 0 }));
        assert_eq!(fit(&three_bundles(), 0, 1), Err(ClusterError::Count { asked: 0 }));
        assert_eq!(fit(&Array2::zeros((9, 2)), 2, 1), Err(ClusterError::Few { points: 0, asked: 2 }));
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_directions_have_length_one(
            rows in prop::collection::vec(prop::array::uniform4(-3_i8..4), 6..40), count in 1_usize..5, seed: u64
        ) {
            let points = Array2::from_shape_fn((rows.len(), 4), |(row, col)| f32::from(rows[row][col]));
            let Ok(clusters) = fit(&points, count, seed) else { return Ok(()) };
            let sum: f32 = (0..clusters.len()).map(|cluster| clusters.share(cluster)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-5 && clusters.len() <= count);
            for cluster in 0..clusters.len() {
                let centroid = clusters.centroid(cluster);
                prop_assert!((centroid.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
                prop_assert_eq!(clusters.nearest(centroid).map(|(_, cosine)| cosine > 0.999), Some(true));
            }
        }
    }
}
