/**
 * People on the page of the `cluster` example, behind its nginx, each on another of its servers, in windows of a real browser:
 *
 *     node browser/cluster-page.mjs --url http://127.0.0.1:8080 [--screenshot page.png]
 *
 * Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import assert from 'node:assert/strict';
import { pageArguments, runPageChecks, withBrowser } from '../lib/browser.mjs';
import { ChatWindow } from '../lib/chat-window.mjs';

const ROOM = `garden-${process.pid}`;
/** One for each server. */
const NAMES = ['Ann', 'Bob', 'Eve'];
/** How often a window is opened anew until it is on a server that has none yet. */
const TRIES = 100;

class ClusterWindow extends ChatWindow {
  /** Opens the page until it is on another server than those `taken`; returns its name. */
  async openOnAnother(url, taken) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      await this.open(url);
      const line = this.page.getByText(/^on \S/);
      await line.waitFor();
      const node = await line.textContent();
      if (!taken.includes(node)) {
        return node;
      }
    }
    throw new Error(`${TRIES} windows are on ${taken}`);
  }

  /** The names of those who are online, once `name` is (or is not) among them. */
  async online(name, there = true) {
    const list = this.page.getByRole('list', { name: 'Online' });
    await list.getByText(name, { exact: true }).waitFor({ state: there ? 'visible' : 'detached' });
    return list.getByRole('listitem').allInnerTexts();
  }

  async notify(user, text) {
    await this.page.getByLabel('User', { exact: true }).selectOption({ label: user });
    await this.page.getByLabel('Comment').fill(text);
    await this.page.getByRole('button', { name: 'Notify' }).click();
    await this.sees(`${user} was notified`);
  }

  close() {
    return this.page.close();
  }
}

const CHECKS = {
  async 'each window is on a server of its own'({ windows, url }) {
    const taken = [];
    for (const window of windows) {
      taken.push(await window.openOnAnother(url, taken));
    }
    console.log(`     ${taken.join(', ')}`);
  },

  async 'the connections are upgraded to WebSocket'({ windows }) {
    await Promise.all(windows.map((window) => window.upgraded()));
  },

  async 'all join a room, and everybody sees who comes and who is online'({ windows }) {
    for (const [index, window] of windows.entries()) {
      await window.join(ROOM);
      for (const here of windows.slice(0, index + 1)) {
        await here.messages(`${window.name} has joined room ${ROOM}`);
      }
      for (const anywhere of windows) {
        await anywhere.online(window.name);
      }
    }
  },

  async 'what one says in the room is read on every server'({ windows }) {
    for (const window of windows) {
      const text = `<b>Hello</b> from ${window.name}`;
      await window.say('Room', text);
      for (const other of windows) {
        const messages = await other.messages(text);
        assert.equal(messages.at(-1), `${window.name} in ${ROOM}\n${text}`);
      }
    }
  },

  async 'and so is what one says to everyone'({ windows }) {
    const [ann] = windows;
    await ann.say('Everyone', 'Good night');
    for (const window of windows) {
      const messages = await window.messages('Ann: Good night');
      assert.equal(messages.at(-1), 'To everyone\nAnn: Good night');
    }
  },

  async 'each notifies another one'({ windows }) {
    for (const [index, window] of windows.entries()) {
      const other = windows[(index + 1) % windows.length];
      await window.notify(other.name, 'Read <i>this</i>');
      const messages = await other.messages(`${window.name} notified you`);
      assert.equal(messages.at(-1), `${window.name} notified you: Read <i>this</i>`);
    }
  },

  async 'the pages report no errors'({ windows }) {
    assert.deepEqual(windows.flatMap(({ errors }) => errors), []);
  },

  async 'who leaves is not online any more'({ windows }) {
    const [ann, ...others] = windows;
    await ann.close();
    for (const window of others) {
      await window.online('Ann', false);
    }
  },
};

const { url, screenshot } = pageArguments('cluster-page.mjs');

process.exitCode = await withBrowser(async (newPage) => {
  const windows = [];
  for (const name of NAMES) {
    windows.push(new ClusterWindow(await newPage(), name));
  }
  const code = await runPageChecks(CHECKS, { url, windows }, windows);
  if (screenshot) {
    await windows.at(-1).screenshot(screenshot);
  }
  return code;
});
