/**
 * What a client is told, in order, in a form that two servers can be compared by.
 */
import { within } from '../lib/wait.mjs';

/** Values as JSON: bytes by their hexadecimal digits, the client's id under one name. */
function canonical(value, id) {
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString('hex') };
  if (ArrayBuffer.isView(value)) return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') };
  if (Array.isArray(value)) return value.map((item) => canonical(item, id));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, canonical(member, id)]));
  }
  return typeof value === 'string' && id ? value.replaceAll(id, '<id>') : value;
}

export class Recording {
  #entries = [];
  #waiting = [];

  put(entry, id) {
    this.#entries.push(canonical(entry, id));
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.#entries.length < count) return true;
      resolve();
      return false;
    });
  }

  /** Ends when there are so many entries. */
  async reaches(count, what) {
    if (this.#entries.length >= count) return;
    await within(new Promise((resolve) => this.#waiting.push({ count, resolve })), what);
  }

  /** Ends when so many more entries have come. */
  async more(count, what) {
    await this.reaches(this.#entries.length + count, what);
  }

  get entries() {
    return this.#entries;
  }
}
