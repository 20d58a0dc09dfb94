/**
 * Compressed messages in both directions, with clients that negotiate it: `ws`, `socket.io-client` and, unless `--browser`
 * is left out, Chromium.
 *
 *     node compression.mjs --io http://127.0.0.1:3000 --plain ws://127.0.0.1:3001 [--takeover] [--browser]
 *
 * Both servers answer `echo`; the Socket.IO one sends to all on `shout`. Exit code 0 if everything is as expected.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { within } from './lib/wait.mjs';

const { values } = parseArgs({
  options: {
    io: { type: 'string' },
    plain: { type: 'string' },
    takeover: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
  },
});

const ROUNDS = 5;
const TEXT = 'words that come again and again, '.repeat(400);
const BINARY = Buffer.from(TEXT).map((byte, at) => byte ^ (at % 3));

/** Every set of parameters that a client may ask for. */
const OFFERS = [
  { threshold: 0 },
  { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
];

/** What the connection took, as share of the messages that it carried. */
function shareOf(webSocket, messages) {
  const bytes = webSocket._socket.bytesRead + webSocket._socket.bytesWritten;
  return bytes / (2 * messages.reduce((sum, message) => sum + message.length, 0));
}

async function echoOverSocketIo(perMessageDeflate) {
  const socket = io(values.io, { transports: ['websocket'], forceNew: true, reconnection: false, perMessageDeflate });
  try {
    await within(new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject)), 'connect');
    const webSocket = socket.io.engine.transport.ws;
    assert.match(webSocket.extensions, /^permessage-deflate/);
    const sent = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const message of [TEXT, BINARY, 'short']) {
        const answer = await within(socket.emitWithAck('echo', { message, round }), 'an ack');
        assert.deepEqual(answer, { message, round });
        sent.push(message);
      }
    }
    const share = shareOf(webSocket, sent);
    assert.ok(share < 0.15, `took ${share} of the messages`);
    const shouted = within(new Promise((resolve) => socket.once('shouted', resolve)), 'a broadcast');
    socket.emit('shout', TEXT);
    assert.equal(await shouted, TEXT);
  } finally {
    socket.disconnect();
  }
}

async function echoOverPlain(perMessageDeflate) {
  const socket = new WebSocket(values.plain, { perMessageDeflate });
  await within(new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)), 'open');
  assert.equal(socket.extensions.startsWith('permessage-deflate'), true);
  const sent = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const answered = within(new Promise((resolve) => socket.once('message', resolve)), 'an answer');
    const message = JSON.stringify({ event: 'echo', data: TEXT + round });
    // In three fragments: one compressed message.
    socket.send(message.slice(0, 100), { fin: false });
    socket.send(message.slice(100, 5000), { fin: false });
    socket.send(message.slice(5000));
    assert.equal(JSON.parse(await answered), TEXT + round);
    sent.push(TEXT);
  }
  const share = shareOf(socket, sent);
  assert.ok(share < 0.15, `took ${share} of the messages`);
  const closed = within(new Promise((resolve) => socket.once('close', resolve)), 'the close');
  socket.close(4000, 'done');
  assert.equal(await closed, 4000);
}

async function withoutDeflate() {
  const socket = new WebSocket(values.plain, { perMessageDeflate: false });
  await within(new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)), 'open');
  assert.equal(socket.extensions, '');
  const answered = within(new Promise((resolve) => socket.once('message', resolve)), 'an answer');
  socket.send(JSON.stringify({ event: 'echo', data: TEXT }));
  assert.equal(JSON.parse(await answered), TEXT);
  socket.terminate();
}

async function inTheBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    const run = async ({ url, text, rounds }) => {
      const socket = new WebSocket(url);
      const next = (event) =>
        new Promise((resolve, reject) => {
          socket.addEventListener(event, resolve, { once: true });
          socket.addEventListener('error', () => reject(new Error('the connection failed')), { once: true });
        });
      await next('open');
      const answers = [];
      for (let round = 0; round < rounds; round += 1) {
        socket.send(JSON.stringify({ event: 'echo', data: text + round }));
        answers.push(JSON.parse((await next('message')).data));
      }
      return { extensions: socket.extensions, answers };
    };
    const seen = await within(page.evaluate(run, { url: values.plain, text: TEXT, rounds: ROUNDS }), 'the page', 60_000);
    const takeover = '; server_no_context_takeover; client_no_context_takeover';
    assert.equal(seen.extensions, `permessage-deflate${values.takeover ? '' : takeover}`);
    assert.deepEqual(seen.answers, Array.from({ length: ROUNDS }, (_, round) => TEXT + round));
  } finally {
    await browser.close();
  }
}

for (const offer of OFFERS) {
  await echoOverSocketIo(offer);
  await echoOverPlain(offer);
}
await withoutDeflate();
if (values.browser) {
  await inTheBrowser();
}
console.log('as expected');
