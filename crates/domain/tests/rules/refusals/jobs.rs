//! Jobs, exports and erasures.

use daybook_domain::command::*;
use daybook_domain::job::*;
use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

const SKIP: ErrorPolicy = ErrorPolicy::SkipRefused;
const ALL: ErrorPolicy = ErrorPolicy::RejectAll;

fn opened(policy: ErrorPolicy, waits: bool) -> World {
    World::new().with(&open_job(4, policy, waits))
}

fn selected(policy: ErrorPolicy, waits: bool) -> World {
    opened(policy, waits).with(&select(0, 3)).with(&select(3, 1))
}

fn with_action(action: JobAction<Sealed>) -> Command<Sealed> {
    match open_job(1, SKIP, false) {
        Command::OpenJob(open) => Command::OpenJob(OpenJob { action, ..open }),
        other => other,
    }
}

fn erase_of(id: &str) -> Command<Sealed> {
    match erase_buyer(&[7], 0, false) {
        Command::EraseBuyer(erase) => {
            Command::EraseBuyer(EraseBuyer { merchant: MerchantId::new(id).unwrap(), ..erase })
        }
        other => other,
    }
}

pub(super) fn rows() -> Vec<Row> {
    let none = World::new;
    let long: Box<str> = "x".repeat(limits::MAX_NAME_CHARS + 1).into();
    let nobody = match open_job(1, SKIP, false) {
        Command::OpenJob(open) => {
            Command::OpenJob(OpenJob { merchant: Some(MerchantId::new("nobody").unwrap()), ..open })
        }
        other => other,
    };
    let too_long = JobAction::Ship { carrier: Some(long.clone()), tracking_number: None };
    let long_row = JobRow { order: RowOrder::Known(order()), ticket: None, carrier: None, tracking_number: Some(long) };
    let long_row = Command::SelectForJob(SelectForJob { job: job(), first: 0, rows: vec![long_row] });
    vec![
        row(none(), fetch(), "EXPORT_UNKNOWN"),
        row(none(), erase_of("nobody"), "MERCHANT_UNKNOWN"),
        row(none(), erase_of(merchant().as_str()), "INVALID_INPUT"),
        row(none(), erase_buyer(&[], 0, false), "BUYER_UNKNOWN"),
        row(none(), erase_buyer(&[7], 1, false), "ORDERS_UNFINISHED"),
        row(none(), open_export(Some(MerchantId::new("nobody").unwrap())), "MERCHANT_UNKNOWN"),
        row(none(), nobody, "MERCHANT_UNKNOWN"),
        row(none(), open_job(limits::MAX_JOB_ROWS + 1, SKIP, false), "INVALID_INPUT"),
        row(none(), with_action(too_long), "INVALID_INPUT"),
        row(
            none(),
            with_action(JobAction::EditPrice { prices: Vec::new(), reason: reason(ReasonCode::Other) }),
            "INVALID_INPUT",
        ),
        row(none(), select(0, 1), "JOB_UNKNOWN"),
        row(none(), preview(), "JOB_UNKNOWN"),
        row(none(), start(), "JOB_UNKNOWN"),
        row(none(), check_job(&[]), "JOB_UNKNOWN"),
        row(none(), advance(1, &[]), "JOB_UNKNOWN"),
        row(none(), drop_job(CancelCause::Asked), "JOB_UNKNOWN"),
        // Selecting: in order, and no more than was said.
        row(opened(SKIP, false), select(0, 0), "INVALID_INPUT"),
        row(opened(SKIP, false), select(0, 2_001), "INVALID_INPUT"),
        row(opened(SKIP, false), long_row, "INVALID_INPUT"),
        row(opened(SKIP, false), select(1, 1), "JOB_OUT_OF_TURN"),
        row(opened(SKIP, false), select(0, 5), "JOB_OUT_OF_TURN"),
        row(opened(SKIP, false).with(&select(0, 3)), select(0, 3), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false), select(4, 1), "JOB_OUT_OF_TURN"),
        // Nothing is done before the selection is whole.
        row(opened(SKIP, false).with(&select(0, 3)), advance(1, &[]), "JOB_OUT_OF_TURN"),
        row(opened(ALL, false).with(&select(0, 3)), check_job(&[]), "JOB_OUT_OF_TURN"),
        row(opened(SKIP, true).with(&select(0, 3)), preview(), "JOB_OUT_OF_TURN"),
        row(opened(SKIP, true).with(&select(0, 3)), start(), "JOB_NOT_WAITING"),
        // A job waits until it is started, and only one that was asked to.
        row(selected(SKIP, true), start(), "JOB_NOT_WAITING"),
        row(selected(SKIP, true), advance(1, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, true).with(&preview()), preview(), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, true).with(&preview()), advance(1, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, true).with(&preview()).with(&start()), start(), "JOB_NOT_WAITING"),
        row(selected(SKIP, false), start(), "JOB_NOT_WAITING"),
        row(selected(SKIP, false), preview(), "JOB_OUT_OF_TURN"),
        // With REJECT_ALL nothing is done before all were checked.
        row(selected(ALL, false), advance(1, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false), check_job(&[]), "JOB_OUT_OF_TURN"),
        row(selected(ALL, false).with(&check_job(&[])), check_job(&[]), "JOB_OUT_OF_TURN"),
        row(selected(ALL, false).with(&check_job(&[2])), advance(1, &[]), "JOB_ENDED"),
        // It only goes forward, and says of each row once what became of it.
        row(selected(SKIP, false), advance(0, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false), advance(5, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false), advance(2, &[2]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false), advance(2, &[1, 1]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false).with(&advance(2, &[])), advance(2, &[]), "JOB_OUT_OF_TURN"),
        row(selected(SKIP, false).with(&advance(2, &[])), advance(3, &[1]), "JOB_OUT_OF_TURN"),
        // What has ended has ended.
        row(selected(SKIP, false).with(&advance(4, &[])), advance(4, &[]), "JOB_ENDED"),
        row(selected(SKIP, false).with(&advance(4, &[])), drop_job(CancelCause::Asked), "JOB_ENDED"),
        row(selected(SKIP, false).with(&drop_job(CancelCause::Asked)), start(), "JOB_ENDED"),
        row(selected(SKIP, false), drop_job(CancelCause::Incomplete), "JOB_OUT_OF_TURN"),
        row(opened(SKIP, false).with(&drop_job(CancelCause::Incomplete)), select(0, 1), "JOB_ENDED"),
        row(opened(SKIP, false).with(&drop_job(CancelCause::Incomplete)), advance(1, &[]), "JOB_ENDED"),
    ]
}
