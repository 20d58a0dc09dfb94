/**
 * `notifications`: users, their presence, an HTTP route that notifies one of them, and CORS with credentials.
 */
import assert from 'node:assert/strict';
import { POLLING_HANDSHAKE, send } from '../lib/http.mjs';

const ORIGINS = ['http://localhost:3001', 'http://localhost:4200'];
const FOREIGN_ORIGIN = 'http://elsewhere.example';

async function connectUser(session, userId) {
  const client = await session.connect('/', userId);
  assert.equal(await client.ask('userConnect', { userId }), `User ${userId} connected`);
  return client;
}

/** Posts a comment of Ann for `recipientId`; returns the answer and what the recipient should be told. */
async function comment(session, recipientId, text) {
  const told = { postId: 'post-1', authorId: 'ann', text };
  const answer = await send(session.url('/comments'), { method: 'POST', body: { ...told, recipientId } });
  assert.equal(answer.status, 201);
  assert.match(answer.headers['content-type'], /^application\/json/);
  return { delivery: JSON.parse(answer.text), told };
}

function notConnected(userId) {
  return { delivered: false, note: `User ${userId} is not connected` };
}

/** Ends when the server has said whether the user is there. */
function presence(client, userId, online) {
  return client.next('presence', (user) => user.userId === userId && user.online === online);
}

export const socketIo = {
  async 'a comment notifies its recipient, and nobody else'(session) {
    const [bobId, eveId] = [session.unique('bob'), session.unique('eve')];
    const bob = await connectUser(session, bobId);
    const eve = await connectUser(session, eveId);
    const forBob = await comment(session, bobId, 'Well said, "Bob" \u{1F44D}');
    assert.deepEqual(forBob.delivery, { delivered: true });
    assert.deepEqual(await bob.next('newComment'), forBob.told);

    const forEve = await comment(session, eveId, 'marker');
    assert.deepEqual(await eve.next('newComment'), forEve.told);
    assert.deepEqual(eve.all('newComment'), [forEve.told]);
  },

  async 'a comment for a user who is not connected says so'(session) {
    const nobody = session.unique('nobody');
    const { delivery } = await comment(session, nobody, 'Hello?');
    assert.deepEqual(delivery, notConnected(nobody));
  },

  async 'a client that never said who it is gets no notification'(session) {
    const bobId = session.unique('bob');
    const anonymous = await session.connect('/', 'an anonymous client');
    const bob = await connectUser(session, bobId);
    await comment(session, bobId, 'For Bob');
    await bob.next('newComment');
    bob.socket.disconnect();
    await presence(anonymous, bobId, false);
    assert.deepEqual(anonymous.all('newComment'), []);
  },

  async 'a user who has left is forgotten'(session) {
    const bobId = session.unique('bob');
    const watcher = await session.connect('/', 'the watcher');
    const bob = await connectUser(session, bobId);
    await presence(watcher, bobId, true);
    bob.socket.disconnect();
    assert.deepEqual(await presence(watcher, bobId, false), { userId: bobId, online: false });
    const { delivery } = await comment(session, bobId, 'Too late');
    assert.deepEqual(delivery, notConnected(bobId));
  },

  async 'a user who came back before the old connection ended is kept'(session) {
    const bobId = session.unique('bob');
    const watcher = await session.connect('/', 'the watcher');
    const old = await connectUser(session, bobId);
    const current = await connectUser(session, bobId);
    await presence(watcher, bobId, true);
    await presence(watcher, bobId, true);

    old.socket.disconnect();
    // The server has dealt with the end of the old connection when it says that Bob is still there.
    await presence(watcher, bobId, true);
    const { delivery, told } = await comment(session, bobId, 'Still there?');
    assert.deepEqual(delivery, { delivered: true });
    assert.deepEqual(await current.next('newComment'), told);
    assert.deepEqual(old.all('newComment'), []);

    current.socket.disconnect();
    await presence(watcher, bobId, false);
    const late = await comment(session, bobId, 'And now?');
    assert.deepEqual(late.delivery, notConnected(bobId));
  },

  async 'a client that becomes another user is no longer the first one'(session) {
    const [bobId, eveId] = [session.unique('bob'), session.unique('eve')];
    const client = await connectUser(session, bobId);
    assert.equal(await client.ask('userConnect', { userId: eveId }), `User ${eveId} connected`);
    assert.deepEqual((await comment(session, bobId, 'Bob?')).delivery, notConnected(bobId));
    assert.deepEqual((await comment(session, eveId, 'Eve?')).delivery, { delivered: true });
    assert.equal((await client.next('newComment')).text, 'Eve?');
  },

  async 'notifications arrive in the order of the comments'(session) {
    const bobId = session.unique('bob');
    const bob = await connectUser(session, bobId);
    const texts = Array.from({ length: 20 }, (_, index) => `comment ${index}`);
    for (const text of texts) {
      await comment(session, bobId, text);
    }
    await bob.next('newComment', ({ text }) => text === texts.at(-1));
    assert.deepEqual(bob.all('newComment').map(({ text }) => text), texts);
  },

  async 'the listed origins may connect with credentials'(session) {
    for (const origin of ORIGINS) {
      const answer = await send(session.url(POLLING_HANDSHAKE), { headers: { origin } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['access-control-allow-origin'], origin);
      assert.equal(answer.headers['access-control-allow-credentials'], 'true');
      assert.match(answer.headers.vary ?? '', /origin/i);
    }
  },

  async 'a preflight of a listed origin is answered'(session) {
    const [origin] = ORIGINS;
    const answer = await send(session.url(POLLING_HANDSHAKE), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-token' },
    });
    assert.ok([200, 204].includes(answer.status), `a preflight is no error, not ${answer.status}`);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.match(answer.headers['access-control-allow-methods'], /POST/);
    assert.match(answer.headers['access-control-allow-headers'], /x-token/i);
  },

  async 'no other origin is allowed'(session) {
    const answer = await send(session.url(POLLING_HANDSHAKE), { headers: { origin: FOREIGN_ORIGIN } });
    const allowed = answer.headers['access-control-allow-origin'];
    assert.ok(allowed !== FOREIGN_ORIGIN && allowed !== '*', `${FOREIGN_ORIGIN} got ${allowed}`);
  },
};
