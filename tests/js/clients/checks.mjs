/**
 * What every client must be able to do over every transport: one script for all.
 */
import assert from 'node:assert/strict';

/** `max_http_buffer_size` of the server. */
const MAX_BYTES = 1_000_000;

/** Room for what stands around a body: packet type, event name, JSON, base64 of version 2's text payloads. */
const AROUND = 100;

let counter = 0;

/** A name that no other check of this run uses. */
function unique(prefix) {
  counter += 1;
  return `${prefix}-${process.pid}-${counter}`;
}

/** The bytes of what a client was given: `Buffer` in Node, `ArrayBuffer` in browsers. */
function bytes(value) {
  assert.ok(value instanceof ArrayBuffer || ArrayBuffer.isView(value), `${typeof value} is no binary value`);
  return [...Buffer.from(value)];
}

/** A client that hears of those that go: in a namespace of its own, so that it is in nobody's way. */
function watcher(matrix) {
  return matrix.connect('/gone', 'the watcher');
}

/** A client that the watcher knows by a name. */
async function named(client) {
  const name = unique('client');
  assert.equal(await client.ask('name', name), name);
  return name;
}

export const checks = {
  async 'connects to the main namespace, and knows its id'(matrix) {
    const client = await matrix.connect();
    const { id } = await client.next('welcome');
    assert.equal(client.id, id);
  },

  async 'joins namespaces on one connection, each apart'(matrix) {
    const connection = matrix.connection();
    const [main, admin, other] = ['/', '/admin', '/other'].map((nsp) => connection.socket(nsp, 'a client', { token: 'secret' }));
    const ids = [];
    for (const client of [main, admin, other]) {
      await client.connected();
      const { id, namespace } = await client.next('welcome');
      assert.equal(client.id, id);
      assert.equal(namespace, client.socket.nsp);
      ids.push(id);
    }
    assert.equal(new Set(ids).size, 3);
    for (const client of [main, admin, other]) {
      assert.equal(await client.ask('echo', client.socket.nsp), client.socket.nsp);
    }
    admin.socket.disconnect();
    assert.equal(await admin.next('disconnect'), 'io client disconnect');
    assert.equal(await other.ask('echo', 'still here'), 'still here');
    assert.equal(await main.ask('echo', 'still here'), 'still here');
  },

  async 'is refused by a namespace that wants a token'(matrix) {
    const connection = matrix.connection();
    const main = await connection.socket('/').connected();
    for (const [auth, message, data] of [
      [undefined, 'no token', undefined],
      [{ token: 'wrong' }, 'wrong token', { code: 401, token: 'wrong' }],
    ]) {
      const refused = matrix.connection().socket('/admin', 'a stranger', auth);
      const error = await refused.next('connect_error');
      if (matrix.major > 2 || data === undefined) {
        assert.equal(error.message, message);
      }
      // Version 2 gets the data instead of the message.
      assert.deepEqual(matrix.major === 2 && data ? { ...error.data } : error.data, data);
      assert.deepEqual(refused.all('welcome'), []);
    }
    const admitted = await connection.socket('/admin', 'a friend', { token: 'secret' }).connected();
    assert.equal((await admitted.next('welcome')).token, 'secret');
    assert.equal(await main.ask('echo', 1), 1);
  },

  async 'is refused by a namespace that does not exist'(matrix) {
    const connection = matrix.connection();
    const main = await connection.socket('/').connected();
    const refused = connection.socket('/nowhere');
    assert.equal((await refused.next('connect_error')).message, 'Invalid namespace');
    assert.equal(await main.ask('echo', 1), 1);
  },

  async 'emits and is told, every kind of JSON'(matrix) {
    const client = await matrix.connect();
    const values = [null, true, false, 0, -1.5, 1e21, '', 'text', 'häß€😀\u2028\n"\\', [], [1, [2]], {}, { a: { b: [null] } }];
    for (const value of values) {
      client.emit('say', value);
    }
    for (const value of values) {
      assert.deepEqual(await client.next('said'), value);
    }
  },

  async 'is acknowledged'(matrix) {
    const client = await matrix.connect();
    assert.equal(await client.ask('echo', 'häß€😀'), 'häß€😀');
    assert.deepEqual(await client.ask('echo', { list: [1, 2, { three: '3' }] }), { list: [1, 2, { three: '3' }] });
    const answers = Array.from({ length: 50 }, (_, number) => client.ask('echo', number));
    assert.deepEqual(await Promise.all(answers), Array.from({ length: 50 }, (_, number) => number));
  },

  async 'acknowledges'(matrix) {
    const client = await matrix.connect();
    client.on('question', (question, answer) => answer(`${question}!`));
    assert.equal(await client.ask('ask', 'well'), 'well!');
    client.on('file', (file, answer) => answer({ file, length: file.byteLength }));
    const answered = await client.ask('ask for', matrix.bytes([1, 2, 3]));
    assert.equal(answered.length, 3);
    assert.deepEqual(bytes(answered.file), [1, 2, 3]);
  },

  async 'sends and receives bytes'(matrix) {
    const client = await matrix.connect();
    const all = Array.from({ length: 256 }, (_, byte) => byte);
    client.emit('say', matrix.bytes(all));
    assert.deepEqual(bytes(await client.next('said')), all);
    assert.deepEqual(bytes(await client.ask('echo', matrix.bytes(all))), all);
    assert.deepEqual(bytes(await client.ask('echo', matrix.bytes([]))), []);
    const nested = { name: 'ä', parts: [matrix.bytes([1]), { more: matrix.bytes([2, 3]) }], last: 'text' };
    const echoed = await client.ask('echo', nested);
    assert.equal(echoed.name, 'ä');
    assert.deepEqual(bytes(echoed.parts[0]), [1]);
    assert.deepEqual(bytes(echoed.parts[1].more), [2, 3]);
    assert.equal(echoed.last, 'text');
    // Text and bytes in one go keep their order.
    for (let number = 0; number < 10; number += 1) {
      client.emit('say', number % 2 === 0 ? { number } : { number, bytes: matrix.bytes([number]) });
    }
    for (let number = 0; number < 10; number += 1) {
      assert.equal((await client.next('said')).number, number);
    }
    if (matrix.binaryBodies && matrix.transport === 'polling') {
      const { sent, received } = matrix.binaryBodies;
      assert.ok(sent > 0 && received > 0, `binary bodies of polling: ${sent} sent, ${received} received`);
    }
  },

  async 'takes part in rooms and broadcasts'(matrix) {
    const [ann, bob, eve] = await Promise.all(['Ann', 'Bob', 'Eve'].map((name) => matrix.connect('/', name)));
    const room = unique('room');
    for (const client of [ann, bob]) {
      assert.equal(await client.ask('join', room), room);
    }
    ann.emit('to room', { room, body: 'to all of it' });
    assert.equal(await ann.next(room), 'to all of it');
    assert.equal(await bob.next(room), 'to all of it');
    ann.emit('to others', { room, body: { bytes: matrix.bytes([7]) } });
    assert.deepEqual(bytes((await bob.next(room)).bytes), [7]);
    assert.equal(await bob.ask('leave', room), room);
    ann.emit('to room', { room, body: 'to Ann' });
    assert.equal(await ann.next(room), 'to Ann');
    const event = unique('all');
    ann.emit('to all', { event, body: 1 });
    for (const client of [ann, bob, eve]) {
      assert.equal(await client.next(event), 1);
    }
    assert.deepEqual(eve.all(room), []);
    assert.deepEqual(bob.all(room).length, 2);
    assert.deepEqual(ann.all(room).length, 2);
  },

  async 'leaves, and the server says why'(matrix) {
    const gone = await watcher(matrix);
    const client = await matrix.connect();
    const name = await named(client);
    client.socket.disconnect();
    assert.equal(await client.next('disconnect'), 'io client disconnect');
    assert.equal((await gone.next('gone', (who) => who.name === name)).reason, 'client namespace disconnect');
  },

  async 'closes the connection, and the server says why'(matrix) {
    const gone = await watcher(matrix);
    const client = await matrix.connect();
    const name = await named(client);
    client.connection.engine.close();
    assert.ok(['forced close', 'transport close'].includes(await client.next('disconnect')));
    assert.equal((await gone.next('gone', (who) => who.name === name)).reason, 'transport close');
  },

  async 'is disconnected by the server, from one namespace or from all'(matrix) {
    const gone = await watcher(matrix);
    for (const [event, stays] of [['disconnect me', true], ['close me', false]]) {
      const connection = matrix.connection();
      const main = await connection.socket('/').connected();
      const other = await connection.socket('/other').connected();
      const name = await named(main);
      main.emit(event, null);
      // What was emitted before the disconnect comes before it.
      assert.equal(await main.next('last words'), name);
      assert.equal(await main.next('disconnect'), 'io server disconnect');
      assert.equal((await gone.next('gone', (who) => who.name === name)).reason, 'server namespace disconnect');
      if (stays) {
        assert.equal(await other.ask('echo', 'still here'), 'still here');
      } else {
        assert.equal(await other.next('disconnect'), 'io server disconnect');
      }
    }
  },

  async 'reconnects by itself, as another client'(matrix) {
    const client = await matrix.connect('/', 'a client', { reconnection: true });
    const { id } = await client.next('welcome');
    await named(client);
    client.connection.engine.close();
    await client.next('disconnect');
    // What is emitted meanwhile is sent when the connection is back.
    client.emit('say', 'while away');
    await client.connected();
    const again = await client.next('welcome');
    assert.notEqual(again.id, id);
    assert.equal(client.id, again.id);
    assert.equal(await client.next('said'), 'while away');
  },

  async 'gets volatile events when it can take them'(matrix) {
    const client = await matrix.connect();
    let number = 0;
    let arrived;
    client.on('volatile', () => (arrived = true));
    // Over polling there is no request that waits for a moment after each answer: dropped is right then.
    while (!arrived) {
      number += 1;
      assert.equal(await client.ask('volatile', number), number);
      assert.ok(number < 10_000, 'no volatile event arrived');
    }
    assert.ok((await client.next('volatile')) <= number);
  },

  async 'sends and receives bodies up to the limit'(matrix) {
    const client = await matrix.connect();
    const text = 'a'.repeat(MAX_BYTES - AROUND);
    assert.equal((await client.ask('echo', text)).length, text.length);
    // Base64 makes four bytes of three.
    const binary = Buffer.alloc(Math.floor((MAX_BYTES * 3) / 4) - AROUND, 7);
    const echoed = await client.ask('echo', matrix.bytes(binary));
    assert.equal(echoed.byteLength, binary.length);
    assert.equal(Buffer.from(echoed).equals(binary), true);
    // Characters of two, three and four bytes: lengths in code units are not those in bytes.
    const wide = 'ä€😀'.repeat(100_000);
    assert.equal(await client.ask('echo', wide), wide);
  },

  async 'is cut off over the limit, others are not'(matrix) {
    const client = await matrix.connect();
    const other = await matrix.connect('/', 'another');
    client.emit('say', 'a'.repeat(MAX_BYTES + 1));
    assert.ok(['transport close', 'transport error'].includes(await client.next('disconnect')));
    assert.deepEqual(client.all('said'), []);
    assert.equal(await other.ask('echo', 1), 1);
  },

  async 'stays connected by heartbeats'(matrix) {
    const client = await matrix.connect();
    const { id } = await client.next('welcome');
    await client.connection.checkTransport();
    await client.connection.heartbeats(4);
    assert.equal(await client.ask('echo', 'still here'), 'still here');
    assert.equal(client.id, id);
    assert.deepEqual(client.all('disconnect'), []);
  },
};
