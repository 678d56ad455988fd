//! A host with two clubs, and the user who tries.

use std::collections::BTreeSet;
use std::sync::Mutex;

use padelvar_tests::permissions::{Ownership, actions, allowed};
use padelvar_tests::{Answer, Api, Config, Host, cameras};
use serde_json::{Value, json};
use simcam::{Handle, RtspConfig};

/// The user who tries, and whoever else there is.
const ME: &str = "41";
const OTHER: &str = "42";

/// The stage, and what was not as the table says.
pub struct Stage {
    pub host: Host,
    policy: String,
    wrong: Mutex<Vec<String>>,
    asked: Mutex<BTreeSet<String>>,
    _camera: Handle,
}

impl Stage {
    /// Terrains 1, 2 and 5 are of club 1; 3, 4 and 6 of club 2.
    pub async fn set(policy: &str) -> Self {
        let camera = cameras::rtsp(RtspConfig::default()).await;
        let url = camera.url();
        let config = Config::new().policy(policy);
        let config = config.url(url).url(url).club(2).url(url).url(url);
        let config = config.club(1).url(url).club(2).url(url);
        Self {
            host: Host::start(&config).await,
            policy: policy.to_owned(),
            wrong: Mutex::default(),
            asked: Mutex::default(),
            _camera: camera,
        }
    }

    /// The user in this role; of club 1.
    pub fn me(&self, role: &str) -> Api {
        self.host.api.user(role, ME, 1)
    }

    /// A new session of this ownership.
    pub async fn session(&self, ownership: Ownership) -> String {
        let owner = if ownership.own { ME } else { OTHER };
        let owner = self.host.api.user("SUPER_ADMIN", owner, 1);
        owner.create(ownership.number() + 1).await
    }

    /// Checks an answer to the user. Returns whether it was allowed.
    pub fn check(&self, role: &str, action: &str, of: Ownership, answer: Answer) -> bool {
        let mut asked = self.asked.lock().expect("no test panicked");
        asked.insert(action.to_owned());
        drop(asked);
        let (may, did) = (allowed(role, action, of), answer.status / 100 == 2);
        if did != may || !(did || answer.status == 403) {
            let policy = &self.policy;
            let what = format!("{policy}: {role} {action} {of:?}: {}", answer.text());
            self.note(what);
        } else if !did {
            answer.problem(403);
        }
        did
    }

    /// Something that is not as it should be; all of them are told at the end.
    pub fn note(&self, what: String) {
        self.wrong.lock().expect("no test panicked").push(what);
    }

    /// What is asked once a role: booking, and lists of sessions and terrains.
    pub async fn role(&self, role: &str) {
        let me = self.me(role);
        for (terrain, ownership) in [(5, Ownership::ALL[1]), (6, Ownership::ALL[3])] {
            let answer = me.try_create(terrain).await;
            let body = answer.json.clone();
            if self.check(role, "session.create", ownership, answer) {
                let id = body["session"]["session_id"].as_str().expect("an id");
                self.host.api.try_close(id).await.ok(200);
            }
        }
        let mut sessions = Vec::new();
        for ownership in Ownership::ALL {
            sessions.push((ownership, self.session(ownership).await));
        }
        self.lists(role, &sessions).await;
        for (_, id) in &sessions {
            self.host.api.try_close(id).await.ok(200);
        }
    }

    async fn lists(&self, role: &str, sessions: &[(Ownership, String)]) {
        let me = self.me(role);
        let may = |action: &str, of: Ownership| allowed(role, action, of);
        let visible: Vec<&str> = sessions
            .iter()
            .filter(|(of, _)| may("session.view", *of))
            .map(|(_, id)| id.as_str())
            .collect();
        let listed = me.get("/api/video/session/list").await.ok(200);
        let mut found = members(&listed["sessions"], "session_id");
        found.sort_unstable();
        if found != visible {
            self.note(format!("{role} lists {found:?} and not {visible:?}"));
        }
        // Terrains that may be booked or whose session may be seen, which only then is named.
        let terrains = me.get("/api/video/terrains").await.ok(200);
        let found: Vec<Value> = terrains["terrains"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|t| json!([t["terrain_id"], t["session_id"]]))
            .collect();
        let mut expected = Vec::new();
        for (of, id) in sessions {
            let session = may("session.view", *of).then_some(id);
            if session.is_some() || may("session.create", *of) {
                expected.push(json!([of.number() + 1, session]));
            }
        }
        for (terrain, of) in [(5, Ownership::ALL[1]), (6, Ownership::ALL[3])] {
            if may("session.create", of) {
                expected.push(json!([terrain, null]));
            }
        }
        if found != expected {
            self.note(format!("{role} sees {found:?} and not {expected:?}"));
        }
    }

    /// What is asked of the host itself.
    pub async fn of_the_host(&self, role: &str) {
        let me = self.me(role);
        let of = Ownership::ALL[3];
        let cleaned = me.post("/api/video/cleanup", json!({})).await;
        self.check(role, "system.cleanup", of, cleaned);
        let plugins = me.get("/api/plugins").await;
        self.check(role, "plugin.view", of, plugins);
        let released = me.post("/api/plugins/rtsp/release", json!({})).await;
        self.check(role, "plugin.manage", of, released);
        let own = json!({"interface": "127.0.0.1", "seconds": 0.1});
        let found = me.post("/api/cameras/discover", own).await;
        self.check(role, "camera.discover", of, found);
        // Who may ask is told that this is no camera's address: nothing is sent anywhere.
        let nowhere = json!({"url": "rtsp://0.0.0.1:1/", "seconds": 1});
        let probed = me.post("/api/cameras/probe", nowhere).await;
        self.check_asked(role, "camera.probe", of, probed, 422);
        let stale = json!({"version": "0".repeat(64), "camera": {"url": "rtsp://10.0.0.1/"}});
        for ownership in [of, Ownership::ALL[0]] {
            let path = format!("/api/video/terrains/{}", ownership.number() + 1);
            let edited = me.put(&path, stale.clone()).await;
            self.check_asked(role, "terrain.edit", ownership, edited, 409);
            let shown = me.get(&path).await;
            self.check(role, "terrain.edit", ownership, shown);
        }
    }

    /// As [`check`](Self::check), where what is allowed is refused for this reason afterwards.
    fn check_asked(&self, role: &str, action: &str, of: Ownership, answer: Answer, status: u16) {
        let mut answer = answer;
        if answer.status == status {
            answer.status = 200;
        }
        self.check(role, action, of, answer);
    }

    /// Tells what was not as it should be; nothing of the table is forgotten.
    pub async fn end(self) {
        let wrong = self.wrong.into_inner().expect("no test panicked");
        assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
        let asked = self.asked.into_inner().expect("no test panicked");
        let all: BTreeSet<String> = actions().map(str::to_owned).collect();
        assert_eq!(asked, all);
        self.host.end().await;
    }
}

/// A text member of each object in a list.
pub fn members<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().filter_map(|o| o[name].as_str()).collect()
}
