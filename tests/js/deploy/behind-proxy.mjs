/**
 * `socket.io-client` behind a load balancer in front of two instances of `deploy-app`, `a` and `b`:
 * `node deploy/behind-proxy.mjs --url http://127.0.0.1:8080 --by cookie|address|restart`.
 *
 * Each client comes from an address of its own on the loopback, which is what the app must see of it.
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client';
import { within } from '../lib/wait.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, by: { type: 'string' } } });
const CLIENTS = 16;

function client(number, options) {
  const localAddress = `127.0.0.${number + 2}`;
  const socket = io(values.url, {
    forceNew: true,
    reconnection: false,
    // Keeps the cookie.
    withCredentials: true,
    agent: new Agent({ localAddress, keepAlive: true }),
    // A client's own word about its address must not count.
    extraHeaders: { 'x-forwarded-for': '203.0.113.66' },
    ...options,
  });
  return { socket, localAddress };
}

function event(emitter, name, failure) {
  const happened = new Promise((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once(failure, reject);
  });
  return within(happened, name);
}

async function whoami(socket) {
  return within(socket.emitWithAck('whoami'), 'an ack');
}

async function session(number, options) {
  const { socket, localAddress } = client(number, options);
  await event(socket, 'connect', 'connect_error');
  const { engine } = socket.io;
  if (!options.transports && engine.transport.name !== 'websocket') {
    await event(engine, 'upgrade', 'close');
  }
  const first = await whoami(socket);
  assert.equal(first.address, localAddress);
  assert.equal(first.secure, false);
  for (let round = 0; round < 20; round += 1) {
    assert.equal((await whoami(socket)).instance, first.instance);
  }
  const large = 'x'.repeat(900_000);
  socket.emit('echo', large);
  assert.equal(await event(socket, 'echo', 'disconnect'), large);
  socket.disconnect();
  return first.instance;
}

async function sticky() {
  for (const options of [{ transports: ['polling'] }, {}, { transports: ['websocket'] }]) {
    const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
    const instances = await Promise.all(numbers.map((number) => session(number, options)));
    assert.deepEqual([...new Set(instances)].sort(), ['a', 'b'], 'both instances have clients');
  }
}

async function restart() {
  const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
  const sockets = numbers.map((number) => client(number, { reconnection: true, reconnectionDelay: 50 }).socket);
  await Promise.all(sockets.map((socket) => event(socket, 'connect', 'connect_error')));
  const before = await Promise.all(sockets.map(whoami));
  const moving = sockets.filter((_, index) => before[index].instance === 'a');
  assert.ok(moving.length > 0 && moving.length < CLIENTS, 'both instances have clients');
  const back = moving.map(async (socket) => {
    const reason = await event(socket, 'disconnect', 'never');
    // What the server closed, the client must open itself; a lost connection it opens by itself.
    if (reason === 'io server disconnect') {
      socket.connect();
    }
    await event(socket, 'connect', 'never');
    return whoami(socket);
  });
  console.log('connected');
  for (const self of await Promise.all(back)) {
    assert.equal(self.instance, 'b');
  }
  for (const [index, socket] of sockets.entries()) {
    if (!moving.includes(socket)) {
      assert.ok(socket.connected, `client ${index} of the other instance noticed nothing`);
    }
    socket.disconnect();
  }
}

await (values.by === 'restart' ? restart() : sticky());
