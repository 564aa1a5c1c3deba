//! Random numbers that can be had again from a printed seed.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64: small, good enough to choose test cases, the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// One of `choices`, of which there must be some.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or(0)]
    }

    /// True `of` times out of 1000.
    pub fn per_mille(&mut self, of: u64) -> bool {
        self.below(1000) < of
    }
}

/// The seed in the environment variable `variable`, else a fresh one; printed either way.
///
/// # Panics
///
/// When the variable is set to something that is not a number.
#[must_use]
pub fn seed(variable: &str) -> u64 {
    let seed = match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")),
        Err(_) => RandomState::new().hash_one(0),
    };
    println!("{variable}={seed}");
    seed
}
