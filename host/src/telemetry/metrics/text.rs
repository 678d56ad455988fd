//! The text that Prometheus reads, format 0.0.4.
//!
//! The library writes `OpenMetrics`, in which a counter's name in `# HELP` and `# TYPE` lacks the
//! `_total` of its lines, and which has units and an end of its own. Those are the differences.

use std::borrow::Cow;
use std::fmt::Write;

use prometheus_client::registry::Registry;

use super::metrics;

/// The sums of this process and then what `state` holds, as text.
pub fn prometheus(state: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    metrics().encode(&mut text)?;
    prometheus_client::encoding::text::encode_registry(&mut text, state)?;
    Ok(classic(&text))
}

/// `OpenMetrics` 1.0 as Prometheus text 0.0.4.
fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len() + 1024);
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            // Its name is known once the type is.
            help = rest.split_once(' ').map(|(_, words)| words);
        } else if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            let name = match kind {
                "counter" => Cow::Owned(format!("{name}_total")),
                _ => Cow::Borrowed(name),
            };
            let words = help.take().unwrap_or_default();
            // Writing into a `String` cannot fail.
            let _ = write!(text, "# HELP {name} {words}\n# TYPE {name} {kind}\n");
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::ConstGauge;

    use super::*;

    #[test]
    fn counters_bear_their_whole_name() {
        let mut registry = Registry::with_prefix("t");
        let counter: Family<[(&str, String); 1], Counter> = Family::default();
        counter.get_or_create(&[("a", "x\n\"y\\".to_owned())]).inc();
        registry.register("things", "Some things", counter);
        registry.register("size_bytes", "A size", ConstGauge::new(7_u64));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let wanted = "# HELP t_things_total Some things.\n# TYPE t_things_total counter\n\
            t_things_total{a=\"x\\n\\\"y\\\\\"} 1\n\
            # HELP t_size_bytes A size.\n# TYPE t_size_bytes gauge\nt_size_bytes 7\n";
        assert_eq!(classic(&text), wanted);
    }

    /// The name of a sample's family.
    fn family<'a>(name: &'a str, kinds: &HashSet<&'a str>) -> &'a str {
        let stems = ["_bucket", "_sum", "_count"];
        let mut stems = stems.iter().filter_map(|end| name.strip_suffix(end));
        stems.find(|stem| kinds.contains(stem)).unwrap_or(name)
    }

    #[test]
    fn all_that_is_counted_can_be_read() {
        let text = prometheus(&Registry::default()).unwrap();
        let mut kinds = HashSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, words) = rest.split_once(' ').unwrap();
                assert!(words.len() > 5, "{name} has no help");
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(kinds.insert(name), "{name} is told twice");
                continue;
            }
            let (name, value) = (line.split(['{', ' ']).next().unwrap(), line.rsplit(' '));
            assert!(name.starts_with("padelvar_"), "{line}");
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(good), "{line}");
            assert!(kinds.contains(family(name, &kinds)), "{line}");
            let value: f64 = value.take(1).next().unwrap().parse().unwrap();
            assert!(value >= 0.0, "{line}");
        }
        assert!(kinds.contains("padelvar_policy_decision_seconds"));
        assert!(text.contains("padelvar_policy_decisions_total{outcome=\"failed\"} "));
        assert!(
            text.contains("padelvar_ffmpeg_exits_total{purpose=\"preview\",outcome=\"signal\"} 0")
        );
    }
}
