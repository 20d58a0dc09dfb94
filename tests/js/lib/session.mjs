/**
 * What a check is given: clients of the server under test, and their end when the check is over.
 */
import { Connection } from './socket-io-client.mjs';
import { WsClient } from './ws-client.mjs';

let counter = 0;

export class Session {
  #target;
  #connections = [];
  #wsClients = [];

  /** `target` is `{ url, urls, client, transport }` as given on the command line; `url` is the first of `urls`. */
  constructor(target) {
    this.#target = target;
  }

  get transport() {
    return this.#target.transport;
  }

  /** An address of the server for plain HTTP. */
  url(path) {
    return new URL(path, this.#target.url).href;
  }

  /** The addresses of all servers under test, of which most checks need the first only. */
  get urls() {
    return this.#target.urls;
  }

  /** A name that no other check of this run uses. */
  unique(prefix) {
    counter += 1;
    return `${prefix}-${process.pid}-${counter}`;
  }

  /** A connection of its own, without a namespace yet. */
  connection(options) {
    const connection = new Connection(this.#target, options);
    this.#connections.push(connection);
    return connection;
  }

  /** A connection to another address, through a proxy say. The check ends it. */
  connectionTo(url, options) {
    return new Connection({ ...this.#target, url }, options);
  }

  /** A connected Socket.IO client on a connection of its own. */
  connect(namespace = '/', name = 'a client') {
    return this.connection().client(namespace, name).connect();
  }

  /** The same at one of the servers of a cluster. */
  connectAt(url, namespace = '/', name = 'a client') {
    const connection = this.connectionTo(url);
    this.#connections.push(connection);
    return connection.client(namespace, name).connect();
  }

  /** A connected plain WebSocket client. */
  connectWs(name = 'a client') {
    const client = new WsClient(this.#target.url, name);
    this.#wsClients.push(client);
    return client.connect();
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
    for (const client of this.#wsClients) {
      client.terminate();
    }
  }
}
