//! The tokens against a plain list of what was issued and revoked.

use daybook_domain::{Event, MerchantId};
use proptest::prelude::*;

use super::list::fold;
use super::world::{MERCHANTS, World, merchant};
use crate::query::{Issuance, TokenEntry};
use crate::views::Views;

/// Newest first.
fn naive(world: &World, of: Option<&MerchantId>) -> Vec<TokenEntry> {
    let mut all: Vec<TokenEntry> = Vec::new();
    for recorded in &world.recorded {
        match &recorded.event {
            Event::TokenIssued(event) => all.push(TokenEntry {
                stream: recorded.stream,
                id: event.id,
                role: event.role,
                merchant: event.merchant.clone(),
                buyer: event.buyer,
                label: event.label.clone(),
                issued: Issuance {
                    position: recorded.position,
                    at: recorded.recorded_at,
                    command_id: recorded.command_id,
                    actor: recorded.actor,
                },
                expires_at: event.expires_at,
                revoked_at: None,
            }),
            Event::TokenRevoked(_) => {
                let token = all.iter_mut().find(|token| token.stream == recorded.stream).unwrap();
                token.revoked_at = Some(recorded.recorded_at);
            }
            _ => {}
        }
    }
    all.retain(|token| of.is_none() || token.merchant.as_ref() == of);
    all.reverse();
    all
}

/// By pages of three.
fn paged(views: &Views, of: Option<&MerchantId>) -> Vec<TokenEntry> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = views.tokens().unwrap().page(of, before, 3);
        before = page.tokens.last().map(|token| token.issued.position);
        assert!(page.tokens.len() == 3 || !page.has_next);
        all.extend(page.tokens);
        if !page.has_next {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_token_is_listed_with_what_became_of_it(seed: u64, steps in 200_usize..1_500) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let views = fold(&world);
        let all = naive(&world, None);
        assert_eq!(paged(&views, None), all);
        for (name, _) in MERCHANTS {
            let own = merchant(name);
            assert_eq!(paged(&views, Some(&own)), naive(&world, Some(&own)), "{name}");
        }
        let tokens = views.tokens().unwrap();
        for token in &all {
            assert_eq!(tokens.get(token.id), Some(token));
            assert_eq!(tokens.of_command(token.issued.command_id), Some(token));
        }
        let unknown = uuid::Uuid::from_u128(1);
        assert_eq!(tokens.get(unknown), None);
        assert_eq!(tokens.of_command(daybook_domain::CommandId(unknown)).filter(|token| !all.contains(token)), None);
    }
}

#[test]
fn a_random_world_has_tokens_that_ended_and_some_that_go_on() {
    let world = World::random(1, 2_000);
    let all = naive(&world, None);
    assert!(all.iter().any(|token| token.revoked_at.is_some()));
    assert!(all.iter().any(|token| token.revoked_at.is_none() && token.merchant.is_some()));
}
