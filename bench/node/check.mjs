// Says whether every peer answers each event of the contract as it should, with real clients: `socket.io-client`, `ws`.
//
//   node check.mjs                        starts each peer of ../peers.toml in turn and checks it; peers must be built
//   node check.mjs gateway nestjs-ws      these only
//   node check.mjs gateway=127.0.0.1:3000[,127.0.0.1:3001]   one that runs already (for the cluster: two processes of it)
//
// The last line is `N peers answer as they should`; otherwise it ends with code 1 and says what was wrong.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { io } from 'socket.io-client';
import WebSocket from 'ws';

const TIMEOUT = 10_000;
const BENCH = fileURLToPath(new URL('..', import.meta.url));
const MESSAGE = { id: 9_007_199_254_740_991, user: 'Ann', text: 'Zoë says “hi” 🦀 \\ " \n' };

/** What a promise resolves to, or an error with a name after a while. */
function within(promise, what, time = TIMEOUT) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came within ${time} ms`)), time);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// --- Socket.IO -----------------------------------------------------------------------------------------------------

class SocketIoClient {
  constructor(address, transport) {
    this.socket = io(`http://${address}`, { transports: [transport], forceNew: true, reconnection: false });
  }

  async connected() {
    const failed = once(this.socket, 'connect_error').then(([error]) => Promise.reject(error));
    await within(Promise.race([once(this.socket, 'connect'), failed]), 'connect');
  }

  emit(event, body) {
    this.socket.emit(event, body);
  }

  ask(event, body) {
    return this.socket.timeout(TIMEOUT).emitWithAck(event, body);
  }

  async next(event) {
    const [body] = await within(once(this.socket, event), event);
    return body;
  }

  close() {
    this.socket.disconnect();
  }
}

// --- plain WebSocket -----------------------------------------------------------------------------------------------

class PlainClient {
  /** `replies` says how an answer looks: `"bare"` is the value alone (NestJS), `"event"` a frame with the request's event. */
  constructor(address, replies) {
    this.replies = replies;
    this.frames = [];
    this.waiting = new Set();
    this.socket = new WebSocket(`ws://${address}/`);
    this.socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false);
      this.frames.push(JSON.parse(data.toString()));
      for (const look of [...this.waiting]) look();
    });
  }

  async connected() {
    await within(once(this.socket, 'open'), 'open');
  }

  emit(event, data) {
    this.socket.send(JSON.stringify({ event, data }));
  }

  async ask(event, body) {
    const answer =
      this.replies === 'bare'
        ? this.#frame((frame) => frame?.event === undefined, `the answer to ${event}`)
        : this.next(event);
    this.emit(event, body);
    return answer;
  }

  async next(event) {
    return (await this.#frame((frame) => frame?.event === event, event)).data;
  }

  #frame(matches, what) {
    let look;
    const found = new Promise((resolve) => {
      look = () => {
        const index = this.frames.findIndex(matches);
        if (index >= 0) {
          this.waiting.delete(look);
          resolve(this.frames.splice(index, 1)[0]);
        }
      };
      this.waiting.add(look);
      look();
    });
    return within(found, what).finally(() => this.waiting.delete(look));
  }

  close() {
    this.socket.close();
  }
}

// --- what a peer must do -------------------------------------------------------------------------------------------

async function connect(make, count) {
  const clients = Array.from({ length: count }, make);
  await Promise.all(clients.map((client) => client.connected()));
  return clients;
}

/** All that arrives at each of the clients, and nothing at the others before a message that comes after. */
async function reaches(members, others, event, expected, send) {
  const come = members.map((client) => client.next(event));
  let strayed = 0;
  const stray = () => (strayed += 1);
  for (const client of others) client.socket.on?.(event, stray);
  send();
  for (const body of await Promise.all(come)) assert.deepEqual(body, expected);
  // What would have strayed was sent before the answer to this.
  for (const client of others) {
    assert.deepEqual(await client.ask('echo', MESSAGE), MESSAGE);
    client.socket.off?.(event, stray);
    assert.ok(!client.frames?.some((frame) => frame?.event === event), `${event} reached one who was not meant`);
  }
  assert.equal(strayed, 0, `${event} reached one who was not meant`);
}

async function checkEvents(make, workloads) {
  const [ann, bob, eve] = await connect(make, 3);
  const done = [];
  const check = async (event, run) => {
    if (!workloads.includes(event)) return;
    try {
      await run();
    } catch (error) {
      throw new Error(`${event}: ${error.message}`, { cause: error });
    }
    done.push(event);
  };
  for (const event of ['push', 'push_any']) {
    await check(event, async () => {
      const answer = ann.next('pop');
      ann.emit(event, MESSAGE);
      assert.deepEqual(await answer, MESSAGE);
    });
  }
  await check('echo', async () => assert.deepEqual(await ann.ask('echo', MESSAGE), MESSAGE));
  await check('cast', () => reaches([ann, bob, eve], [], 'cast', MESSAGE, () => ann.emit('cast', MESSAGE)));
  await check('join', async () => {
    assert.equal(await ann.ask('join', 'r1'), true);
    assert.equal(await bob.ask('join', 'r1'), true);
    assert.equal(await eve.ask('join', 'r2'), true);
  });
  await check('room', async () => {
    const body = { room: 'r1', id: 1, text: 'Hello' };
    await reaches([ann, bob], [eve], 'room', body, () => eve.emit('room', body));
  });
  await check('binary', async () => {
    const bytes = Buffer.alloc(65_536, 0xa5);
    const answer = ann.next('binary');
    ann.emit('binary', bytes);
    assert.ok(bytes.equals(await answer));
  });
  await check('chat', async () => {
    assert.equal(typeof (await ann.ask('joinRoom', { roomId: 'c1', userName: 'Ann' })), 'string');
    assert.equal(typeof (await bob.ask('joinRoom', { roomId: 'c1', userName: 'Bob' })), 'string');
    const answers = [];
    const send = () => answers.push(ann.ask('sendMessage', { roomId: 'c1', userName: 'Ann', message: 'Hello' }));
    await reaches([ann, bob], [eve], 'roomMessage', 'Ann: Hello', send);
    assert.equal(await answers[0], 'sent');
  });
  for (const client of [ann, bob, eve]) client.close();
  return done;
}

/** The same frames as the load generator's come back. */
async function checkRaw(address, workloads) {
  const open = async () => {
    const socket = new WebSocket(`ws://${address}/socket.io/?EIO=4&transport=websocket`);
    await within(once(socket, 'open'), 'open');
    return socket;
  };
  const [ann, bob] = await Promise.all([open(), open()]);
  const frame = `42["push",${JSON.stringify(MESSAGE)}]`;
  const receivers = workloads.includes('cast') ? [ann, bob] : [ann];
  const come = receivers.map((socket) => within(once(socket, 'message'), 'the frame'));
  ann.send(frame);
  for (const [data] of await Promise.all(come)) assert.equal(data.toString(), frame);
  ann.close();
  bob.close();
  return workloads;
}

/** What is sent to one process reaches the clients of the other. */
async function checkCluster(addresses) {
  const [first, second] = await connect2(addresses);
  const body = { room: 'r1', id: 1, text: 'Hello' };
  assert.equal(await second.ask('join', 'r1'), true);
  await reaches([first, second], [], 'cast', MESSAGE, () => first.emit('cast', MESSAGE));
  await reaches([second], [first], 'room', body, () => first.emit('room', body));
  first.close();
  second.close();
  return ['cast between processes', 'room between processes'];
}

async function connect2(addresses) {
  const clients = addresses.map((address) => new SocketIoClient(address, 'websocket'));
  await Promise.all(clients.map((client) => client.connected()));
  return clients;
}

async function checkPeer(peer, addresses) {
  const [address] = addresses;
  const workloads = peer.workloads.filter((workload) => workload !== 'polling' && workload !== 'cluster');
  switch (peer.protocol) {
    case 'raw':
      return checkRaw(address, workloads);
    case 'plain':
      return checkEvents(() => new PlainClient(address, peer.replies), workloads);
    case 'socketio': {
      const done = await checkEvents(() => new SocketIoClient(address, 'websocket'), workloads);
      if (peer.workloads.includes('polling')) {
        await checkEvents(() => new SocketIoClient(address, 'polling'), workloads);
        done.push('all of it over polling');
      }
      if (addresses.length > 1) done.push(...(await checkCluster(addresses)));
      return done;
    }
    default:
      throw new Error(`a protocol that is not known: ${peer.protocol}`);
  }
}

// --- processes -----------------------------------------------------------------------------------------------------

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(command, args, environment, isReady) {
  const child = spawn(command, args, {
    cwd: BENCH,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => isReady(line) && resolve());
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${command} ended: ${code ?? signal}`)));
  });
  await within(ready, `READY of ${command}`);
  return child;
}

async function stop(child) {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await within(ended, 'the end after SIGTERM');
}

async function checkStarted(peer) {
  const running = [];
  try {
    const environment = { ...peer.env };
    const cluster = peer.workloads.includes('cluster');
    if (cluster) {
      const port = await freePort();
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      running.push(await start('redis-server', args, {}, (line) => line.includes('Ready to accept connections')));
      environment.REDIS_URL = `redis://127.0.0.1:${port}`;
    }
    const addresses = [];
    for (let count = cluster ? 2 : 1; count > 0; count -= 1) {
      const port = await freePort();
      const [command, ...args] = peer.command;
      const child = await start(command, args, { ...environment, PORT: String(port) }, (line) => line === 'READY');
      running.push(child);
      addresses.push(`127.0.0.1:${port}`);
    }
    return await checkPeer(peer, addresses);
  } finally {
    for (const child of running.reverse()) await stop(child);
  }
}

/** The versions that a lock file has of a package of crates.io or npm. */
function lockedVersions({ kind, library }) {
  if (kind === 'node') {
    const lock = JSON.parse(readFileSync(`${BENCH}/node/package-lock.json`, 'utf8'));
    return [lock.packages[`node_modules/${library}`]?.version];
  }
  const lock = parse(readFileSync(`${BENCH}/Cargo.lock`, 'utf8'));
  return lock.package.filter(({ name }) => name === library).map(({ version }) => version);
}

const peers = parse(readFileSync(`${BENCH}/peers.toml`, 'utf8')).peer;
const wanted = process.argv.slice(2).map((argument) => argument.split('='));
const names = wanted.length > 0 ? wanted : peers.map(({ name }) => [name]);
let wrong = 0;
for (const [name, addresses] of names) {
  const peer = peers.find((each) => each.name === name);
  try {
    if (!peer) throw new Error('there is no such peer in peers.toml');
    const locked = lockedVersions(peer);
    assert.ok(locked.includes(peer.version), `peers.toml says ${peer.version}, the lock file ${locked.join(', ')}`);
    const done = addresses ? await checkPeer(peer, addresses.split(',')) : await checkStarted(peer);
    console.log(`${name.padEnd(24)} ok: ${done.join(', ')}`);
  } catch (error) {
    wrong += 1;
    console.error(`${name.padEnd(24)} WRONG: ${error.message}`);
  }
}
if (wrong > 0) {
  console.error(`${wrong} of ${names.length} peers do not answer as they should`);
  process.exit(1);
}
console.log(`${names.length} peers answer as they should`);
process.exit(0);
