//! Full disks and I/O errors at each call that changes something: whatever was acknowledged is there afterwards, also if
//! the power goes too, and whoever was refused was told what to do.
//!
//! `FAULT_POINTS` says at how many calls of each kind, spread evenly over all; `all` at every one. `FAULT_SEED` says where
//! they begin. Threads in the background make the number of calls vary a little from run to run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daybook_engine::{MasterKeySource, Opened};
use daybook_ledger::{Ledger, verify_dir};
use daybook_testkit::disk::{Counter, Failure, Fault, Loss, LossyDisk};
use daybook_testkit::random::{Random, seed};

use crate::files::{Picture, folder};
use crate::panics;
use crate::shop::{Shop, Step, options, steps};
use crate::truth::{advises, is_of_use, records};

const ORDERS: u64 = 24;
/// Where the folder and the journal are, for a process of its own, and which steps are done.
const DATA: &str = "REAL_FOLDER";
const STEPS: &str = "REAL_STEPS";
const JOURNAL: &str = "REAL_JOURNAL";

/// In a process of its own, on a disk that fails: a line for each step, `told POSITION` or `refused WHY`.
#[test]
#[ignore = "run by the others"]
fn live_through_it() {
    let Some(dir) = std::env::var_os(DATA).map(PathBuf::from) else { return };
    panics::watch();
    let range: Vec<usize> = std::env::var(STEPS).unwrap().split(' ').map(|end| end.parse().unwrap()).collect();
    let mut journal = fs::File::create(std::env::var_os(JOURNAL).unwrap()).unwrap();
    let mut say = |line: String| writeln!(journal, "{}", line.replace('\n', " ")).unwrap();
    match Shop::open(&dir, &options(MasterKeySource::Folder), ORDERS) {
        Err(why) => say(format!("open refused {why}")),
        Ok(mut shop) => {
            if let Err(why) = &shop.notary {
                say(format!("notary refused {why}"));
            }
            for (at, step) in steps(ORDERS).into_iter().enumerate().take(range[1]).skip(range[0]) {
                match shop.take(at, step) {
                    Ok((position, _)) => say(format!("{at} told {position}")),
                    Err(why) => say(format!("{at} refused {why}")),
                }
            }
            if let Err(why) = shop.close() {
                say(format!("close refused {why}"));
            }
        }
    }
    panics::take().into_iter().for_each(|panic| say(format!("panic refused {panic}")));
    say("end refused nothing".into());
}

/// What the process wrote down.
#[derive(Default)]
struct Journal {
    told: BTreeMap<usize, u64>,
    /// What failed, and why.
    refused: Vec<(String, String)>,
}

fn read(path: &Path) -> Journal {
    let mut journal = Journal::default();
    for line in fs::read_to_string(path).unwrap_or_default().lines() {
        match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            [step, "told", position] => drop(journal.told.insert(step.parse().unwrap(), position.parse().unwrap())),
            [what, "refused", why] => journal.refused.push((what.into(), why.into())),
            _ => panic!("the journal says {line:?}"),
        }
    }
    journal
}

/// A folder as a run finds it: not there yet, or killed or closed in the middle of its life.
struct Scene {
    name: &'static str,
    before: Option<Picture>,
    /// What was told by then.
    told: BTreeMap<usize, u64>,
    steps: (usize, usize),
}

fn scenes() -> Vec<Scene> {
    let half = steps(ORDERS).len() / 2;
    let mut scenes = vec![Scene { name: "a new folder", before: None, told: BTreeMap::new(), steps: (0, half) }];
    for (name, is_closed) in [("a closed folder", true), ("a killed folder", false)] {
        let temp = folder();
        let dir = temp.path().join("data");
        let mut shop = Shop::open(&dir, &options(MasterKeySource::Folder), ORDERS).unwrap();
        let each = steps(ORDERS).into_iter().enumerate().take(half);
        let told = each.map(|(at, step)| (at, shop.take(at, step).unwrap().0)).collect();
        std::thread::sleep(std::time::Duration::from_millis(500));
        let before = if is_closed {
            shop.close().unwrap();
            Picture::take(&dir)
        } else {
            let picture = Picture::take(&dir);
            shop.leave();
            picture
        };
        scenes.push(Scene { name, before: Some(before), told, steps: (half, usize::MAX) });
    }
    scenes
}

/// One run with one fault: how often it struck, and what went wrong.
fn run(scene: &Scene, fault: Option<Fault>) -> (Counted, Result<Vec<String>, String>) {
    let temp = folder();
    let root = temp.path().join("disk");
    let data = root.join("data");
    fs::create_dir(&root).unwrap();
    if let Some(before) = &scene.before {
        before.lay(&data, None);
    }
    let disk = LossyDisk::adopt(&root, &temp.path().join("platter")).unwrap();
    if let Some(fault) = fault {
        disk.control().set(fault);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "points::live_through_it", "--test-threads", "1"]);
    let journal = temp.path().join("journal");
    command.env(DATA, &data).env(JOURNAL, &journal).env(STEPS, format!("{} {}", scene.steps.0, scene.steps.1));
    let output = disk.attach(&mut command).stdin(Stdio::null()).output().unwrap();
    let journal = read(&journal);
    let control = disk.control();
    let counted = Counted {
        calls: control.get(Counter::Calls),
        room_calls: control.get(Counter::RoomCalls),
        struck: control.get(Counter::Failed) + control.get(Counter::NoSpace),
    };
    let check = || {
        if !output.status.success() || !matches!(journal.refused.last(), Some((what, _)) if what == "end") {
            return Err(format!("it ended badly: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
        let said = said(&journal, &data)?;
        let lost = temp.path().join("lost");
        let restored = disk.restore(&lost, Loss::Everything);
        restored.map_err(|error| error.to_string())?;
        let killed = is_all_there(scene, &journal, &data).map_err(|why| format!("afterwards: {why}"))?;
        let lost = is_all_there(scene, &journal, &lost.join("data")).map_err(|why| format!("without power: {why}"))?;
        let common = killed.len().min(lost.len());
        if killed[..common] != lost[..common] {
            return Err("the power loss changed records".into());
        }
        Ok(said)
    };
    (counted, check())
}

struct Counted {
    calls: u64,
    room_calls: u64,
    struck: u64,
}

/// What whoever was refused was told, all of which must help.
fn said(journal: &Journal, data: &Path) -> Result<Vec<String>, String> {
    let mut said = Vec::new();
    for (what, why) in &journal.refused {
        match what.as_str() {
            "end" => {}
            "panic" => return Err(format!("a thread panicked: {why}")),
            "open" => {
                is_of_use(why, data).map_err(|fault| format!("opening: {fault}"))?;
                said.push(why.clone());
            }
            // Of what could not be made before; or the views could not be written down, which nobody waits for.
            _ if why.starts_with("there is no") || why.starts_with("cannot ") => {}
            _ if advises(why) => said.push(why.clone()),
            _ => return Err(format!("step {what}, no advice: {why}")),
        }
    }
    Ok(said)
}

/// Everything that was told is there; the log as it is.
fn is_all_there(scene: &Scene, journal: &Journal, dir: &Path) -> Result<Vec<Vec<u8>>, String> {
    let told: BTreeMap<usize, u64> = scene.told.iter().chain(&journal.told).map(|(at, told)| (*at, *told)).collect();
    if !Ledger::exists(dir) && told.is_empty() {
        // Nothing was begun that anybody knows of, and it can begin now.
        let shop = Shop::open(dir, &options(MasterKeySource::Folder), ORDERS)?;
        shop.leave();
        return Ok(Vec::new());
    }
    let report = verify_dir(dir).map_err(|error| error.to_string())?;
    if !report.is_sound() {
        return Err(report.to_string());
    }
    let mut shop = Shop::open(dir, &options(MasterKeySource::Folder), ORDERS)?;
    let compared = compare(&told, &mut shop);
    shop.leave();
    compared
}

fn compare(told: &BTreeMap<usize, u64>, shop: &mut Shop) -> Result<Vec<Vec<u8>>, String> {
    let log = records(shop.folder.reader.ledger())?;
    let all = steps(ORDERS);
    shop.fold()?;
    let folded = shop.view_bytes();
    shop.views = daybook_views::Views::new();
    shop.fold()?;
    if shop.view_bytes() != folded {
        return Err("the views that were written down are not those of the log".into());
    }
    let accounts = shop.accounts()?;
    let is_erased = told.keys().any(|at| all[*at] == Step::Erase);
    for (at, position) in told {
        match all[*at] {
            Step::Keep => {}
            Step::Sign => {
                let notary = shop.notary.as_ref().map_err(Clone::clone)?;
                let sizes = notary.sizes().map_err(|error| error.to_string())?;
                if !sizes.contains(position) {
                    return Err(format!("the checkpoint of {position} records is lost: {sizes:?}"));
                }
            }
            step => {
                let again = shop.take(*at, step)?;
                if again != (*position, true) {
                    return Err(format!("{step:?} was told {position}, and is {again:?}"));
                }
                if let Step::Place(order) = step {
                    let buyer = crate::shop::buyer(order, ORDERS);
                    let expected = match is_erased && buyer == crate::shop::forgotten() {
                        true => Opened::Erased,
                        false => Opened::Text(buyer),
                    };
                    match accounts.get(&crate::shop::stream(order)) {
                        Some((_, found)) if *found == expected => {}
                        // The erasure may be there though nobody was told.
                        Some((_, Opened::Erased)) if expected == Opened::Text(crate::shop::forgotten()) => {}
                        found => return Err(format!("the account of {order} is {found:?}, not {expected:?}")),
                    }
                }
            }
        }
    }
    Ok(log)
}

#[test]
fn nothing_is_lost_whichever_call_fails() {
    panics::watch();
    let seed = seed("FAULT_SEED");
    let mut random = Random::new(seed);
    let points = std::env::var("FAULT_POINTS").unwrap_or_else(|_| "4".into());
    let (mut wrong, mut runs) = (Vec::new(), 0_u64);
    let mut said: BTreeMap<String, u64> = BTreeMap::new();
    for scene in scenes() {
        let (whole, checked) = run(&scene, None);
        assert_eq!(checked, Ok(Vec::new()), "{} without a fault", scene.name);
        for (error, calls) in [(Failure::Broken, whole.calls), (Failure::NoRoom, whole.room_calls)] {
            let stride = match points.as_str() {
                "all" => 1,
                points => (calls / points.parse::<u64>().unwrap()).max(1),
            };
            for lasts in [false, true] {
                let (mut call, mut struck) = (1 + random.below(stride), 0);
                while call <= calls {
                    let (counted, checked) = run(&scene, Some(Fault::FailAt { call, error, lasts }));
                    runs += 1;
                    struck += u64::from(counted.struck > 0);
                    match checked {
                        Ok(texts) => texts.into_iter().for_each(|text| *said.entry(text).or_default() += 1),
                        Err(why) => {
                            wrong.push(format!("{}, {error:?} at call {call}, lasting {lasts}: {why}", scene.name))
                        }
                    }
                    let panicked = panics::take();
                    assert!(panicked.is_empty(), "{panicked:?}");
                    call += stride;
                }
                println!("{}: {error:?}, lasting {lasts}: struck {struck} times of {calls} calls", scene.name);
                assert!(struck > 0, "no call failed");
            }
        }
    }
    println!("{runs} runs");
    let without_paths = |text: &str| text.split(' ').filter(|word| !word.contains('/')).collect::<Vec<_>>().join(" ");
    let kinds: BTreeMap<String, u64> = said.iter().fold(BTreeMap::new(), |mut kinds, (text, count)| {
        *kinds.entry(without_paths(text)).or_default() += count;
        kinds
    });
    kinds.iter().for_each(|(text, count)| println!("{count:5} {text}"));
    assert!(wrong.is_empty(), "FAULT_SEED={seed}:\n{}", wrong.join("\n"));
}
