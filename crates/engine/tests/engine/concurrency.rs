use std::sync::Barrier;

use daybook_domain::{Expected, Rejection, Revision, Tag, command::AddTag, command::Command};
use daybook_engine::{ExecuteError, Request};

use crate::shop::*;

#[test]
fn of_64_writers_on_one_order_one_wins_each_revision() {
    const WRITERS: usize = 64;
    const ROUNDS: u32 = 20;
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    shop.send(2, place("A", "ann")).unwrap();
    let barrier = Barrier::new(WRITERS);
    let wins: Vec<Vec<Revision>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (shop, barrier) = (&shop, &barrier);
                scope.spawn(move || {
                    let mut won = Vec::new();
                    for round in 1..=ROUNDS {
                        barrier.wait();
                        let tag = Tag::new(&format!("{writer}-{round}")).unwrap();
                        let command = Command::AddTag(AddTag { order: order("A"), tag });
                        let n = 1000 + u128::from(round) * 1000 + writer as u128;
                        let request =
                            Request { expected: Expected::Exact(round), ..Request::live(id(n), clerk(), command) };
                        match shop.engine.submit(request).wait() {
                            Ok(receipt) => {
                                assert!(!receipt.repeated);
                                won.push(round);
                            }
                            Err(ExecuteError::Rejected(Rejection::RevisionConflict { actual })) => {
                                assert!(actual > round);
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    won
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut all: Vec<Revision> = wins.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=ROUNDS).collect::<Vec<_>>());
    let history = shop.engine.reader().history(order("A")).unwrap();
    assert_eq!(history.len(), ROUNDS as usize + 1);
    assert!(history.iter().zip(1..).all(|(event, revision)| event.revision == revision));
}

#[test]
fn answers_come_only_when_readers_can_see_them() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for caller in 0..32_u128 {
            let engine = shop.engine.clone();
            tasks.spawn(async move {
                for n in 0..50_u128 {
                    let number = format!("{caller}-{n}");
                    let command = 10_000 + caller * 1000 + n * 2;
                    let placed = engine
                        .execute(Request::live(id(command), clerk(), place(&number, &format!("b{n}"))))
                        .await
                        .unwrap();
                    assert!(engine.reader().watermark() >= placed.position);
                    assert_eq!(engine.reader().head(order(&number)), Some((placed.position, 1)));
                    let again = engine
                        .execute(Request::live(id(command), clerk(), place(&number, &format!("b{n}"))))
                        .await
                        .unwrap();
                    assert!(again.repeated);
                    engine.execute(Request::live(id(command + 1), clerk(), pay(&number, &number))).await.unwrap();
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    });
    shop.engine.shutdown().unwrap();
    let events = {
        let reader = shop.engine.reader();
        let mut from = 1;
        let mut events = Vec::new();
        loop {
            let next = reader.for_each(from, 1 << 20, |event| events.push(event)).unwrap();
            if next == from {
                break events;
            }
            from = next;
        }
    };
    assert_eq!(events.len(), 1 + 32 * 50 * 3);
    assert!(events.iter().zip(1..).all(|(event, position)| event.position == position));
    let late = shop.send(5, note("0-0", "late"));
    assert!(matches!(late, Err(ExecuteError::Stopped { .. })), "{late:?}");
}

#[test]
fn what_a_caller_sends_first_is_decided_first_even_when_it_has_to_be_read_first() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    open(&dir).with_merchant().engine.shutdown().unwrap();
    let shop = open(&dir);
    // The parent is not in memory any more; the child's first order must not pass the child.
    let child = daybook_domain::MerchantId::new("child").unwrap();
    let register =
        daybook_domain::command::RegisterMerchant { id: child.clone(), name: "Child".into(), parent: Some(merchant()) };
    let order = match place("A", "ann") {
        Command::Place(mut place) => {
            place.merchant = child;
            Command::Place(place)
        }
        other => other,
    };
    let registered = shop.engine.submit(Request::live(id(2), clerk(), Command::RegisterMerchant(register)));
    let placed = shop.engine.submit(Request::live(id(3), clerk(), order));
    assert_eq!(registered.wait().unwrap().position, 2);
    assert_eq!(placed.wait().unwrap().position, 3);
}

#[test]
fn what_a_caller_sends_first_is_decided_first_also_while_batches_are_full() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let text = "x".repeat(2_000);
    let answers: Vec<_> = (0..4_000_u128)
        .flat_map(|n| {
            let number = n.to_string();
            let placed = Request::live(id(10 + 2 * n), clerk(), place(&number, "ann"));
            let noted = Request::live(id(11 + 2 * n), clerk(), note(&number, &text));
            [shop.engine.submit(placed), shop.engine.submit(noted)]
        })
        .collect();
    let positions: Vec<u64> = answers.into_iter().map(|pending| pending.wait().unwrap().position).collect();
    assert_eq!(positions, (2..8_002).collect::<Vec<_>>());
}
