//! One spelling for what must be unique.

use daybook_domain::command::*;
use daybook_domain::decide::check_texts;
use daybook_domain::event::*;
use daybook_domain::*;

use crate::given::*;

fn paid(provider: &str, trade_number: &str) -> Command<Sealed> {
    Command::RecordPayment(RecordPayment {
        order: order(),
        provider: provider.into(),
        trade_number: trade_number.into(),
        amount: cny(400),
    })
}

fn field(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_spelling_is_refused_of_now() {
    let fail = |provider: &str| {
        Command::FailPayment(FailPayment { order: order(), provider: provider.into(), failure: "F".into(), note: None })
    };
    let settle = |provider: Option<&str>, trade_number: Option<&str>| {
        Command::SettleRefund(SettleRefund {
            order: order(),
            ticket: None,
            provider: provider.map(Into::into),
            trade_number: trade_number.map(Into::into),
        })
    };
    let tag = |tag| Command::AddTag(AddTag { order: order(), tag: Tag::from_stored(tag) });
    let world = World::placed();
    for provider in ["Alipay", " alipay", "alipay ", "ali pay", "支付宝", "alipay\u{200b}"] {
        for command in [paid(provider, "T1"), fail(provider), settle(Some(provider), None)] {
            let refused = world.clone().send(&command).unwrap_err();
            assert_eq!(field(&refused), "provider", "{command:?}");
        }
    }
    for trade_number in ["T1 ", "\u{3000}T1", "T 1", "T1\u{200b}", "\u{feff}T1"] {
        for command in [paid("alipay", trade_number), settle(None, Some(trade_number))] {
            let refused = world.clone().send(&command).unwrap_err();
            assert_eq!(field(&refused), "tradeNumber", "{command:?}");
        }
    }
    for text in ["vip ", "\u{a0}vip", "vip\u{200d}"] {
        assert_eq!(field(&world.clone().send(&tag(text)).unwrap_err()), "tag", "{text:?}");
    }
    let mut world = world;
    for command in [paid("we-chat.pay_2", "T/1_支付"), fail("alipay"), tag("very 重要"), tag("👨\u{200d}👩")] {
        world.must(&command);
    }
}

#[test]
fn an_account_has_clean_ends_of_now() {
    let place_for = |account: &str| {
        let PlaceOrder { merchant, number, currency, adjustments, .. } = place();
        Command::Place(PlaceOrder {
            merchant,
            number,
            account: account.to_owned(),
            contact: None,
            currency,
            lines: Vec::new(),
            adjustments,
        })
    };
    for account in [" b", "b\u{3000}", "\u{feff}b"] {
        assert_eq!(field(&check_texts(&place_for(account), Origin::Live).unwrap_err()), "buyer.account", "{account:?}");
        assert_eq!(check_texts(&place_for(account), Origin::Import), Ok(()), "{account:?}");
    }
    assert_eq!(check_texts(&place_for("Zoë of 上海"), Origin::Live), Ok(()));
}

#[test]
fn an_imports_payments_count_once_however_they_are_spelt() {
    let mut world = World::placed();
    world.origin = Origin::Import;
    let claim = StreamId::claim(&MerchantId::new("root").unwrap(), "alipay", "T1");
    let Ok(Decision::Commit { events, remarks }) = world.send(&paid("Alipay ", " T1")) else { panic!() };
    assert_eq!(remarks.iter().map(field).collect::<Vec<_>>(), ["provider", "tradeNumber"]);
    let Event::PaymentCaptured(captured) = &events[0].event else { panic!("{events:?}") };
    assert_eq!((&*captured.provider, &*captured.trade_number), ("alipay", "T1"));
    assert_eq!(events[1].stream, claim);
    for (provider, trade_number) in [("alipay", "T1"), ("ALIPAY", "T1"), ("Alipay ", " T1")] {
        assert_eq!(world.send(&paid(provider, trade_number)), Ok(Decision::Repeat { of: claim }), "{provider:?}");
    }
    assert_eq!(world.order().captured_minor, 400);
}

/// As it was when each spelling was a claim of its own.
#[test]
fn a_claim_of_before_is_found_by_its_own_spelling() {
    let mut world = World::placed();
    world.origin = Origin::Import;
    let before = StreamId::claim(&MerchantId::new("root").unwrap(), "Alipay", "T1");
    world.begin(before, State::Claim(PaymentClaimed { order: order(), amount_minor: 400, currency: Currency::CNY }));
    assert_eq!(world.send(&paid("Alipay", "T1")), Ok(Decision::Repeat { of: before }));
    world.begin(before, State::Claim(PaymentClaimed { order: order(), amount_minor: 401, currency: Currency::CNY }));
    assert_eq!(world.send(&paid("Alipay", "T1")), Err(Rejection::TradeNumberUsed));
}
