//! Intra-list distance: Smyth and McClave (2001), Ziegler et al. (2005).

/// An item's features, ascending, and their values.
pub type Features<'a> = (&'a [u32], &'a [f32]);

/// The mean over pairs of the list's items of 1 − cosine of their features. Items of which nothing is known are left
/// out; None where fewer than two remain.
#[must_use]
pub fn intra_list_distance(contents: &[Features<'_>]) -> Option<f64> {
    let lengths: Vec<f64> = contents.iter().map(|content| dot(*content, *content).sqrt()).collect();
    let known: Vec<usize> = (0..contents.len()).filter(|place| lengths[*place] > 0.0).collect();
    if known.len() < 2 {
        return None;
    }
    let mut sum = 0.0;
    for (at, a) in known.iter().enumerate() {
        for b in &known[at + 1..] {
            sum += 1.0 - dot(contents[*a], contents[*b]) / (lengths[*a] * lengths[*b]);
        }
    }
    Some(sum / (known.len() * (known.len() - 1) / 2) as f64)
}

fn dot((a, a_values): Features<'_>, (b, b_values): Features<'_>) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += f64::from(a_values[i]) * f64::from(b_values[j]);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sum
}
