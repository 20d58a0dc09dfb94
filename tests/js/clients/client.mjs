/**
 * One connection of any version of `socket.io-client`, and the sockets on it. What versions call differently has one
 * name here; what they do is left as it is.
 */
import assert from 'node:assert/strict';
import { Inbox } from '../lib/inbox.mjs';
import { within } from '../lib/wait.mjs';

const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], default: undefined };

/** Beyond this many milliseconds a check has failed; heartbeats and reconnections are far faster. */
const RECONNECTION = { reconnectionDelay: 50, reconnectionDelayMax: 200 };

/** What a check is given. */
export class Matrix {
  #target;
  #version;
  #connections = [];

  /** `target` is `{ url, transport }`, `version` what `versions.mjs` loads. */
  constructor(target, version) {
    this.#target = target;
    this.#version = version;
  }

  get major() {
    return this.#version.major;
  }

  get transport() {
    return this.#target.transport;
  }

  /** Bodies of polling that were bytes, if the client counts them. */
  get binaryBodies() {
    return this.#version.binaryBodies;
  }

  /** A binary value as users of the client have it: a `Buffer` in Node, an `ArrayBuffer` in browsers. */
  bytes(values) {
    return this.#version.browser ? Uint8Array.from(values).buffer : Buffer.from(values);
  }

  /** A connection of its own, without a namespace yet. */
  connection(options = {}) {
    const transports = TRANSPORTS[this.#target.transport];
    const manager = new this.#version.Manager(this.#target.url, {
      // On, as it is by default: version 3.0 closes the connection with the first namespace that leaves without it.
      autoConnect: true,
      reconnection: false,
      ...RECONNECTION,
      ...this.#version.options,
      ...(transports && { transports }),
      ...options,
    });
    const connection = new Connection(manager, this.#version.major, this.#target.transport);
    this.#connections.push(connection);
    return connection;
  }

  /** A connected client on a connection of its own. */
  connect(namespace = '/', name = 'a client', options = {}) {
    return this.connection(options).socket(namespace, name).connected();
  }

  async checkTransports() {
    for (const connection of this.#connections) {
      await connection.checkTransport();
    }
  }

  close() {
    for (const connection of this.#connections) {
      connection.close();
    }
  }
}

/** One Engine.IO connection. */
export class Connection {
  #major;
  #transport;
  #sockets = [];

  constructor(manager, major, transport) {
    this.manager = manager;
    this.#major = major;
    this.#transport = transport;
  }

  get engine() {
    return this.manager.engine;
  }

  /** The client of a namespace, which begins to connect; `auth` goes the way that its version has for it. */
  socket(namespace, name = 'a client', auth = undefined) {
    const options = auth && (this.#major === 2 ? { query: auth } : { auth });
    const socket = this.manager.socket(namespace, options);
    const client = new Client(this, socket, this.#major, `${name} in ${namespace}`);
    this.#sockets.push(client);
    return client;
  }

  /** Waits for heartbeats: those that the server sends, or of version 2 those that it answers. */
  async heartbeats(count) {
    const type = this.#major === 2 ? 'pong' : 'ping';
    let left = count;
    const beaten = new Promise((resolve) => {
      this.engine.on('packet', (packet) => {
        left -= packet.type === type ? 1 : 0;
        if (left === 0) {
          resolve();
        }
      });
    });
    await within(beaten, `${count} heartbeats`);
  }

  /** Fails if the connection, when it is still open, is not on the transport that was asked for. */
  async checkTransport() {
    const { engine } = this;
    if (engine?.readyState !== 'open') {
      return;
    }
    if (this.#transport === 'default' && engine.transport.name !== 'websocket') {
      await within(new Promise((resolve) => engine.once('upgrade', resolve)), 'the upgrade to WebSocket');
    }
    const expected = this.#transport === 'polling' ? 'polling' : 'websocket';
    assert.equal(engine.transport.name, expected, 'the transport of an open connection');
  }

  close() {
    this.manager.reconnection(false);
    for (const { socket } of this.#sockets) {
      socket.disconnect();
    }
    this.engine?.close();
  }
}

/** One namespace of a connection, and what it was told. */
export class Client {
  constructor(connection, socket, major, name) {
    this.connection = connection;
    this.socket = socket;
    this.name = name;
    this.inbox = new Inbox(name);
    const put = (event, ...args) => this.inbox.put(event, ...args);
    if (major === 2) {
      // There is no `onAny` yet.
      const { onevent } = socket;
      socket.onevent = (packet) => {
        put(...packet.data);
        onevent.call(socket, packet);
      };
      // A refusal is the data, or else the message.
      socket.on('error', (error) => put('connect_error', typeof error === 'string' ? { message: error } : { data: error, ...error }));
    } else {
      socket.onAny(put);
      socket.on('connect_error', (error) => put('connect_error', error));
    }
    for (const event of ['connect', 'disconnect']) {
      socket.on(event, (...args) => put(event, ...args));
    }
  }

  get id() {
    return this.socket.id;
  }

  async connected() {
    await this.next('connect');
    return this;
  }

  on(event, listener) {
    this.socket.on(event, listener);
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
