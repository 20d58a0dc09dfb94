/**
 * `channels`: messages to everyone, and both ends of a connection.
 */
import assert from 'node:assert/strict';

export const socketIo = {
  async 'what one client says reaches all, the sender included, in order'(session) {
    const clients = [await session.connect(), await session.connect(), await session.connect()];
    const texts = Array.from({ length: 20 }, (_, index) => `${session.unique('text')} ${index}`);
    for (const text of texts) {
      clients[1].emit('ClientToServer', text);
    }
    for (const client of clients) {
      await client.next('ServerToClient', (text) => text === texts.at(-1));
      assert.deepEqual(client.all('ServerToClient'), texts);
    }
  },

  async 'a client that leaves is reported to the others with its reason'(session) {
    const watcher = await session.connect('/', 'the watcher');
    const leaver = await session.connect('/', 'the leaver');
    const { id } = leaver;
    leaver.socket.disconnect();
    assert.equal(await leaver.next('disconnect'), 'io client disconnect');
    const left = await watcher.next('ClientDisconnected', (client) => client.id === id);
    assert.deepEqual(left, { id, reason: 'client namespace disconnect' });
  },

  async 'a connection that is closed is reported with its reason'(session) {
    const watcher = await session.connect('/', 'the watcher');
    const leaver = await session.connect('/', 'the leaver');
    const { id } = leaver;
    if (session.transport === 'default') {
      await leaver.connection.upgraded();
    }
    leaver.socket.io.engine.close();
    assert.equal(await leaver.next('disconnect'), 'forced close');
    const left = await watcher.next('ClientDisconnected', (client) => client.id === id);
    assert.deepEqual(left, { id, reason: 'transport close' });
  },

  async 'the server hangs up after what it emitted has arrived'(session) {
    const watcher = await session.connect('/', 'the watcher');
    const leaver = await session.connect('/', 'the leaver');
    const { id } = leaver;
    leaver.emit('LeaveServer');
    assert.equal(await leaver.next('Goodbye'), 'See you soon');
    assert.equal(await leaver.next('disconnect'), 'io server disconnect');
    const left = await watcher.next('ClientDisconnected', (client) => client.id === id);
    assert.deepEqual(left, { id, reason: 'server namespace disconnect' });
  },

  async 'each disconnect is reported once, and never to the one who left'(session) {
    const watcher = await session.connect('/', 'the watcher');
    const first = await session.connect('/', 'the first');
    const second = await session.connect('/', 'the second');
    const ids = [first.id, second.id];
    for (const leaver of [first, second]) {
      leaver.emit('LeaveServer');
      await leaver.next('disconnect');
    }
    await watcher.next('ClientDisconnected', ({ id }) => id === ids[1]);
    const reported = watcher.all('ClientDisconnected').map(({ id }) => id);
    assert.deepEqual(reported.filter((id) => ids.includes(id)), ids);
    assert.deepEqual(second.all('ClientDisconnected').filter(({ id }) => id === ids[1]), []);
  },

  async 'those who are left go on'(session) {
    const stayer = await session.connect('/', 'the stayer');
    const leaver = await session.connect('/', 'the leaver');
    leaver.emit('LeaveServer');
    await leaver.next('disconnect');
    const text = session.unique('text');
    stayer.emit('ClientToServer', text);
    assert.equal(await stayer.next('ServerToClient'), text);
    assert.deepEqual(leaver.all('ServerToClient'), []);
  },
};

export const ws = {
  async 'what one client says reaches all, the sender included, in order'(session) {
    const clients = [await session.connectWs(), await session.connectWs(), await session.connectWs()];
    const texts = Array.from({ length: 20 }, (_, index) => `${session.unique('text')} ${index}`);
    for (const text of texts) {
      clients[1].emit('ClientToServer', text);
    }
    for (const client of clients) {
      await client.next('ServerToClient', (text) => text === texts.at(-1));
      assert.deepEqual(client.all('ServerToClient'), texts);
    }
  },

  async 'a client that leaves is reported to the others with its close code'(session) {
    const watcher = await session.connectWs('the watcher');
    const leaver = await session.connectWs('the leaver');
    leaver.close(4001);
    assert.equal(await leaver.next('close'), 4001);
    // A reason is text with Socket.IO; the close code may come as text or as a number.
    await watcher.next('ClientDisconnected', ({ reason }) => Number(reason) === 4001);
  },

  async 'the server hangs up after what it sent has arrived'(session) {
    const client = await session.connectWs();
    client.emit('LeaveServer');
    assert.equal(await client.next('Goodbye'), 'See you soon');
    const code = await client.next('close');
    assert.ok([1000, 1005].includes(code), `a regular close, not ${code}`);
  },

  async 'those who are left go on'(session) {
    const stayer = await session.connectWs('the stayer');
    const leaver = await session.connectWs('the leaver');
    leaver.emit('LeaveServer');
    await leaver.next('close');
    const text = session.unique('text');
    stayer.emit('ClientToServer', text);
    assert.equal(await stayer.next('ServerToClient'), text);
    assert.deepEqual(leaver.all('ServerToClient'), []);
  },
};
