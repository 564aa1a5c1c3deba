//! Lines of an import, as far as the ledger; and tables in CSV and XLSX.
//!
//! Input that begins with `{` is lines of JSON, each of which is submitted to an engine on a real folder; else a table.
#![no_main]

use std::sync::{Arc, LazyLock};

use daybook_codec::{parse_action, write_action};
use daybook_domain::{Actor, Expected, Origin, Role, Timestamp};
use daybook_engine::{Engine, ExecuteError, FolderOptions, Request, open_folder};
use daybook_sheets::{Wanted, read_list};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_750_000_000_000_000);
const COLUMNS: [Wanted; 3] = [
    Wanted { names: &["order", "number", "订单号"], required: true },
    Wanted { names: &["carrier"], required: false },
    Wanted { names: &["tracking"], required: false },
];

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for temporary files").keep();
    let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
    open_folder(&folder, &options, Arc::new(|| NOW)).expect("a new folder").engine
});

fuzz_target!(|bytes: &[u8]| {
    if bytes.first() != Some(&b'{') {
        let _ = read_list(bytes, &COLUMNS);
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines().take(16) {
        let Ok(action) = parse_action(line) else { continue };
        let written = write_action(&action);
        assert_eq!(parse_action(&written).as_ref(), Ok(&action), "{written}");
        let request = Request {
            command_id: action.command_id("fuzz", 0),
            command: action.command,
            actor: Actor { id: Uuid::from_u128(2), role: Role::Platform },
            origin: Origin::Import,
            expected: Expected::Any,
            occurred_at: action.at,
            causation: None,
            correlation: None,
        };
        match ENGINE.submit(request).wait() {
            Ok(_) | Err(ExecuteError::Rejected(_) | ExecuteError::TooLarge { .. }) => {}
            Err(error) => panic!("{line}: {error}"),
        }
    }
});
