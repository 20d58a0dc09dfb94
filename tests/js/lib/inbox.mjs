/**
 * What one client was told, in the order in which it came. Knows no protocol.
 */
import { within } from './wait.mjs';

export class Inbox {
  #owner;
  #entries = [];
  #waiting = new Set();

  constructor(owner) {
    this.#owner = owner;
  }

  put(event, ...args) {
    this.#entries.push({ event, args, taken: false });
    for (const look of [...this.#waiting]) {
      look();
    }
  }

  /** The first argument of the oldest `event` that was not taken yet and fits, now or when it comes. */
  async next(event, fits = () => true) {
    let look;
    const found = new Promise((resolve) => {
      look = () => {
        const entry = this.#entries.find((entry) => !entry.taken && entry.event === event && fits(...entry.args));
        if (entry) {
          // At once: what comes next in the same tick is for the next wait.
          this.#waiting.delete(look);
          entry.taken = true;
          resolve(entry.args[0]);
        }
      };
    });
    this.#waiting.add(look);
    look();
    try {
      return await within(found, `"${event}" at ${this.#owner}, which has ${this.#summary()}`);
    } finally {
      this.#waiting.delete(look);
    }
  }

  /** The first argument of every `event` so far, taken or not, in order. */
  all(event) {
    return this.#entries.filter((entry) => entry.event === event).map((entry) => entry.args[0]);
  }

  /** The names of all that came so far, in order. */
  names() {
    return this.#entries.map((entry) => entry.event);
  }

  #summary() {
    const names = this.names();
    return names.length === 0 ? 'nothing' : names.slice(-20).join(', ');
  }
}
