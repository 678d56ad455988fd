//! What users of programs like this one suffer from, pain by pain: each is reproduced with
//! simulated cameras.
mod hangs;
