//! Jobs, folded as the log tells them.

use daybook_domain::{MerchantId, State, StreamId};

use super::list::fold;
use super::world::World;

#[test]
fn jobs_are_what_their_streams_say() {
    println!("seed 5");
    let world = World::random(5, 900);
    let views = fold(&world);
    let jobs = views.jobs().unwrap();
    let all: Vec<StreamId> = jobs.page(None, None, usize::MAX).iter().map(|(id, _)| *id).collect();
    assert!(all.len() > 5 && all.iter().rev().eq(&world.jobs), "{all:?}");
    let mut open = Vec::new();
    for id in &world.jobs {
        let Some(Some(State::Job(state))) = world.states.get(id) else { panic!("no job") };
        assert_eq!(jobs.get(*id), Some(&**state));
        if state.end.is_none() {
            open.push(*id);
        }
    }
    assert_eq!(jobs.open().map(|(id, _)| *id).collect::<Vec<_>>(), open);
}

#[test]
fn a_merchants_jobs_are_its_own_page_by_page() {
    println!("seed 6");
    let world = World::random(6, 900);
    let views = fold(&world);
    let jobs = views.jobs().unwrap();
    let own = MerchantId::new("m1").unwrap();
    let whole = jobs.page(Some(&own), None, usize::MAX);
    assert!(whole.len() > 3 && whole.iter().all(|(_, job)| job.merchant.as_ref() == Some(&own)));
    let others = jobs.page(None, None, usize::MAX).len() - whole.len();
    assert!(others > 3);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = jobs.page(Some(&own), after, 2);
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert!(jobs.page(None, Some(StreamId::merchant(&own)), 9).is_empty(), "behind a job that is not there");
    let none = MerchantId::new("m2").unwrap();
    assert!(jobs.page(Some(&none), None, 9).is_empty());
    assert_eq!(jobs.open_of(None) + jobs.open_of(Some(&own)), jobs.open().count());
}
