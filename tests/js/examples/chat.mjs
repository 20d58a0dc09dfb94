/**
 * `chat`: the welcome, messages to everyone, rooms, and the page with its client.
 */
import assert from 'node:assert/strict';
import { send } from '../lib/http.mjs';

const CHATS = '/chats';

async function join(client, roomId, userName) {
  assert.equal(await client.ask('joinRoom', { roomId, userName }), `Joined room ${roomId}`);
}

export const socketIo = {
  async 'a client is welcomed by its id'(session) {
    const client = await session.connect(CHATS);
    assert.equal(await client.next('welcome'), `Welcome, ${client.id}!`);
  },

  async 'everyone is welcomed once, and by nobody else'(session) {
    const first = await session.connect(CHATS, 'the first');
    const second = await session.connect(CHATS, 'the second');
    const marker = session.unique('marker');
    await second.ask('message', marker);
    await first.next('message', (text) => text === marker);
    assert.deepEqual(first.all('welcome'), [`Welcome, ${first.id}!`]);
    assert.deepEqual(second.all('welcome'), [`Welcome, ${second.id}!`]);
  },

  async 'a message reaches everyone and is acknowledged after that'(session) {
    const ann = await session.connect(CHATS, 'Ann');
    const bob = await session.connect(CHATS, 'Bob');
    const text = session.unique('hello');
    assert.equal(await ann.ask('message', text), 'Message received');
    assert.deepEqual(ann.all('message'), [text]);
    assert.equal(await bob.next('message'), text);
  },

  async 'who joins a room is announced in the room, the newcomer included'(session) {
    const ann = await session.connect(CHATS, 'Ann');
    const bob = await session.connect(CHATS, 'Bob');
    const roomId = session.unique('general');
    await join(ann, roomId, 'Ann');
    assert.deepEqual(ann.all('roomMessage'), [`Ann has joined room ${roomId}`]);
    await join(bob, roomId, 'Bob');
    assert.deepEqual(bob.all('roomMessage'), [`Bob has joined room ${roomId}`]);
    assert.equal(await ann.next('roomMessage', (text) => text.startsWith('Bob')), `Bob has joined room ${roomId}`);
  },

  async 'a chat message stays in its room'(session) {
    const ann = await session.connect(CHATS, 'Ann');
    const bob = await session.connect(CHATS, 'Bob');
    const eve = await session.connect(CHATS, 'Eve');
    const roomId = session.unique('general');
    const elsewhere = session.unique('elsewhere');
    await join(ann, roomId, 'Ann');
    await join(bob, roomId, 'Bob');
    await join(eve, elsewhere, 'Eve');

    ann.emit('chatMessage', { roomId, userName: 'Ann', message: 'Hi, Bob' });
    const expected = { roomId, userName: 'Ann', message: 'Hi, Bob' };
    assert.deepEqual(await ann.next('chatMessage'), expected);
    assert.deepEqual(await bob.next('chatMessage'), expected);

    const marker = { roomId: elsewhere, userName: 'Ann', message: 'marker' };
    ann.emit('chatMessage', marker);
    assert.deepEqual(await eve.next('chatMessage'), marker);
    assert.deepEqual(eve.all('chatMessage'), [marker]);
    assert.deepEqual(eve.all('roomMessage'), [`Eve has joined room ${elsewhere}`]);
  },

  async 'messages of a room arrive in order'(session) {
    const ann = await session.connect(CHATS, 'Ann');
    const bob = await session.connect(CHATS, 'Bob');
    const roomId = session.unique('general');
    await join(bob, roomId, 'Bob');
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    for (const message of texts) {
      ann.emit('chatMessage', { roomId, userName: 'Ann', message });
    }
    await bob.next('chatMessage', ({ message }) => message === texts.at(-1));
    assert.deepEqual(bob.all('chatMessage').map(({ message }) => message), texts);
  },

  async 'a handler that returns nothing acknowledges nothing'(session) {
    const ann = await session.connect(CHATS, 'Ann');
    let acknowledged = false;
    ann.socket.emit('chatMessage', { roomId: session.unique('r'), userName: 'Ann', message: 'Hi' }, () => {
      acknowledged = true;
    });
    await ann.ask('message', 'marker');
    assert.equal(acknowledged, false);
  },

  async 'the gateway is in its namespace only'(session) {
    const inside = await session.connect(CHATS);
    const error = await session.connection().client('/chat').connectRefused();
    assert.equal(error.message, 'Invalid namespace');
    assert.equal(await inside.ask('message', 'Hi'), 'Message received');
  },

  async 'the page is served and takes the client from the server'(session) {
    const page = await send(session.url('/'));
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
    assert.match(page.text, /src="\/socket\.io\/socket\.io\.js"/);

    const client = await send(session.url('/socket.io/socket.io.js'));
    assert.equal(client.status, 200);
    assert.match(client.headers['content-type'], /javascript/);
    assert.match(client.text, /Socket\.IO v4/);
  },
};
