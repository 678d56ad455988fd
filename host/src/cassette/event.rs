//! Events in JSON, both ways.

use serde_json::{Value, json};

use super::bytes;
use super::fields::{Fields, class_name};
use crate::plugins::types::{
    BodyPart, BoundPorts, Component, ConnectionFailure, Datagram, Event, ExtraItem, Header,
    HttpResponse, IoError, PortFailure, ReceivedBytes, ReceivedDatagrams, RequestFailure,
};

/// An event by its name in the WIT.
pub fn to_json(event: &Event) -> Value {
    match event {
        Event::Start => json!("start"),
        Event::Stop => json!("stop"),
        Event::Connected(id) => json!({ "connected": id }),
        Event::Received(it) => json!({ "received": {
            "connection": it.connection,
            "arrived": it.arrived,
            "bytes": bytes::to_json(&it.bytes),
        }}),
        Event::Closed(id) => json!({ "closed": id }),
        Event::Failed(it) => json!({ "failed": failure("connection", it.connection, &it.error) }),
        Event::Bound(it) => json!({ "bound": {
            "port": it.port,
            "rtp_port": it.rtp_port,
            "rtcp_port": it.rtcp_port,
        }}),
        Event::Datagrams(it) => {
            let datagrams: Vec<Value> = it.datagrams.iter().map(datagram).collect();
            json!({ "datagrams": { "port": it.port, "datagrams": datagrams }})
        }
        Event::PortFailed(it) => json!({ "port-failed": failure("port", it.port, &it.error) }),
        Event::Response(it) => {
            let headers: Vec<Value> = it
                .headers
                .iter()
                .map(|header| json!([header.name, header.value]))
                .collect();
            json!({ "response": { "id": it.id, "status": it.status, "headers": headers }})
        }
        Event::Body(it) => json!({ "body": {
            "id": it.id,
            "arrived": it.arrived,
            "last": it.last,
            "bytes": bytes::to_json(&it.bytes),
        }}),
        Event::RequestFailed(it) => json!({ "request-failed": failure("id", it.id, &it.error) }),
        Event::Timer(id) => json!({ "timer": id }),
        Event::Extra(it) => json!({ "extra": {
            "name": it.name,
            "bytes": bytes::to_json(&it.bytes),
        }}),
    }
}

fn failure(what: &str, id: u32, error: &IoError) -> Value {
    json!({ what: id, "class": class_name(error.class), "message": error.message })
}

fn datagram(it: &Datagram) -> Value {
    json!({
        "component": component_name(it.component),
        "arrived": it.arrived,
        "host": it.host,
        "from_port": it.from_port,
        "bytes": bytes::to_json(&it.bytes),
    })
}

/// One of a pair's two ports, as the WIT names it.
pub fn component_name(component: Component) -> &'static str {
    match component {
        Component::Rtp => "rtp",
        Component::Rtcp => "rtcp",
    }
}

/// The event; the error is for people.
pub fn from_json(value: &Value) -> Result<Event, String> {
    if let Some(name) = value.as_str() {
        return match name {
            "start" => Ok(Event::Start),
            "stop" => Ok(Event::Stop),
            other => Err(unknown(other)),
        };
    }
    let object = value.as_object().filter(|object| object.len() == 1);
    let (name, value) = object
        .and_then(|object| object.iter().next())
        .ok_or("an event is a name, or an object with one member")?;
    let it = Fields(value);
    let number = || {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| format!("`{name}` has no number"))
    };
    Ok(match name.as_str() {
        "connected" => Event::Connected(number()?),
        "closed" => Event::Closed(number()?),
        "timer" => Event::Timer(number()?),
        "received" => Event::Received(ReceivedBytes {
            connection: it.u32("connection")?,
            bytes: it.bytes("bytes")?,
            arrived: it.u64("arrived")?,
        }),
        "failed" => Event::Failed(ConnectionFailure {
            connection: it.u32("connection")?,
            error: it.error()?,
        }),
        "bound" => Event::Bound(BoundPorts {
            port: it.u32("port")?,
            rtp_port: it.u16("rtp_port")?,
            rtcp_port: it.u16("rtcp_port")?,
        }),
        "datagrams" => Event::Datagrams(ReceivedDatagrams {
            port: it.u32("port")?,
            datagrams: it
                .list("datagrams")?
                .iter()
                .map(|value| datagram_of(Fields(value)))
                .collect::<Result<_, _>>()?,
        }),
        "port-failed" => Event::PortFailed(PortFailure {
            port: it.u32("port")?,
            error: it.error()?,
        }),
        "response" => Event::Response(HttpResponse {
            id: it.u32("id")?,
            status: it.u16("status")?,
            headers: pairs(it.list("headers")?)?
                .into_iter()
                .map(|(name, value)| Header { name, value })
                .collect(),
        }),
        "body" => Event::Body(BodyPart {
            id: it.u32("id")?,
            bytes: it.bytes("bytes")?,
            arrived: it.u64("arrived")?,
            last: it.flag("last")?,
        }),
        "request-failed" => Event::RequestFailed(RequestFailure {
            id: it.u32("id")?,
            error: it.error()?,
        }),
        "extra" => Event::Extra(ExtraItem {
            name: it.text("name")?,
            bytes: it.bytes("bytes")?,
        }),
        other => return Err(unknown(other)),
    })
}

fn unknown(name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    format!("there is no event {name:?}; hint: a newer padelvar may know it")
}

fn datagram_of(it: Fields) -> Result<Datagram, String> {
    Ok(Datagram {
        component: match it.text("component")?.as_str() {
            "rtp" => Component::Rtp,
            "rtcp" => Component::Rtcp,
            other => return Err(format!("there is no component `{other}`")),
        },
        arrived: it.u64("arrived")?,
        host: it.text("host")?,
        from_port: it.u16("from_port")?,
        bytes: it.bytes("bytes")?,
    })
}

/// A list of pairs of texts.
pub fn pairs(list: &[Value]) -> Result<Vec<(String, String)>, String> {
    list.iter()
        .map(|pair| match pair.as_array().map(Vec::as_slice) {
            Some([Value::String(name), Value::String(value)]) => Ok((name.clone(), value.clone())),
            _ => Err("a pair is a list of two texts".to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::types::FailureClass;

    #[test]
    fn every_event_comes_back() {
        let error = || IoError {
            class: FailureClass::Auth,
            message: "no".into(),
        };
        let all = [
            Event::Start,
            Event::Stop,
            Event::Connected(1),
            Event::Closed(2),
            Event::Timer(u32::MAX),
            Event::Received(ReceivedBytes {
                connection: 1,
                bytes: vec![0, 255],
                arrived: u64::MAX,
            }),
            Event::Failed(ConnectionFailure {
                connection: 1,
                error: error(),
            }),
            Event::Bound(BoundPorts {
                port: 1,
                rtp_port: 2,
                rtcp_port: 3,
            }),
            Event::Datagrams(ReceivedDatagrams {
                port: 1,
                datagrams: vec![Datagram {
                    component: Component::Rtcp,
                    arrived: 5,
                    host: "::1".into(),
                    from_port: 9,
                    bytes: b"x".to_vec(),
                }],
            }),
            Event::PortFailed(PortFailure {
                port: 1,
                error: error(),
            }),
            Event::Response(HttpResponse {
                id: 1,
                status: 200,
                headers: vec![Header {
                    name: "a".into(),
                    value: "b".into(),
                }],
            }),
            Event::Body(BodyPart {
                id: 1,
                bytes: vec![],
                arrived: 1,
                last: true,
            }),
            Event::RequestFailed(RequestFailure {
                id: 1,
                error: error(),
            }),
            Event::Extra(ExtraItem {
                name: "x".into(),
                bytes: b"{}".to_vec(),
            }),
        ];
        for event in all {
            assert_eq!(from_json(&to_json(&event)), Ok(event));
        }
    }

    #[test]
    fn nonsense_is_told() {
        for (nonsense, told) in [
            (json!("begin"), "no event \"begin\""),
            (json!({ "warp": 1 }), "newer padelvar"),
            (json!({ "timer": -1 }), "no number"),
            (json!({ "received": { "connection": 1 } }), "`bytes`"),
            (json!({}), "one member"),
            (
                json!({ "failed": { "connection": 1, "class": "x", "message": "" } }),
                "class `x`",
            ),
        ] {
            let error = from_json(&nonsense).unwrap_err();
            assert!(error.contains(told), "{nonsense}: {error}");
        }
    }
}
