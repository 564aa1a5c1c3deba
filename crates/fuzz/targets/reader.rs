//! What the ledger reads from disk: pages, write-ahead files, manifests and heads of volumes.
#![no_main]

use daybook_ledger::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&what, bytes)) = bytes.split_first() else { return };
    match what % 8 {
        0 => fuzzing::page(bytes),
        1 => fuzzing::write_ahead(bytes),
        2 => fuzzing::manifest(bytes),
        3 => fuzzing::heads(bytes),
        // With checksums that fit, so that what lies behind them is reached.
        4 | 5 => fuzzing::page(&fuzzing::page_with_checksums(bytes)),
        _ => fuzzing::write_ahead(&fuzzing::write_ahead_with_checksums(bytes)),
    }
});
