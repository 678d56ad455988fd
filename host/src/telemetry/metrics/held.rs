//! Gauges that fall by themselves when what they count is gone.

use prometheus_client::metrics::gauge::Gauge;

/// One of something, for as long as it lives.
#[derive(Debug)]
pub struct Held(Gauge);

impl Held {
    /// One more.
    pub fn one(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_counted() {
        let gauge = Gauge::default();
        let first = Held::one(&gauge);
        let second = Held::one(&gauge);
        assert_eq!(gauge.get(), 2);
        drop((first, second));
        assert_eq!(gauge.get(), 0);
    }
}
