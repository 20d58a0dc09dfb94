/**
 * A window with the page of `chat`, or one that has its parts, in front of which somebody chats.
 */
import { WAIT_MS } from './browser.mjs';
import { within } from './wait.mjs';

/** The packet by which a client says that it goes on over the new transport. */
const ENGINE_IO_UPGRADE = '5';

/** The page as someone in front of it sees it: by labels, roles and texts. */
export class ChatWindow {
  page;
  #upgraded;

  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.errors = [];
    this.#upgraded = new Promise((resolve) => {
      page.on('websocket', (socket) => {
        socket.on('framesent', ({ payload }) => payload === ENGINE_IO_UPGRADE && resolve());
      });
    });
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (line) => line.type() === 'error' && this.errors.push(line.text()));
  }

  async open(url) {
    await this.page.goto(url);
    await this.sees('Connected');
  }

  sees(text) {
    return this.page.getByText(text, { exact: true }).first().waitFor();
  }

  async welcome() {
    const line = this.page.getByText(/^Welcome, /);
    await line.waitFor();
    return line.textContent();
  }

  async join(room) {
    await this.page.getByLabel('Your name').fill(this.name);
    await this.page.getByLabel('Room', { exact: true }).fill(room);
    await this.page.getByRole('button', { name: 'Join' }).click();
    await this.sees(`Joined room ${room}`);
  }

  async say(to, text) {
    await this.page.getByLabel('To', { exact: true }).selectOption({ label: to });
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  /** The texts of all messages, in order, once `last` is among them. */
  async messages(last) {
    const log = this.page.getByRole('log', { name: 'Messages' });
    await log.getByText(last).first().waitFor();
    return log.getByRole('listitem').allInnerTexts();
  }

  /** Ends when the connection has moved from polling to a WebSocket. */
  upgraded() {
    return within(this.#upgraded, `the upgrade in the window of ${this.name}`, WAIT_MS);
  }

  screenshot(path) {
    return this.page.screenshot({ path });
  }
}
