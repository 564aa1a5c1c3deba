//! The stored form of events: frozen wire structs, upcasters, JSON.
