//! Orders as data: commands, events, decide, evolve.
