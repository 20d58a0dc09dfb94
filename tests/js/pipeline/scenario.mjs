/**
 * What a scenario is: a name, the adapters it is for, and messages that one client sends, each when the server
 * is done with the one before.
 */

/** A message: `{ event, args, ack, expect }`. `expect` is how many entries a message brings that takes its time. */
export function message(event, ...args) {
  return { event, args, ack: false };
}

export function messageWithAck(event, ...args) {
  return { event, args, ack: true };
}

/** The same message with an acknowledgement and without. */
export function bothWays(event, ...args) {
  return [messageWithAck(event, ...args), message(event, ...args)];
}

export function scenario(name, ...steps) {
  return { name, adapters: ['io', 'ws'], steps: steps.flat() };
}

export function ioScenario(name, ...steps) {
  return { ...scenario(name, ...steps), adapters: ['io'] };
}

/** A scenario of plain WebSocket, whose steps may be frames: `{ raw }`. */
export function wsScenario(name, ...steps) {
  return { ...scenario(name, ...steps), adapters: ['ws'] };
}

/** A scenario of handlers that run at the same time: in which order they log is nobody's business. */
export function concurrentScenario(name, ...steps) {
  return { ...scenario(name, ...steps), withoutLog: true };
}

/** A scenario that is more than messages: `run({ connect })` returns the entries. */
export function customScenario(name, run, adapters = ['io', 'ws']) {
  return { name, adapters, run };
}

/** Sends the messages and returns what the client was told. */
export async function perform({ steps, run, withoutLog = false }, connect) {
  if (run) return run({ connect });
  const client = await connect();
  try {
    for (const step of steps) {
      const arrived = step.expect && client.recording.more(step.expect, `what "${step.event}" brings`);
      if (step.raw === undefined) client.emit(step.event, step.args, step);
      else client.raw(step.raw);
      await arrived;
      await client.settle();
    }
    return client.recording.entries.filter((entry) => !(withoutLog && entry.log));
  } finally {
    client.close();
  }
}
