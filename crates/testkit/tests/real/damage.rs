//! Real folders, killed and closed, of which a bit is flipped, a file cut, a sector zeroed: everything acknowledged is
//! there and the same, or whoever opens, reads or verifies is told which file is damaged and what to do.
//!
//! `FLIPS`, `CUTS` and `SECTORS` say how many of each, half of them on either folder; `DAMAGE_SEED` repeats a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daybook_engine::{FolderOptions, MasterKey, MasterKeySource, rotate_master_key};
use daybook_testkit::random::{Random, seed};

use crate::files::{Kept, Picture, folder};
use crate::panics;
use crate::shop::{Shop, options, steps};
use crate::truth::{Outcome, Truth};

const ORDERS: u64 = 60;
/// Guards nothing.
const OTHER_KEY: &str = "4141414141414141414141414141414141414141414141414141414141414141";

/// What a folder is, for a process of its own that is killed in the end.
const FOLDER: &str = "REAL_FOLDER_TO_MAKE";

/// A folder as it was left, and what it holds.
struct Left {
    picture: Picture,
    options: FolderOptions,
    truth: Truth,
}

fn make(dir: &Path) -> Shop {
    let mut shop = Shop::open(dir, &options(MasterKeySource::Folder), ORDERS).unwrap();
    for (at, step) in steps(ORDERS).into_iter().enumerate() {
        shop.take(at, step).unwrap();
    }
    shop
}

/// In a process of its own: makes a folder and waits to be killed.
#[test]
#[ignore = "run by the others"]
fn make_a_folder_and_wait() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let shop = make(Path::new(&dir));
    // Some volumes sealed; the last one is bound in part.
    settle(&shop);
    std::fs::write(Path::new(&dir).with_extension("made"), "").unwrap();
    loop {
        std::thread::park();
    }
}

/// Until the background is done with what there is.
fn settle(shop: &Shop) {
    let volumes = shop.folder.reader.watermark() / 35;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while shop.folder.reader.ledger().stats().volumes < volumes {
        assert!(std::time::Instant::now() < until, "not sealed: {:?}", shop.folder.reader.ledger().stats());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
}

/// Ended by `kill -9`.
fn killed() -> Left {
    let temp = folder();
    let dir = temp.path().join("data");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "damage::make_a_folder_and_wait"])
        .env(FOLDER, &dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !dir.with_extension("made").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(std::time::Instant::now() < until, "not made");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    left(&dir, options(MasterKeySource::Folder))
}

/// Closed in order, its keys under another master key by now, which is not in the folder.
fn closed() -> Left {
    let temp = folder();
    let dir = temp.path().join("data");
    let shop = make(&dir);
    settle(&shop);
    shop.close().unwrap();
    let (new, clock) = (MasterKey::from_hex(OTHER_KEY).unwrap(), std::sync::Arc::new(|| daybook_domain::Timestamp(0)));
    assert!(rotate_master_key(&dir, &options(MasterKeySource::Folder), &new, clock).unwrap());
    std::fs::remove_file(dir.join("master.key")).unwrap();
    let options = options(MasterKeySource::Hex(OTHER_KEY.into()));
    Shop::open(&dir, &options, ORDERS).map_err(drop).unwrap().close().unwrap();
    left(&dir, options)
}

fn left(dir: &Path, options: FolderOptions) -> Left {
    let picture = Picture::take(dir);
    let has = |part: &str| picture.files.keys().filter(|path| path.to_str().unwrap().contains(part)).count();
    for (part, least) in
        [("manifest", 5), ("heads", 3), ("sled/db", 3), (".wal", 1), ("views/", 20), ("tree/", 1), ("checkpoints", 1)]
    {
        assert!(has(part) >= least, "{part}: {:?}", picture.files.keys());
    }
    let mut shop = Shop::open(dir, &options, ORDERS).map_err(drop).unwrap();
    let truth = Truth::of(&mut shop);
    shop.leave();
    assert!(truth.records.len() as u64 > ORDERS);
    Left { picture, options, truth }
}

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip,
    Cut,
    Sector,
}

impl Damage {
    /// The file afterwards, and where it was damaged; none if that changes nothing.
    fn of(self, kept: &Kept, random: &mut Random) -> Option<(Kept, usize)> {
        let mut damaged = kept.clone();
        // Most bytes behind the last that is used are never read.
        let end = if random.per_mille(900) { kept.used.len() } else { kept.length };
        let at = usize::try_from(random.below(end.max(1) as u64)).unwrap();
        match self {
            Damage::Flip => {
                damaged.used.resize(damaged.used.len().max(at + 1), 0);
                damaged.length = damaged.length.max(at + 1);
                damaged.used[at] ^= 1 << random.below(8);
                Some((damaged, at))
            }
            Damage::Cut => {
                damaged.used.truncate(at);
                damaged.length = at;
                (at < kept.length).then_some((damaged, at))
            }
            Damage::Sector => {
                let sector = at / 512 * 512;
                let end = (sector + 512).min(damaged.used.len());
                let bytes = damaged.used.get_mut(sector..end)?;
                let changes = bytes.iter().any(|&byte| byte != 0);
                bytes.fill(0);
                changes.then_some((damaged, sector))
            }
        }
    }
}

/// Of the files one, by turns of the kinds of files that there are.
fn pick<'a>(picture: &'a Picture, random: &mut Random) -> (&'a PathBuf, &'a Kept) {
    let mut kinds: BTreeMap<String, Vec<(&PathBuf, &Kept)>> = BTreeMap::new();
    for (path, kept) in &picture.files {
        let text = path.to_str().unwrap();
        let kind = match text.split('/').next().unwrap() {
            "volumes" => text.rsplit('/').next().unwrap().split('.').next().unwrap().to_owned(),
            "views" if text.contains("manifest-") => "views' manifests".to_owned(),
            first => first.to_owned(),
        };
        kinds.entry(kind).or_default().push((path, kept));
    }
    let kinds: Vec<_> = kinds.into_values().collect();
    let kind = &kinds[usize::try_from(random.below(kinds.len() as u64)).unwrap()];
    kind[usize::try_from(random.below(kind.len() as u64)).unwrap()]
}

fn count(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn endure(left: &Left, name: &str, damage: Damage, times: u64, random: &mut Random) -> Vec<String> {
    let temp = folder();
    let mut outcomes: BTreeMap<Outcome, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut round = 0;
    while round < times {
        let (path, kept) = pick(&left.picture, random);
        let Some((damaged, at)) = damage.of(kept, random) else { continue };
        round += 1;
        let dir = temp.path().join(format!("{round}"));
        left.picture.lay(&dir, Some((path, &damaged)));
        let examined = left.truth.examine(&dir, &left.options, ORDERS);
        let panicked = panics::take();
        let what = format!("{name}, {damage:?} number {round} in {} at byte {at}", path.display());
        assert!(panicked.is_empty(), "{what}: {panicked:?}");
        match examined {
            Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
            Err(why) => wrong.push(format!("{what}: {why}")),
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
    println!("{name}, {times} times {damage:?}: {outcomes:?}, {} silent", wrong.len());
    wrong
}

#[test]
fn damage_to_a_real_folder_is_harmless_or_said() {
    panics::watch();
    let seed = seed("DAMAGE_SEED");
    let mut random = Random::new(seed);
    let all =
        [(Damage::Flip, count("FLIPS", 30)), (Damage::Cut, count("CUTS", 16)), (Damage::Sector, count("SECTORS", 16))];
    let mut wrong = Vec::new();
    for (name, left) in [("killed", killed()), ("closed", closed())] {
        // Undamaged, it is examined the same way.
        let temp = folder();
        let dir = temp.path().join("whole");
        left.picture.lay(&dir, None);
        assert_eq!(left.truth.examine(&dir, &left.options, ORDERS), Ok(Outcome::Harmless), "{name}");
        for (damage, times) in all {
            wrong.extend(endure(&left, name, damage, times.div_ceil(2), &mut random));
        }
    }
    assert!(wrong.is_empty(), "DAMAGE_SEED={seed}:\n{}", wrong.join("\n"));
}
