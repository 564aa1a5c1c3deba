//! Fixtures, generators and a fault-injecting disk for the tests.
