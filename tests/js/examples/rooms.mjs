/**
 * `rooms`: who receives what a room, a namespace or everyone else is told, and questions from the server to a client.
 */
import assert from 'node:assert/strict';

const ROOMS = '/rooms';

/** Three clients: two in the room, one in another. */
async function threeClients(session) {
  const roomId = session.unique('room');
  const elsewhere = session.unique('elsewhere');
  const ann = await session.connect(ROOMS, 'Ann');
  const bob = await session.connect(ROOMS, 'Bob');
  const eve = await session.connect(ROOMS, 'Eve');
  assert.deepEqual(await ann.ask('enter_chat', [roomId]), [roomId]);
  assert.deepEqual(await bob.ask('enter_chat', [roomId]), [roomId]);
  assert.deepEqual(await eve.ask('enter_chat', [elsewhere]), [elsewhere]);
  return { ann, bob, eve, roomId, elsewhere };
}

export const socketIo = {
  async 'a list of rooms is entered at once'(session) {
    const client = await session.connect(ROOMS);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `${name}-${session.unique('room')}`);
    assert.deepEqual(await client.ask('enter_chat', [b, a]), [a, b]);
    assert.deepEqual(await client.ask('enter_chat', [c, a]), [a, b, c]);
    assert.deepEqual(await client.ask('enter_chat', []), [a, b, c]);
  },

  async 'server.in reaches everyone in the room, the sender included'(session) {
    const { ann, bob, eve, roomId, elsewhere } = await threeClients(session);
    ann.emit('send_message', { roomId, text: 'Hi' });
    const expected = { roomId, text: 'Hi', from: ann.id };
    assert.deepEqual(await ann.next('receive_message'), expected);
    assert.deepEqual(await bob.next('receive_message'), expected);

    ann.emit('send_message', { roomId: elsewhere, text: 'marker' });
    const marker = { roomId: elsewhere, text: 'marker', from: ann.id };
    assert.deepEqual(await eve.next('receive_message'), marker);
    assert.deepEqual(eve.all('receive_message'), [marker]);
  },

  async 'client.to reaches everyone in the room but the sender'(session) {
    const { ann, bob, eve, roomId, elsewhere } = await threeClients(session);
    ann.emit('send_message_others', { roomId, text: 'Hi' });
    ann.emit('send_message', { roomId, text: 'marker' });
    const hi = { roomId, text: 'Hi', from: ann.id };
    const marker = { roomId, text: 'marker', from: ann.id };
    assert.deepEqual(await bob.next('receive_message'), hi);
    assert.deepEqual(await bob.next('receive_message'), marker);
    assert.deepEqual(await ann.next('receive_message'), marker);
    assert.deepEqual(ann.all('receive_message'), [marker]);

    ann.emit('send_message_others', { roomId: elsewhere, text: 'from outside' });
    const fromOutside = { roomId: elsewhere, text: 'from outside', from: ann.id };
    assert.deepEqual(await eve.next('receive_message'), fromOutside);
    assert.deepEqual(eve.all('receive_message'), [fromOutside]);
  },

  async 'who has left a room hears nothing of it'(session) {
    const { ann, bob, roomId } = await threeClients(session);
    const other = session.unique('other');
    await bob.ask('enter_chat', [other]);
    assert.deepEqual(await bob.ask('leave_chat', roomId), [other]);
    ann.emit('send_message', { roomId, text: 'Hi' });
    ann.emit('send_message', { roomId: other, text: 'marker' });
    const marker = { roomId: other, text: 'marker', from: ann.id };
    assert.deepEqual(await bob.next('receive_message'), marker);
    assert.deepEqual(bob.all('receive_message'), [marker]);
  },

  async 'a room that nobody is in takes messages'(session) {
    const client = await session.connect(ROOMS);
    client.emit('send_message', { roomId: session.unique('empty'), text: 'Hello?' });
    assert.deepEqual(await client.ask('enter_chat', []), []);
    assert.deepEqual(client.all('receive_message'), []);
  },

  async 'client.broadcast reaches everyone but the sender'(session) {
    const { ann, bob, eve, roomId } = await threeClients(session);
    const text = session.unique('news');
    ann.emit('broadcast', text);
    assert.equal(await bob.next('receive_broadcast'), text);
    assert.equal(await eve.next('receive_broadcast'), text);
    ann.emit('send_message', { roomId, text: 'marker' });
    await ann.next('receive_message');
    assert.deepEqual(ann.all('receive_broadcast'), []);
  },

  async 'server.of reaches another namespace, and only that one'(session) {
    const lobby = await session.connect('/', 'the lobby');
    const ann = await session.connect(ROOMS, 'Ann');
    const bob = await session.connect(ROOMS, 'Bob');
    const text = session.unique('announcement');
    assert.equal(await lobby.ask('announce', text), 'Announced');
    assert.equal(await ann.next('announcement'), text);
    assert.equal(await bob.next('announcement'), text);
    assert.equal(await lobby.ask('announce', 'marker'), 'Announced');
    assert.deepEqual(lobby.all('announcement'), []);
  },

  async 'one connection carries both namespaces, and may leave one of them'(session) {
    const connection = session.connection();
    const lobby = await connection.client('/', 'the lobby').connect();
    const room = await connection.client(ROOMS, 'the room').connect();
    assert.notEqual(lobby.id, room.id);
    await lobby.ask('announce', 'one');
    assert.equal(await room.next('announcement'), 'one');

    room.socket.disconnect();
    assert.equal(await room.next('disconnect'), 'io client disconnect');
    assert.equal(await lobby.ask('announce', 'two'), 'Announced');
    assert.deepEqual(room.all('announcement'), ['one']);
    assert.equal(lobby.socket.connected, true);
  },

  async 'an event belongs to its namespace'(session) {
    const lobby = await session.connect('/', 'the lobby');
    let acknowledged = false;
    lobby.socket.emit('enter_chat', ['a'], () => {
      acknowledged = true;
    });
    await lobby.ask('announce', 'marker');
    assert.equal(acknowledged, false);
  },

  async 'the server asks a client and gets its answer'(session) {
    const client = await session.connect(ROOMS);
    client.socket.on('question', (question, answer) => answer(`${question} 42`));
    assert.deepEqual(await client.ask('ask', { question: 'What is it?' }), { answer: 'What is it? 42' });
  },

  async 'questions that overlap get their own answers'(session) {
    const client = await session.connect(ROOMS);
    const waiting = [];
    client.socket.on('question', (question, answer) => {
      waiting.push(() => answer(question));
      if (waiting.length === 20) {
        waiting.reverse().forEach((reply) => reply());
      }
    });
    const questions = Array.from({ length: 20 }, (_, index) => `question ${index}`);
    const answers = await Promise.all(questions.map((question) => client.ask('ask', { question })));
    assert.deepEqual(answers, questions.map((answer) => ({ answer })));
  },

  async 'a client that does not answer in time gets an exception, and no acknowledgement'(session) {
    const client = await session.connect(ROOMS);
    let acknowledged = false;
    client.socket.emit('ask', { question: 'Anyone?' }, () => {
      acknowledged = true;
    });
    assert.equal(await client.next('question'), 'Anyone?');
    assert.deepEqual(await client.next('exception'), {
      status: 'error',
      message: 'No answer',
      cause: { pattern: 'ask', data: { question: 'Anyone?' } },
    });
    assert.deepEqual(await client.ask('enter_chat', []), []);
    assert.equal(acknowledged, false);
  },

  async 'a client that waits for an answer goes on with other events'(session) {
    const client = await session.connect(ROOMS);
    const roomId = session.unique('room');
    let answerNow;
    client.socket.on('question', (_question, answer) => {
      answerNow = answer;
    });
    const enter = async () => {
      await client.next('question');
      assert.deepEqual(await client.ask('enter_chat', [roomId]), [roomId]);
      answerNow('Now');
    };
    const [answer] = await Promise.all([client.ask('ask', { question: 'Later?' }), enter()]);
    assert.deepEqual(answer, { answer: 'Now' });
  },
};
