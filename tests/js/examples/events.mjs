/**
 * `events`: replies of every kind, user rooms, and a broadcast to the namespace.
 */
import assert from 'node:assert/strict';
import { POLLING_HANDSHAKE, send } from '../lib/http.mjs';

const TEXT = 'Grüße, 世界 \u{1F680} "quoted" \\ \u2028 end';

/** Values that JSON can carry and that servers like to mistake for nothing. */
const VALUES = [0, -1.5, '', TEXT, false, true, [], [null], {}, { a: { b: [1, 'x', null] } }];

export const socketIo = {
  async 'a stream of WsResponse emits each item, in order'(session) {
    const client = await session.connect();
    client.emit('events');
    const items = [await client.next('events'), await client.next('events'), await client.next('events')];
    assert.deepEqual(items, [1, 2, 3]);
  },

  async 'a value is the acknowledgement, 0 included'(session) {
    const client = await session.connect();
    for (const number of [42, 0, -7, 1.5]) {
      assert.equal(await client.ask('identity', number), number);
    }
  },

  async 'a value is dropped if no acknowledgement was asked for'(session) {
    const client = await session.connect();
    client.emit('identity', 5);
    client.emit('echo', 'marker');
    await client.next('echo');
    assert.deepEqual(client.inbox.names(), ['connect', 'echo']);
  },

  async 'a WsResponse is emitted to the sender, whatever its data'(session) {
    const client = await session.connect();
    for (const value of VALUES) {
      client.emit('echo', value);
      assert.deepEqual(await client.next('echo'), value);
    }
  },

  async 'a WsResponse is no acknowledgement, and goes to nobody else'(session) {
    const sender = await session.connect('/', 'the sender');
    const other = await session.connect('/', 'another');
    let acknowledged = false;
    sender.socket.emit('echo', 'mine', () => {
      acknowledged = true;
    });
    assert.equal(await sender.next('echo'), 'mine');
    const marker = session.unique('marker');
    sender.emit('announce', marker);
    await sender.next('announcement', (text) => text === marker);
    await other.next('announcement', (text) => text === marker);
    assert.deepEqual(other.all('echo'), []);
    assert.equal(acknowledged, false);
  },

  async 'several arguments arrive as an array'(session) {
    const client = await session.connect();
    client.emit('echo', 1, 'two', { three: 3 });
    assert.deepEqual(await client.next('echo'), [1, 'two', { three: 3 }]);
  },

  async 'an event that nobody handles is ignored'(session) {
    const client = await session.connect();
    client.emit('no such event', 1);
    client.emit('echo', 'still here');
    assert.equal(await client.next('echo'), 'still here');
    assert.deepEqual(client.inbox.names(), ['connect', 'echo']);
  },

  async 'bytes come back as bytes'(session) {
    const client = await session.connect();
    for (const bytes of [Buffer.from([0, 1, 2, 253, 254, 255]), Buffer.alloc(100_000, 7)]) {
      client.emit('echoBytes', bytes);
      const echoed = await client.next('echoBytes');
      assert.ok(Buffer.isBuffer(echoed), 'bytes, not JSON');
      assert.ok(bytes.equals(echoed));
    }
  },

  async 'bytes within a body are acknowledged with bytes within a body'(session) {
    const client = await session.connect();
    const content = Buffer.from([9, 8, 0, 255]);
    const stored = await client.ask('upload', { name: 'a.bin', content });
    assert.ok(Buffer.isBuffer(stored.content), 'bytes, not JSON');
    assert.deepEqual(stored, { name: 'a.bin', size: 4, content });
  },

  async 'a large body comes back whole'(session) {
    const client = await session.connect();
    const large = TEXT.repeat(5_000);
    client.emit('echo', large);
    assert.equal(await client.next('echo'), large);
  },

  async '200 pipelined events are acknowledged in order, across an upgrade too'(session) {
    const client = await session.connect();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const order = [];
    const acknowledged = numbers.map(async (number) => order.push(await client.ask('identity', number)));
    await Promise.all(acknowledged);
    assert.deepEqual(order, numbers);
  },

  async 'the connection is on the transport that was asked for, and works there'(session) {
    const client = await session.connect();
    if (session.transport === 'default') {
      await client.connection.upgraded();
    } else {
      assert.equal(client.connection.transportName, session.transport);
    }
    assert.equal(await client.ask('identity', 1), 1);
  },

  async 'a notification reaches every client of the user, and no other user'(session) {
    const phone = await session.connect('/', 'the phone');
    const laptop = await session.connect('/', 'the laptop');
    const stranger = await session.connect('/', 'the stranger');
    const userId = session.unique('ann');
    const strangerId = session.unique('bob');
    assert.equal(await phone.ask('subscribeUser', { userId }), `Subscribed to user:${userId}`);
    assert.equal(await laptop.ask('subscribeUser', { userId }), `Subscribed to user:${userId}`);
    assert.equal(await stranger.ask('subscribeUser', { userId: strangerId }), `Subscribed to user:${strangerId}`);

    assert.equal(await stranger.ask('notifyUser', { userId, text: 'hello' }), `Notified user:${userId}`);
    assert.deepEqual(await phone.next('notification'), { userId, text: 'hello' });
    assert.deepEqual(await laptop.next('notification'), { userId, text: 'hello' });

    await phone.ask('notifyUser', { userId: strangerId, text: 'marker' });
    assert.deepEqual(await stranger.next('notification'), { userId: strangerId, text: 'marker' });
    assert.equal(stranger.all('notification').length, 1);
  },

  async 'what a handler emits arrives before its acknowledgement'(session) {
    const client = await session.connect();
    const userId = session.unique('ann');
    await client.ask('subscribeUser', { userId });
    await client.ask('notifyUser', { userId, text: 'first' });
    assert.deepEqual(client.all('notification'), [{ userId, text: 'first' }]);
  },

  async 'an announcement reaches everyone, in order'(session) {
    const clients = [await session.connect(), await session.connect(), await session.connect()];
    const texts = Array.from({ length: 20 }, (_, index) => `${session.unique('text')} ${index}`);
    for (const text of texts) {
      clients[0].emit('announce', text);
    }
    for (const client of clients) {
      await client.next('announcement', (text) => text === texts.at(-1));
      assert.deepEqual(client.all('announcement'), texts);
    }
  },

  async 'a client that leaves knows that it left, and can come back'(session) {
    const client = await session.connect();
    const { id } = client;
    client.socket.disconnect();
    assert.equal(await client.next('disconnect'), 'io client disconnect');
    const again = await session.connect();
    assert.notEqual(again.id, id);
    assert.equal(await again.ask('identity', 1), 1);
  },

  async 'a namespace without a gateway is refused'(session) {
    const error = await session.connection().client('/nowhere').connectRefused();
    assert.equal(error.message, 'Invalid namespace');
  },

  async 'every origin may connect'(session) {
    const answer = await send(session.url(POLLING_HANDSHAKE), { headers: { origin: 'http://elsewhere.example' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  },
};

export const ws = {
  async 'a stream of WsResponse sends each item, in order'(session) {
    const client = await session.connectWs();
    client.emit('events');
    const items = [await client.next('events'), await client.next('events'), await client.next('events')];
    assert.deepEqual(items, [1, 2, 3]);
  },

  async 'a value is one frame of bare JSON, 0 included'(session) {
    const client = await session.connectWs();
    for (const number of [42, 0, -7, 1.5]) {
      client.emit('identity', number);
      assert.equal(await client.next('reply'), number);
    }
  },

  async 'a WsResponse is sent to the sender only, whatever its data'(session) {
    const sender = await session.connectWs('the sender');
    const other = await session.connectWs('another');
    for (const value of VALUES) {
      sender.emit('echo', value);
      assert.deepEqual(await sender.next('echo'), value);
    }
    const marker = session.unique('marker');
    sender.emit('announce', marker);
    await other.next('announcement', (text) => text === marker);
    assert.deepEqual(other.inbox.names(), ['open', 'announcement']);
  },

  async 'frames that are no message are ignored and the connection is kept'(session) {
    const client = await session.connectWs();
    for (const raw of ['', 'no json', '{', 'null', '7', '"text"', '[]', '{}', '{"event":7}', '{"event":"no such event"}']) {
      client.sendRaw(raw);
    }
    client.emit('echo', 'still here');
    assert.equal(await client.next('echo'), 'still here');
    assert.deepEqual(client.inbox.names(), ['open', 'echo']);
  },

  async 'a binary frame that holds JSON is a message'(session) {
    const client = await session.connectWs();
    client.sendRaw(Buffer.from(JSON.stringify({ event: 'echo', data: TEXT })));
    assert.equal(await client.next('echo'), TEXT);
  },

  async 'a large body comes back whole'(session) {
    const client = await session.connectWs();
    const large = TEXT.repeat(5_000);
    client.emit('echo', large);
    assert.equal(await client.next('echo'), large);
  },

  async '200 pipelined events are answered in order'(session) {
    const client = await session.connectWs();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    for (const number of numbers) {
      client.emit('identity', number);
    }
    await client.next('reply', (number) => number === numbers.at(-1));
    assert.deepEqual(client.all('reply'), numbers);
  },

  async 'an announcement reaches everyone, in order'(session) {
    const clients = [await session.connectWs(), await session.connectWs(), await session.connectWs()];
    const texts = Array.from({ length: 20 }, (_, index) => `${session.unique('text')} ${index}`);
    for (const text of texts) {
      clients[0].emit('announce', text);
    }
    for (const client of clients) {
      await client.next('announcement', (text) => text === texts.at(-1));
      assert.deepEqual(client.all('announcement'), texts);
    }
  },
};
