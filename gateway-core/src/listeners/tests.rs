//! Listeners of a detached socket: who is called, when, and what is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::FutureExt;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    AckError, Args, Binary, Data, DisconnectReason, EXCEPTION_EVENT, Emitted, Incoming, Server, Socket,
    SocketLimits, Transport, WsException, serve,
};

/// What happened, in its order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: impl ToString) {
        self.0.lock().push(entry.to_string());
    }

    /// A listener that notes its name.
    fn note(&self, name: &'static str) -> impl Fn(Socket, Incoming) + Send + Sync + 'static {
        let log = self.clone();
        move |_, _| log.add(name)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits")
}

#[test]
fn listeners_are_called_in_the_order_of_node() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    client.on("x", log.note("first"));
    client.on("x", log.note("second"));
    client.prepend_listener("x", log.note("prepended"));
    client.prepend_once_listener("x", log.note("prepended once"));
    client.once("x", log.note("once"));
    client.on("y", log.note("other"));
    client.on_any(log.note("any"));
    client.prepend_any(log.note("any before"));
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["any before", "any", "prepended once", "prepended", "first", "second", "once"]);
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["any before", "any", "prepended", "first", "second"]);
    assert_eq!(client.event_names(), ["x", "y"]);
    assert_eq!((client.listeners("x").len(), client.listeners_any().len()), (3, 2));
}

#[test]
fn listeners_are_removed_by_event_by_id_and_all() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    let first = client.on("x", log.note("first"));
    client.on("x", log.note("second"));
    let any = client.on_any(log.note("any"));
    let refuses = client.use_middleware(|_, _| async { Err(WsException::new("no").into()) });
    let outgoing = client.on_any_outgoing(|_, _| {});
    for id in [first, any, refuses, outgoing] {
        assert!(client.off(id));
        assert!(!client.off(id));
    }
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["second"]);

    client.on_any(log.note("any"));
    client.on("y", log.note("y"));
    assert!(client.off("x") && !client.off("x"));
    client.remove_all_listeners();
    now(client.receive("y", ()));
    assert_eq!(log.take(), ["any"]);
    client.off_any();
    client.on_any_outgoing(|_, _| {});
    client.off_any_outgoing();
    assert!(client.listeners_any_outgoing().is_empty() && client.listeners_any().is_empty());
    assert!(client.event_names().is_empty());
}

#[test]
fn a_listener_may_add_and_remove_listeners() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    let inner = log.clone();
    client.on("x", move |client, _| {
        client.off("x");
        client.on("x", inner.note("later"));
        inner.add("now");
    });
    client.on("x", log.note("removed while it is called"));
    now(client.receive("x", ()));
    // As in Node, who was there when the event came is called.
    assert_eq!(log.take(), ["now", "removed while it is called"]);
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["later"]);
}

#[test]
fn arguments_binary_values_and_acknowledgements() {
    let client = Socket::detached("c1");
    client.on("sum", |_, event| async move {
        let sum = event.get::<i64>(0)? + event.get::<i64>(1)?;
        event.ack(Args((sum, event.has_ack())));
        Ok(())
    });
    client.on("sum", |_, event| {
        assert!(!event.ack("too late"));
    });
    let answer: (i64, bool) = now(client.receive_with_ack("sum", Args((2, 3)))).unwrap();
    assert_eq!(answer, (5, true));

    client.on("file", |_, event| {
        let bytes: Binary = event.get(0)?;
        event.ack(Binary::from(bytes.to_vec()));
        Ok(())
    });
    let copy: Binary = now(client.receive_with_ack("file", Binary::from(b"bytes"))).unwrap();
    assert_eq!(&*copy, b"bytes");

    let nobody = now(client.receive_with_ack::<Value>("nobody", ()));
    assert!(matches!(nobody, Err(AckError::Timeout)));
    let other = now(client.receive_with_ack::<Vec<u8>>("sum", Args((2, 3))));
    assert!(matches!(other, Err(AckError::Decode(_))));
    now(client.receive("sum", Args((1, 2))));
    assert!(client.emitted().is_empty(), "{:?}", client.emitted());
}

#[test]
fn failures_and_panics_are_exceptions_of_their_event() {
    let client = Socket::detached("c1");
    client.on("a", |_, event| {
        let _: u8 = event.get(0)?;
        Ok(())
    });
    client.on("b", |_, _| async { Err(std::io::Error::other("secret").into()) });
    client.on("c", |_, event| assert!(event.is_empty(), "secret"));
    client.on("d", |client, _| async move {
        assert!(!client.connected(), "secret");
    });
    client.on_any(|_, _| {});
    for event in ["a", "b", "c", "d"] {
        now(client.receive(event, json!({ "id": 7 })));
    }
    let exceptions = client.emitted();
    assert!(exceptions.iter().all(|emitted| emitted.event == EXCEPTION_EVENT));
    assert_eq!(exceptions[0].data()["cause"], json!({ "pattern": "a", "data": { "id": 7 } }));
    for (exception, pattern) in exceptions[1..].iter().zip(["b", "c", "d"]) {
        assert_eq!(
            exception.data(),
            json!({
                "status": "error",
                "message": "Internal server error",
                "cause": { "pattern": pattern, "data": { "id": 7 } },
            })
        );
    }
    assert_eq!(exceptions.len(), 4);
}

#[test]
fn middlewares_decide_in_order_and_errors_stay_on_the_server() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    client.on_any(log.note("any"));
    let first = log.clone();
    client.use_middleware(move |_, event| {
        first.add(format!("first {}", event.name()));
        async move {
            match event.name() {
                "bad" => Err(WsException::new("unauthorized event").into()),
                "io" => Err(std::io::Error::other("disk full").into()),
                "panics" => panic!("oh"),
                _ => Ok(()),
            }
        }
    });
    let second = log.clone();
    client.use_middleware(move |_, _| {
        second.add("second");
        async { Ok(()) }
    });
    for event in ["good", "bad", "io", "panics"] {
        client.on(event, log.note("handled"));
    }
    let errors = log.clone();
    client.on_error(move |_, error| errors.add(format!("error {error}")));
    client.on("error", log.note("on error"));

    now(client.receive("good", ()));
    assert_eq!(log.take(), ["any", "first good", "second", "handled"]);
    for (event, text) in [("bad", "unauthorized event"), ("io", "disk full"), ("panics", "oh")] {
        now(client.receive(event, ()));
        let expected = ["any".into(), format!("first {event}"), format!("error {text}"), "on error".into()];
        assert_eq!(log.take(), expected);
    }
    assert!(client.emitted().is_empty());
    // An `error` of the client itself is no refusal.
    now(client.receive("error", "mine"));
    assert_eq!(log.take(), ["any", "first error", "second", "on error"]);
}

#[test]
fn who_leaves_is_in_its_rooms_until_disconnecting_has_run() {
    let server = Server::detached();
    let (client, other) = (Socket::detached_in(&server, "c1"), Socket::detached_in(&server, "c2"));
    let log = Log::default();
    client.join(["a", "b"]);
    other.join("a");
    let leaving = log.clone();
    client.on_disconnecting(move |client, reason| {
        client.to("a").emit("left", client.id());
        leaving.add(format!("{} {} {reason}", client.rooms().len(), client.connected()));
    });
    let (left, by_name) = (log.clone(), log.clone());
    client.on_disconnect(move |client, reason| {
        assert_eq!(reason, DisconnectReason::TransportClose);
        left.add(format!("{} {} {reason}", client.rooms().len(), client.connected()));
    });
    client.on("disconnect", move |_, event| {
        by_name.add(event.get::<String>(0)?);
        Ok(())
    });
    client.on_disconnecting(|client, _| assert!(!client.connected(), "caught"));
    now(client.receive_disconnect(DisconnectReason::TransportClose));
    assert_eq!(log.take(), ["3 true transport close", "0 false transport close", "transport close"]);
    assert_eq!(other.emitted()[0].data(), json!("c1"));
    // Once.
    now(client.receive_disconnect(DisconnectReason::TransportClose));
    client.disconnect(true);
    assert!(log.take().is_empty());
}

#[test]
fn disconnecting_may_wait_after_its_first_steps() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    let waiting = log.clone();
    client.on_disconnecting(move |client, _| {
        let log = waiting.clone();
        async move {
            log.add(client.rooms().len());
            tokio::task::yield_now().await;
            log.add(client.rooms().len());
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(client.receive_disconnect(DisconnectReason::PingTimeout));
    assert_eq!(log.take(), ["1", "0"]);
}

#[test]
fn what_goes_out_is_heard_and_never_heard_again() {
    let server = Server::detached();
    let (client, quiet) = (Socket::detached_in(&server, "c1"), Socket::detached_in(&server, "c2"));
    let log = Log::default();
    let outgoing = log.clone();
    client.on_any_outgoing(move |client, event| {
        outgoing.add(format!("{} {:?} {}", event.name(), event.arguments(), event.has_ack()));
        client.emit("again", ());
    });
    client.prepend_any_outgoing(|_, _| panic!("caught"));
    client.emit("one", Args((1, "a")));
    server.emit("all", 2);
    quiet.emit("quiet", ());
    client.send("text");
    drop(client.emit_with_ack::<Value>("asked", 3));
    assert_eq!(
        log.take(),
        [
            r#"one ["1", "\"a\""] false"#,
            r#"all ["2"] false"#,
            r#"message ["\"text\""] false"#,
            r#"asked ["3"] false"#
        ]
    );
    client.off_any_outgoing();
    client.emit("one", ());
    assert!(log.take().is_empty());
    assert_eq!(client.emitted().iter().filter(|emitted| emitted.event == "again").count(), 4);
}

#[test]
fn the_client_that_is_not_there_answers() {
    let server = Server::detached();
    let (ann, bob) = (Socket::detached_in(&server, "ann"), Socket::detached_in(&server, "bob"));
    ann.answer("question", |_| "coffee");
    ann.answer("question", Emitted::data);
    bob.answer("question", |_| json!({ "drink": "tea" }));
    let answer: String = now(ann.emit_with_ack("question", "milk")).unwrap();
    assert_eq!(answer, "milk");
    let mut answers: Vec<Data> = now(server.local().emit_with_ack("question", "milk")).unwrap();
    answers.sort_by_key(|answer| answer.as_str().is_none());
    assert_eq!(answers[0].as_str(), Some("milk"));
    assert_eq!(answers[1].get("drink").and_then(Data::as_str), Some("tea"));
    assert_eq!(ann.emitted().len(), 2);
    assert!(ann.emit_with_ack::<Value>("unanswered", ()).now_or_never().is_none());
}

#[test]
fn more_listeners_than_allowed_are_not_added() {
    let server = Server::detached();
    serve::limit_sockets(&server, SocketLimits { max_listeners: 2, ..SocketLimits::default() });
    let (client, log) = (Socket::detached_in(&server, "c1"), Log::default());
    client.on("x", log.note("first"));
    let second = client.on_any(log.note("any"));
    assert!(!client.off(client.on("x", log.note("too many"))));
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["any", "first"]);
    client.off(second);
    client.on("x", log.note("second"));
    now(client.receive("x", ()));
    assert_eq!(log.take(), ["first", "second"]);
}

/// Counts itself while it exists.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn listeners_that_own_their_socket_are_freed_when_it_ends() {
    let alive = Arc::new(AtomicUsize::new(0));
    let add = |client: &Socket| {
        let (own, counted) = (client.clone(), Counted::new(&alive));
        client.on("x", move |_, _| {
            let _ = (&own, &counted);
        });
        let (own, counted) = (client.clone(), Counted::new(&alive));
        client.on_any_outgoing(move |_, _| {
            let _ = (&own, &counted);
        });
    };
    let client = Socket::detached("c1");
    add(&client);
    client.disconnect(false);
    // What comes too late is not kept.
    add(&client);
    assert_eq!(alive.load(Ordering::SeqCst), 0);

    // A client that was refused was never connected.
    let refused = Socket::detached("c2");
    add(&refused);
    serve::forget_listeners(&refused);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn an_upgrade_is_told_with_its_transport() {
    let (client, log) = (Socket::detached("c1"), Log::default());
    let upgraded = log.clone();
    client.on_upgrade(move |_, transport| upgraded.add(transport));
    let listeners = serve::listeners(&client).unwrap();
    listeners.upgraded(Transport::WebSocket, &mut |_| {});
    now(client.receive("upgrade", "of the client"));
    assert_eq!(log.take(), ["websocket"]);
}
