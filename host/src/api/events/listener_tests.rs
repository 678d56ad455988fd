use std::time::Duration;

use tokio::time::timeout;

use super::*;

/// Sees plugins but those named `hidden`, and every session.
struct Most;

impl View for Most {
    fn session(&self, session: &Session) -> Option<Value> {
        Some(json!(session.id.as_str()))
    }

    fn recording(&self, _session: &Session) -> Option<Value> {
        None
    }

    fn happened(&self, happened: &Happened) -> Option<Value> {
        match happened {
            Happened::Plugin { name, .. } => (name != "hidden").then(|| json!(name)),
            _ => None,
        }
    }
}

fn publish(bus: &Bus, name: &str) {
    let (name, object) = (name.to_owned(), Value::Null);
    bus.publish(Happened::Plugin { name, object });
}

fn bus(names: &[&str]) -> Arc<Bus> {
    let bus = Arc::new(Bus::new());
    for name in names {
        publish(&bus, name);
    }
    bus
}

fn none() -> Vec<Arc<Session>> {
    Vec::new()
}

/// All that is told before the listener waits, in short; `end` where the stream ends.
async fn told(listener: &mut Listener) -> Vec<String> {
    let mut told = Vec::new();
    // The clock stands still: the time is up once nothing else can happen.
    while let Ok(next) = timeout(Duration::from_millis(1), listener.next(&Most)).await {
        let number = |id: &str| id.split_once('-').unwrap().1.to_owned();
        told.push(match next {
            Some(Told::Event { kind, id, object }) => {
                let id = id.as_deref().map_or("-".into(), number);
                format!("{kind} {id} {}", object.as_str().unwrap_or_default())
            }
            Some(Told::Place { id }) => format!("place {}", number(&id)),
            None => "end".to_owned(),
        });
        if told.last().is_some_and(|last| last == "end") {
            break;
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_new_client_is_told_what_comes() {
    let bus = bus(&["old", "older"]);
    let mut listener = Listener::new(&bus, None, none);
    assert_eq!(told(&mut listener).await, ["place 2"]);
    publish(&bus, "a");
    publish(&bus, "hidden");
    publish(&bus, "b");
    assert_eq!(told(&mut listener).await, ["plugin 3 a", "plugin 5 b"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_misses_nothing() {
    let bus = bus(&["a", "b", "c"]);
    let mut listener = Listener::new(&bus, Some(&bus.id(1)), none);
    let wanted = ["place 1", "plugin 2 b", "plugin 3 c"];
    assert_eq!(told(&mut listener).await, wanted);
    let mut listener = Listener::new(&bus, Some(&bus.id(3)), none);
    assert_eq!(told(&mut listener).await, ["place 3"]);
}

#[tokio::test(start_paused = true)]
async fn with_an_id_of_another_run_all_is_told() {
    let bus = bus(&["a", "hidden", "b"]);
    let foreign = Bus::new().id(2);
    for id in [foreign.as_str(), "", "nonsense", "\u{1f3be}-1", &bus.id(99)] {
        let mut listener = Listener::new(&bus, Some(id), none);
        // What happens meanwhile comes after what is kept, and once.
        publish(&bus, "late");
        let news = told(&mut listener).await;
        assert_eq!(news[..3], ["reset - ", "plugin 1 a", "plugin 3 b"], "{id}");
        let newest = bus.newest();
        assert_eq!(news.last(), Some(&format!("plugin {newest} late")), "{id}");
        let lates = news.iter().filter(|line| line.ends_with("late")).count();
        assert_eq!(lates as u64, newest - 3, "{id}: {news:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_slower_than_the_ring_is_sent_away() {
    let bus = bus(&[]);
    let mut listener = Listener::new(&bus, None, none);
    assert_eq!(told(&mut listener).await, ["place 0"]);
    (0..2000).for_each(|_| publish(&bus, "a"));
    assert_eq!(told(&mut listener).await, ["end"]);
}

#[tokio::test(start_paused = true)]
async fn who_may_view_little_keeps_its_place() {
    let bus = bus(&[]);
    let mut listener = Listener::new(&bus, None, none);
    assert_eq!(told(&mut listener).await, ["place 0"]);
    (0..250).for_each(|_| publish(&bus, "hidden"));
    assert_eq!(told(&mut listener).await, ["place 100", "place 200"]);
}
