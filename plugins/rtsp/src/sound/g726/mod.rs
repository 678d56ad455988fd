//! G.726: adaptive differential pulse code modulation at 16 to 40 kbit/s (ITU-T
//! Recommendation G.726, 12/1990), decoded to samples.

mod decoder;
mod float;
mod predictor;
mod quantiser;
mod unpack;

pub use self::decoder::Decoder;
pub use self::unpack::{Order, code_words};
