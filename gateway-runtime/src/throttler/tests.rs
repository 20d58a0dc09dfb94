//! Limits by client and event, on a clock that stands still until it is moved.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::enhancers::SharedGuard;
use gateway_core::{
    Arguments, CanActivate, ExecutionContext, Handshake, Metadata, MetadataEntry, RequestHead, Server,
    Socket, Target, WsException,
};
use serde_json::{Value, json};
use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn message(id: &str, pattern: &str) -> ExecutionContext {
    ExecutionContext::detached(Socket::detached(id), pattern, &())
}

fn marked(key: &'static str, value: fn() -> Value) -> ExecutionContext {
    let metadata = Metadata::new(&[], &[MetadataEntry { key, value }]);
    let target = Arc::new(Target::new("ChatsGateway", "handle_typing", "typing", metadata));
    ExecutionContext::new(Socket::detached("c1"), target, Arguments::none(), None)
}

fn from_address(address: &str) -> ExecutionContext {
    let address: Option<SocketAddr> = address.parse().ok();
    let request = RequestHead { address, ..RequestHead::default() };
    let handshake = Handshake::new(Arc::new(request), None);
    // Two sockets of one address have two ids.
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let id = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
    ExecutionContext::detached(Socket::detached_with(&Server::detached(), &id, handshake), "typing", &())
}

async fn passes(guard: &ThrottlerGuard, context: &ExecutionContext) -> bool {
    guard.can_activate(context).await.is_ok()
}

async fn passed(guard: &ThrottlerGuard, context: &ExecutionContext, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        passed += usize::from(passes(guard, context).await);
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn a_client_is_refused_with_the_exception_of_nestjs() {
    let guard = ThrottlerGuard::new(2, SECOND);
    let context = message("c1", "typing");
    assert_eq!(passed(&guard, &context, 2).await, 2);
    let error = guard.can_activate(&context).await.unwrap_err();
    let details = error.downcast_ref::<ThrottlerException>().expect("its own type");
    assert_eq!((details.limit, details.time_to_block_expire), (2, SECOND));
    assert!(error.is::<WsException>());
    let (exception, log) = error.into_exception();
    assert_eq!((exception.error(), log), (&json!("ThrottlerException: Too Many Requests"), None));
}

#[tokio::test(start_paused = true)]
async fn each_client_and_each_event_is_counted_by_itself() {
    let guard = ThrottlerGuard::new(1, SECOND);
    for (id, event) in [("c1", "typing"), ("c1", "chat"), ("c2", "typing")] {
        assert_eq!(passed(&guard, &message(id, event), 3).await, 1, "{id} {event}");
    }
}

#[tokio::test(start_paused = true)]
async fn hits_expire_one_by_one_and_a_block_ends() {
    let guard = ThrottlerGuard::new(2, SECOND);
    let context = message("c1", "typing");
    assert!(passes(&guard, &context).await);
    advance(SECOND / 2).await;
    assert!(passes(&guard, &context).await);
    // The first one is over, the second is not.
    advance(SECOND / 2).await;
    assert!(passes(&guard, &context).await);
    // Too much: blocked for the ttl, however silent it is from now on.
    assert!(!passes(&guard, &context).await);
    advance(SECOND - Duration::from_millis(1)).await;
    assert!(!passes(&guard, &context).await);
    advance(Duration::from_millis(1)).await;
    assert_eq!(passed(&guard, &context, 3).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_block_may_be_longer_or_none_at_all() {
    let long = ThrottlerGuard::with_throttlers([Throttler::new(1, SECOND).block_duration(SECOND * 10)]);
    let context = message("c1", "typing");
    assert_eq!(passed(&long, &context, 2).await, 1);
    advance(SECOND * 9).await;
    assert!(!passes(&long, &context).await);
    advance(SECOND).await;
    assert!(passes(&long, &context).await);

    let none = ThrottlerGuard::with_throttlers([Throttler::new(2, SECOND).block_duration(Duration::ZERO)]);
    assert!(passes(&none, &context).await);
    advance(SECOND / 2).await;
    assert_eq!(passed(&none, &context, 2).await, 1);
    advance(SECOND / 2).await;
    assert_eq!(passed(&none, &context, 2).await, 1);
}

#[tokio::test(start_paused = true)]
async fn several_limits_hold_together() {
    let limits = [Throttler::named("long", 3, SECOND * 10), Throttler::named("short", 2, SECOND)];
    let guard = ThrottlerGuard::with_throttlers(limits);
    let context = message("c1", "typing");
    assert_eq!(passed(&guard, &context, 2).await, 2);
    let error = guard.can_activate(&context).await.unwrap_err();
    assert_eq!(error.downcast_ref::<ThrottlerException>().unwrap().throttler, "short");
    advance(SECOND).await;
    assert!(passes(&guard, &context).await);
    let error = guard.can_activate(&context).await.unwrap_err();
    assert_eq!(error.downcast_ref::<ThrottlerException>().unwrap().throttler, "long");
}

#[tokio::test(start_paused = true)]
async fn metadata_skips_and_changes_limits() {
    let limits = || [Throttler::named("short", 1, SECOND), Throttler::named("long", 3, SECOND * 10)];
    let guard = ThrottlerGuard::with_throttlers(limits());
    assert_eq!(passed(&guard, &marked(SKIP_THROTTLE, || json!(true)), 9).await, 9);
    assert_eq!(passed(&guard, &marked(SKIP_THROTTLE, || json!({ "short": true })), 9).await, 3);
    let guard = ThrottlerGuard::with_throttlers(limits());
    let change = marked(THROTTLE, || json!({ "short": { "limit": 2, "ttl": 3000, "blockDuration": 5000 } }));
    assert_eq!(passed(&guard, &change, 9).await, 2);
    advance(SECOND * 4).await;
    assert!(!passes(&guard, &change).await);
    advance(SECOND).await;
    assert!(passes(&guard, &change).await);
    // What is no change changes nothing.
    let guard = ThrottlerGuard::with_throttlers(limits());
    assert_eq!(passed(&guard, &marked(THROTTLE, || json!("all")), 9).await, 1);
}

#[tokio::test(start_paused = true)]
async fn clients_can_be_counted_by_address() {
    let guard = ThrottlerGuard::new(1, SECOND).by_address();
    for (first, same, other) in [
        ("10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1"),
        ("[::ffff:10.0.0.9]:1", "10.0.0.9:1", "10.0.0.10:1"),
        ("[2001:db8::1]:1", "[2001:db8::ffff:2]:1", "[2001:db8:0:1::1]:1"),
    ] {
        assert!(passes(&guard, &from_address(first)).await, "{first}");
        assert!(!passes(&guard, &from_address(same)).await, "{same}");
        assert!(passes(&guard, &from_address(other)).await, "{other}");
    }
    // Without addresses, by socket.
    assert!(passes(&guard, &from_address("none")).await && passes(&guard, &from_address("none")).await);
}

#[tokio::test(start_paused = true)]
async fn clients_can_be_counted_by_user_or_not_at_all() {
    let guard = ThrottlerGuard::new(1, SECOND)
        .get_tracker(|context| context.socket().data_value("user").unwrap_or_default())
        .skip_if(|context| context.socket().data_value("admin") == Some(true))
        .error_message("slow down");
    let (one, other) = (message("c1", "typing"), message("c2", "typing"));
    one.socket().set_data("user", "ann");
    other.socket().set_data("user", "ann");
    assert!(passes(&guard, &one).await);
    let error = guard.can_activate(&other).await.unwrap_err();
    assert_eq!(error.into_exception().0, WsException::new("slow down"));
    other.socket().set_data("admin", true);
    assert_eq!(passed(&guard, &other, 3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_expires() {
    let guard = ThrottlerGuard::new(1, SECOND).max_trackers(10);
    for number in 0..1000 {
        assert!(passes(&guard, &message(&number.to_string(), "typing")).await);
        assert!(guard.trackers() <= 10, "{}", guard.trackers());
    }
    // Whoever was there last is still known.
    assert!(!passes(&guard, &message("999", "typing")).await);

    let guard = ThrottlerGuard::new(1, SECOND);
    for number in 0..100 {
        passes(&guard, &message(&number.to_string(), "typing")).await;
    }
    assert_eq!(guard.trackers(), 100);
    advance(SECOND).await;
    passes(&guard, &message("a", "typing")).await;
    advance(SECOND).await;
    passes(&guard, &message("b", "typing")).await;
    assert_eq!(guard.trackers(), 2);
}

#[tokio::test(start_paused = true)]
async fn growing_older_forgets_no_block() {
    let guard = ThrottlerGuard::new(1, SECOND * 2);
    passes(&guard, &message("early", "typing")).await;
    advance(SECOND).await;
    assert_eq!(passed(&guard, &message("c1", "typing"), 2).await, 1);
    advance(SECOND).await;
    assert!(passes(&guard, &message("late", "typing")).await);
    assert!(!passes(&guard, &message("c1", "typing")).await);
}

#[tokio::test(start_paused = true)]
async fn times_that_no_clock_can_count_to_are_accepted() {
    let guard =
        ThrottlerGuard::with_throttlers([Throttler::new(1, Duration::MAX).block_duration(Duration::MAX)]);
    assert_eq!(passed(&guard, &message("c1", "typing"), 3).await, 1);
    let change = marked(THROTTLE, || json!({ "default": { "ttl": u64::MAX } }));
    assert_eq!(passed(&guard, &change, 3).await, 1);
    // A limit of nothing lets nothing through; no limit at all everything.
    assert!(!passes(&ThrottlerGuard::new(0, SECOND), &message("c1", "typing")).await);
    assert!(passes(&ThrottlerGuard::with_throttlers([]), &message("c1", "typing")).await);
    let _shared: SharedGuard = Arc::new(guard);
}
