/**
 * `cluster`: the chat and the notifications on several servers behind one Redis, each of which is given as a `--url`.
 *
 * What is said at each server must be heard at each of the others, whatever either is written in.
 */
import assert from 'node:assert/strict';
import { send } from '../lib/http.mjs';

const CHATS = '/chats';

/** How often a server that may not be in the cluster yet is spoken to. */
const AGAIN_MS = 100;

/** A client at each server, by `connect(url, name)`. */
function everywhere(session, connect) {
  return Promise.all(session.urls.map((url, index) => connect(url, `the client at server ${index}`)));
}

function chatters(session) {
  return everywhere(session, (url, name) => session.connectAt(url, CHATS, name));
}

async function join(client, roomId, userName) {
  assert.equal(await client.ask('joinRoom', { roomId, userName }), `Joined room ${roomId}`);
}

async function connectUser(session, url, userId) {
  const client = await session.connectAt(url, '/', userId);
  assert.equal(await client.ask('userConnect', { userId }), `User ${userId} connected`);
  return client;
}

function presence(client, userId, online) {
  return client.next('presence', (user) => user.userId === userId && user.online === online);
}

/** Posts a comment at one server. */
async function comment(url, recipientId, text) {
  const told = { postId: 'post-1', authorId: 'ann', text };
  const answer = await send(new URL('/comments', url), { method: 'POST', body: { ...told, recipientId } });
  assert.equal(answer.status, 201);
  return { delivery: JSON.parse(answer.text), told };
}

/** Speaks until everybody has heard it: a server subscribes a moment after it listens. */
async function heardByAll(session, namespace, speak, event) {
  const clients = await everywhere(session, (url, name) => session.connectAt(url, namespace, name));
  for (const speaker of clients) {
    const marker = session.unique('anybody');
    const again = setInterval(() => speak(speaker, marker), AGAIN_MS);
    speak(speaker, marker);
    try {
      await Promise.all(clients.map((client) => client.next(event, (said) => (said.userId ?? said) === marker)));
    } finally {
      clearInterval(again);
    }
  }
}

export const socketIo = {
  async 'the servers find each other'(session) {
    assert.ok(session.urls.length > 1, 'a cluster has several servers');
    await heardByAll(session, CHATS, (client, marker) => client.emit('message', marker), 'message');
    await heardByAll(session, '/', (client, marker) => client.emit('userConnect', { userId: marker }), 'presence');
  },

  async 'each server says its name'(session) {
    const clients = await everywhere(session, (url, name) => session.connectAt(url, '/', name));
    const names = await Promise.all(clients.map((client) => client.next('node')));
    assert.equal(new Set(names).size, session.urls.length, `${names}`);
  },

  async 'a message reaches everyone on every server once, and in order'(session) {
    const clients = await chatters(session);
    for (const speaker of clients) {
      const texts = Array.from({ length: 20 }, () => session.unique('hello'));
      await Promise.all(texts.map(async (text) => assert.equal(await speaker.ask('message', text), 'Message received')));
      for (const client of clients) {
        await client.next('message', (text) => text === texts.at(-1));
        assert.deepEqual(client.all('message').filter((text) => texts.includes(text)), texts);
      }
    }
  },

  async 'a room has members on all servers, and nobody else hears what is said in it'(session) {
    const clients = await chatters(session);
    const outsiders = await chatters(session);
    const [roomId, elsewhere] = [session.unique('general'), session.unique('elsewhere')];
    await Promise.all(outsiders.map((client) => join(client, elsewhere, 'Eve')));
    for (const [index, client] of clients.entries()) {
      await join(client, roomId, `User ${index}`);
      for (const member of clients.slice(0, index + 1)) {
        // Who has just come may still hear of those before: that was on its way from their server.
        await member.next('roomMessage', (text) => text === `User ${index} has joined room ${roomId}`);
      }
    }
    for (const [index, speaker] of clients.entries()) {
      const said = { roomId, userName: `User ${index}`, message: '\u{1F44D} from here' };
      speaker.emit('chatMessage', said);
      for (const member of clients) {
        assert.deepEqual(await member.next('chatMessage'), said);
      }
    }
    const marker = { roomId: elsewhere, userName: 'Eve', message: 'marker' };
    for (const outsider of outsiders) {
      outsider.emit('chatMessage', marker);
    }
    for (const outsider of outsiders) {
      await Promise.all(outsiders.map(() => outsider.next('chatMessage')));
      assert.deepEqual(outsider.all('chatMessage'), outsiders.map(() => marker));
    }
  },

  async 'a comment at any server notifies a user at any server, in all windows'(session) {
    for (const home of session.urls) {
      const [bobId, eveId] = [session.unique('bob'), session.unique('eve')];
      const bob = await connectUser(session, home, bobId);
      const eve = await connectUser(session, home, eveId);
      const windows = [bob];
      for (const other of session.urls.filter((url) => url !== home)) {
        windows.push(await connectUser(session, other, bobId));
      }
      for (const url of session.urls) {
        const { delivery, told } = await comment(url, bobId, session.unique('well said'));
        assert.deepEqual(delivery, { delivered: true });
        for (const window of windows) {
          assert.deepEqual(await window.next('newComment'), told);
        }
      }
      const { told } = await comment(home, eveId, 'marker');
      assert.deepEqual(await eve.next('newComment'), told);
      assert.deepEqual(eve.all('newComment'), [told]);
    }
  },

  async 'a comment for nobody says so at every server'(session) {
    const nobody = session.unique('nobody');
    for (const url of session.urls) {
      const { delivery } = await comment(url, nobody, 'Hello?');
      assert.deepEqual(delivery, { delivered: false, note: `User ${nobody} is not connected` });
    }
  },

  async 'who is online is known at every server'(session) {
    const watchers = await everywhere(session, (url, name) => session.connectAt(url, '/', name));
    const userIds = session.urls.map(() => session.unique('user'));
    const users = [];
    for (const [index, url] of session.urls.entries()) {
      users.push(await connectUser(session, url, userIds[index]));
      await Promise.all(watchers.map((watcher) => presence(watcher, userIds[index], true)));
    }
    for (const watcher of watchers) {
      const online = await watcher.ask('online');
      assert.deepEqual(online.filter((userId) => userIds.includes(userId)), [...userIds].sort());
      assert.deepEqual(online, [...online].sort());
    }
    for (const [index, user] of users.entries()) {
      user.socket.disconnect();
      await Promise.all(watchers.map((watcher) => presence(watcher, userIds[index], false)));
    }
  },

  async 'a user is online until the last window at any server is closed'(session) {
    const [first, ...others] = session.urls;
    const watcher = await session.connectAt(first, '/', 'the watcher');
    for (const other of others) {
      const bobId = session.unique('bob');
      const [here, there] = [await connectUser(session, first, bobId), await connectUser(session, other, bobId)];
      await presence(watcher, bobId, true);
      await presence(watcher, bobId, true);
      here.socket.disconnect();
      await presence(watcher, bobId, true);
      there.socket.disconnect();
      await presence(watcher, bobId, false);
    }
  },

  async 'a client that becomes another user is no longer the first one, for all servers'(session) {
    for (const url of session.urls) {
      const [bobId, eveId] = [session.unique('bob'), session.unique('eve')];
      const client = await connectUser(session, url, bobId);
      assert.equal(await client.ask('userConnect', { userId: eveId }), `User ${eveId} connected`);
      for (const other of session.urls) {
        assert.equal((await comment(other, bobId, 'Bob?')).delivery.delivered, false);
        assert.equal((await comment(other, eveId, 'Eve?')).delivery.delivered, true);
        assert.equal((await client.next('newComment')).text, 'Eve?');
      }
    }
  },

  async 'the page is the same at every server'(session) {
    const pages = await Promise.all(session.urls.map((url) => send(new URL('/', url))));
    for (const { status, headers, text } of pages) {
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^text\/html; ?charset=utf-8$/i);
      assert.equal(text, pages[0].text);
    }
  },
};
