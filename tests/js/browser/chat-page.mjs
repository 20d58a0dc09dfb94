/**
 * Two people chat with each other on the page of the `chat` example, each in a window of a real browser:
 *
 *     node browser/chat-page.mjs --url http://127.0.0.1:3000 [--screenshot page.png]
 *
 * `CHROMIUM` names another browser than Debian's. Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import assert from 'node:assert/strict';
import { pageArguments, runPageChecks, withBrowser } from '../lib/browser.mjs';
import { ChatWindow } from '../lib/chat-window.mjs';

/** A room of its own, so that a run leaves nothing behind for the next. */
const ROOM = `garden-${process.pid}`;

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

const { url, screenshot } = pageArguments('chat-page.mjs');

process.exitCode = await withBrowser(async (newPage) => {
  const [ann, bob] = [new ChatWindow(await newPage(), 'Ann'), new ChatWindow(await newPage(), 'Bob')];
  const code = await runPageChecks(CHECKS, { url, ann, bob }, [ann, bob]);
  if (screenshot) {
    await bob.screenshot(screenshot);
  }
  return code;
});
