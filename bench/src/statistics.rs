//! What several rounds say together.

use serde::Serialize;

/// A median, and the least and the most that any round gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The middle one; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Summary {
    /// Of these values; nothing of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let sorted = sorted(values);
        Some(Self {
            median: median(&sorted)?,
            low: *sorted.first()?,
            high: *sorted.last()?,
        })
    }

    /// Of very many values, where the extremes say more of the machine than of what is measured:
    /// the median and the middle half.
    pub fn middle_half(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let sorted = sorted(values);
        let quarter = (sorted.len().saturating_sub(1)) / 4;
        Some(Self {
            median: median(&sorted)?,
            low: *sorted.get(quarter)?,
            high: *sorted.get(sorted.len() - 1 - quarter)?,
        })
    }

    /// Something that was measured once.
    pub fn once(value: f64) -> Self {
        Self {
            median: value,
            low: value,
            high: value,
        }
    }
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted.get(middle).copied(),
        _ => Some((sorted.get(middle.checked_sub(1)?)? + sorted.get(middle)?) / 2.0),
    }
}

/// Each subject's value beside the mean of the limit's before and after it: whatever slowed the
/// machine meanwhile slowed both. `limits` has one more value than `subjects`.
pub fn ratios(subjects: &[f64], limits: &[f64]) -> Vec<f64> {
    let around = limits.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let paired = subjects.iter().zip(around);
    paired.map(|(subject, limit)| subject / limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Summary::of([]), None);
        let odd = Summary::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((odd.low, odd.median, odd.high), (1.0, 2.0, 3.0));
        assert_eq!(Summary::of([4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
        assert_eq!(Summary::of([7.0]), Some(Summary::once(7.0)));
    }

    #[test]
    fn the_middle_half_leaves_out_the_extremes() {
        let half = Summary::middle_half((0..=100).map(f64::from)).unwrap();
        assert_eq!((half.low, half.median, half.high), (25.0, 50.0, 75.0));
        assert_eq!(Summary::middle_half([]), None);
    }

    #[test]
    fn a_subject_is_beside_the_limits_around_it() {
        assert_eq!(ratios(&[3.0, 5.0], &[4.0, 2.0, 8.0]), [1.0, 1.0]);
    }
}
