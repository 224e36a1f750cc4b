//! Sets of attributes of one entity, as bits: what a target carries, a filter listens to, an image shows.

use smallvec::SmallVec;

/// The place of an attribute in the rows of its entity.
///
/// It is append-only for the life of an engine: a reload that adds attributes gives them new places
/// and never moves an old one, so that a record outlives the reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(u16);

/// A set of attributes of one entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttributeSet {
    /// 256 attributes without an allocation; the largest shipped entities need one or two words more.
    words: SmallVec<[u64; 4]>,
}

const BITS: usize = u64::BITS as usize;

impl Ordinal {
    /// The most attributes that one entity can have over the life of an engine.
    pub const LIMIT: usize = 4096;

    /// The place as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn new(index: usize) -> Option<Self> {
        u16::try_from(index).ok().filter(|_| index < Self::LIMIT).map(Self)
    }
}

impl AttributeSet {
    /// Whether the set holds the attribute.
    #[inline]
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        self.word(ordinal.index() / BITS) & Self::bit(ordinal) != 0
    }

    /// Whether the two sets share an attribute.
    #[inline]
    pub fn intersects(&self, other: &Self) -> bool {
        let (own, others) = (self.words.as_slice(), other.words.as_slice());
        own.iter().zip(others).fold(0, |all, (a, b)| all | (a & b)) != 0
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|it| *it == 0)
    }

    /// How many attributes are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|it| it.count_ones() as usize).sum()
    }

    /// Adds the attribute. Answers whether it was new.
    pub fn insert(&mut self, ordinal: Ordinal) -> bool {
        let index = ordinal.index() / BITS;
        if self.words.len() <= index {
            self.words.resize(index + 1, 0);
        }
        let Some(word) = self.words.get_mut(index) else { return false };
        let was = *word;
        *word |= Self::bit(ordinal);
        was != *word
    }

    /// Removes the attribute. Answers whether it was there.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        let Some(word) = self.words.get_mut(ordinal.index() / BITS) else { return false };
        let was = *word;
        *word &= !Self::bit(ordinal);
        was != *word
    }

    /// The attributes, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = Ordinal> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Ordinal::new(index * BITS + bit as usize)
            })
        })
    }

    /// How many attributes stand before this one: its index among the packed values.
    #[inline]
    pub(crate) fn count_before(&self, ordinal: Ordinal) -> usize {
        let (words, index) = (self.words.as_slice(), ordinal.index() / BITS);
        let mut before = (self.word(index) & (Self::bit(ordinal) - 1)).count_ones();
        for word in words.iter().take(index) {
            before += word.count_ones();
        }
        before as usize
    }

    #[inline]
    fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    fn bit(ordinal: Ordinal) -> u64 {
        1 << (ordinal.index() % BITS)
    }
}

impl FromIterator<Ordinal> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Ordinal>>(ordinals: I) -> Self {
        let mut set = Self::default();
        for ordinal in ordinals {
            set.insert(ordinal);
        }
        set
    }
}
