/// How a ledger uses its disk. May change from one opening to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A volume ends at the end of the batch that brings it to this many events.
    pub volume_events: u64,
    /// The size of a write-ahead file in bytes; a batch that does not fit gets a larger file of its own. Below 4 GiB.
    pub wal_file_bytes: u64,
    /// Sealed volumes open for reading at once, at most. Each takes about a megabyte and two open files; opening one
    /// takes milliseconds, which an order's history pays that is in one of the others: with as many as are open at first,
    /// 64, in a ledger of more than 67 million events.
    pub open_volumes: usize,
    /// Whether the tree over all records grows with them; else it does when a root or a proof is asked for.
    pub keep_tree: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { volume_events: 1 << 20, wal_file_bytes: 64 << 20, open_volumes: 64, keep_tree: true }
    }
}
