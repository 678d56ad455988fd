//! The policy's share of a request: one question to the policy in force, on the thread that
//! answers the request.
//!
//! `cargo bench -p padelvar --bench policy`. Beside criterion's means it prints percentiles,
//! since it is the slowest answers that are felt: those on which an instance is renewed, too.
//! `PADELVAR_POLICIES` names a folder of further ones to measure beside the built-in (`*.wasm`;
//! they must allow a `PLAYER` their own recording, with the settings `{}`).

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use padelvar::plugins::policy::types::{Context, Principal, Request, Resource, Settings};
use padelvar::plugins::{ActivePolicy, Cache, Origin, PluginEngine, PolicyPlugin, Registry, Trust};

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

/// Names the folder of further policies.
const FOLDER: &str = "PADELVAR_POLICIES";
/// Questions of one row of their percentiles: they may carry an interpreter.
const FURTHER: usize = 5_000;

fn active(plugin: Arc<PolicyPlugin>) -> ActivePolicy {
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
    let registry =
        Registry::load(&engine, &Cache::off(), &Trust::any(), none).expect("the built-in plugins");
    for (name, questions) in POLICIES {
        measure(criterion, name, questions, || {
            registry.policy(name).expect("it is built in")
        });
    }
    let folder = std::env::var_os(FOLDER).map(std::fs::read_dir);
    let entries = folder.into_iter().flatten().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let wasm = std::fs::read(&path).expect("it can be read");
            println!("{name}: {} bytes", wasm.len());
            measure(criterion, &name, FURTHER, || {
                // As if it were built in: this program is not the host that files are compiled by.
                let origin = Origin::BuiltIn;
                let policy = PolicyPlugin::load(&engine, &Cache::off(), &name, origin, &wasm);
                Arc::new(policy.unwrap_or_else(|error| panic!("{name}: {error}")))
            });
        }
    }
}

fn measure(
    criterion: &mut Criterion,
    name: &str,
    questions: usize,
    load: impl FnOnce() -> Arc<PolicyPlugin>,
) {
    let begun = Instant::now();
    let plugin = load();
    let compiled = begun.elapsed();
    let begun = Instant::now();
    let policy = Arc::new(active(Arc::clone(&plugin)));
    println!(
        "{name}: compiled in {compiled:?}, configured in {:?}",
        begun.elapsed()
    );
    for threads in [1, 2] {
        percentiles(name, &policy, questions, threads);
    }
    println!("{name}: {} bytes in its instances", plugin.memory_bytes());
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

criterion_group!(benches, policies);
criterion_main!(benches);
