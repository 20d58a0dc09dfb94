/**
 * `auth`: who may connect, what a role allows, what a body must be, and how long a token is good for.
 */
import assert from 'node:assert/strict';
import { send } from '../lib/http.mjs';

const AUTH = '/auth';

/** Long enough to connect on a busy machine, short enough to see the end of it within any wait. */
const SHORT_LIFE_S = 3;

async function postLogin(session, name, password, query = '') {
  const answer = await send(session.url(`/login${query}`), { method: 'POST', body: { name, password } });
  return { status: answer.status, body: JSON.parse(answer.text) };
}

async function tokenOf(session, name, query) {
  const { status, body } = await postLogin(session, name, `${name}-secret`, query);
  assert.equal(status, 200);
  return body.token;
}

/** A client that begins to connect. Its `auth` is read when the connection is there. */
function begin(session, auth, options, name = 'a client') {
  const client = session.connection(options).client(AUTH, name);
  client.socket.auth = auth;
  return client;
}

const connectWith = (session, token, name) => begin(session, { token }, {}, name).connect();

async function connectUser(session, name) {
  return connectWith(session, await tokenOf(session, name), name);
}

async function assertRefused(client, code, message) {
  const error = await client.connectRefused();
  assert.equal(error.message, message);
  assert.deepEqual(error.data, { code, message });
  assert.equal(client.socket.connected, false);
}

/** Sends what will fail; returns the `error` that answers. */
async function fail(client, event, body) {
  client.emit(event, body);
  const error = await client.next('error');
  assert.equal(error.event, event);
  return error;
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const socketIo = {
  async 'a name and its password give a token'(session) {
    const { status, body } = await postLogin(session, 'ann', 'ann-secret');
    assert.equal(status, 200);
    assert.match(body.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const [, payload] = body.token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    assert.deepEqual([claims.sub, claims.role, claims.exp - claims.iat], ['ann', 'admin', 3600]);
  },

  async 'anything else gives none'(session) {
    for (const [name, password] of [['ann', 'bob-secret'], ['eve', ''], ['', '']]) {
      const { status, body } = await postLogin(session, name, password);
      assert.equal(status, 401);
      assert.deepEqual(body, { code: 'WRONG_CREDENTIALS', message: 'Name or password is wrong' });
    }
    for (const life of ['0', '-1', '9999999', 'x']) {
      const answer = await send(session.url(`/login?expires_in=${life}`), {
        method: 'POST',
        body: { name: 'ann', password: 'ann-secret' },
      });
      assert.equal(answer.status, 400, life);
    }
  },

  async 'without a token the connection is refused'(session) {
    await assertRefused(begin(session, {}), 'MISSING_TOKEN', 'Token is missing');
  },

  async 'a token that is none, or was changed, is refused'(session) {
    const token = await tokenOf(session, 'bob');
    const [header, , signature] = token.split('.');
    const claims = { sub: 'ann', role: 'admin', exp: 4_000_000_000 };
    const forged = [
      'garbage',
      `${header}.${base64url(claims)}.${signature}`,
      `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.`,
    ];
    for (const token of forged) {
      await assertRefused(begin(session, { token }), 'INVALID_TOKEN', 'Token is invalid');
    }
  },

  async 'the token may stand in the auth payload, in the query or in the Authorization header'(session) {
    const token = await tokenOf(session, 'bob');
    const ways = [
      [{ token }],
      [{ token: `Bearer ${token}` }],
      [{}, { query: { token } }],
      [{}, { extraHeaders: { Authorization: `Bearer ${token}` } }],
    ];
    for (const [auth, options] of ways) {
      const client = await begin(session, auth, options).connect();
      const { id, role } = await client.next('welcome');
      assert.deepEqual({ id, role }, { id: 'bob', role: 'user' });
    }
  },

  async 'a handler knows whose message it is'(session) {
    const bob = await connectUser(session, 'bob');
    assert.deepEqual(await bob.ask('whoAmI'), { id: 'bob', role: 'user' });
  },

  async 'a message reaches every connection of its recipient, and nobody else'(session) {
    const ann = [await connectUser(session, 'ann'), await connectUser(session, 'ann')];
    const bob = await connectUser(session, 'bob');
    const text = session.unique('hello');
    assert.equal(await bob.ask('sendMessage', { to: 'ann', text }), 'Sent to ann');
    for (const client of ann) {
      assert.deepEqual(await client.next('message'), { from: 'bob', text });
    }
    await bob.ask('whoAmI');
    assert.deepEqual(bob.all('message'), []);
  },

  async 'only an admin may announce'(session) {
    const ann = await connectUser(session, 'ann');
    const bob = await connectUser(session, 'bob');
    const refused = { title: 'By Bob', text: session.unique('text') };
    assert.deepEqual(await fail(bob, 'announce', refused), {
      code: 'FORBIDDEN',
      message: 'Forbidden resource',
      event: 'announce',
    });
    const announced = { title: 'By Ann', text: session.unique('text') };
    assert.equal(await ann.ask('announce', announced), 'Announced');
    for (const client of [ann, bob]) {
      await client.next('announcement', ({ text }) => text === announced.text);
      assert.ok(!client.all('announcement').some(({ text }) => text === refused.text));
    }
    assert.deepEqual(ann.all('announcement').at(-1), { from: 'ann', ...announced });
  },

  async 'a guard decides before a body is looked at'(session) {
    const bob = await connectUser(session, 'bob');
    assert.equal((await fail(bob, 'announce', { title: '' })).code, 'FORBIDDEN');
  },

  async 'broken rules are listed by property and rule'(session) {
    const ann = await connectUser(session, 'ann');
    const error = await fail(ann, 'announce', { title: 'Hi', text: '' });
    assert.equal(error.code, 'VALIDATION_FAILED');
    assert.deepEqual(error.errors, [
      { property: 'text', constraints: { length: 'text must have 1 to 200 characters' }, children: [] },
      { property: 'title', constraints: { length: 'title must have 3 to 40 characters' }, children: [] },
    ]);
    assert.equal(error.message, 'text must have 1 to 200 characters, title must have 3 to 40 characters');
    assert.equal(await ann.ask('announce', { title: 'Hello', text: 'x' }), 'Announced');
  },

  async 'a body of the wrong shape names what is missing'(session) {
    const bob = await connectUser(session, 'bob');
    const error = await fail(bob, 'sendMessage', { to: 'ann' });
    assert.equal(error.code, 'BAD_REQUEST');
    assert.match(error.message, /text/);
  },

  async 'a recipient who does not exist is an error with a code of its own'(session) {
    const bob = await connectUser(session, 'bob');
    const { code, message } = await fail(bob, 'sendMessage', { to: 'eve', text: 'Hello?' });
    assert.deepEqual({ code, message }, { code: 'UNKNOWN_USER', message: 'There is no user eve' });
  },

  async 'the connection ends when its token expires, and the token opens no other'(session) {
    const token = await tokenOf(session, 'bob', `?expires_in=${SHORT_LIFE_S}`);
    const bob = await connectWith(session, token, 'bob');
    assert.equal(await bob.next('disconnect'), 'io server disconnect');
    await assertRefused(begin(session, { token }), 'EXPIRED_TOKEN', 'Token has expired');
  },

  async 'a new token keeps the connection'(session) {
    const token = await tokenOf(session, 'bob', `?expires_in=${SHORT_LIFE_S}`);
    const renewed = await connectWith(session, token, 'the renewed');
    const expiring = await connectWith(session, token, 'the expiring');
    const { expiresAt } = await renewed.next('welcome');
    const answer = await renewed.ask('authenticate', { token: await tokenOf(session, 'bob') });
    assert.ok(answer.expiresAt > expiresAt, `${answer.expiresAt} is not after ${expiresAt}`);
    // The first token is over when it has ended the other connection.
    await expiring.next('disconnect');
    assert.deepEqual(await renewed.ask('whoAmI'), { id: 'bob', role: 'user' });
    assert.deepEqual(renewed.all('disconnect'), []);
  },

  async 'a bad token, or that of somebody else, changes nothing'(session) {
    const bob = await connectUser(session, 'bob');
    assert.equal((await fail(bob, 'authenticate', { token: 'garbage' })).code, 'INVALID_TOKEN');
    assert.equal((await fail(bob, 'authenticate', { token: await tokenOf(session, 'ann') })).code, 'OTHER_USER');
    assert.deepEqual(await bob.ask('whoAmI'), { id: 'bob', role: 'user' });
  },

  async 'the page is served'(session) {
    const page = await send(session.url('/'));
    assert.equal(page.status, 200);
    assert.match(page.text, /src="\/socket\.io\/socket\.io\.js"/);
    const client = await send(session.url('/socket.io/socket.io.js'));
    assert.equal(client.status, 200);
  },
};
