/**
 * `socket.io-client` and `ws` over TLS: `node deploy/tls.mjs --port 3000 --ca ca.pem --adapter io|ws`, against
 * `deploy-app`. A client that does not know the authority must be refused by itself.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { within } from '../lib/wait.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string' }, ca: { type: 'string' }, adapter: { type: 'string' } },
});
const ca = readFileSync(values.ca);

function event(emitter, name, failure) {
  const happened = new Promise((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once(failure, reject);
  });
  return within(happened, name);
}

async function socketIo(transports) {
  const url = `https://localhost:${values.port}`;
  const socket = io(url, { ca, transports, reconnection: false, forceNew: true });
  await event(socket, 'connect', 'connect_error');
  if (transports.length === 2) {
    const { engine } = socket.io;
    if (engine.transport.name !== 'websocket') {
      await event(engine, 'upgrade', 'close');
    }
  }
  const self = await within(socket.emitWithAck('whoami'), 'an ack');
  assert.deepEqual({ address: self.address, secure: self.secure }, { address: '127.0.0.1', secure: true });
  const large = 'x'.repeat(900_000);
  socket.emit('echo', large);
  assert.equal(await event(socket, 'echo', 'disconnect'), large);
  socket.disconnect();
  const stranger = io(url, { transports, reconnection: false, forceNew: true });
  await assert.rejects(event(stranger, 'connect', 'connect_error'));
  stranger.disconnect();
}

async function plain() {
  const socket = new WebSocket(`wss://localhost:${values.port}/`, { ca });
  await event(socket, 'open', 'error');
  const large = 'x'.repeat(900_000);
  socket.send(JSON.stringify({ event: 'echo', data: large }));
  const answer = await event(socket, 'message', 'close');
  assert.deepEqual(JSON.parse(answer), { event: 'echo', data: large });
  socket.close();
}

if (values.adapter === 'ws') {
  await plain();
} else {
  await socketIo(['websocket']);
  await socketIo(['polling']);
  await socketIo(['polling', 'websocket']);
}
