//! The key file: slots, subjects, sealing keys, erasure.
