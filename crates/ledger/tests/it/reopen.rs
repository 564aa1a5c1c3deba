use daybook_ledger::{Append, BatchBuilder, Ledger, OpenError, Position, ReadError};
use uuid::Uuid;

use crate::kit::{all, draft, folder, open, payload, small};

#[test]
fn what_was_appended_is_read_back_after_each_opening() {
    let folder = folder();
    let mut before: Vec<Vec<u8>> = Vec::new();
    for round in 0..6 {
        let mut it = open(&folder.dir, &small());
        assert_eq!(all(&it.ledger), before, "round {round}");
        for batch in 0..20 {
            it.append(1 + batch % 7, 11, 300);
        }
        before = all(&it.ledger);
        assert_eq!(before.len() as u64, it.ledger.watermark());
        for stream in 0..11 {
            let records = it.ledger.read_stream(Uuid::from_u128(stream + 1)).unwrap();
            let head = it.ledger.head(Uuid::from_u128(stream + 1)).unwrap();
            assert_eq!(records.len(), head.revision as usize);
            assert_eq!(records.last().unwrap().record().position, head.position);
            let newer = it.ledger.read_stream_from_head(head, head.revision - 2).unwrap();
            assert_eq!(newer, records[records.len() - 2..]);
        }
        for position in 1..=it.ledger.watermark() {
            let record = it.ledger.read(Position::new(position).unwrap()).unwrap();
            assert_eq!(record.record().bytes(), before[position as usize - 1]);
        }
        // Closed properly in half of the rounds.
        if round % 2 == 0 {
            it.close();
        }
    }
}

#[test]
fn commits_and_batches_have_bounds() {
    use daybook_ledger::{MAX_BATCH_BYTES, MAX_COMMIT_BYTES, PushError};
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    let mut batch = BatchBuilder::new(it.appender.tail());
    let large = draft(1, payload(1, MAX_COMMIT_BYTES - 111));
    assert_eq!(batch.push_commit(&[(large, 1, None)]), Err(PushError::CommitTooLarge { bytes: MAX_COMMIT_BYTES + 1 }));
    assert_eq!(batch.push_commit(&[]), Err(PushError::Count(0)));
    let fits = draft(1, payload(1, MAX_COMMIT_BYTES - 112));
    let mut commits = 0;
    loop {
        let mut one = fits.clone();
        one.stream = Uuid::from_u128(1000 + commits);
        let before = (batch.bytes(), batch.tail());
        match batch.push_commit(&[(one, 1, None)]) {
            Ok(_) => commits += 1,
            Err(error) => {
                assert_eq!(error, PushError::BatchFull { bytes: MAX_COMMIT_BYTES });
                assert_eq!((batch.bytes(), batch.tail()), before);
                break;
            }
        }
    }
    assert!(batch.bytes() <= MAX_BATCH_BYTES);
    // Larger than this test's write-ahead files: it gets one of its own.
    assert!(matches!(it.appender.append(batch.finish()), Append::Done { last } if u128::from(last) == commits));
    assert_eq!(all(&it.ledger).len() as u128, commits);
    it.append(3, 1, 100);
    drop(it);
    assert_eq!(all(&open(&folder.dir, &small()).ledger).len() as u128, commits + 3);
}

#[test]
fn a_folder_has_one_owner() {
    let folder = folder();
    let it = open(&folder.dir, &small());
    let error = Ledger::open(&folder.dir, &small()).unwrap_err();
    assert!(matches!(&error, OpenError::InUse { owner, .. } if *owner == std::process::id().to_string()));
    assert!(error.to_string().contains("is in use by process"), "{error}");
    let ledger = it.ledger.clone();
    drop(it);
    assert!(matches!(Ledger::open(&folder.dir, &small()), Err(OpenError::InUse { .. })), "a reader is left");
    drop(ledger);
    open(&folder.dir, &small());
}

#[test]
fn a_batch_for_another_tail_or_other_heads_is_fenced() {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    let stale = it.appender.tail();
    it.append(2, 2, 50);

    let fenced = |it: &mut crate::kit::Open, tail, revision, previous| {
        let mut batch = BatchBuilder::new(tail);
        batch.push_commit(&[(draft(1, payload(1, 10)), revision, Position::new(previous))]).unwrap();
        let answer = it.appender.append(batch.finish());
        assert!(matches!(answer, Append::Fenced), "{answer:?}");
    };
    fenced(&mut it, stale, 1, 0);
    let tail = it.appender.tail();
    // Stream 1 has one record, at position 1.
    fenced(&mut it, tail, 1, 0);
    fenced(&mut it, tail, 2, 2);
    fenced(&mut it, tail, 3, 1);
    assert_eq!(it.ledger.watermark(), 2);
    it.append(1, 2, 50);
    let tail = it.appender.tail();
    drop(it);

    let mut it = open(&folder.dir, &small());
    assert_eq!(it.appender.tail().next, tail.next);
    assert_eq!(it.appender.tail().epoch, tail.epoch + 1);
    fenced(&mut it, tail, 3, 3);
}

#[test]
fn reading_beyond_the_end_says_so() {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    it.append(3, 1, 10);
    let beyond = it.ledger.read(Position::new(4).unwrap()).unwrap_err();
    assert!(matches!(beyond, ReadError::Beyond { watermark: 3, .. }));
    assert!(it.ledger.read_from(Position::new(4).unwrap(), 100).unwrap().is_empty());
    assert!(it.ledger.read_stream(Uuid::nil()).unwrap().is_empty());
    assert_eq!(it.ledger.read_from(Position::new(2).unwrap(), 1).unwrap().len(), 1);
}
