//! Fixtures, generators and a fault-injecting disk for the tests.

pub mod disk;
pub mod random;
pub mod torture;
