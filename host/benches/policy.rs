//! The policy's share of a request: one question to the policy in force, on the thread that
//! answers the request.
//!
//! `cargo bench -p padelvar --bench policy`. Beside criterion's means it prints percentiles,
//! since it is the slowest answers that are felt: those on which an instance is renewed, too.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use padelvar::plugins::policy::types::{Context, Principal, Request, Resource, Settings};
use padelvar::plugins::{ActivePolicy, Cache, PluginEngine, Registry};

/// The policies, and questions of one row of their percentiles.
const POLICIES: [(&str, usize); 2] = [("club-roles", 200_000), ("cedar", 20_000)];

fn question(role: &str, action: &str) -> Request {
    Request {
        principal: Principal {
            id: "1234".into(),
            role: role.into(),
            club: Some("1".into()),
            claims: vec![("name".into(), "Ana".into())],
        },
        action: action.into(),
        resource: Resource {
            kind: "session".into(),
            id: "sess_1_1763800000000".into(),
            club: Some("1".into()),
            owner: Some("1234".into()),
            terrain: Some("1".into()),
        },
        context: Context {
            unix_seconds: 1_763_800_000,
            client_address: Some("192.0.2.7".into()),
        },
    }
}

fn active(registry: &Registry, name: &str) -> ActivePolicy {
    let plugin = registry.policy(name).expect("it is built in");
    let settings = Settings {
        format: "json".into(),
        text: "{}".into(),
    };
    ActivePolicy::new(plugin, settings).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn percentiles(name: &str, policy: &Arc<ActivePolicy>, questions: usize, threads: usize) {
    let begun = Instant::now();
    let askers: Vec<_> = (0..threads)
        .map(|_| {
            let policy = Arc::clone(policy);
            let request = question("PLAYER", "recording.start");
            std::thread::spawn(move || {
                let mut times = Vec::with_capacity(questions);
                for _ in 0..questions {
                    let asked = Instant::now();
                    let answer = policy.decide(black_box(&request));
                    times.push(asked.elapsed());
                    assert!(answer.is_ok_and(|answer| answer.allow));
                }
                times
            })
        })
        .collect();
    let mut times: Vec<Duration> = Vec::new();
    for asker in askers {
        times.extend(asker.join().expect("no question failed"));
    }
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{name}, {threads} thread(s): p50 {:?}, p99 {:?}, p99.9 {:?}, p99.99 {:?}, most {:?}; \
         {rate:.0} answers/s",
        at(0.5),
        at(0.99),
        at(0.999),
        at(0.9999),
        at(1.0)
    );
}

fn policies(criterion: &mut Criterion) {
    let engine = PluginEngine::new().expect("an engine");
    let none = std::path::Path::new("no such folder");
    let registry = Registry::load(&engine, &Cache::off(), none).expect("the built-in plugins");
    for (name, questions) in POLICIES {
        let begun = Instant::now();
        let policy = Arc::new(active(&registry, name));
        println!("{name}: compiled and configured in {:?}", begun.elapsed());
        for threads in [1, 2] {
            percentiles(name, &policy, questions, threads);
        }
        let mut group = criterion.benchmark_group(name);
        for (role, action) in [
            ("PLAYER", "recording.start"),
            ("PLAYER", "system.cleanup"),
            ("SUPER_ADMIN", "session.view"),
        ] {
            let request = question(role, action);
            group.bench_function(format!("{role} {action}"), |bencher| {
                bencher.iter(|| policy.decide(black_box(&request)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, policies);
criterion_main!(benches);
