/**
 * A TCP proxy in front of a server, whose connections can be cut as a network does it. Knows no protocol.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  #server;
  #sockets = new Set();

  /** A proxy of the server at `url` that listens. */
  static async to(url) {
    const { hostname, port } = new URL(url);
    const proxy = new Proxy();
    proxy.#server = createServer((client) => proxy.#pipe(client, connect(Number(port), hostname)));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #pipe(client, server) {
    for (const [socket, other] of [[client, server], [server, client]]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('data', (data) => other.write(data));
      // What goes wrong with one ends both.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** Cuts all connections, without a goodbye; new ones work. */
  cut() {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  close() {
    this.#server.close();
    this.cut();
  }
}
