/**
 * Two people chat with each other on the page of the `chat` example, each in a window of a real browser:
 *
 *     node browser/chat-page.mjs --url http://127.0.0.1:3000 [--screenshot page.png]
 *
 * `CHROMIUM` names another browser than Debian's. Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { within } from '../lib/wait.mjs';

const WAIT_MS = 30_000;
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The packet by which a client says that it goes on over the new transport. */
const ENGINE_IO_UPGRADE = '5';

/** A room of its own, so that a run leaves nothing behind for the next. */
const ROOM = `garden-${process.pid}`;

/** The page as someone in front of it sees it: by labels, roles and texts. */
class Window {
  #page;
  #upgraded;

  constructor(page, name) {
    this.#page = page;
    this.name = name;
    this.errors = [];
    page.setDefaultTimeout(WAIT_MS);
    this.#upgraded = new Promise((resolve) => {
      page.on('websocket', (socket) => {
        socket.on('framesent', ({ payload }) => payload === ENGINE_IO_UPGRADE && resolve());
      });
    });
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (line) => line.type() === 'error' && this.errors.push(line.text()));
  }

  async open(url) {
    await this.#page.goto(url);
    await this.sees('Connected');
  }

  sees(text) {
    return this.#page.getByText(text, { exact: true }).first().waitFor();
  }

  async welcome() {
    const line = this.#page.getByText(/^Welcome, /);
    await line.waitFor();
    return line.textContent();
  }

  async join(room) {
    await this.#page.getByLabel('Your name').fill(this.name);
    await this.#page.getByLabel('Room', { exact: true }).fill(room);
    await this.#page.getByRole('button', { name: 'Join' }).click();
    await this.sees(`Joined room ${room}`);
  }

  async say(to, text) {
    await this.#page.getByLabel('To', { exact: true }).selectOption({ label: to });
    await this.#page.getByLabel('Message', { exact: true }).fill(text);
    await this.#page.getByRole('button', { name: 'Send' }).click();
  }

  /** The texts of all messages, in order, once `last` is among them. */
  async messages(last) {
    const log = this.#page.getByRole('log', { name: 'Messages' });
    await log.getByText(last).first().waitFor();
    return log.getByRole('listitem').allInnerTexts();
  }

  /** Ends when the connection has moved from polling to a WebSocket. */
  upgraded() {
    return within(this.#upgraded, `the upgrade in the window of ${this.name}`, WAIT_MS);
  }

  screenshot(path) {
    return this.#page.screenshot({ path });
  }
}

const CHECKS = {
  async 'the page connects, and is welcomed'({ ann, bob, url }) {
    await ann.open(url);
    await bob.open(url);
    assert.match(await ann.welcome(), /^Welcome, \S+!$/);
    assert.notEqual(await ann.welcome(), await bob.welcome());
  },

  async 'the connection is upgraded to WebSocket'({ ann, bob }) {
    await ann.upgraded();
    await bob.upgraded();
  },

  async 'without a room only everyone can be spoken to'({ bob }) {
    await bob.say('Room', 'Is anyone here?');
    await bob.sees('Join a room first, or send to everyone.');
  },

  async 'both join a room, and see who comes'({ ann, bob }) {
    await ann.join(ROOM);
    await bob.join(ROOM);
    await ann.messages(`Bob has joined room ${ROOM}`);
  },

  async 'each sees what both say in the room'({ ann, bob }) {
    await ann.say('Room', 'Hello, Bob! <b>How</b> are you?');
    await bob.messages('Hello, Bob! <b>How</b> are you?');
    await bob.say('Room', 'Fine, thanks \u{1F44D}');
    const expected = [`Ann in ${ROOM}\nHello, Bob! <b>How</b> are you?`, `Bob in ${ROOM}\nFine, thanks \u{1F44D}`];
    for (const window of [ann, bob]) {
      const messages = await window.messages('Fine, thanks');
      assert.deepEqual(messages.filter((text) => text.includes(` in ${ROOM}`)), expected);
    }
  },

  async 'a message to everyone arrives, and its acknowledgement is shown'({ ann, bob }) {
    await ann.say('Everyone', 'Good night');
    await ann.sees('Message received');
    for (const window of [ann, bob]) {
      const messages = await window.messages('Ann: Good night');
      assert.equal(messages.at(-1), 'To everyone\nAnn: Good night');
    }
  },

  async 'the page reports no errors'({ ann, bob }) {
    assert.deepEqual([...ann.errors, ...bob.errors], []);
  },
};

/** The checks build on each other, so the first failure ends the run. */
async function run(world) {
  let passed = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(world);
    } catch (error) {
      console.log(`FAIL ${name}\n${error?.stack ?? error}`);
      console.log(`errors of the page: ${JSON.stringify([...world.ann.errors, ...world.bob.errors].slice(0, 10))}`);
      console.log(`failed: ${name}`);
      console.log(`${passed} passed, 1 failed`);
      return 1;
    }
    passed += 1;
    console.log(`ok   ${name}`);
  }
  console.log(`${passed} passed, 0 failed`);
  return 0;
}

const { values } = parseArgs({ options: { url: { type: 'string' }, screenshot: { type: 'string' } } });
if (!values.url) {
  console.error('usage: node browser/chat-page.mjs --url URL [--screenshot FILE]');
  process.exit(2);
}

const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS, timeout: 4 * WAIT_MS });
try {
  const open = async (name) => new Window(await (await browser.newContext()).newPage(), name);
  const world = { url: values.url, ann: await open('Ann'), bob: await open('Bob') };
  process.exitCode = await run(world);
  if (values.screenshot) {
    await world.ann.screenshot(values.screenshot);
  }
} finally {
  await browser.close();
}
