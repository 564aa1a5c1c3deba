//! An operator who signs whatever suits him: he has the key, and everything else too.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_proof::VerifierKey;
use daybook_testkit::random::Random;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::bundles::proves;
use crate::kit::{Book, NOW, any_history, order, temp};
use crate::script;

const MUTATIONS: usize = 900;

/// Signs without asking what.
pub(crate) struct Operator {
    key: VerifierKey,
    pair: Ed25519KeyPair,
}

impl Operator {
    /// With the key of a folder.
    pub(crate) fn of(dir: &Path) -> Self {
        Self::with(fs::read_to_string(dir.join("signing.key")).unwrap().trim())
    }

    fn with(secret: &str) -> Self {
        let parts: Vec<&str> = secret.splitn(5, '+').collect();
        let seed = BASE64.decode(parts[4]).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed[1..]).unwrap();
        let key: daybook_proof::SigningKey = secret.parse().unwrap();
        Self { key: key.verifier().clone(), pair }
    }

    /// A signed note.
    pub(crate) fn sign(&self, text: &str) -> String {
        let (name, rest) = self.key.to_string().split_once('+').map(|(n, r)| (n.to_owned(), r.to_owned())).unwrap();
        let hash = u32::from_str_radix(&rest[..8], 16).unwrap().to_be_bytes();
        let signature = [&hash, self.pair.sign(text.as_bytes()).as_ref()].concat();
        format!("{text}\n— {name} {}\n", BASE64.encode(signature))
    }

    fn text(note: &Value) -> &str {
        let note = note.as_str().unwrap();
        &note[..=note.rfind("\n\n").unwrap()]
    }

    /// Signs a bundle's statement anew, with the hash of what it has to be read, after `change`.
    pub(crate) fn state(&self, bundle: &mut Value, change: impl FnOnce(String) -> String) {
        // Without `preserve_order` a value is written with sorted keys.
        let readings: Vec<&Value> = bundle["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
        let hash = BASE64.encode(Sha256::digest(serde_json::to_string(&readings).unwrap()));
        let lines = Self::text(&bundle["statement"]).lines().map(|line| match line.starts_with("readings 1 ") {
            true => format!("readings 1 {hash}\n"),
            false => format!("{line}\n"),
        });
        bundle["statement"] = self.sign(&change(lines.collect())).into();
    }

    /// A bundle of one event alone, whose record is `bytes`, in a ledger that has nothing else.
    fn alone(&self, bytes: &[u8], event: &Value) -> Value {
        let leaf = BASE64.encode(Sha256::new().chain_update([0]).chain_update(bytes).finalize());
        let name = self.key.name();
        let stream = event["stream"].as_str().unwrap();
        let mut bundle = json!({"format": "daybook-evidence-1", "checkpoint": self.sign(&format!("{name}\n1\n{leaf}\n")),
            "events": [{"record": BASE64.encode(bytes), "proof": [], "event": event}]});
        bundle["statement"] = format!(
            "{name}\nevidence {stream}\ncheckpoint 1 {leaf}\nhead 1 1\nreadings 1 x\nmade \
                                       now\ndaybook 0\n\n"
        )
        .into();
        self.state(&mut bundle, |text| text);
        bundle
    }
}

/// Changes one field of what is to be read beside the payload, or its spelling.
fn misread(event: &mut Value, random: &mut Random) {
    let fields: Vec<String> = event.as_object().unwrap().keys().filter(|name| *name != "data").cloned().collect();
    let name = &fields[random.below(fields.len() as u64) as usize];
    match random.below(6) {
        0 => drop(event.as_object_mut().unwrap().remove(name)),
        1 => event[random.pick(&["reason", "causation", "correlation", "actors", "note"])] = Value::Null,
        2 => event[random.pick(&["origins", "Kind", "note"])] = event[name].clone(),
        3 => {
            let spelled = event[name].as_str().map(|text| Value::from(text.to_uppercase()));
            event[name] = spelled.filter(|upper| *upper != event[name]).unwrap_or(Value::Bool(true));
        }
        4 if name == "actor" => {
            let (field, value) =
                random.pick(&[("role", "buyer"), ("id", "00000000-0000-0000-0000-000000000001"), ("x", "")]);
            event["actor"][field] = value.into();
        }
        _ => {
            event[name] = match &event[name] {
                Value::Number(number) if random.per_mille(200) => Value::from(number.to_string()),
                Value::Number(number) => Value::from(number.as_u64().unwrap() + 1),
                Value::String(text) => Value::from(text.replacen(|c: char| c.is_ascii_digit(), "7", 3) + "0"),
                other => Value::from(vec![other.clone()]),
            }
        }
    }
}

/// One change of a genuine bundle, signed anew where that is needed, as text.
fn mutate(operator: &Operator, genuine: &Value, random: &mut Random) -> (&'static str, String) {
    let mut bundle = genuine.clone();
    let at = random.below(bundle["events"].as_array().unwrap().len() as u64) as usize;
    let keep = |text: String| text;
    let name = match random.below(12) {
        0..=3 => {
            misread(&mut bundle["events"][at]["event"], random);
            operator.state(&mut bundle, keep);
            "what is to be read says what the record does not"
        }
        4 => {
            bundle["events"] = json!([]);
            operator.state(&mut bundle, |text| {
                let head = text.lines().find(|line| line.starts_with("head ")).unwrap().to_owned();
                text.replace(&head, "head 0 0")
            });
            "no events"
        }
        5 => {
            let note = random.pick(&["checkpoint", "statement"]);
            let text = bundle[note].as_str().unwrap().to_owned();
            bundle[note] = match random.below(4) {
                0 => format!("{} word\n", text.trim_end()),
                1 => format!("{}\r\n", text.trim_end()),
                2 => format!("{}\n— other AAAA\n", text.trim_end()),
                _ => format!("{}\n— other AAAAAAAA \n", text.trim_end()),
            }
            .into();
            "a signature's line with more in it"
        }
        6 => {
            let changed = |text: String, random: &mut Random| match random.below(3) {
                0 => text.replace('\n', "\r\n"),
                1 => text.replacen("\n", "\r\n", 3).replacen("\r\n", "\n", 1),
                _ => format!("{}\r\n", text.trim_end()),
            };
            match random.per_mille(500) {
                true => operator.state(&mut bundle, |text| changed(text, random)),
                false => {
                    let text = changed(Operator::text(&bundle["checkpoint"]).to_owned(), random);
                    bundle["checkpoint"] = operator.sign(&text).into();
                }
            }
            "carriage returns"
        }
        7 => {
            let stream = bundle["events"][0]["event"]["stream"].as_str().unwrap().to_owned();
            let spelled = [stream.to_uppercase(), stream.replace('-', ""), format!("{{{stream}}}")];
            let spelled = &spelled[random.below(3) as usize];
            if random.per_mille(500) {
                for event in bundle["events"].as_array_mut().unwrap() {
                    event["event"]["stream"] = spelled.as_str().into();
                }
            }
            operator.state(&mut bundle, |text| text.replace(&stream, spelled));
            "an order's id in another spelling"
        }
        8 => {
            let text = bundle.to_string();
            let name = random.pick(&["\"position\":", "\"format\":", "\"proof\":", "\"kind\":", "\"id\":"]);
            let begin = random.pick(&[1, 0]) * (text.matches(name).count() - 1);
            let place = text.match_indices(name).nth(begin).unwrap().0;
            return ("a field twice", format!("{}{name}\"x\",{}", &text[..place], &text[place..]));
        }
        9 => {
            let number = random.pick(&["2", "0", "01", "4294967296", "-1", ""]);
            operator.state(&mut bundle, |text| text.replace("readings 1 ", &format!("readings {number} ")));
            "another format of what is to be read"
        }
        10 => {
            let text = bundle.to_string();
            let revision = format!("\"revision\":{},", at + 1);
            let spelled = random.pick(&["{}.0", "{}e0", "{}0", "true", "-0", "NaN", "1E400"]);
            let other = format!("\"revision\":{},", spelled.replace("{}", &(at + 1).to_string()));
            return ("a number in another spelling", text.replace(&revision, &other));
        }
        _ => {
            let event = &mut bundle["events"][at];
            match random.below(4) {
                0 => event["proof"] = json!({}),
                1 => event["proof"] = "".into(),
                2 => *event = json!([event["record"], event["proof"], event["event"]]),
                _ => {
                    let whole = &bundle;
                    bundle = json!([whole["format"], whole["checkpoint"], whole["statement"], whole["events"]]);
                }
            }
            "another form"
        }
    };
    (name, bundle.to_string())
}

#[test]
fn what_an_operator_signs_beside_the_records_proves_nothing_to_either_verifier() {
    let seed = daybook_testkit::random::seed("DAYBOOK_EVIDENCE_SEED");
    let mut random = Random::new(seed);
    let folder = temp();
    let dir = folder.path().join("data");
    let mut book = Book::open(&dir, 90);
    book.append(&any_history(&mut random, 120));
    let (notary, key) = book.signing();
    let operator = Operator::of(&dir);
    let genuine: Vec<Value> = (0..4)
        .map(|number| serde_json::from_str(&notary.evidence(order(number), NOW, u64::MAX).unwrap()).unwrap())
        .collect();
    let mut asked: Vec<String> = Vec::new();
    for bundle in &genuine {
        let mut again = bundle.clone();
        operator.state(&mut again, |text| text);
        assert_eq!(&again, bundle, "the tests sign as the notary does");
        asked.push(bundle.to_string());
    }
    while asked.len() < MUTATIONS {
        let (name, text) =
            mutate(&operator, random.pick(&[&genuine[0], &genuine[1], &genuine[2], &genuine[3]]), &mut random);
        // Such as a digit that was a seven already.
        if serde_json::from_str::<Value>(&text).is_ok_and(|value| genuine.contains(&value)) && name != "a field twice" {
            continue;
        }
        assert!(!proves(&text, &key), "seed {seed}: {name} was not caught:\n{text}");
        asked.push(text);
    }
    script::agrees(&key, &asked, seed);
    book.close();
}

/// Any bit of the part that both decode, in a ledger that has nothing else, so that it is "in the ledger" in any case.
#[test]
fn the_verifiers_agree_on_every_bit_of_a_records_fixed_part() {
    let folder = temp();
    let dir = folder.path().join("data");
    let mut book = Book::open(&dir, 90);
    book.append(&[(0, daybook_domain::event::OrderRated { score: 3, comment: None }.into())]);
    let (notary, key) = book.signing();
    let operator = Operator::of(&dir);
    let bundle: Value = serde_json::from_str(&notary.evidence(order(0), NOW, u64::MAX).unwrap()).unwrap();
    let event = &bundle["events"][0];
    let record = BASE64.decode(event["record"].as_str().unwrap()).unwrap();
    let mut asked = vec![operator.alone(&record, &event["event"]).to_string()];
    assert!(proves(&asked[0], &key));
    let body = record.len() - 4;
    for bit in 0..108 * 8 {
        let mut bytes = record.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let crc = crc32fast::hash(&bytes[..body]);
        bytes[body..].copy_from_slice(&crc.to_le_bytes());
        let text = operator.alone(&bytes, &event["event"]).to_string();
        // The command's hash is not shown.
        assert_eq!(proves(&text, &key), (68..84).contains(&(bit / 8)), "bit {bit}");
        asked.push(text);
    }
    script::agrees(&key, &asked, 0);
    book.close();
}

#[test]
fn a_key_has_one_spelling() {
    let folder = temp();
    let mut book = Book::open(&folder.path().join("data"), 90);
    book.append(&any_history(&mut Random::new(1), 60));
    let (notary, key) = book.signing();
    let bundle = notary.evidence(order(1), NOW, u64::MAX).unwrap();
    let text = key.to_string();
    let (name, rest) = text.split_once('+').unwrap();
    let upper = format!("{name}+{}+{}", rest[..8].to_uppercase(), &rest[9..]);
    let is_same = upper == text;
    assert_eq!(upper.parse::<VerifierKey>().is_ok(), is_same);
    if let Some(answers) = script::answers(&upper, &[bundle]) {
        assert_eq!(answers[0] == "proven", is_same, "{answers:?}");
    }
    book.close();
}
