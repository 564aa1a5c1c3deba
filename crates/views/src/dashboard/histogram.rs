//! Durations in bins that are less than 1.6 % wide, so that a bin's middle is within 1 % of all that fell into it.

/// Below this every second has its own bin.
const EXACT: u64 = 128;
/// Bins between one power of two and the next.
const PER_OCTAVE: u16 = 64;

/// How many there are.
pub(crate) const BINS: usize = 128 + 57 * 64;

/// Below [`BINS`].
pub(crate) fn bin_of(seconds: u64) -> u16 {
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

/// One day's durations of one stage: a bag of bins, each with how often. Most bins of most days hold few, so that bin and count
/// share two bytes; what is more than they hold is carried over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    /// A bin above four bits that say how often, less one. First those in order, each bin once, then what came since.
    bins: Vec<u16>,
    sorted: u32,
    max: u64,
    carried: Option<Box<Carried>>,
}

#[derive(Clone, Debug, Default)]
struct Carried {
    /// Rising by bin.
    bins: Vec<(u16, u32)>,
    negative: u32,
}

/// How often a bin is counted in two bytes.
const MOST: u32 = 16;
const COUNT_BITS: u32 = 4;

impl Histogram {
    pub(crate) fn add(&mut self, seconds: i64) {
        let Ok(seconds) = u64::try_from(seconds) else {
            self.carried.get_or_insert_default().negative += 1;
            return;
        };
        self.max = self.max.max(seconds);
        if self.bins.len() == self.bins.capacity() {
            self.sort();
            // Room for a quarter more that comes before the next sorting.
            self.bins.reserve_exact((self.bins.len() / 4).max(8));
        }
        self.bins.push(bin_of(seconds) << COUNT_BITS);
    }

    /// What several come to.
    pub(crate) fn sum_of(parts: &[&Histogram]) -> Self {
        let mut sum =
            Self { bins: Vec::with_capacity(parts.iter().map(|part| part.bins.len()).sum()), ..Self::default() };
        for part in parts {
            sum.bins.extend_from_slice(&part.bins);
            sum.max = sum.max.max(part.max);
            if let Some(more) = &part.carried {
                let carried = sum.carried.get_or_insert_default();
                carried.negative += more.negative;
                more.bins.iter().for_each(|&(bin, times)| carried.add(bin, times));
            }
        }
        sum.sort();
        sum.bins.shrink_to_fit();
        sum
    }

    /// Puts equal bins together.
    fn sort(&mut self) {
        let sorted = self.sorted as usize;
        if sorted == self.bins.len() {
            return;
        }
        self.bins[sorted..].sort_unstable();
        // Two runs, which a stable sort merges.
        self.bins.sort();
        let mut kept = 0;
        let mut at = 0;
        while let Some(&first) = self.bins.get(at) {
            let bin = first >> COUNT_BITS;
            let of_bin = self.bins[at..].iter().take_while(|other| **other >> COUNT_BITS == bin);
            let (mut times, mut many) = (0, 0);
            for other in of_bin {
                times += u32::from(other & 15) + 1;
                many += 1;
            }
            at += many;
            if times > MOST {
                self.carried.get_or_insert_default().add(bin, times - MOST);
                times = MOST;
            }
            self.bins[kept] = bin << COUNT_BITS | u16::try_from(times - 1).unwrap_or(15);
            kept += 1;
        }
        self.bins.truncate(kept);
        self.sorted = u32::try_from(kept).unwrap_or(0);
    }

    fn each_bin(&self, mut each: impl FnMut(u16, u32)) {
        self.bins.iter().for_each(|bin| each(bin >> COUNT_BITS, u32::from(bin & 15) + 1));
        self.carried.iter().flat_map(|carried| &carried.bins).for_each(|&(bin, count)| each(bin, count));
    }

    /// All of it, the same however it came about.
    #[cfg(test)]
    pub(crate) fn told(&self) -> String {
        let mut merged = Merged::default();
        merged.merge(self);
        format!("{merged:?}")
    }

    pub(crate) fn footprint(&self) -> usize {
        let carried = |carried: &Carried| size_of::<Carried>() + carried.bins.capacity() * 8;
        self.bins.capacity() * 2 + self.carried.as_deref().map_or(0, carried)
    }
}

impl Carried {
    fn add(&mut self, bin: u16, times: u32) {
        match self.bins.binary_search_by_key(&bin, |&(bin, _)| bin) {
            Ok(at) => self.bins[at].1 += times,
            Err(at) => {
                if self.bins.len() == self.bins.capacity() {
                    self.bins.reserve_exact((self.bins.len() / 4).max(4));
                }
                self.bins.insert(at, (bin, times));
            }
        }
    }
}

/// Many days' durations of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        self.negative += day.carried.as_deref().map_or(0, |carried| u64::from(carried.negative));
        day.each_bin(|bin, count| self.add_bin(bin, count.into()));
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
    fn a_day_holds_each_duration_as_often_as_it_came() {
        let mut seed = 20_261_128_u64;
        println!("seed {seed}");
        for most in [2, 40, 4_000] {
            let (mut day, mut model) = (Histogram::default(), Merged::default());
            for _ in 0..5_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let seconds = i64::try_from((seed >> 33) % most).unwrap() - 1;
                day.add(seconds);
                model.add(seconds);
            }
            let mut merged = Merged::default();
            merged.merge(&day);
            assert_eq!(merged, model);
        }
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
