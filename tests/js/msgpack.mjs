/**
 * What `socket.io-client` with `socket.io-msgpack-parser` sees of a server that is started with `PARSER=msgpack`:
 *
 *     node msgpack.mjs --url http://127.0.0.1:3000 --server ours|nestjs
 *
 * The server is `pipeline-app`, or `node dist/main.js pipeline` of `../nestjs`. Both pass the same checks; the few values
 * that handlers of ours see as JSON has them stand in a table of their own.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import { within } from './lib/wait.mjs';

const { url, server } = parseArgs({
  options: { url: { type: 'string' }, server: { type: 'string', default: 'ours' } },
}).values;

const TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']];

const SAME = [
  'é😀',
  '',
  'x'.repeat(70_000),
  0.1,
  -1.5e-300,
  2 ** 53 - 1,
  -(2 ** 53),
  [],
  {},
  Array.from({ length: 20 }, (_, index) => ({ index, half: index / 2, nested: [[index]] })),
  Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [index, index])),
  { a: null, b: [true, false], 1: 'a key that is a number' },
  Buffer.from('bytes'),
  Buffer.alloc(0),
  { deep: [{ er: [Buffer.alloc(300, 7), { and: Buffer.alloc(70_000, 8) }] }] },
  { _placeholder: true, num: 0 },
  // More than the ten attachments of the default parser.
  Array.from({ length: 50 }, (_, index) => Buffer.from([index])),
];

const moment = new Date(1_000_000_000_000);

/** What JSON does not have: sent, and what comes back from ours. From Node it comes back as it is. */
const AS_JSON = [
  [{ date: moment }, { date: moment.toISOString() }],
  [[NaN, Infinity, undefined, 1], [null, null, null, 1]],
  [{ a: undefined, b: 1 }, { b: 1 }],
];

async function connect(transports, place = '') {
  const client = io(`${url}/${place}`, { parser, transports, forceNew: true, reconnection: false });
  const decided = new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
  await within(decided, 'the connection');
  // Engine.IO packets of this parser are never text.
  client.io.engine.on('data', (data) => assert.notEqual(typeof data, 'string'));
  return client;
}

function ask(client, ...args) {
  return within(new Promise((resolve) => client.emit('binary/echo', ...args, resolve)), 'the acknowledgement');
}

for (const transports of TRANSPORTS) {
  const client = await connect(transports);
  for (const value of SAME) {
    assert.deepEqual(await ask(client, value), value);
  }
  assert.deepEqual(await ask(client, 'several', Buffer.from('arguments')), ['several', Buffer.from('arguments')]);
  for (const [sent, json] of AS_JSON) {
    assert.deepEqual(await ask(client, sent), server === 'ours' ? json : sent);
  }
  // An `ArrayBuffer` is bytes, in either form.
  const bytes = await ask(client, { typed: new Uint8Array([1, 2, 3]) });
  assert.deepEqual([...new Uint8Array(bytes.typed)], [1, 2, 3]);

  const refused = await connect(transports, 'nowhere').then(() => 'connected', ({ message }) => message);
  assert.equal(refused, 'Invalid namespace');

  const gone = new Promise((resolve) => client.once('disconnect', resolve));
  client.disconnect();
  assert.equal(await within(gone, 'the end'), 'io client disconnect');
  console.log(`ok ${transports.join(', then ')}`);
}
process.exit(0);
