//! One event of each kind that fills every field, in the order of [`Kind::ALL`]. The golden bytes were made from these:
//! to change one is to break a golden file, so add new ones instead.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::job::*;
use daybook_domain::policy::Terms;
use daybook_domain::reason::Reason;
use daybook_domain::stock::{Balance, Goods};
use daybook_domain::{
    Currency, MerchantId, Money, OrderNumber, ReasonCode, Role, Sealed, Sku, Slot, StreamId, Tag, Timestamp,
};
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_764_000_000 + seconds)
}

fn merchant(id: &str) -> MerchantId {
    MerchantId::new(id).unwrap()
}

fn sealed(slot: u32, length: u8) -> Sealed {
    Sealed { slot: Slot(slot), bytes: (0..length).map(|i| i.wrapping_mul(37)).collect() }
}

fn ship_due() -> Option<ShipDue> {
    Some(ShipDue { virtual_by: Some(at(7_200)), collect_by: Some(at(86_400)) })
}

pub(super) fn order_placed() -> OrderPlaced {
    OrderPlaced {
        merchant: merchant("shop-1"),
        ancestors: vec![merchant("platform"), merchant("agent.2")],
        number: OrderNumber::new("订单-1").unwrap(),
        account: sealed(70_000, 60),
        contact: Some(sealed(70_000, 120)),
        currency: Currency::CNY,
        lines: vec![
            Line {
                sku: Sku::new("card-50").unwrap(),
                title: "游戏卡 50".into(),
                kind: SkuKind::Card,
                quantity: 3,
                unit_minor: 4_950,
                supplier: Some(merchant("supplier_9")),
                inputs: None,
            },
            Line {
                sku: Sku::new("topup").unwrap(),
                title: "Top-up".into(),
                kind: SkuKind::TopUp,
                quantity: 1,
                unit_minor: 990,
                supplier: None,
                inputs: Some(sealed(70_000, 80)),
            },
            Line {
                sku: Sku::new("mug").unwrap(),
                title: "A mug".into(),
                kind: SkuKind::Physical,
                quantity: 1_000,
                unit_minor: 0,
                supplier: None,
                inputs: None,
            },
        ],
        adjustments: vec![
            Adjustment { kind: AdjustmentKind::Discount, label: "spring".into(), amount_minor: -100 },
            Adjustment { kind: AdjustmentKind::Freight, label: "express".into(), amount_minor: 1_250 },
        ],
        pay_due: Some(PayDue { pay_by: at(1_800), remind_at: at(600) }),
        ship_due: ship_due(),
        reserved: vec![
            Goods { sku: Sku::new("card-50").unwrap(), quantity: 3 },
            Goods { sku: Sku::new("mug").unwrap(), quantity: 1_000 },
        ],
    }
}

fn balance() -> Balance {
    Balance { reserved: 70, deducted: 1 << 40, assigned: 3 }
}

pub(super) fn samples() -> Vec<Event> {
    let note = || Some(sealed(3, 50));
    vec![
        MerchantRegistered {
            id: merchant("shop-1"),
            name: "小店".into(),
            ancestors: vec![merchant("platform"), merchant("agent.2")],
        }
        .into(),
        PolicySet {
            terms: Terms {
                pay_within: Some(1_800),
                remind_after: Some(600),
                ship_virtual_within: Some(7_200),
                collect_physical_within: Some(86_400),
                answer_refund_within: Some(43_200),
                escalate_refund_after: Some(86_401),
                pay_refund_within: Some(3_600),
                observe_for: Some(604_800),
                auto_deliver: Some(true),
                manual_review: Some(false),
                warn_refund_rate: Some(50_000),
                warn_conversion: Some(300_000),
                warn_queue_age: Some(7_201),
            },
            valid_from: Some(at(0)),
            valid_to: Some(at(604_800)),
        }
        .into(),
        AlertRaised { alert: Alert::LowStock, sku: Some(Sku::new("card-50").unwrap()), measured: 3, threshold: 20 }
            .into(),
        AlertCleared { alert: Alert::LowStock, sku: Some(Sku::new("card-50").unwrap()), measured: 1_000 }.into(),
        MerchantMoved { parent: merchant("agent.2") }.into(),
        MerchantClosed {}.into(),
        MerchantReopened {}.into(),
        ProfileSet {
            time_zone: Some("Asia/Shanghai".into()),
            pay_url: Some("https://pay.example/收银台?n={number}&a={amount}&c={currency}".into()),
        }
        .into(),
        TokenIssued {
            id: Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
            role: Role::Clerk,
            merchant: Some(merchant("shop-1")),
            expires_at: Some(at(1_000_000)),
            label: "till 2".into(),
            buyer: Some(Slot(70_000)),
        }
        .into(),
        TokenRevoked {}.into(),
        SubjectErased { merchant: merchant("m1"), slot: Slot(70_000) }.into(),
        order_placed().into(),
        PriceEdited { line: 2, old_unit_minor: 990, new_unit_minor: 900, note: note() }.into(),
        PaymentCaptured {
            provider: "alipay".into(),
            trade_number: "2026112400001".into(),
            amount_minor: 17_000,
            excess_minor: 10,
            ship_due: ship_due(),
        }
        .into(),
        PaymentMismatched {
            provider: "alipay".into(),
            trade_number: "2026112400002".into(),
            amount_minor: 2_000,
            currency: Currency::BRL,
        }
        .into(),
        PaymentFailed { provider: "wechat".into(), failure: "NOTENOUGH".into(), note: note() }.into(),
        ReminderDue { remind_at: at(600) }.into(),
        LatePaymentReceived { provider: "alipay".into(), trade_number: "2026112400003".into(), amount_minor: 16_990 }
            .into(),
        OrderReinstated { captured_minor: 16_990, excess_minor: 5, ship_due: ship_due() }.into(),
        PaymentReminded {}.into(),
        OrderCancelled { note: note() }.into(),
        RestCancelled { lines: vec![ShippedLine { line: 1, quantity: 2 }], note: note() }.into(),
        HoldPlaced { hold: Hold::Risk, note: note() }.into(),
        HoldReleased { hold: Hold::Address, ship_due: ship_due(), note: note() }.into(),
        AddressChangeRequested {
            change: 2,
            contact: Some(sealed(70_000, 120)),
            inputs: vec![
                LineInputs { line: 2, inputs: sealed(70_000, 80) },
                LineInputs { line: 300, inputs: sealed(70_000, 90) },
            ],
            note: note(),
        }
        .into(),
        AddressChanged { change: 2, note: note() }.into(),
        AddressChangeRejected { change: 300, note: note() }.into(),
        ShipmentConfirmed {
            shipment: 2,
            lines: vec![ShippedLine { line: 1, quantity: 2 }, ShippedLine { line: 3, quantity: 900 }],
            carrier: Some("SF".into()),
            tracking_number: Some("SF1234567890".into()),
        }
        .into(),
        TrackingUpdated {
            shipment: 2,
            checkpoint: "SF-77".into(),
            status: TrackingStatus::OutForDelivery,
            place: Some(sealed(70_000, 70)),
        }
        .into(),
        Delivered { shipment: 2 }.into(),
        DeliveryDue { deliver_at: at(60) }.into(),
        CardsAssigned {
            shipment: 1,
            cards: vec![
                AssignedCards { line: 1, first: 0, quantity: 3 },
                AssignedCards { line: 2, first: 1 << 40, quantity: 300 },
            ],
        }
        .into(),
        CardsRevealed { cards: 303 }.into(),
        TopUpSucceeded { shipment: 2, line: 3, quantity: 400 }.into(),
        TopUpFailed { line: 3, failure: "NO_SUCH_ACCOUNT".into(), note: note() }.into(),
        OrderCompleted {}.into(),
        ObservationStarted { until: at(604_800) }.into(),
        OrderClosed {}.into(),
        RefundRequested {
            ticket: 1,
            kind: RefundKind::Late,
            amount_minor: 500,
            due: Some(RefundDue { answer_by: at(43_200), escalate_at: at(86_400) }),
            note: note(),
        }
        .into(),
        RefundApproved { ticket: 1, pay_by: Some(at(3_600)), note: note() }.into(),
        RefundRejected { ticket: 2, note: note() }.into(),
        RefundSettled {
            ticket: 1,
            amount_minor: 500,
            provider: Some("alipay".into()),
            trade_number: Some("R-1".into()),
        }
        .into(),
        RefundFailed { ticket: 300, failure: "ACCOUNT_CLOSED".into(), note: note() }.into(),
        NoteAdded { text: sealed(3, 50) }.into(),
        TagAdded { tag: Tag::new("vip").unwrap() }.into(),
        OrderRated { score: 5, comment: note() }.into(),
        DisputeOpened { dispute: 2, note: note() }.into(),
        EvidenceAdded { dispute: 2, text: sealed(3, 50) }.into(),
        DisputeResolved { dispute: 300, outcome: Outcome::Merchant, note: note() }.into(),
        EvidenceRead {}.into(),
        ContactRevealed { note: note() }.into(),
        RestockRequested {}.into(),
        OrderRestocked {}.into(),
        DeadlineBreached { clock: Clock::AnswerRefund, ticket: Some(2), due_at: at(43_200) }.into(),
        PaymentClaimed { order: StreamId(Uuid::from_u128(7)), amount_minor: 17_000, currency: Currency::CNY }.into(),
        CardClaimed { sku: StreamId(Uuid::from_u128(9)), number: 1 << 40 }.into(),
        StockReceived {
            merchant: merchant("shop-1"),
            sku: Sku::new("mug").unwrap(),
            quantity: 1_000,
            reference: Some("delivery note 7".into()),
        }
        .into(),
        StockCounted { merchant: merchant("shop-1"), sku: Sku::new("mug").unwrap(), counted: 990 }.into(),
        StockCorrected { difference: -10 }.into(),
        StockMarkSet { merchant: merchant("shop-1"), sku: Sku::new("mug").unwrap(), low_at: 20 }.into(),
        CardsImported {
            merchant: merchant("shop-1"),
            sku: Sku::new("card-50").unwrap(),
            first: 1 << 40,
            secrets: vec![sealed(9, 60), sealed(9, 70)],
            known: vec![0, 300],
        }
        .into(),
        StockReserved { order: StreamId(Uuid::from_u128(7)), quantity: 3, balance: balance() }.into(),
        StockReleased { order: StreamId(Uuid::from_u128(7)), quantity: 3, balance: balance() }.into(),
        StockTaken { order: StreamId(Uuid::from_u128(7)), quantity: 300, balance: balance() }.into(),
        StockReturned { order: StreamId(Uuid::from_u128(7)), quantity: 300, balance: balance() }.into(),
        CardsDrawn { order: StreamId(Uuid::from_u128(7)), quantity: 300, balance: balance() }.into(),
        JobOpened {
            action: JobAction::EditPrice {
                prices: vec![
                    JobPrice { of: PriceOf::Line(2), unit: Money::new(990, Currency::CNY) },
                    JobPrice { of: PriceOf::Sku(Sku::new("card-50").unwrap()), unit: Money::new(4_850, Currency::CNY) },
                ],
                reason: Reason { code: ReasonCode::Promotion, text: note() },
            },
            policy: ErrorPolicy::SkipRefused,
            merchant: Some(merchant("shop-1")),
            selected_at: 1 << 33,
            total: 70_000,
            waits: true,
            token: Some(StreamId(Uuid::from_u128(11))),
        }
        .into(),
        JobSelected {
            first: 300,
            rows: vec![
                JobRow {
                    order: RowOrder::Known(StreamId(Uuid::from_u128(12))),
                    ticket: Some(2),
                    carrier: Some("SF".into()),
                    tracking_number: Some("SF-1".into()),
                },
                JobRow {
                    order: RowOrder::Unknown { number: OrderNumber::new("A-1").unwrap(), is_ambiguous: false },
                    ticket: None,
                    carrier: None,
                    tracking_number: None,
                },
                JobRow {
                    order: RowOrder::Unknown { number: OrderNumber::new("A-2").unwrap(), is_ambiguous: true },
                    ticket: None,
                    carrier: None,
                    tracking_number: None,
                },
            ],
        }
        .into(),
        JobPreviewed {
            totals: vec![Money::new(1 << 40, Currency::CNY), Money::new(-1, Currency::BRL)],
            refusals: vec![RefusalCount { code: "ON_HOLD".into(), count: 300 }],
        }
        .into(),
        JobStarted {}.into(),
        JobChecked { refused: 3, refusals: refusals() }.into(),
        JobAdvanced { next: 70_000, refusals: refusals() }.into(),
        JobCancelled { cause: CancelCause::TokenRevoked }.into(),
        JobFinished {}.into(),
        ExportOpened {
            kind: ExportKind::Orders,
            format: ExportFormat::Csv,
            columns: "number,buyer".into(),
            filter: r#"{"where":{"label":{"eq":"TO_SHIP"}}}"#.into(),
            merchant: Some(merchant("shop-1")),
            subtree: true,
            position: 70_000,
            rows: 300,
        }
        .into(),
        ExportFetched {}.into(),
    ]
}

fn refusals() -> Vec<Refusals> {
    let of = |code: &str, message: &str, rows| Refusals { code: code.into(), message: message.into(), rows };
    vec![of("ON_HOLD", "the order is on hold", vec![7, 8, 300]), of("NOT_PAID", "the order is not paid", vec![66_000])]
}

/// One command of each kind that fills every field.
pub(super) fn commands() -> Vec<Command<String>> {
    let order = StreamId::order(&merchant("m1"), &OrderNumber::new("A-1").unwrap());
    let cny = |minor| Money::new(minor, Currency::CNY);
    let reason = |code| Reason { code, text: Some("she \"asked\"\n".to_owned()) };
    let note = || Some("备注".to_owned());
    vec![
        Command::RegisterMerchant(RegisterMerchant {
            id: merchant("m1"),
            name: "小店".into(),
            parent: Some(merchant("m0")),
        }),
        Command::Place(PlaceOrder {
            merchant: merchant("m1"),
            number: Some(OrderNumber::new("A-1").unwrap()),
            account: "buyer@example.org".into(),
            contact: Some(r#"{"name":"张三","tel":"1"}"#.into()),
            currency: Currency::CNY,
            lines: vec![
                Line {
                    sku: Sku::new("topup").unwrap(),
                    title: "Top-up".into(),
                    kind: SkuKind::TopUp,
                    quantity: 2,
                    unit_minor: 990,
                    supplier: Some(merchant("s.1")),
                    inputs: Some(r#"{"server":9.50}"#.into()),
                },
                Line {
                    sku: Sku::new("mug").unwrap(),
                    title: "A mug".into(),
                    kind: SkuKind::Physical,
                    quantity: 1,
                    unit_minor: 5,
                    supplier: None,
                    inputs: None,
                },
            ],
            adjustments: vec![Adjustment {
                kind: AdjustmentKind::Discount,
                label: "spring".into(),
                amount_minor: -100,
            }],
        }),
        Command::EditPrice(EditPrice {
            order,
            prices: vec![NewPrice { line: 1, unit: cny(900) }, NewPrice { line: 2, unit: cny(0) }],
            reason: reason(ReasonCode::PriceError),
        }),
        Command::RecordPayment(RecordPayment {
            order,
            provider: "alipay".into(),
            trade_number: "T1".into(),
            amount: Money::new(150, Currency::new("JPY").unwrap()),
        }),
        Command::FailPayment(FailPayment {
            order,
            provider: "alipay".into(),
            failure: "NOTENOUGH".into(),
            note: note(),
        }),
        Command::Expire { order },
        Command::Cancel(Cancel { order, reason: Reason { code: ReasonCode::BuyerRequest, text: None } }),
        Command::PlaceHold(PlaceHold { order, hold: Hold::Risk, reason: Some(reason(ReasonCode::Fraud)) }),
        Command::ReleaseHold(ReleaseHold { order, hold: Hold::Risk, reason: Some(reason(ReasonCode::Other)) }),
        Command::ConfirmShipment(ConfirmShipment {
            order,
            lines: Some(vec![ShippedLine { line: 1, quantity: 2 }]),
            carrier: Some("SF".into()),
            tracking_number: Some("SF1".into()),
        }),
        Command::RecordTracking(RecordTracking {
            order,
            shipment: Some(1),
            checkpoint: "c1".into(),
            status: TrackingStatus::InTransit,
            place: Some("上海".into()),
        }),
        Command::RequestRefund(RequestRefund {
            order,
            kind: Some(RefundKind::Goods),
            amount: Some(cny(500)),
            reason: reason(ReasonCode::Damaged),
        }),
        Command::ApproveRefund(ApproveRefund { order, ticket: Some(1), note: note() }),
        Command::RejectRefund(RejectRefund { order, ticket: Some(1), reason: reason(ReasonCode::NotRefundable) }),
        Command::SettleRefund(SettleRefund {
            order,
            ticket: Some(1),
            provider: Some("alipay".into()),
            trade_number: Some("R1".into()),
        }),
        Command::FailRefund(FailRefund { order, ticket: Some(1), failure: "CLOSED".into(), note: note() }),
        Command::AddNote(AddNote { order, text: "call back".into() }),
        Command::AddTag(AddTag { order, tag: Tag::new("vip").unwrap() }),
        Command::Rate(Rate { order, score: 5, comment: note() }),
        Command::ReceiveStock(ReceiveStock {
            merchant: merchant("m1"),
            sku: Sku::new("mug").unwrap(),
            quantity: 10,
            reference: Some("note 7".into()),
        }),
        Command::CountStock(CountStock { merchant: merchant("m1"), sku: Sku::new("mug").unwrap(), counted: 9 }),
        Command::SetStockMark(SetStockMark { merchant: merchant("m1"), sku: Sku::new("mug").unwrap(), low_at: 3 }),
        Command::IssueToken(IssueToken {
            secret_sha256: [0xa7; 32],
            id: Uuid::from_u128(9),
            role: Role::Clerk,
            merchant: Some(merchant("m1")),
            expires_at: Some(at(0)),
            label: "till 2".into(),
            buyer: None,
        }),
        Command::RevokeToken { token: StreamId(Uuid::from_u128(8)) },
        Command::SetPolicy(SetPolicy {
            merchant: merchant("m1"),
            set: PolicySet {
                terms: Terms { pay_within: Some(1_800), auto_deliver: Some(true), ..Terms::default() },
                valid_from: Some(at(0)),
                valid_to: Some(at(604_800)),
            },
        }),
        Command::RaiseAlert(RaiseAlert {
            merchant: merchant("m1"),
            alert: Alert::LowStock,
            sku: Some(Sku::new("mug").unwrap()),
            measured: 3,
            threshold: 20,
        }),
        Command::ClearAlert(ClearAlert {
            merchant: merchant("m1"),
            alert: Alert::RefundRate,
            sku: None,
            measured: 30_000,
        }),
        Command::Remind { order },
        Command::Close { order },
        Command::Breach { order, clock: Clock::AnswerRefund, ticket: Some(2) },
        Command::DeliverCards { order },
        Command::RevealCards { order },
        Command::CompleteTopUp(CompleteTopUp { order, line: Some(2), quantity: Some(5) }),
        Command::FailTopUp(FailTopUp {
            order,
            line: Some(2),
            failure: "NO_SUCH_ACCOUNT".into(),
            wrong_account: true,
            note: note(),
        }),
        Command::RequestAddressChange(RequestAddressChange {
            order,
            contact: Some(r#"{"name":"李四"}"#.into()),
            inputs: vec![LineInputs { line: 1, inputs: r#"{"account":"x"}"#.into() }],
            reason: Some(reason(ReasonCode::BuyerRequest)),
        }),
        Command::ApproveAddressChange(ApproveAddressChange { order, note: note() }),
        Command::RejectAddressChange(RejectAddressChange { order, reason: reason(ReasonCode::Fraud) }),
        Command::OpenDispute(OpenDispute { order, reason: reason(ReasonCode::NotReceived) }),
        Command::AddEvidence(AddEvidence { order, text: "a picture".into() }),
        Command::CancelRest(Cancel { order, reason: reason(ReasonCode::OutOfStock) }),
        Command::ResolveDispute(ResolveDispute {
            order,
            outcome: Outcome::Buyer,
            refund: Some(cny(500)),
            reason: reason(ReasonCode::Goodwill),
        }),
        Command::ImportCards(ImportCards {
            merchant: merchant("m1"),
            sku: Sku::new("card-50").unwrap(),
            cards: vec![
                NewCard { secret: "AAAA-1".into(), fingerprint: [0; 16] },
                NewCard { secret: "AAAA-2".into(), fingerprint: [1; 16] },
            ],
        }),
        Command::IssueToken(IssueToken {
            secret_sha256: [0xa7; 32],
            id: Uuid::from_u128(9),
            role: Role::Buyer,
            merchant: Some(merchant("m1")),
            expires_at: None,
            label: String::new().into(),
            buyer: Some(Slot(3)),
        }),
        Command::MoveMerchant(MoveMerchant { merchant: merchant("m1"), parent: merchant("m0") }),
        Command::CloseMerchant { merchant: merchant("m1") },
        Command::ReopenMerchant { merchant: merchant("m1") },
        Command::ReadEvidence { order },
        Command::RevealContact(RevealContact { order, reason: reason(ReasonCode::BuyerRequest) }),
        Command::OpenJob(OpenJob {
            asked: [0x5b; 32],
            action: JobAction::AddNote { text: "call back".into() },
            policy: ErrorPolicy::RejectAll,
            merchant: Some(merchant("m1")),
            selected_at: 9,
            total: 2,
            waits: false,
            token: None,
        }),
        Command::SelectForJob(SelectForJob {
            job: StreamId(Uuid::from_u128(13)),
            first: 1,
            rows: vec![JobRow {
                order: RowOrder::Known(order),
                ticket: Some(1),
                carrier: Some("SF".into()),
                tracking_number: Some("SF1".into()),
            }],
        }),
        Command::PreviewJob(PreviewJob {
            job: StreamId(Uuid::from_u128(13)),
            totals: vec![cny(500)],
            refusals: vec![RefusalCount { code: "ON_HOLD".into(), count: 1 }],
        }),
        Command::StartJob { job: StreamId(Uuid::from_u128(13)) },
        Command::CheckJob(CheckJob { job: StreamId(Uuid::from_u128(13)), refused: 4, refusals: refusals() }),
        Command::AdvanceJob(AdvanceJob { job: StreamId(Uuid::from_u128(13)), next: 400, refusals: refusals() }),
        Command::CancelJob(CancelJob { job: StreamId(Uuid::from_u128(13)), cause: CancelCause::Asked }),
        Command::OpenExport(OpenExport {
            asked: [0x5e; 32],
            opener: Uuid::from_u128(9),
            kind: ExportKind::Orders,
            format: ExportFormat::Csv,
            columns: "number".into(),
            filter: "{}".into(),
            merchant: Some(merchant("m1")),
            subtree: false,
            position: 7,
            rows: 3,
        }),
        Command::FetchExport { export: StreamId(Uuid::from_u128(14)) },
        Command::SetProfile(SetProfile {
            merchant: merchant("m1"),
            set: ProfileSet {
                time_zone: Some("Asia/Shanghai".into()),
                pay_url: Some("https://pay.example/{number}".into()),
            },
        }),
        Command::EraseBuyer(EraseBuyer {
            merchant: merchant("m1"),
            slots: vec![Slot(7), Slot(70_000)],
            unfinished: 1,
            seen: 9,
            even_open: true,
            reason: ReasonCode::BuyerRequest,
        }),
    ]
}
