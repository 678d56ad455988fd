//! Tables of expectations: the commands, and a host that holds its policy to one.

use std::path::Path;
use std::time::Duration;

use padelvar_tests::command::padelvar;
use padelvar_tests::events::Events;
use padelvar_tests::{Config, Host, files, machine};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const EXAMPLE: &str = include_str!("../../../examples/expectations.toml");
const RULES: &str = include_str!("../../../plugins/cedar/club-roles.cedar");
/// What is not in the table.
const GIFT: &str =
    "\npermit (principal in Role::\"PLAYER\", action == Action::\"system.cleanup\", resource);\n";
/// The same, for those whom the table knows nothing of.
const COACHES: &str =
    "\npermit (principal in Role::\"COACH\", action == Action::\"system.cleanup\", resource);\n";
/// As in `policy_changes`.
const SOON: Duration = Duration::from_mins(2);

fn write(folder: &Path, name: &str, text: &str) {
    files::write_private(&folder.join(name), text);
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[tokio::test]
async fn policies_are_held_to_a_table_at_the_desk() {
    let _shared = machine::shared().await;
    let folder = TempDir::with_prefix("padelvar-e2e-table-").expect("a folder can be made");
    let path = folder.path();
    // What is compiled once is kept beside it.
    write(path, "padelvar.toml", &Config::new().text());
    write(path, "table.toml", EXAMPLE);
    write(path, "rules.cedar", RULES);
    write(path, "gift.cedar", &format!("{RULES}{GIFT}"));
    let words = ["policy", "test", "club-roles", "table.toml"];
    let said = padelvar(path, &words).await.ended(0);
    assert!(said.stdout.starts_with("ok: "), "{said:?}");
    let words = [
        "policy",
        "test",
        "cedar",
        "table.toml",
        "--settings",
        "rules.cedar",
        "--json",
    ];
    let said = padelvar(path, &words).await.ended(0);
    let found = json_of(&said.stdout);
    assert_eq!(
        (&found["ok"], &found["policy"]),
        (&json!(true), &json!("cedar"))
    );
    assert!(found["asked"].as_u64() > Some(500), "{found}");

    let words = [
        "policy",
        "test",
        "cedar",
        "table.toml",
        "--settings",
        "gift.cedar",
    ];
    let said = padelvar(path, &words).await.ended(1);
    let line = EXAMPLE.lines().position(|l| l.contains("system.cleanup"));
    let place = format!("table.toml:{}:", line.expect("it is there") + 1);
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "with a club and without: {said:?}");
    assert!(lines[0].starts_with(&place), "{said:?}");
    assert!(
        lines[0].ends_with("PLAYER, system.cleanup, the host: expected no, got yes"),
        "{said:?}"
    );
    assert!(said.stderr.contains("error: 2 of "), "{said:?}");

    // What is wrong with the table, the settings, the policy, or the words.
    write(
        path,
        "wrong.toml",
        "roles = [\"A\"]\n[matrix]\nsession.vew = \"no\"\n",
    );
    write(
        path,
        "wrong.cedar",
        "permit(principal, action, resource);\npermit(",
    );
    let fails: [(&[&str], &str); 6] = [
        (&["club-roles", "wrong.toml"], "wrong.toml:3:9"),
        (&["club-roles", "nothing.toml"], "nothing.toml"),
        (&["nothing", "table.toml"], "club-roles or cedar"),
        (&["table.toml", "table.toml"], "not accepted"),
        (
            &["cedar", "table.toml", "--settings", "wrong.cedar"],
            "wrong.cedar:2",
        ),
        (
            &["club-roles", "table.toml", "--settings", "rules.cedar"],
            "rules.cedar",
        ),
    ];
    for (words, told) in fails {
        let words = [&["policy", "test"], words].concat();
        let said = padelvar(path, &words).await.ended(1);
        assert!(said.stderr.contains(told), "{words:?}: {said:?}");
        assert_eq!(said.stdout, "", "{words:?}");
    }
    for words in [
        ["policy"].as_slice(),
        &["policy", "test"],
        &["policy", "test", "cedar"],
        &["policy", "diff", "cedar"],
        &["policy", "diff", "cedar", "cedar", "--at", "noon"],
    ] {
        let said = padelvar(path, words).await.ended(2);
        assert_eq!(said.stdout, "", "{words:?}");
    }
}

#[tokio::test]
async fn what_another_policy_would_change_is_told() {
    let _shared = machine::shared().await;
    let folder = TempDir::with_prefix("padelvar-e2e-diff-").expect("a folder can be made");
    let path = folder.path();
    // What is compiled once is kept beside it.
    write(path, "padelvar.toml", &Config::new().text());
    write(path, "rules.cedar", RULES);
    write(path, "coaches.cedar", &format!("{RULES}{COACHES}"));
    write(path, "limits.toml", "max_concurrent = { PLAYER = 1 }\n");
    let words = ["policy", "diff", "club-roles", "club-roles"];
    let said = padelvar(path, &words).await.ended(0);
    assert!(said.stdout.contains("none changes"), "{said:?}");
    // The same table, and other codes for what it denies.
    let words = ["policy", "diff", "club-roles", "cedar", "--ignore-codes"];
    let said = padelvar(path, &words).await.ended(0);
    assert!(said.stdout.starts_with("ok: "), "{said:?}");
    let words = ["policy", "diff", "club-roles", "cedar", "--json"];
    let said = padelvar(path, &words).await.ended(1);
    let found = json_of(&said.stdout);
    let changes = found["changes"].as_array().expect("a list");
    assert!(changes.iter().all(|c| c["differs"] == "code"), "{found}");
    assert!(said.stderr.contains("0 in what is allowed"), "{said:?}");

    let words = [
        "policy",
        "diff",
        "cedar",
        "cedar",
        "--old-settings",
        "rules.cedar",
        "--new-settings",
        "coaches.cedar",
    ];
    let said = padelvar(path, &words).await.ended(0);
    assert!(
        said.stdout.starts_with("ok: "),
        "of the three roles: {said:?}"
    );
    let words = [words.as_slice(), &["--role", "COACH"]].concat();
    let said = padelvar(path, &words).await.ended(1);
    let lines: Vec<&str> = said.stdout.lines().collect();
    let change = "COACH, system.cleanup, the host: no (not_permitted) -> yes";
    assert_eq!(lines.first(), Some(&change), "{said:?}");
    assert_eq!(lines.len(), 2, "{said:?}");

    let words = [
        "policy",
        "diff",
        "club-roles",
        "club-roles",
        "--new-settings",
        "limits.toml",
        "--json",
    ];
    let said = padelvar(path, &words).await.ended(1);
    let found = json_of(&said.stdout);
    let changes = found["changes"].as_array().expect("a list");
    assert!(!changes.is_empty(), "{found}");
    for change in changes {
        assert_eq!(
            (&change["role"], &change["differs"]),
            (&json!("PLAYER"), &json!("obligations"))
        );
        assert_eq!(change["new"]["obligations"], json!({"max-concurrent": 1}));
    }
}

#[tokio::test]
async fn a_policy_that_does_not_meet_its_table_does_not_come_into_force() {
    let _shared = machine::shared().await;
    let policy =
        "[policy]\nplugin = \"cedar\"\nsettings_file = \"rules.cedar\"\ntable = \"table.toml\"\n";
    let config = Config::new().more(policy);
    let folder = Host::folder_for(&config);
    write(folder.path(), "table.toml", EXAMPLE);
    write(folder.path(), "rules.cedar", RULES);
    let said = padelvar(folder.path(), &["check"]).await.ended(0);
    assert!(said.stdout.contains("ok: policy cedar"), "{said:?}");
    let host = Host::start_in(folder).await;
    let player = host.api.user("PLAYER", "41", 1);
    let denied = || async { player.post("/api/video/cleanup", json!({})).await };
    denied().await.refused(403, "not_permitted");

    // Rules that give what the table denies.
    let answer = host.api.open(Method::GET, "/api/video/events", &[]).await;
    let mut events = Events::of(answer);
    write(&host.path(""), "rules.cedar", &format!("{RULES}{GIFT}"));
    let told = host.log.after("does not meet", SOON).await;
    let told = told.unwrap_or_else(|| panic!("{}", host.log.text()));
    assert!(told.contains("2 of "), "{told}");
    let row = "PLAYER, system.cleanup, the host: expected no, got yes";
    assert!(host.log.after(row, SOON).await.is_some());
    let came = events
        .until(SOON, |event| {
            event.kind == "plugin" && event.data["name"] == "cedar"
        })
        .await;
    let event = came.last().expect("one came");
    let reason = event.data["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(row), "{event:?}");
    let plugins = host.api.get("/api/plugins").await.ok(200);
    let list = plugins["plugins"].as_array().expect("a list");
    let line = list
        .iter()
        .find(|p| p["name"] == "cedar")
        .expect("it is listed");
    assert_eq!(
        line["state"], "active",
        "the one with the old rules: {line}"
    );
    let reason = line["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("does not meet"), "{line}");
    denied().await.refused(403, "not_permitted");
    let said = padelvar(&host.path(""), &["check"]).await.ended(1);
    assert!(said.stdout.contains(row), "{said:?}");

    // A table that allows it: the rules come into force.
    let table = EXAMPLE.replace("[\"yes\", \"yes\", \"no\"]", "[\"yes\", \"yes\", \"yes\"]");
    assert_ne!(table, EXAMPLE);
    write(&host.path(""), "table.toml", &table);
    let begun = Instant::now();
    while denied().await.status != 200 {
        assert!(begun.elapsed() < SOON, "{}", host.log.text());
        sleep(Duration::from_millis(200)).await;
    }
    let plugins = host.api.get("/api/plugins").await.ok(200);
    let list = plugins["plugins"].as_array().expect("a list");
    let line = list
        .iter()
        .find(|p| p["name"] == "cedar")
        .expect("it is listed");
    assert_eq!(line["reason"], Value::Null, "{line}");
    host.end().await;
}

#[tokio::test]
async fn without_a_policy_that_meets_the_table_everything_is_denied() {
    let _shared = machine::shared().await;
    let policy = "[policy]\ntable = \"table.toml\"\n";
    let folder = Host::folder_for(&Config::new().more(policy));
    let never = "[[expect]]\nrole = \"SUPER_ADMIN\"\naction = \"session.create\"\nallow = false\n";
    write(folder.path(), "table.toml", never);
    let host = Host::start_in(folder).await;
    let denied = host.api.get("/api/plugins").await;
    denied.refused(403, "policy_missing");
    let said = host.log.text();
    assert!(said.contains("everything is denied"), "{said}");
    assert!(
        said.contains("table.toml:1:1: expect: SUPER_ADMIN, session.create"),
        "{said}"
    );
    host.end().await;
}
