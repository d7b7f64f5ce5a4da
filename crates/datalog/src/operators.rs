//! The few operators that all programs are made of, each with one type.
//!
//! Closures are boxed at this boundary on purpose: every closure type, row type or scope type given to an operator of
//! differential-dataflow is compiled anew, batch merging and all, and one of them costs seconds of compile time.

use std::rc::Rc;

use differential_dataflow::VecCollection;
use differential_dataflow::batcher::merge::MergeBatcher;
use differential_dataflow::batcher::merge::chunker::ContainerChunker;
use differential_dataflow::lattice::Lattice;
use differential_dataflow::operators::ThresholdTotal;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::implementations::OffsetList;
use differential_dataflow::trace::implementations::merge_batcher::vec::VecMerger;
use differential_dataflow::trace::implementations::ord_neu::{
    OrdKeyBatch, OrdKeyBuilder, OrdValBatch, OrdValBuilder,
};
use differential_dataflow::trace::implementations::spine_fueled::Spine;
use differential_dataflow::trace::wrappers::enter::TraceEnter;
use timely::order::Product;
use timely::progress::Timestamp;
use timely::progress::timestamp::Refines;

use crate::stored::{Rows as Packed, Stored};
use crate::value::{Row, WIDTH};

pub(crate) type Time = u32;
pub(crate) type Difference = i32;
pub(crate) type Inner = Product<Time, u32>;
pub(crate) type Rows<'s, T> = VecCollection<'s, T, Row, Difference>;

/// At most two columns; see [`key`].
type Key = u64;

type Updates<K, V, T> = Vec<((K, V), T, Difference)>;
type Batcher<K, V, T, B> =
    MergeBatcher<ContainerChunker<Updates<K, V, T>>, VecMerger<(K, V), T, Difference>, B>;

type IndexLayout<T> = (Vec<Key>, Packed, Vec<T>, Vec<Difference>, OffsetList);
type IndexTrace<T> = TraceAgent<Spine<Rc<OrdValBatch<IndexLayout<T>>>>>;
type IndexBatcher<T> = Batcher<Key, Row, T, OrdValBuilder<IndexLayout<T>, Updates<Key, Row, T>>>;

type SetLayout<T> = (Packed, Vec<()>, Vec<T>, Vec<Difference>, OffsetList);
type SetSpine<T> = Spine<Rc<OrdKeyBatch<SetLayout<T>>>>;
type SetBuilder<T> = OrdKeyBuilder<SetLayout<T>, Updates<Row, (), T>>;

/// From a row to a row, or to none.
pub(crate) type Step = Box<dyn Fn(&Row) -> Option<Row>>;
/// From a row to its key.
pub(crate) type Keying = Box<dyn Fn(&Row) -> Option<(Key, Row)>>;
/// From two rows with one key to a row, or to none.
pub(crate) type Logic = Box<dyn Fn(&Row, &Row) -> Option<Row>>;
pub(crate) type Own<'s, T> = Arranged<'s, IndexTrace<T>>;

/// An index made in the loop, or one of the outer scope's.
#[derive(Clone)]
pub(crate) enum InnerIndex<'s> {
    Own(Own<'s, Inner>),
    Entered(Arranged<'s, TraceEnter<IndexTrace<Time>, Inner>>),
}

/// Times of the two kinds of scope: the outermost, and a loop inside of it.
pub(crate) trait Level: Timestamp + Lattice + Refines<Time> + Ord {
    type Index<'s>: Clone;

    fn own<'s>(index: Own<'s, Self>) -> Self::Index<'s>;

    /// `None` if it belongs to the outer scope.
    fn owned<'s>(index: &Self::Index<'s>) -> Option<Own<'s, Self>>;

    fn look_up<'s>(left: Own<'s, Self>, right: &Self::Index<'s>, logic: Logic) -> Rows<'s, Self>;

    /// Each row once.
    fn distinct<'s>(rows: Rows<'s, Self>) -> Rows<'s, Self>;
}

impl Level for Time {
    type Index<'s> = Own<'s, Time>;

    fn own<'s>(index: Own<'s, Time>) -> Own<'s, Time> {
        index
    }

    fn owned<'s: 's>(index: &Own<'s, Time>) -> Option<Own<'s, Time>> {
        Some(index.clone())
    }

    fn look_up<'s>(left: Own<'s, Time>, right: &Own<'s, Time>, logic: Logic) -> Rows<'s, Time> {
        left.join_core(right.clone(), move |_, left, right| logic(&left.0, &right.0))
    }

    /// Times are in one order here: what came out need not be kept.
    fn distinct<'s>(rows: Rows<'s, Time>) -> Rows<'s, Time> {
        rows.distinct_total_core()
    }
}

impl Level for Inner {
    type Index<'s> = InnerIndex<'s>;

    fn own<'s>(index: Own<'s, Inner>) -> InnerIndex<'s> {
        InnerIndex::Own(index)
    }

    fn owned<'s: 's>(index: &InnerIndex<'s>) -> Option<Own<'s, Inner>> {
        if let InnerIndex::Own(index) = index { Some(index.clone()) } else { None }
    }

    fn look_up<'s>(left: Own<'s, Inner>, right: &InnerIndex<'s>, logic: Logic) -> Rows<'s, Inner> {
        match right.clone() {
            InnerIndex::Own(right) => left.join_core(right, move |_, left, right| logic(&left.0, &right.0)),
            InnerIndex::Entered(right) => {
                left.join_core(right, move |_, left, right| logic(&left.0, &right.0))
            }
        }
    }

    fn distinct<'s>(rows: Rows<'s, Inner>) -> Rows<'s, Inner> {
        let batcher = Batcher::<Row, (), Inner, SetBuilder<Inner>>::new;
        let keyed = rows.map(|row| (row, ()));
        let arranged = keyed.arrange_named::<_, SetSpine<Inner>>("Set", batcher);
        let set = arranged.reduce_abelian::<_, SetBuilder<Inner>, SetSpine<Inner>, _, _>(
            "Distinct",
            |_, _, output| output.push(((), 1)),
            |updates, row: Stored, changes| {
                updates.clear();
                updates
                    .extend(changes.drain(..).map(|((), time, difference)| ((row.0, ()), time, difference)));
            },
        );
        set.as_collection(|row, _| row.0)
    }
}

/// Rows by [`key`].
pub(crate) fn arrange<T: Level>(rows: VecCollection<'_, T, (Key, Row), Difference>) -> Own<'_, T> {
    rows.arrange_named("Index", IndexBatcher::<T>::new)
}

pub(crate) fn keyed<'s, T: Level>(
    rows: Rows<'s, T>,
    logic: Keying,
) -> VecCollection<'s, T, (Key, Row), Difference> {
    rows.flat_map(move |row| logic(&row))
}

pub(crate) fn filter_map<'s, T: Level>(rows: Rows<'s, T>, logic: Step) -> Rows<'s, T> {
    rows.flat_map(move |row| logic(&row))
}

/// The first two of these columns side by side.
pub(crate) fn key(row: &Row, columns: &[usize]) -> Key {
    let figure = |place: usize| columns.get(place).and_then(|column| row.get(*column)).copied();
    Key::from(figure(0).unwrap_or_default()) << 32 | Key::from(figure(1).unwrap_or_default())
}

pub(crate) fn project(row: &Row, columns: &[usize]) -> Row {
    let mut out = [0; WIDTH];
    for (slot, column) in out.iter_mut().zip(columns) {
        *slot = row.get(*column).copied().unwrap_or_default();
    }
    out
}
