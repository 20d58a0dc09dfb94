/**
 * A plain WebSocket client (`ws`) that remembers what it is told: `{event, data}` frames by their event, every other
 * JSON value as a `reply`.
 */
import { WebSocket } from 'ws';
import { Inbox } from './inbox.mjs';
import { within } from './wait.mjs';

export class WsClient {
  #name;

  constructor(url, name = 'a client') {
    this.#name = name;
    this.inbox = new Inbox(name);
    this.socket = new WebSocket(url);
    this.socket.on('open', () => this.inbox.put('open'));
    this.socket.on('message', (bytes) => this.#receive(JSON.parse(bytes.toString())));
    this.socket.on('close', (code) => this.inbox.put('close', code));
    this.socket.on('error', (error) => this.inbox.put('error', error));
  }

  #receive(frame) {
    if (typeof frame?.event === 'string') {
      this.inbox.put(frame.event, frame.data);
    } else {
      this.inbox.put('reply', frame);
    }
  }

  async connect() {
    const opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', ({ message }) => reject(new Error(`${this.#name} could not connect: ${message}`)));
    });
    await within(opened, `the connection of ${this.#name}`);
    return this;
  }

  emit(event, data) {
    this.sendRaw(JSON.stringify({ event, data }));
  }

  /** A frame as it is: text, or binary if `raw` is a `Buffer`. */
  sendRaw(raw) {
    this.socket.send(raw);
  }

  next(event, fits) {
    return this.inbox.next(event, fits);
  }

  all(event) {
    return this.inbox.all(event);
  }

  close(code) {
    this.socket.close(code);
  }

  /** For the end of a check: nothing is left open, whatever the server does. */
  terminate() {
    this.socket.terminate();
  }
}
