//! The Merkle tree of RFC 6962 over canonical record bytes, grown leaf by leaf.

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// The roots of the perfect subtrees that make up the tree so far, largest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merkle {
    subtrees: Vec<Hash>,
    leaves: u64,
}

impl Merkle {
    /// Takes in the next leaf, given as its hash.
    pub(crate) fn push(&mut self, mut hash: Hash) {
        // As in binary addition: each one-bit of the count is a subtree that the new one merges with.
        for _ in 0..self.leaves.trailing_ones() {
            let left = self.subtrees.pop().expect("one for each one-bit");
            hash = node(&left, &hash);
        }
        self.subtrees.push(hash);
        self.leaves += 1;
    }

    pub(crate) fn leaves(&self) -> u64 {
        self.leaves
    }

    pub(crate) fn root(&self) -> Hash {
        let mut rest = self.subtrees.iter().rev();
        let Some(&last) = rest.next() else { return Sha256::digest([]).into() };
        rest.fold(last, |right, left| node(left, &right))
    }
}

pub(crate) fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// The leaves and roots of the certificate-transparency reference tests.
    #[test]
    fn known_roots() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Merkle::default();
        assert_eq!(hex::encode(&tree.root()), roots[0]);
        for (leaf, root) in leaves.iter().zip(&roots[1..]) {
            tree.push(super::leaf(leaf));
            assert_eq!(hex::encode(&tree.root()), *root);
        }
    }

    /// The recursive definition of RFC 6962, section 2.1.
    fn defined(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
            _ => {
                let split = (leaves.len().next_power_of_two() / 2).max(1);
                node(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_incremental_root_is_the_defined_one() {
        let leaves: Vec<Vec<u8>> = (0..130_u8).map(|n| vec![n; usize::from(n)]).collect();
        let mut tree = Merkle::default();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), defined(&leaves[..count]), "{count} leaves");
            tree.push(super::leaf(leaf));
        }
    }
}
