/**
 * `namespaces`: namespaces that clients make, and clients that are cut off and come back to what they had.
 */
import assert from 'node:assert/strict';
import { Proxy } from '../lib/proxy.mjs';
import { within } from '../lib/wait.mjs';

const COUNT = 1000;

/** Enough for a slow machine, far below the two minutes that the server remembers a client. */
const RECOVERY_LIMIT_MS = 60_000;

/** Names of namespaces that no other check of this run uses. */
let next = process.pid * 100;
function room() {
  next += 1;
  return `/room-${next}`;
}

/** A client behind a proxy, which connects again by itself, and all numbers that it is told. */
async function behindProxy(session) {
  const proxy = await Proxy.to(session.url('/'));
  const options = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 200 };
  const connection = session.connectionTo(proxy.url, options);
  const client = await connection.client('/', 'a client behind a proxy').connect();
  await client.next('connect');
  await connection.checkTransport();
  const numbers = [];
  client.socket.on('number', (number) => numbers.push(number));
  const end = () => {
    connection.close();
    proxy.close();
  };
  // Between two requests of polling there is nothing to be cut.
  const cut = () => (connection.transportName === 'polling' ? client.socket.io.engine.close() : proxy.cut());
  return { client, numbers, cut, end };
}

/** Resolves when the client has this number. */
function number(client, wanted) {
  return client.next('number', (number) => number === wanted);
}

/** Streams numbers to a client and cuts it off at each of `cuts`. */
async function streams(session, { room, cuts }) {
  const { client, numbers, cut, end } = await behindProxy(session);
  try {
    await client.ask('prepare', room ?? 'hall');
    const { id } = client;
    assert.equal(client.socket.recovered, false);
    const done = within(number(client, COUNT - 1), 'the last number', RECOVERY_LIMIT_MS);
    client.emit('stream', { count: COUNT, room });
    for (const place of cuts) {
      await number(client, place);
      cut();
      await client.next('disconnect');
      await client.next('connect');
      assert.equal(client.socket.recovered, true, 'the client knows that it has come back');
      assert.equal(client.id, id);
    }
    await done;
    const state = await client.ask('state');
    assert.deepEqual(state, { id, recovered: true, rooms: [room ?? 'hall'], name: 'Ann' });
    assert.deepEqual(numbers, Array.from({ length: COUNT }, (_, number) => number), 'each once, in order');
  } finally {
    end();
  }
}

export const socketIo = {
  async 'a client that is cut off mid-stream gets everything once, in order'(session) {
    await streams(session, { cuts: [300] });
  },

  async 'so does the member of a room, which gets nothing that is for others'(session) {
    await streams(session, { room: session.unique('room'), cuts: [100, 500] });
  },

  async 'an event carries its offset as the last argument, if it is kept'(session) {
    const client = await session.connect();
    const told = [];
    // Numbers are for the clients of other checks.
    const listen = (...args) => args[0] === 'number' || told.push(args.filter((arg) => typeof arg !== 'function'));
    client.socket.onAny(listen);
    client.emit('without offset');
    await client.next('ordinary');
    client.emit('bytes');
    await client.next('bytes');
    // The volatile one may be lost.
    const [volatile, ...kept] = told[0][0] === 'volatile' ? told : [['volatile', 1], ...told];
    assert.deepEqual(volatile, ['volatile', 1]);
    assert.deepEqual(kept.map(([event, ...args]) => [event, args.length]), [['asking', 1], ['ordinary', 2], ['bytes', 2]]);
    assert.equal(typeof kept[1][2], 'string');
    assert.deepEqual([...new Uint8Array(kept[2][1])], [1, 2, 3]);
  },

  async 'who comes with the private id of nobody is a new client'(session) {
    const known = await session.connect();
    const offset = new Promise((resolve) => known.socket.once('prepared', (_room, offset) => resolve(offset)));
    await known.ask('prepare', session.unique('room'));
    const forged = session.connection().client('/', 'a forger');
    forged.socket.disconnect();
    forged.socket.auth = { pid: 'AAAAAAAAAAAAAAAAAAAA', offset: await offset };
    forged.socket.connect();
    await forged.connect();
    const state = await forged.ask('state');
    assert.deepEqual([state.recovered, state.rooms, state.name], [false, [], null]);
    assert.notEqual(forged.id, known.id);
  },

  async 'who has said goodbye is a new client'(session) {
    const { client, end } = await behindProxy(session);
    try {
      await client.ask('prepare', 'hall');
      const { id } = client;
      client.socket.disconnect();
      client.socket.connect();
      await client.connect();
      assert.equal(client.socket.recovered, false);
      assert.notEqual(client.id, id);
      const state = await client.ask('state');
      assert.deepEqual([state.recovered, state.rooms, state.name], [false, [], null]);
    } finally {
      end();
    }
  },

  async 'a namespace of its own for each name'(session) {
    const [first, second] = [room(), room()];
    const ann = await session.connect(first, 'Ann');
    const bob = await session.connect(first, 'Bob');
    const eve = await session.connect(second, 'Eve');
    assert.deepEqual(await ann.ask('where'), { name: first, inits: 1 });
    assert.deepEqual(await eve.ask('where'), { name: second, inits: 1 });
    for (const client of [bob, eve]) {
      assert.equal(await client.ask('join', 'kitchen'), 'kitchen');
    }
    ann.emit('say', 'kitchen');
    assert.equal(await bob.next('said'), first);
    ann.emit('say to all', 'hello');
    assert.equal(await eve.next('said'), 'hello', 'and not what was said in the room of the same name');
    assert.deepEqual([await ann.next('said'), await bob.next('said')], ['hello', 'hello']);
  },

  async 'the middleware of the gateway decides on all namespaces'(session) {
    const name = room();
    const client = session.connection().client(name, 'a client');
    client.socket.disconnect();
    client.socket.auth = { banned: true };
    client.socket.connect();
    assert.equal((await client.connectRefused()).message, `banned from ${name}`);
    client.socket.auth = {};
    client.socket.connect();
    await client.connect();
  },

  async 'names that do not match are refused'(session) {
    for (const name of ['/room-', '/room-1x', '/a/room-1']) {
      const client = session.connection().client(name, 'a client');
      assert.equal((await client.connectRefused()).message, 'Invalid namespace');
    }
  },

  async 'sockets of all namespaces cannot be fetched'(session) {
    const client = await session.connect(room());
    assert.equal(await client.ask('fetch'), 'refused');
  },
};
