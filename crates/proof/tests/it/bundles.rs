//! Bundles and proofs of consistency that were edited, cut, reordered, mixed with older ones or with another branch, or
//! made up.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_proof::{VerifierKey, verify_consistency, verify_evidence};
use daybook_testkit::random::Random;
use serde_json::Value;

use crate::kit::{Book, History, NOW, ORDERS, any_history, order, temp};
use crate::script;

const MUTATIONS: u64 = 9_000;
/// Of these the script is asked too.
const ASKED: usize = 250;

/// What an operator handed out over time, and what others could make of it.
struct Issued {
    key: VerifierKey,
    /// Of each order, at an earlier and at a later checkpoint.
    bundles: Vec<[Value; 2]>,
    consistency: Vec<Value>,
    /// Of another branch of the same ledger, signed with the same key.
    forked: Vec<Value>,
    forked_consistency: Value,
    /// Of the same records, signed with somebody's own key of the same name.
    forged: Vec<Value>,
    forged_consistency: Value,
}

fn bundles(book: &Book) -> Vec<Value> {
    let (notary, _) = book.signing();
    (0..ORDERS).map(|number| parse(&notary.evidence(order(number), NOW, u64::MAX).unwrap())).collect()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn consistency(book: &Book, from: u64, to: u64) -> Value {
    parse(&book.signing().0.consistency(from, to).unwrap().to_json())
}

fn issue(history: &History, fork: &History) -> Issued {
    let folder = temp();
    let dirs = ["own", "fork", "forger"].map(|name| folder.path().join(name));
    let [own, forked, forger] = dirs.each_ref().map(|dir| Book::open(dir, 90));
    let (mut own, mut forked, mut forger) = (own, forked, forger);
    let key = own.signing().1;
    std::fs::copy(dirs[0].join("signing.key"), dirs[1].join("signing.key")).unwrap();
    let mut at_sizes = Vec::new();
    let sizes = [97, 131, 200];
    let mut from = 0;
    for to in sizes {
        own.append(&history[from..to as usize]);
        forger.append(&history[from..to as usize]);
        forked.append(if from == 0 { &history[..97] } else { &fork[from..to as usize] });
        for book in [&own, &forked, &forger] {
            book.signing().0.sign().unwrap();
        }
        at_sizes.push(bundles(&own));
        from = to as usize;
    }
    let [first, _, last] = at_sizes.try_into().unwrap();
    let pairs: [(u64, u64); 4] = [(97, 131), (131, 200), (97, 200), (200, 200)];
    Issued {
        key,
        bundles: first.into_iter().zip(last).map(|(first, last)| [first, last]).collect(),
        consistency: pairs.map(|(from, to)| consistency(&own, from, to)).to_vec(),
        forked: bundles(&forked),
        forked_consistency: consistency(&forked, 131, 200),
        forged: bundles(&forger),
        forged_consistency: consistency(&forger, 131, 200),
    }
}

/// Whether a bundle, or a proof of consistency, proves anything.
pub(crate) fn proves(text: &str, key: &VerifierKey) -> bool {
    match text.contains("daybook-consistency-1") {
        true => verify_consistency(text, key).is_ok(),
        false => verify_evidence(text, key).is_ok(),
    }
}

/// Every text of a value, with the way to it.
fn texts(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| texts(value, &format!("{way}/{name}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| texts(value, &format!("{way}/{at}"), found));
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) => found.push(way.to_owned()),
        Value::Null => {}
    }
}

/// Changes one value anywhere in it, a little.
fn edit(value: &mut Value, random: &mut Random) {
    let mut ways = Vec::new();
    texts(value, "", &mut ways);
    let way = &ways[random.below(ways.len() as u64) as usize];
    let leaf = value.pointer_mut(way).unwrap();
    *leaf = match &*leaf {
        Value::Number(number) => Value::from(number.as_i64().unwrap() + if random.per_mille(500) { 1 } else { -1 }),
        Value::Bool(is) => Value::from(!is),
        other => Value::from(edited(other.as_str().unwrap(), random)),
    };
}

/// A text with one character exchanged, lost, doubled, or of base64 with one bit exchanged.
fn edited(text: &str, random: &mut Random) -> String {
    if let Ok(mut bytes) = BASE64.decode(text)
        && !bytes.is_empty()
        && random.per_mille(700)
    {
        let bit = random.below(bytes.len() as u64 * 8) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        return BASE64.encode(bytes);
    }
    let mut letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return "x".into();
    }
    let at = random.below(letters.len() as u64) as usize;
    match random.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = char::from(b'0' + random.below(70) as u8),
        _ => letters.truncate(at),
    }
    letters.into_iter().collect()
}

/// A record whose payload, time or place was changed by somebody who mends its checksum.
fn mended(event: &mut Value, random: &mut Random) {
    let mut bytes = BASE64.decode(event["record"].as_str().unwrap()).unwrap();
    let body = bytes.len() - 4;
    let bit = random.below((body as u64 - 8) * 8) as usize + 64;
    bytes[bit / 8] ^= 1 << (bit % 8);
    let crc = crc32fast::hash(&bytes[..body]);
    bytes[body..].copy_from_slice(&crc.to_le_bytes());
    event["record"] = BASE64.encode(bytes).into();
}

fn events(bundle: &mut Value) -> &mut Vec<Value> {
    bundle["events"].as_array_mut().unwrap()
}

/// One mutation of what was issued, and what it is called.
fn mutate(issued: &Issued, random: &mut Random) -> (&'static str, Value) {
    let order = random.below(ORDERS) as usize;
    let other = (order + 1 + random.below(ORDERS - 1) as usize) % ORDERS as usize;
    let [earlier, later] = &issued.bundles[order];
    let mut bundle = later.clone();
    let any = |bundle: &mut Value, random: &mut Random| random.below(events(bundle).len() as u64) as usize;
    let kind = random.below(14);
    let name = match kind {
        0 | 1 => {
            edit(&mut bundle, random);
            "edited"
        }
        2 => {
            let at = any(&mut bundle, random);
            mended(&mut events(&mut bundle)[at], random);
            "a record edited, its checksum mended"
        }
        3 => {
            let at = any(&mut bundle, random);
            let event = &mut events(&mut bundle)[at]["event"];
            edit(event, random);
            "what is to be read edited"
        }
        4 => {
            let at = any(&mut bundle, random);
            events(&mut bundle).remove(at);
            "an event left out"
        }
        5 => {
            let keep = any(&mut bundle, random);
            events(&mut bundle).truncate(keep);
            "the last events left out"
        }
        6 => {
            let (a, b) = (any(&mut bundle, random), any(&mut bundle, random));
            events(&mut bundle).swap(a, b);
            "two events exchanged"
        }
        7 => {
            let at = any(&mut bundle, random);
            let doubled = events(&mut bundle)[at].clone();
            events(&mut bundle).insert(at, doubled);
            "an event doubled"
        }
        8 => {
            let field = random.pick(&["checkpoint", "statement", "events"]);
            bundle[field] = earlier[field].clone();
            "a part put back to an earlier state"
        }
        9 => {
            let field = random.pick(&["checkpoint", "statement", "events"]);
            bundle[field] = issued.forked[order][field].clone();
            "a part of another branch"
        }
        10 => {
            let field = random.pick(&["checkpoint", "statement", "events"]);
            bundle[field] = issued.bundles[other][1][field].clone();
            if random.per_mille(500) {
                let from = random.below(2) as usize;
                bundle["statement"] = issued.bundles[other][from]["statement"].clone();
            }
            "a part of another order"
        }
        11 => {
            bundle = issued.forged[order].clone();
            if random.per_mille(700) {
                let field = random.pick(&["checkpoint", "statement", "events"]);
                bundle[field] = later[field].clone();
            }
            "signed with another key of the same name"
        }
        12 => {
            bundle = issued.consistency[random.below(4) as usize].clone();
            edit(&mut bundle, random);
            "a proof of consistency edited"
        }
        _ => {
            bundle = issued.consistency[random.below(4) as usize].clone();
            let field = random.pick(&["earlier", "later", "proof"]);
            let from = match random.below(3) {
                0 => &issued.forked_consistency,
                1 => &issued.forged_consistency,
                _ => &issued.consistency[random.below(4) as usize],
            };
            bundle[field] = from[field].clone();
            "a proof of consistency mixed with another"
        }
    };
    (name, bundle)
}

fn is_genuine(issued: &Issued, bundle: &Value) -> bool {
    let own = issued.bundles.iter().flatten().chain(&issued.consistency);
    own.chain(&issued.forked).chain([&issued.forked_consistency]).any(|genuine| genuine == bundle)
}

#[test]
fn nine_thousand_mutations_of_bundles_are_all_caught() {
    let seed = daybook_testkit::random::seed("DAYBOOK_EVIDENCE_SEED");
    let mut random = Random::new(seed);
    let (history, fork) = (any_history(&mut random, 200), any_history(&mut random, 200));
    let issued = issue(&history, &fork);
    let genuine: Vec<&Value> =
        issued.bundles.iter().flatten().chain(&issued.consistency).chain(&issued.forked).collect();
    for bundle in &genuine {
        assert!(proves(&bundle.to_string(), &issued.key), "{bundle:#}");
    }
    let (mut count, mut asked) = (0, Vec::new());
    let mut by_kind = std::collections::BTreeMap::new();
    while count < MUTATIONS {
        let (name, mutated) = mutate(&issued, &mut random);
        // Such as two events exchanged that are the same one: nothing was changed.
        if is_genuine(&issued, &mutated) {
            continue;
        }
        count += 1;
        *by_kind.entry(name).or_insert(0) += 1;
        let text = mutated.to_string();
        assert!(!proves(&text, &issued.key), "seed {seed}, number {count}: {name} was not caught:\n{mutated:#}");
        if asked.len() < ASKED && random.per_mille(40) {
            asked.push(text);
        }
    }
    println!("{by_kind:?}");
    asked.extend(genuine.into_iter().take(8).chain(&issued.consistency).map(Value::to_string));
    script::agrees(&issued.key, &asked, seed);
}
