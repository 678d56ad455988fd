//! Gauges that fall by themselves when what they count is gone.

use prometheus_client::metrics::gauge::Gauge;

use super::{Named, metrics};

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

/// The memory of one instance of a plugin, for as long as it lives.
#[derive(Debug)]
pub struct PluginMemory {
    gauge: Gauge,
    bytes: i64,
}

impl PluginMemory {
    /// An instance that has none yet.
    pub fn of(plugin: &str) -> Self {
        let plugin: Named = [("plugin", plugin.to_owned())];
        Self {
            gauge: metrics().plugin_memory.get_or_create_owned(&plugin),
            bytes: 0,
        }
    }

    /// It has so much now.
    pub fn set(&mut self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if bytes != self.bytes {
            self.gauge.inc_by(bytes - self.bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for PluginMemory {
    fn drop(&mut self) {
        self.gauge.dec_by(self.bytes);
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

    #[test]
    fn instances_are_summed() {
        let (mut first, mut second) = (PluginMemory::of("test"), PluginMemory::of("test"));
        first.set(100);
        second.set(50);
        first.set(300);
        let gauge = first.gauge.clone();
        assert_eq!(gauge.get(), 350);
        drop(first);
        assert_eq!(gauge.get(), 50);
    }
}
