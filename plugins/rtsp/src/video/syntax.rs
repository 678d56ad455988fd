//! What has to be known of a codec's NAL units to make pictures of them.

/// What a NAL unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A part of a picture.
    Slice(Slice),
    /// A parameter set.
    Set(SetName),
    /// Of the pictures before nothing is to be used any more.
    End,
    /// Says nothing that the length of a packet and its timestamp do not say
    /// (delimiters, filler), or is no NAL unit outside of RTP.
    Needless,
    /// Anything else that belongs to the picture, such as SEI.
    Other,
}

/// What the picture of a slice needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slice {
    /// Pictures before it.
    Plain,
    /// Only parameter sets.
    Key {
        /// Leading pictures after it cannot be decoded in any case.
        broken_link: bool,
    },
    /// Pictures from before the key picture that it follows: decoding cannot start
    /// with that one and show this.
    Leading,
}

/// Which parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetName {
    /// Sets stand in the order of their ranks.
    pub rank: usize,
    /// One takes the place of another with its rank and id.
    pub id: u32,
}

/// A codec.
pub trait Syntax {
    /// How many kinds of parameter sets a decoder needs: ranks from 0.
    const RANKS: usize;

    /// The rank of those that say where the cameras that send no key pictures want
    /// decoders to start.
    const START: usize;

    /// The kind of a NAL unit.
    fn kind(nal: &[u8]) -> Kind;

    /// Whether a slice is the first of its picture.
    fn begins_picture(nal: &[u8]) -> bool;
}
