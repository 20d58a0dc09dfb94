/**
 * A Socket.IO client that remembers what it is told: `socket.io-client` 4 or 3, over one transport or with the
 * default upgrade.
 */
import assert from 'node:assert/strict';
import * as v3 from 'socket.io-client-v3';
import * as v4 from 'socket.io-client';
import { Inbox } from './inbox.mjs';
import { within } from './wait.mjs';

const MANAGERS = { 3: v3.Manager, 4: v4.Manager };

const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  // Not given: what the client does by itself is what is tested.
  default: undefined,
};

/** One Engine.IO connection, which carries any number of namespaces. */
export class Connection {
  #manager;
  #transport;
  #clients = [];

  constructor({ url, client, transport }, options = {}) {
    const transports = TRANSPORTS[transport];
    this.#transport = transport;
    this.#manager = new MANAGERS[client](url, {
      // `autoConnect` stays on: without it, version 3 closes the whole connection with the first namespace that leaves.
      reconnection: false,
      ...(transports && { transports }),
      ...options,
    });
  }

  /** The client of a namespace, which begins to connect. */
  client(namespace, name = 'a client') {
    const client = new SocketIoClient(this, this.#manager.socket(namespace), `${name} in ${namespace}`);
    this.#clients.push(client);
    return client;
  }

  get #engine() {
    return this.#manager.engine;
  }

  get transportName() {
    return this.#engine.transport.name;
  }

  /** Ends when the connection has left polling for WebSocket. */
  async upgraded() {
    const engine = this.#engine;
    if (engine.transport.name !== 'websocket') {
      await within(new Promise((resolve) => engine.once('upgrade', resolve)), 'the upgrade to WebSocket');
    }
    assert.equal(this.transportName, 'websocket');
  }

  /** Fails if the connection, when it is still open, is not on the transport that was asked for. */
  async checkTransport() {
    if (this.#engine?.readyState !== 'open') {
      return;
    }
    if (this.#transport === 'default') {
      await this.upgraded();
    } else {
      assert.equal(this.transportName, this.#transport, 'the transport of an open connection');
    }
  }

  close() {
    for (const client of this.#clients) {
      client.socket.disconnect();
    }
    this.#engine?.close();
  }
}

/** One namespace of a connection. */
export class SocketIoClient {
  constructor(connection, socket, name) {
    this.connection = connection;
    this.socket = socket;
    this.name = name;
    this.inbox = new Inbox(name);
    socket.onAny((event, ...args) => this.inbox.put(event, ...args));
    for (const event of ['connect', 'connect_error', 'disconnect']) {
      socket.on(event, (...args) => this.inbox.put(event, ...args));
    }
  }

  get id() {
    return this.socket.id;
  }

  async connect() {
    const connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', ({ message }) => reject(new Error(`${this.name} could not connect: ${message}`)));
    });
    await within(connected, `the connection of ${this.name}`);
    return this;
  }

  /** What `connect_error` says when the server refuses the namespace. */
  connectRefused() {
    return this.inbox.next('connect_error');
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Emits and waits for the acknowledgement. */
  ask(event, ...args) {
    const acknowledged = new Promise((resolve) => this.socket.emit(event, ...args, resolve));
    return within(acknowledged, `the acknowledgement of "${event}" to ${this.name}`);
  }

  next(event, fits) {
    return this.inbox.next(event, fits);
  }

  all(event) {
    return this.inbox.all(event);
  }
}
