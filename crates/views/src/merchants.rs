//! Merchants: their tree as it is now, and the places in it that orders were placed at.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use daybook_domain::event::MerchantRegistered;
use daybook_domain::profile::Profile;
use daybook_domain::{Event, MerchantId, Recorded, StreamId};

use crate::error::FoldError;
use crate::query::{MerchantEntry, MerchantPage};

/// A merchant's number in this view.
pub(crate) type MerchantNumber = u32;

/// Where an order was placed: a merchant and what stood above it then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) merchant: MerchantNumber,
    /// Root first.
    pub(crate) ancestors: Box<[MerchantNumber]>,
}

impl Place {
    /// At this merchant, or below it.
    pub(crate) fn is_within(&self, merchant: MerchantNumber) -> bool {
        self.merchant == merchant || self.ancestors.contains(&merchant)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: MerchantId,
    /// None while the merchant is known only as an order's.
    pub(crate) registered: Option<Registered>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) name: Box<str>,
    pub(crate) ancestors: Box<[MerchantNumber]>,
    pub(crate) is_closed: bool,
    /// What it says itself.
    pub(crate) profile: Profile,
}

/// All registered merchants.
#[derive(Debug, Default)]
pub struct Merchants {
    pub(crate) known: Vec<Known>,
    numbers: BTreeMap<MerchantId, MerchantNumber>,
    streams: HashMap<StreamId, MerchantNumber>,
    /// Each merchant's direct children.
    children: Vec<BTreeMap<MerchantId, MerchantNumber>>,
    pub(crate) places: Vec<Place>,
    /// The ids of what stands above each place, as orders show them.
    above: Vec<Arc<[MerchantId]>>,
    place_numbers: HashMap<Place, u32>,
    /// Where each merchant's last order was placed.
    last_places: Vec<Option<u32>>,
}

/// As [`Merchants::that_stood_below`] found it.
pub struct Below<'a> {
    merchants: &'a Merchants,
    /// The merchant above, and of each number whether an order was placed below it there.
    of: Option<(MerchantNumber, Vec<bool>)>,
}

impl Below<'_> {
    pub fn contains(&self, id: &MerchantId) -> bool {
        let Some((number, (above, stood))) = self.merchants.number(id).zip(self.of.as_ref()) else { return false };
        stood[number as usize] || self.merchants.is_below(number, *above)
    }
}

impl Merchants {
    pub fn get(&self, id: &MerchantId) -> Option<MerchantEntry> {
        self.entry(*self.numbers.get(id)?)
    }

    /// Registered merchants by id, behind `after`. With a `root`: only it and those below it.
    pub fn page(&self, root: Option<&MerchantId>, after: Option<&MerchantId>, first: usize) -> MerchantPage {
        let root = match root.map(|id| self.numbers.get(id)) {
            Some(None) => return MerchantPage::default(),
            Some(Some(&number)) => Some(number),
            None => None,
        };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = self.numbers.range::<MerchantId, _>((start, Bound::Unbounded)).map(|(_, &number)| number);
        self.take(found.filter(|&number| root.is_none_or(|root| self.is_in_tree_of(number, root))), first)
    }

    /// The merchants directly below one, by id, behind `after`.
    pub fn children(&self, parent: &MerchantId, after: Option<&MerchantId>, first: usize) -> MerchantPage {
        let Some(&parent) = self.numbers.get(parent) else {
            return MerchantPage::default();
        };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let children = self.children[parent as usize].range::<MerchantId, _>((start, Bound::Unbounded));
        self.take(children.map(|(_, &number)| number), first)
    }

    /// These merchants, and with `subtree` those that stand below them now, each once, by id.
    pub fn all_of(&self, ids: &[MerchantId], subtree: bool) -> Vec<MerchantId> {
        let mut left: Vec<MerchantNumber> = ids.iter().filter_map(|id| self.number(id)).collect();
        let mut found: Vec<MerchantId> = Vec::with_capacity(left.len());
        while let Some(number) = left.pop() {
            found.push(self.id(number).clone());
            if subtree {
                left.extend(self.children[number as usize].values());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn take(&self, numbers: impl Iterator<Item = MerchantNumber>, first: usize) -> MerchantPage {
        let mut merchants: Vec<MerchantEntry> =
            numbers.filter_map(|number| self.entry(number)).take(first.saturating_add(1)).collect();
        let has_next = merchants.len() > first;
        merchants.truncate(first);
        MerchantPage { merchants, has_next }
    }

    fn entry(&self, number: MerchantNumber) -> Option<MerchantEntry> {
        let known = self.known.get(number as usize)?;
        let registered = known.registered.as_ref()?;
        Some(MerchantEntry {
            id: known.id.clone(),
            name: registered.name.clone(),
            ancestors: registered.ancestors.iter().map(|&ancestor| self.id(ancestor).clone()).collect(),
            children: self.children[number as usize].len(),
            is_closed: registered.is_closed,
            profile: self.profile(registered),
        })
    }

    /// With what those above it say for what it does not say itself.
    fn profile(&self, of: &Registered) -> Profile {
        let above = of.ancestors.iter().rev().filter_map(|&number| self.known[number as usize].registered.as_ref());
        above.fold(of.profile.clone(), |profile, above| profile.or(&above.profile))
    }

    fn is_in_tree_of(&self, number: MerchantNumber, root: MerchantNumber) -> bool {
        number == root
            || self.known[number as usize].registered.as_ref().is_some_and(|known| known.ancestors.contains(&root))
    }

    pub(crate) fn id(&self, number: MerchantNumber) -> &MerchantId {
        &self.known[number as usize].id
    }

    pub(crate) fn number(&self, id: &MerchantId) -> Option<MerchantNumber> {
        self.numbers.get(id).copied()
    }

    /// Whether `below` stands somewhere below `above` now.
    pub(crate) fn is_below(&self, below: MerchantNumber, above: MerchantNumber) -> bool {
        below != above && self.is_in_tree_of(below, above)
    }

    pub(crate) fn intern(&mut self, id: &MerchantId) -> Result<MerchantNumber, FoldError> {
        if let Some(number) = self.number(id) {
            return Ok(number);
        }
        // An index keeps two lists for each merchant and one for all.
        let number = u32::try_from(self.known.len()).ok().filter(|&number| number < u32::MAX / 2 - 1);
        let number = number.ok_or(FoldError::Full { what: "merchants" })?;
        self.known.push(Known { id: id.clone(), registered: None });
        self.children.push(BTreeMap::new());
        self.last_places.push(None);
        self.numbers.insert(id.clone(), number);
        self.streams.insert(StreamId::merchant(id), number);
        Ok(number)
    }

    fn intern_all(&mut self, ids: &[MerchantId]) -> Result<Box<[MerchantNumber]>, FoldError> {
        ids.iter().map(|id| self.intern(id)).collect()
    }

    /// The merchant whose stream it is.
    pub(crate) fn of_stream(&self, stream: StreamId) -> Option<MerchantNumber> {
        self.streams.get(&stream).copied()
    }

    /// Folds an event of a merchant's stream.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others say nothing of the tree")]
    pub(crate) fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        match &recorded.event {
            Event::MerchantRegistered(event) => return self.register(event),
            Event::MerchantMoved(event) => {
                let parent = self.intern(&event.parent)?;
                self.move_below(self.at(recorded)?, parent);
            }
            Event::MerchantClosed(_) => self.change(recorded, |registered| registered.is_closed = true)?,
            Event::MerchantReopened(_) => self.change(recorded, |registered| registered.is_closed = false)?,
            Event::ProfileSet(event) => self.change(recorded, |registered| registered.profile.set(event))?,
            _ => {}
        }
        Ok(())
    }

    fn at(&self, recorded: &Recorded) -> Result<MerchantNumber, FoldError> {
        self.of_stream(recorded.stream).ok_or(FoldError::MerchantUnknown { stream: recorded.stream })
    }

    fn change(&mut self, recorded: &Recorded, change: impl FnOnce(&mut Registered)) -> Result<(), FoldError> {
        let number = self.at(recorded)?;
        if let Some(registered) = &mut self.known[number as usize].registered {
            change(registered);
        }
        Ok(())
    }

    fn register(&mut self, event: &MerchantRegistered) -> Result<(), FoldError> {
        let number = self.intern(&event.id)?;
        let ancestors = self.intern_all(&event.ancestors)?;
        let (name, profile) = (event.name.clone(), Profile::default());
        self.set_registered(number, Registered { name, ancestors, is_closed: false, profile });
        Ok(())
    }

    /// With all that stands below it.
    fn move_below(&mut self, number: MerchantNumber, parent: MerchantNumber) {
        let above = |merchants: &Self, number: MerchantNumber| -> Vec<MerchantNumber> {
            let registered = merchants.known[number as usize].registered.as_ref();
            registered.into_iter().flat_map(|known| known.ancestors.iter().copied()).chain([number]).collect()
        };
        let id = self.id(number).clone();
        if let Some(&old) = above(self, number).iter().rev().nth(1) {
            self.children[old as usize].remove(&id);
        }
        self.children[parent as usize].insert(id, number);
        let mut left = vec![(number, parent)];
        while let Some((number, parent)) = left.pop() {
            let ancestors = above(self, parent);
            if let Some(registered) = &mut self.known[number as usize].registered {
                registered.ancestors = ancestors.into();
            }
            left.extend(self.children[number as usize].values().map(|&child| (child, number)));
        }
    }

    /// Whether a merchant stands below another one now.
    pub fn stands_below(&self, below: &MerchantId, above: &MerchantId) -> bool {
        self.number(below).zip(self.number(above)).is_some_and(|(below, above)| self.is_below(below, above))
    }

    /// Who stands below a merchant, or did when an order was placed. Looks at every place once: for asking about many.
    pub fn that_stood_below(&self, above: &MerchantId) -> Below<'_> {
        let Some(above) = self.number(above) else { return Below { merchants: self, of: None } };
        let mut stood = vec![false; self.known.len()];
        for place in &self.places {
            let path = place.ancestors.iter().chain([&place.merchant]);
            for &at in path.skip_while(|&&at| at != above).skip(1) {
                stood[at as usize] = true;
            }
        }
        Below { merchants: self, of: Some((above, stood)) }
    }

    /// How many levels of merchants stand below this one.
    pub fn height(&self, id: &MerchantId) -> usize {
        let mut height = 0;
        let mut left: Vec<(MerchantNumber, usize)> = self.number(id).map(|number| (number, 0)).into_iter().collect();
        while let Some((number, level)) = left.pop() {
            height = height.max(level);
            left.extend(self.children[number as usize].values().map(|&child| (child, level + 1)));
        }
        height
    }

    pub(crate) fn set_registered(&mut self, number: MerchantNumber, registered: Registered) {
        let id = self.id(number).clone();
        if let Some(&parent) = registered.ancestors.last() {
            self.children[parent as usize].insert(id, number);
        }
        self.known[number as usize].registered = Some(registered);
    }

    /// The number of the place where an order is placed.
    pub(crate) fn place(&mut self, merchant: &MerchantId, ancestors: &[MerchantId]) -> Result<u32, FoldError> {
        let merchant = self.intern(merchant)?;
        // A merchant stands where it stood, unless it was moved.
        if let Some(number) = self.last_places[merchant as usize] {
            let known = &self.places[number as usize].ancestors;
            if known.len() == ancestors.len() && known.iter().zip(ancestors).all(|(&at, id)| self.id(at) == id) {
                return Ok(number);
            }
        }
        let ancestors = self.intern_all(ancestors)?;
        let number = self.intern_place(Place { merchant, ancestors })?;
        self.last_places[merchant as usize] = Some(number);
        Ok(number)
    }

    /// Those that stand above a place, root first: one list for all orders there.
    pub(crate) fn above(&self, place: u32) -> Arc<[MerchantId]> {
        Arc::clone(&self.above[place as usize])
    }

    pub(crate) fn intern_place(&mut self, place: Place) -> Result<u32, FoldError> {
        if let Some(&number) = self.place_numbers.get(&place) {
            return Ok(number);
        }
        let number = u32::try_from(self.places.len()).map_err(|_| FoldError::Full { what: "places of merchants" })?;
        self.above.push(place.ancestors.iter().map(|&above| self.id(above).clone()).collect());
        self.places.push(place.clone());
        self.place_numbers.insert(place, number);
        Ok(number)
    }
}
