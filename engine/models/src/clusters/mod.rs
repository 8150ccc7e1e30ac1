//! Clusters of interest: points on the unit sphere and the few directions that they gather around.
//!
//! Spherical k-means: with points and centroids of length 1, the nearest by Euclid is the nearest by cosine
//! (Dhillon and Modha 2001). The clustering itself is linfa's k-means (k-means++ seeding, Arthur and Vassilvitskii 2007).

mod fit;

pub use fit::{CLUSTERS_MAX, ClusterError, fit};

use serde::{Deserialize, Serialize};

/// Directions that points gather around.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    dim: usize,
    /// Clusters × dimensions, each row of length 1; the largest cluster first.
    centroids: Vec<f32>,
    /// The share of the points in each; they sum to 1.
    shares: Vec<f32>,
}

impl Clusters {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.shares.len()
    }

    /// Whether there are none; a fit gives at least one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// The share of the points that a cluster holds.
    #[must_use]
    pub fn share(&self, cluster: usize) -> f32 {
        self.shares[cluster]
    }

    /// The direction of a cluster, of length 1.
    #[must_use]
    pub fn centroid(&self, cluster: usize) -> &[f32] {
        &self.centroids[cluster * self.dim..(cluster + 1) * self.dim]
    }

    /// The cluster whose direction is nearest, and the cosine; none for a point without direction or of another
    /// dimension. Of two as near, the larger cluster.
    #[must_use]
    pub fn nearest(&self, point: &[f32]) -> Option<(usize, f32)> {
        let length = dot(point, point).sqrt();
        if point.len() != self.dim || !length.is_normal() {
            return None;
        }
        let near = |cluster: usize| (cluster, dot(self.centroid(cluster), point) / length);
        (0..self.len()).map(near).reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
