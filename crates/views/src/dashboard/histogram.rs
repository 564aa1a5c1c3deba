//! Durations in bins that are less than 1.6 % wide, so that a bin's middle is within 1 % of all that fell into it.

/// Below this every second has its own bin.
const EXACT: u64 = 128;
/// Bins between one power of two and the next.
const PER_OCTAVE: u16 = 64;

/// At most 128 + 57 × 64 bins.
fn bin_of(seconds: u64) -> u16 {
    if seconds < EXACT {
        return u16::try_from(seconds).unwrap_or(0);
    }
    let octave = seconds.ilog2();
    let place = (seconds >> (octave - 6)) & 63;
    let before = u16::try_from(octave - 7).unwrap_or(0) * PER_OCTAVE;
    128 + before + u16::try_from(place).unwrap_or(0)
}

/// The middle of a bin.
fn middle_of(bin: u16) -> u64 {
    if u64::from(bin) < EXACT {
        return bin.into();
    }
    let (octave, place) = ((bin - 128) / PER_OCTAVE + 7, (bin - 128) % PER_OCTAVE);
    let width = 1_u64 << (octave - 6);
    (64 + u64::from(place)) * width + (width - 1) / 2
}

/// One day's durations of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    /// Rising by bin.
    bins: Vec<(u16, u32)>,
    max: u64,
    negative: u32,
}

impl Histogram {
    pub(crate) fn add(&mut self, seconds: i64) {
        let Ok(seconds) = u64::try_from(seconds) else {
            self.negative += 1;
            return;
        };
        self.max = self.max.max(seconds);
        let bin = bin_of(seconds);
        match self.bins.binary_search_by_key(&bin, |&(bin, _)| bin) {
            Ok(at) => self.bins[at].1 += 1,
            Err(at) => {
                if self.bins.len() == self.bins.capacity() {
                    self.bins.reserve_exact((self.bins.len() / 4).max(4));
                }
                self.bins.insert(at, (bin, 1));
            }
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        self.bins.capacity() * 8
    }
}

/// Many days' durations of one stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merged {
    counts: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) max: u64,
    pub(crate) negative: u64,
}

impl Merged {
    pub(crate) fn add(&mut self, seconds: i64) {
        match u64::try_from(seconds) {
            Ok(seconds) => {
                self.max = self.max.max(seconds);
                self.add_bin(bin_of(seconds), 1);
            }
            Err(_) => self.negative += 1,
        }
    }

    pub(crate) fn merge(&mut self, day: &Histogram) {
        self.max = self.max.max(day.max);
        self.negative += u64::from(day.negative);
        for &(bin, count) in &day.bins {
            self.add_bin(bin, count.into());
        }
    }

    fn add_bin(&mut self, bin: u16, count: u64) {
        let bin = usize::from(bin);
        if bin >= self.counts.len() {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] += count;
        self.count += count;
    }

    /// The smallest duration that at least `percent` of all do not exceed; none without durations.
    pub(crate) fn quantile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut so_far = 0;
        for (bin, &count) in (0..).zip(&self.counts) {
            so_far += count;
            if so_far >= rank && self.count > 0 {
                return Some(middle_of(bin).min(self.max));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_middle_is_within_one_percent() {
        let mut last = 0;
        for shift in 0..63 {
            for offset in 0..200 {
                let seconds = (1_u64 << shift) + (1_u64 << shift) / 200 * offset;
                let middle = middle_of(bin_of(seconds));
                assert!(middle.abs_diff(seconds) * 100 <= seconds, "{seconds} became {middle}");
                assert!(bin_of(seconds) >= last, "{seconds}");
                last = bin_of(seconds);
            }
        }
        assert!(middle_of(bin_of(u64::MAX)).abs_diff(u64::MAX) <= u64::MAX / 100);
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let mut merged = Merged::default();
        assert_eq!(merged.quantile(50), None);
        for seconds in [10, 20, 30, 40, -1] {
            merged.add(seconds);
        }
        assert_eq!((merged.quantile(50), merged.quantile(90)), (Some(20), Some(40)));
        assert_eq!((merged.count, merged.negative, merged.max), (4, 1, 40));
    }
}
