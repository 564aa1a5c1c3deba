//! Jobs: their steps, and that whoever carries one on after a crash does nothing twice.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::job::*;
use daybook_domain::*;
use proptest::prelude::*;

use crate::ask::*;
use crate::given::*;

fn state(world: &World) -> &Job {
    match world.state(job()) {
        Some(State::Job(job)) => job,
        other => panic!("no job: {other:?}"),
    }
}

fn counts(world: &World) -> (JobState, u32, u32, u32) {
    let job = state(world);
    (job.state(), job.next, job.done(), job.refused)
}

#[test]
fn a_job_goes_through_its_steps() {
    let mut world = World::new();
    world.makes(&open_job(4, ErrorPolicy::RejectAll, true), &[Kind::JobOpened]);
    assert_eq!(counts(&world), (JobState::Opening, 0, 0, 0));
    world.makes(&select(0, 3), &[Kind::JobSelected]);
    assert_eq!(counts(&world).0, JobState::Opening);
    world.makes(&select(3, 1), &[Kind::JobSelected]);
    assert_eq!(counts(&world).0, JobState::Previewing);
    world.makes(&preview(), &[Kind::JobPreviewed]);
    assert_eq!(counts(&world).0, JobState::Waiting);
    world.makes(&start(), &[Kind::JobStarted]);
    assert_eq!(counts(&world).0, JobState::Checking);
    world.makes(&check_job(&[]), &[Kind::JobChecked]);
    assert_eq!(counts(&world).0, JobState::Running);
    world.makes(&advance(2, &[1]), &[Kind::JobAdvanced]);
    assert_eq!(counts(&world), (JobState::Running, 2, 1, 1));
    world.makes(&advance(4, &[]), &[Kind::JobAdvanced, Kind::JobFinished]);
    assert_eq!(counts(&world), (JobState::Done, 4, 3, 1));
    let job = state(&world);
    let stretch = |row| job.selection_of(row).map(|stretch| (stretch.first, stretch.end));
    assert_eq!([0, 2, 3, 4].map(stretch), [Some((0, 3)), Some((0, 3)), Some((3, 4)), None]);
    assert_eq!(job.refusals.iter().map(|stretch| (stretch.first, stretch.end)).collect::<Vec<_>>(), [(0, 2)]);
}

#[test]
fn what_a_check_refuses_is_not_done() {
    let mut world = World::new().with(&open_job(2, ErrorPolicy::RejectAll, false)).with(&select(0, 2));
    world.makes(&check_job(&[1]), &[Kind::JobChecked]);
    assert_eq!(counts(&world), (JobState::Refused, 0, 0, 1));
}

#[test]
fn an_empty_job_is_done_at_once_and_one_that_is_cancelled_still_counts_what_was_under_way() {
    let mut world = World::new().with(&open_job(0, ErrorPolicy::SkipRefused, false));
    world.makes(&advance(0, &[]), &[Kind::JobAdvanced, Kind::JobFinished]);
    let mut world = World::new().with(&open_job(3, ErrorPolicy::SkipRefused, false)).with(&select(0, 3));
    world.must(&drop_job(CancelCause::Asked));
    world.makes(&advance(3, &[0]), &[Kind::JobAdvanced]);
    assert_eq!(counts(&world), (JobState::Cancelled, 3, 2, 1));
}

/// Orders as a set of row commands that were carried out, as the engine knows them; what it has seen, it does not do
/// again.
#[derive(Default)]
struct Orders {
    done: Vec<CommandId>,
    effects: Vec<u32>,
}

impl Orders {
    fn carry_out(&mut self, row: u32) {
        let id = row_command(job(), row);
        if !self.done.contains(&id) {
            self.done.push(id);
            self.effects.push(row);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each run carries out some rows beyond the last mark, marks some of them, and is lost; the next begins at the mark.
    #[test]
    fn any_interleaving_of_crashes_gives_one_effect_a_row(
        total in 1_u32..60,
        runs in proptest::collection::vec((0_u32..20, 0_u32..20, any::<u8>()), 0..30),
    ) {
        let mut world = World::new().with(&open_job(total, ErrorPolicy::SkipRefused, false)).with(&select(0, total));
        let mut orders = Orders::default();
        // The last run is not lost.
        for (ahead, marked, refusing) in runs.into_iter().chain([(total, total, 3)]) {
            let at = state(&world).clone();
            if at.end.is_some() {
                break;
            }
            let reached = total.min(at.next + ahead);
            let refuses = |row: u32| (row * 7).is_multiple_of(u32::from(refusing).max(1) + 1);
            // A refusal has no effect, and is not remembered: a row that was done already is not refused any more.
            let is_done = |orders: &Orders, row| orders.done.contains(&row_command(job(), row));
            let refused: Vec<u32> = (at.next..reached).filter(|row| refuses(*row) && !is_done(&orders, *row)).collect();
            (at.next..reached).filter(|row| !refused.contains(row)).for_each(|row| orders.carry_out(row));
            let next = reached.min(at.next + marked);
            if next > at.next {
                let refused: Vec<u32> = refused.into_iter().filter(|row| *row < next).collect();
                world.must(&advance(next, &refused));
            }
        }
        let told = state(&world);
        prop_assert_eq!(told.state(), JobState::Done);
        let mut rows = orders.effects.clone();
        rows.sort_unstable();
        rows.dedup();
        prop_assert_eq!(rows.len(), orders.effects.len(), "a row twice");
        prop_assert_eq!(told.done() + told.refused, total);
        prop_assert_eq!(told.done() as usize, rows.len(), "every row that is counted as done was");
    }
}

#[test]
fn each_action_asks_for_what_the_single_command_does() {
    let row =
        JobRow { order: RowOrder::Known(order()), ticket: Some(2), carrier: None, tracking_number: Some("own".into()) };
    let ship = JobAction::<Sealed>::Ship { carrier: Some("SF".into()), tracking_number: Some("all".into()) };
    let expected = ConfirmShipment {
        order: order(),
        lines: None,
        carrier: Some("SF".into()),
        tracking_number: Some("own".into()),
    };
    assert_eq!(ship.command(order(), &row, |_| Vec::new()), Command::ConfirmShipment(expected));
    let prices = vec![
        JobPrice { of: PriceOf::Line(3), unit: cny(5) },
        JobPrice { of: PriceOf::Sku(sku("card-50")), unit: cny(7) },
    ];
    let edit = JobAction::EditPrice { prices, reason: reason(ReasonCode::Other) };
    let Command::EditPrice(edit) = edit.command(order(), &row, |_| vec![1, 2]) else { panic!("no edit") };
    assert_eq!(
        edit.prices.iter().map(|price| (price.line, price.unit)).collect::<Vec<_>>(),
        [(3, cny(5)), (1, cny(7)), (2, cny(7))]
    );
    let approve = JobAction::ApproveRefunds { note: Some(sealed("fine")) };
    let expected = ApproveRefund { order: order(), ticket: Some(2), note: Some(sealed("fine")) };
    assert_eq!(approve.command(order(), &row, |_| Vec::new()), Command::ApproveRefund(expected));
}
