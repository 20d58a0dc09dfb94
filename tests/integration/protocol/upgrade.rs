//! From polling to WebSocket: the probe, what goes on meanwhile, and every way to get it wrong.

use super::on_both;
use crate::support::wire::Case;

const CASES: &[Case] = &[
    Case {
        name: "an upgrade",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 5
            w > 420["echo","over"]
            w < 430["over"]
            w cut
            log left <socket> transport close
        "#,
    },
    Case {
        name: "a request that waits is ended with a noop after the probe",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            g get EIO=4&transport=polling&sid=<sid>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            g < 200 6
            w > 5
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "messages during the upgrade go over polling, both ways",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            p post EIO=4&transport=polling&sid=<sid> := 420["echo",1]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 430[1]
            w > 5
            w > 421["echo",2]
            w < 431[2]
        "#,
    },
    Case {
        name: "what waits when polling is paused comes over the WebSocket",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            p post EIO=4&transport=polling&sid=<sid> := 420["echo",1]\x1e421["echo",2]
            p < 200 ok
            w > 5
            w < 430[1]
            w < 431[2]
        "#,
    },
    Case {
        name: "polling requests after the upgrade",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 5
            w > 40
            w < 40{"sid":"<socket>"}
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":3,"message":"Bad request"}
            p post EIO=4&transport=polling&sid=<sid> := 420["echo",1]
            p < 400 {"code":3,"message":"Bad request"}
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "a second WebSocket after the upgrade",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 5
            w > 40
            w < 40{"sid":"<socket>"}
            v open EIO=4&transport=websocket&sid=<sid>
            v <gone
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "a second WebSocket while the first is on probation",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            v open EIO=4&transport=websocket&sid=<sid>
            v <gone
            w > 5
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "the upgrade of a session that began on WebSocket",
        script: r#"
            w open /hasty/?EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            v open /hasty/?EIO=4&transport=websocket&sid=<sid>
            # engine.io waits for `upgradeTimeout` and would let it take over until then
            v <gone
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "an upgrade that the options forbid",
        script: r#"
            o get /fixed/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>","upgrades":[],<*>
            w open /fixed/?EIO=4&transport=websocket&sid=<sid>
            # engine.io takes what it did not offer
            @node w > 2probe
            @node w < 3probe
            @rust w <gone
            p post /fixed/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /fixed/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "a session of another server",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w upgrade /fast/?EIO=4&transport=websocket&sid=<sid>
            w < 400 Session ID unknown
        "#,
    },
    Case {
        name: "a wrong probe: the WebSocket is closed, the session polls on",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2wrong
            w <gone
            p post EIO=4&transport=polling&sid=<sid> := 420["echo",1]
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 430[1]
            # and may try again
            v open EIO=4&transport=websocket&sid=<sid>
            v > 2probe
            v < 3probe
            v > 5
            v > 421["echo",2]
            v < 431[2]
        "#,
    },
    Case {
        name: "a message instead of a probe",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 40
            w <gone
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "packets that are none, and binary frames, instead of a probe",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            a open EIO=4&transport=websocket&sid=<sid>
            a > xyz
            a <gone
            b open EIO=4&transport=websocket&sid=<sid>
            b >b \x01\x02
            b <gone
            c open EIO=4&transport=websocket&sid=<sid>
            c > 
            c <gone
            d open EIO=4&transport=websocket&sid=<sid>
            d > 3probe
            d <gone
            e open EIO=4&transport=websocket&sid=<sid>
            e > 1
            e <gone
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "an upgrade without a probe",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open EIO=4&transport=websocket&sid=<sid>
            w > 5
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "two probes",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w > 2probe
            w < 3probe
            w > 5
            w > 40
            w < 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "the WebSocket goes before it took over",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w cut
            p post EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            # polling requests are ended with a noop as long as the probe is believed in
            g get EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
        "#,
    },
    Case {
        name: "the session ends before the WebSocket took over",
        script: r#"
            o get EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            w open EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            p post EIO=4&transport=polling&sid=<sid> := 1
            p < 200 ok
            w <gone
            g get EIO=4&transport=polling&sid=<sid>
            g < 400 {"code":1,"message":"Session ID unknown"}
        "#,
    },
    Case {
        name: "upgrade_timeout: without a probe, and without the upgrade after it",
        script: r#"
            o get /hasty/?EIO=4&transport=polling
            o < 200 0{"sid":"<sid>",<*>
            p post /hasty/?EIO=4&transport=polling&sid=<sid> := 40
            p < 200 ok
            g get /hasty/?EIO=4&transport=polling&sid=<sid>
            g < 200 40{"sid":"<socket>"}
            w open /hasty/?EIO=4&transport=websocket&sid=<sid>
            w <gone
            w open /hasty/?EIO=4&transport=websocket&sid=<sid>
            w > 2probe
            w < 3probe
            w <gone
            # the session does without
            p post /hasty/?EIO=4&transport=polling&sid=<sid> := 420["echo",1]
            p < 200 ok
            g get /hasty/?EIO=4&transport=polling&sid=<sid>
            g < 200 430[1]
        "#,
    },
    Case {
        name: "a packet of the upgrade over an established WebSocket",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 5
            w > 6
            w > 0
            w > 420["echo",1]
            w < 430[1]
        "#,
    },
    Case {
        name: "a probe over an established WebSocket is a ping from the client",
        script: r#"
            w open EIO=4&transport=websocket
            w < 0{"sid":"<sid>",<*>
            w > 40
            w < 40{"sid":"<socket>"}
            w > 2probe
            w <close -
            log left <socket> transport error
        "#,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_polling_to_websocket() {
    on_both(CASES).await;
}
