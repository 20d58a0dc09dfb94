/**
 * Clients of both protocols that record what they are told.
 *
 * Both know the message `marker`: the server answers it with what ran since the last time.
 */
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { within } from '../lib/wait.mjs';
import { Recording } from './recording.mjs';

const MARKER = 'marker';

/** What a handler does after waiting for nothing in particular is done when the last of so many markers is answered. */
const MARKERS = 3;

class Client {
  recording = new Recording();
  #logged = [];
  #answered;

  /** Waits until the server has done all that the messages so far make it do. */
  async settle() {
    for (let marker = 0; marker < MARKERS; marker += 1) {
      await this.#roundTrip();
    }
    const log = this.#logged.splice(0);
    if (log.length > 0) this.recording.put({ log });
  }

  /** Asks for the log again and again until it says this. */
  async logged(entry) {
    const says = async () => {
      while (!this.#logged.includes(entry)) await this.#roundTrip();
    };
    await within(says(), `the log to say "${entry}"`);
  }

  async #roundTrip() {
    const answer = new Promise((resolve) => (this.#answered = resolve));
    this.emit(MARKER, []);
    this.#logged.push(...(await within(answer, 'the marker')));
  }

  /** For those who receive: whether it is the marker's answer, which no recording holds. */
  takeMarker(event, log) {
    if (event !== MARKER) return false;
    this.#answered(log);
    return true;
  }
}

export class IoClient extends Client {
  #socket;

  constructor(url, place = '', parser = undefined) {
    super();
    this.#socket = io(`${url}/${place}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      ...(parser && { parser }),
    });
    this.#socket.onAny((event, ...args) => {
      if (!this.takeMarker(event, args[0])) this.#put({ event, args });
    });
    this.#socket.on('disconnect', (reason) => this.#put({ disconnect: reason }));
  }

  #put(entry) {
    this.recording.put(entry, this.#socket.id);
  }

  /** Ends when the connection stands, or was refused: `recordOutcome` puts either into the recording. */
  async connect({ recordOutcome = false } = {}) {
    const decided = new Promise((resolve) => {
      const decide = (outcome) => {
        // At once: what the server says next may be there already.
        if (recordOutcome) this.#put(outcome);
        resolve(outcome);
      };
      this.#socket.once('connect', () => decide({ connected: true }));
      this.#socket.once('connect_error', ({ message, data }) => decide({ connect_error: { message, data } }));
    });
    const { connect_error: refusal } = await within(decided, 'the connection');
    if (refusal && !recordOutcome) throw new Error(`could not connect: ${refusal.message}`);
    return this;
  }

  emit(event, args, { ack = false } = {}) {
    if (ack) {
      this.#socket.emit(event, ...args, (...answer) => this.#put({ ack: event, args: answer }));
    } else {
      this.#socket.emit(event, ...args);
    }
  }

  close() {
    this.#socket.off('disconnect');
    this.#socket.disconnect();
  }
}

export class WsClient extends Client {
  #socket;

  constructor(url, place = '') {
    super();
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}/${place}`);
    // Before `connect` waits, and after: an error without a listener ends the process.
    this.#socket.on('error', () => {});
    this.#socket.on('message', (bytes) => {
      const frame = JSON.parse(bytes.toString());
      if (!this.takeMarker(frame?.event, frame?.data)) this.recording.put({ frame });
    });
    this.#socket.once('open', () => {
      this.#socket.on('close', (code) => this.recording.put({ close: code }));
    });
  }

  async connect({ recordOutcome = false } = {}) {
    const decided = new Promise((resolve) => {
      const decide = (outcome) => {
        if (recordOutcome) this.recording.put(outcome);
        resolve(outcome);
      };
      this.#socket.once('open', () => decide({ connected: true }));
      this.#socket.once('unexpected-response', (request, response) => {
        request.destroy();
        decide({ refused: response.statusCode });
      });
      this.#socket.once('error', ({ message }) => decide({ refused: message }));
    });
    const { refused } = await within(decided, 'the connection');
    if (refused && !recordOutcome) throw new Error(`could not connect: ${refused}`);
    return this;
  }

  emit(event, args) {
    this.raw(JSON.stringify({ event, data: args[0] }));
  }

  /** A frame as it is: text, or binary if it is a `Buffer`. */
  raw(frame) {
    this.#socket.send(frame);
  }

  close() {
    this.#socket.removeAllListeners('close');
    this.#socket.close();
  }
}
