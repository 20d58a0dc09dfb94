//! Writes a hundred gateways with a handler each, and one gateway with each of the numbers of handlers that are measured.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

const GATEWAYS: usize = 100;
const HANDLERS: [usize; 2] = [10, 100];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::new();
    let mut all = String::new();
    for number in 0..GATEWAYS {
        let name = format!("Gateway{number}");
        gateway(&mut code, &name, number, number..number + 1)?;
        write!(all, "(TypeId::of::<{name}>(), type_name::<{name}>()),")?;
    }
    for handlers in HANDLERS {
        gateway(&mut code, &format!("Handlers{handlers}"), 0, 0..handlers)?;
    }
    writeln!(code, "fn gateways() -> [(TypeId, &'static str); {GATEWAYS}] {{ [{all}] }}")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("gateways.rs"), code)?;
    Ok(())
}

/// A gateway whose handlers answer `push<number>`.
fn gateway(
    code: &mut String,
    name: &str,
    namespace: usize,
    handlers: std::ops::Range<usize>,
) -> std::fmt::Result {
    writeln!(code, "#[web_socket_gateway(namespace = namespace({namespace}))]")?;
    writeln!(code, "struct {name};")?;
    writeln!(code, "#[subscribe_messages]\nimpl {name} {{")?;
    for number in handlers {
        writeln!(code, "    #[subscribe_message(\"push{number}\")]")?;
        writeln!(
            code,
            "    fn push{number}(&self, #[message_body] body: Message) -> WsResponse<Message> {{ WsResponse::new(\"pop\", body) }}"
        )?;
    }
    writeln!(code, "}}")
}
