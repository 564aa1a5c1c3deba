//! Random events of jobs.

use daybook_domain::job::*;

use super::*;

impl Bounds {
    fn job_action(&self) -> BoxedStrategy<JobAction<Sealed>> {
        let reason = (one(&ReasonCode::ALL), option::of(sealed())).prop_map(|(code, text)| Reason { code, text });
        let of = prop_oneof![any::<u16>().prop_map(PriceOf::Line), sku().prop_map(PriceOf::Sku)];
        let price = (of, self.money()).prop_map(|(of, unit)| JobPrice { of, unit });
        let track = (text(), one(TrackingStatus::VARIANTS), option::of(self.time()), option::of(sealed()));
        prop_oneof![
            (option::of(text()), option::of(text()))
                .prop_map(|(carrier, tracking_number)| JobAction::Ship { carrier, tracking_number }),
            Just(JobAction::DeliverCards),
            track.prop_map(|(checkpoint, status, occurred_at, place)| {
                JobAction::RecordTracking { checkpoint, status, occurred_at, place }
            }),
            reason.clone().prop_map(|reason| JobAction::Cancel { reason }),
            sealed().prop_map(|text| JobAction::AddNote { text }),
            tag().prop_map(|tag| JobAction::AddTag { tag }),
            (vec(price, 0..3), reason).prop_map(|(prices, reason)| JobAction::EditPrice { prices, reason }),
            option::of(sealed()).prop_map(|note| JobAction::ApproveRefunds { note }),
            option::of(text()).prop_map(|provider| JobAction::SettleRefunds { provider }),
        ]
        .boxed()
    }

    pub(super) fn job_event(&self) -> BoxedStrategy<Event> {
        let opened = (
            (self.job_action(), one(ErrorPolicy::VARIANTS), option::of(merchant())),
            (any::<u64>(), any::<u32>(), any::<bool>(), option::of(id())),
        );
        let counted = (text(), any::<u32>()).prop_map(|(code, count)| RefusalCount { code, count });
        prop_oneof![
            opened.prop_map(|((action, policy, merchant), (selected_at, total, waits, token))| {
                let token = token.map(StreamId);
                JobOpened { action, policy, merchant, selected_at, total, waits, token }.into()
            }),
            (any::<u32>(), vec(row(), 0..4)).prop_map(|(first, rows)| JobSelected { first, rows }.into()),
            (vec(self.money(), 0..3), vec(counted, 0..3)).prop_map(|(totals, refusals)| JobPreviewed {
                totals,
                refusals
            }
            .into()),
            (any::<u32>(), refusals()).prop_map(|(refused, refusals)| JobChecked { refused, refusals }.into()),
            (any::<u32>(), refusals()).prop_map(|(next, refusals)| JobAdvanced { next, refusals }.into()),
            one(CancelCause::VARIANTS).prop_map(|cause| JobCancelled { cause }.into()),
            Just(JobStarted {}.into()),
            Just(JobFinished {}.into()),
        ]
        .boxed()
    }
}

fn row() -> BoxedStrategy<JobRow> {
    let order = prop_oneof![
        id().prop_map(|id| RowOrder::Known(StreamId(id))),
        (number(), any::<bool>()).prop_map(|(number, is_ambiguous)| RowOrder::Unknown { number, is_ambiguous }),
    ];
    (order, option::of(any::<u16>()), option::of(text()), option::of(text()))
        .prop_map(|(order, ticket, carrier, tracking_number)| JobRow { order, ticket, carrier, tracking_number })
        .boxed()
}

fn refusals() -> BoxedStrategy<Vec<Refusals>> {
    let one = (text(), text(), vec(any::<u32>(), 0..5));
    vec(one.prop_map(|(code, message, rows)| Refusals { code, message, rows }), 0..3).boxed()
}
