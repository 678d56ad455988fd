//! Names that lead to this machine or to a cloud's metadata: a namespace of its own plays the
//! network, so that such addresses exist without harm.

use std::time::Duration;

use padelvar_tests::{Config, machine, namespace};
use tokio::time::timeout;

use crate::guests;
use crate::stage::{Stage, assert_presentable, hostile_camera, last_error};
use crate::target::Target;

/// Names as a hostile name server would tell them.
const HOSTS: &str = "\
127.0.0.1 localhost
127.0.0.1 loopback.club
169.254.169.254 metadata.club
::1 six.club
::ffff:169.254.169.254 mapped.club
";

/// Runs [`inside`] in namespaces where this process is root and alone in the network.
#[tokio::test]
async fn names_do_not_lead_to_forbidden_addresses() {
    let _shared = machine::shared().await;
    // Built outside: inside there is no network for cargo.
    guests::hostile();
    namespace::run("forbidden::inside", &["169.254.169.254"], HOSTS).await;
}

/// Only to be run by the test above.
#[tokio::test]
#[ignore = "runs in namespaces that another test makes"]
async fn inside() {
    let metadata = Target::other(("169.254.169.254", 80)).await;
    let own = Target::other(("127.0.0.1", 80)).await;
    let six = Target::other(("::1", 80)).await;
    let mut config = Config::new();
    let mut expected = Vec::new();
    let forbidden = [
        ("loopback.club", "leads to 127.0.0.1, which"),
        ("metadata.club", "leads to 169.254.169.254, which"),
        ("six.club", "leads to ::1, which"),
        ("mapped.club", "leads to 169.254.169.254, which"),
    ];
    for (name, told) in forbidden {
        let url = format!("http://{name}/");
        // By the adapter's own connection, by the host's HTTP client, by a built-in adapter;
        // and as a further place beside a harmless camera.
        let options = format!("url = {url:?}, host = {name:?}, port = 80");
        let reach = format!("\"{name}:80\"");
        for order in ["connect", "request"] {
            let options = format!("do = {order:?}, {options}");
            config = config
                .camera(&hostile_camera(&url, &options, ""))
                .camera(&hostile_camera("http://10.0.0.9/", &options, &reach));
            expected.extend([told, told]);
        }
        config = config.url(&url);
        expected.push(told);
    }
    // A camera that the configuration names sends its adapter there, where it even may go.
    let camera = Target::camera(1).await;
    for (name, told) in forbidden {
        let url = format!("http://127.0.0.1:{}/", camera.port);
        let options = format!("do = \"redirect\", url = \"{url}http://{name}/\"");
        config = config.camera(&hostile_camera(&url, &options, &format!("\"{name}:80\"")));
        expected.push(told);
    }
    let forbidden = expected.len();
    // Where the configuration says the address itself, it is meant.
    for address in ["169.254.169.254", "[::1]"] {
        let url = format!("http://{address}/");
        config = config.camera(&hostile_camera(&url, "do = \"connect\"", ""));
        expected.push("NOT STOPPED: connected");
    }
    let stage = Stage::new();
    stage.plugin("hostile", &guests::hostile());
    let host = stage.start(&config).await;
    for (terrain, told) in (1_u32..).zip(expected) {
        if terrain as usize == forbidden + 1 {
            let visits = (metadata.visits(), own.visits(), six.visits());
            assert_eq!(visits, (0, 0, 0), "somebody was where nobody may be");
        }
        let create = host.api.try_create(terrain);
        let body = timeout(Duration::from_secs(10), create).await;
        let body = body.expect("create answers within 5 s").ok(201);
        let found = last_error(&body["session"]);
        assert!(found.contains(told), "terrain {terrain}: {body}");
        if terrain as usize <= forbidden {
            assert_presentable(found);
        }
    }
    assert!(metadata.visits() > 0 && six.visits() > 0);
    assert_eq!(own.visits(), 0);
    host.end().await;
}
