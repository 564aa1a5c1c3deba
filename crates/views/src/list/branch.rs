//! A filter spread out into alternatives, each a list of tests that must all hold: for each alternative the cheapest
//! way to its rows can then be chosen apart.

use super::test::Test;

/// More alternatives than this are not spread out further: what is left is tested row by row.
const MAX_BRANCHES: usize = 32;

pub(crate) type Branch<'a> = Vec<&'a Test>;

pub(crate) fn branches(test: &Test) -> Vec<Branch<'_>> {
    match test {
        Test::And(parts) => parts.iter().fold(vec![Vec::new()], |so_far, part| {
            let spread = branches(part);
            if so_far.len() * spread.len() > MAX_BRANCHES {
                return with_each(so_far, &[vec![part]]);
            }
            with_each(so_far, &spread)
        }),
        Test::Or(parts) => {
            let spread: Vec<Branch<'_>> = parts.iter().flat_map(branches).collect();
            if spread.len() > MAX_BRANCHES { vec![vec![test]] } else { spread }
        }
        Test::Class(_)
        | Test::Time { .. }
        | Test::Amount { .. }
        | Test::Rows(_)
        | Test::Buyers(_)
        | Test::Skus(_)
        | Test::Marks(_)
        | Test::Merchants(_)
        | Test::DueBefore(_) => vec![vec![test]],
    }
}

fn with_each<'a>(left: Vec<Branch<'a>>, right: &[Branch<'a>]) -> Vec<Branch<'a>> {
    left.iter().flat_map(|left| right.iter().map(|right| left.iter().chain(right).copied().collect())).collect()
}
