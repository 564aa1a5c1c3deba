//! Sealing a volume: make it durable, read it back, and say in its manifest what it holds.

use crate::binder::{BindError, Binding};
use crate::manifest::Manifest;
use crate::merkle::{self, Merkle};
use crate::page::{page_records, parse_page};
use crate::page_store::PageStore;
use crate::run::check_run;
use crate::shared::{EndedVolume, Shared};
use crate::shelf::{heads_path, manifest_path, sled_folder, volume_folder};
use crate::{Head, fsio, heads};

/// All pages are in `store`; afterwards the volume is sealed on disk, and its store is open.
pub(crate) fn seal(
    shared: &Shared,
    binding: &Binding,
    ended: &EndedVolume,
    store: PageStore,
) -> Result<(Manifest, PageStore), BindError> {
    let folder = volume_folder(&shared.dir, ended.first);
    let sled = sled_folder(&folder);
    let layout = store.layout();
    store.flush()?;
    drop(store);
    {
        // Sled's helper threads let go of this lock last: then nobody writes any more.
        let lock = std::fs::File::open(sled.join("db"))?;
        lock.lock()?;
        fsio::rewrite_tree(&sled)?;
    }

    let store = PageStore::open(&sled, layout)?;
    let (root, places) = read_back(shared, binding, &store)?;
    let heads = heads::encode(shared.ledger, ended.first, &heads::last_of_each(places));
    let manifest = Manifest {
        ledger: shared.ledger,
        first: ended.first,
        last: ended.last,
        layout,
        chain: ended.chain,
        root,
        heads: *blake3::hash(&heads).as_bytes(),
        pages: binding.pages.clone(),
    };
    // Opening may have written: sled takes a snapshot then.
    fsio::sync_tree(&sled)?;
    fsio::sync_dir(&folder)?;
    fsio::replace(&heads_path(&folder), &heads)?;
    fsio::replace(&manifest_path(&folder), manifest.encode().as_bytes())?;
    Ok((manifest, store))
}

type Places = Vec<(uuid::Uuid, Head)>;

/// Reads every page from sled, compares it with what was made from the write-ahead files, and returns the Merkle root
/// and all records' places in their streams.
fn read_back(shared: &Shared, binding: &Binding, store: &PageStore) -> Result<([u8; 32], Places), BindError> {
    let mut merkle = Merkle::default();
    let mut places = Vec::new();
    for (number, entry) in binding.pages.iter().enumerate() {
        if shared.work().stop {
            return Err(BindError::Stopped);
        }
        let wrong = || BindError::ReadBack(entry.first);
        let page = store.get(store.layout().key(number, entry.first))?.ok_or_else(wrong)?;
        if *blake3::hash(&page).as_bytes() != entry.hash
            || parse_page(shared.ledger, &page) != Ok((entry.first, entry.count))
        {
            return Err(wrong());
        }
        let records = page_records(&page).map_err(|_| wrong())?;
        check_run(&records, entry.first, entry.count, |_, record| {
            merkle.push(merkle::leaf(record.bytes()));
            places.push((record.stream, Head { position: record.position, revision: record.revision }));
            Ok(())
        })
        .map_err(|_| wrong())?;
    }
    if merkle.root() != binding.merkle.root() || store.len()? != binding.pages.len() {
        return Err(BindError::ReadBack(binding.first));
    }
    Ok((merkle.root(), places))
}
