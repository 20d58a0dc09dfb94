/**
 * Bob and Ann on the page of the `auth` example, each in a window of a real browser:
 *
 *     node browser/auth-page.mjs --url http://127.0.0.1:3000 [--screenshot page.png]
 *
 * `CHROMIUM` names another browser than Debian's. Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import assert from 'node:assert/strict';
import { pageArguments, runPageChecks, withBrowser } from '../lib/browser.mjs';

/**
 * What Chromium writes about what the checks do on purpose: a login with a wrong password, and the polling request of a client
 * that was refused and has left, whose session is gone. Nothing else is expected.
 */
const EXPECTED_ERRORS = [
  /status of 401 .* at \S+\/login(\?|$)/,
  /status of 400 .* at \S+\/socket\.io\/\?\S*transport=polling/,
];

/** Longer than it takes to see that a client is connected, shorter than anybody waits. */
const SHORT_LIFE = '5 seconds';

/** The page as someone in front of it sees it: by labels, roles and texts. */
class Window {
  #page;

  constructor(page, name) {
    this.#page = page;
    this.name = name;
    this.errors = [];
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (line) => line.type() === 'error' && this.errors.push(`${line.text()} at ${line.location().url}`));
  }

  open(url) {
    return this.#page.goto(url);
  }

  sees(text) {
    return this.#page.getByText(text).first().waitFor();
  }

  async logIn(password, life = 'an hour') {
    await this.#page.getByLabel('Name').fill(this.name);
    await this.#page.getByLabel('Password').fill(password);
    await this.#page.getByLabel('The token is good for').selectOption({ label: life });
    await this.press('Log in');
  }

  press(button) {
    return this.#page.getByRole('button', { name: button, exact: true }).click();
  }

  async announce(title, text) {
    await this.#page.getByLabel('Title').fill(title);
    await this.#page.getByLabel('Announcement').fill(text);
    await this.press('Announce');
  }

  async write(to, text) {
    await this.#page.getByLabel('To', { exact: true }).fill(to);
    await this.#page.getByLabel('Message', { exact: true }).fill(text);
    await this.press('Send');
  }

  /** What stands beside a field, as a screen reader reads it: by `aria-describedby`. */
  async problemOf(label) {
    const field = this.#page.getByLabel(label, { exact: true });
    const description = await field.getAttribute('aria-describedby');
    return { invalid: await field.getAttribute('aria-invalid'), text: await this.#page.locator(`#${description}`).innerText() };
  }

  /** The texts of all that was received, in order, once `last` is among them. */
  async received(last) {
    const log = this.#page.getByRole('log', { name: 'Received' });
    await log.getByText(last).first().waitFor();
    return log.getByRole('listitem').allInnerTexts();
  }

  screenshot(path) {
    return this.#page.screenshot({ path, fullPage: true });
  }
}

const CHECKS = {
  async 'without a token the connection is refused, and the page says why'({ bob, url }) {
    await bob.open(url);
    await bob.press('Connect without a token');
    await bob.sees('Refused: MISSING_TOKEN (Token is missing)');
  },

  async 'a wrong password is no login'({ bob }) {
    await bob.logIn('guessed');
    await bob.sees('WRONG_CREDENTIALS: Name or password is wrong');
  },

  async 'Bob logs in, and is welcomed by his name'({ bob }) {
    await bob.logIn('bob-secret');
    await bob.sees('Welcome, bob! You are here as user.');
  },

  async 'Bob may not announce'({ bob }) {
    await bob.announce('By Bob', 'Not for long');
    await bob.sees('FORBIDDEN: Forbidden resource');
  },

  async 'what is wrong with a field stands beside it'({ bob }) {
    await bob.write('ann', '');
    await bob.sees('text must have 1 to 200 characters');
    assert.deepEqual(await bob.problemOf('Message'), { invalid: 'true', text: 'text must have 1 to 200 characters' });
    assert.deepEqual(await bob.problemOf('To'), { invalid: 'false', text: '' });
    await bob.sees('VALIDATION_FAILED');
  },

  async 'Ann logs in, and what she announces reaches Bob'({ ann, bob, url }) {
    await ann.open(url);
    await ann.logIn('ann-secret');
    await ann.sees('Welcome, ann! You are here as admin.');
    await ann.announce('Moving day', 'We <b>move</b> on Friday');
    await ann.sees('Announced');
    for (const window of [ann, bob]) {
      assert.deepEqual(await window.received('Moving day'), ['ann to everyone\nMoving day\nWe <b>move</b> on Friday']);
    }
  },

  async 'Bob writes to Ann, and the old problem is gone'({ ann, bob }) {
    await bob.write('ann', 'Where to?');
    await bob.sees('Sent to ann');
    assert.deepEqual(await bob.problemOf('Message'), { invalid: 'false', text: '' });
    assert.equal((await ann.received('Where to?')).at(-1), 'bob to you\nWhere to?');
  },

  async 'the token is renewed on the same connection'({ bob }) {
    await bob.press('Renew the token');
    await bob.sees('Renewed until');
    await bob.sees('Connected');
  },

  async 'the connection ends with its token'({ bob }) {
    await bob.logIn('bob-secret', SHORT_LIFE);
    await bob.sees('Welcome, bob! You are here as user.');
    await bob.sees('Disconnected (io server disconnect)');
    await bob.sees('EXPIRED_TOKEN: Token has expired');
  },

  async 'the page reports no errors'({ ann, bob }) {
    const unexpected = [...ann.errors, ...bob.errors].filter((error) => !EXPECTED_ERRORS.some((expected) => expected.test(error)));
    assert.deepEqual(unexpected, []);
  },
};

const { url, screenshot } = pageArguments('auth-page.mjs');

process.exitCode = await withBrowser(async (newPage) => {
  const [ann, bob] = [new Window(await newPage(), 'ann'), new Window(await newPage(), 'bob')];
  const code = await runPageChecks(CHECKS, { url, ann, bob }, [ann, bob]);
  if (screenshot) {
    await bob.screenshot(screenshot);
  }
  return code;
});
