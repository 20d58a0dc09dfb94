/**
 * The judge of `tests/integration/protocol`: socket.io itself, with the events that the gateways there have. Each
 * path is a server with other options. Prints `listening on <port>`.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((request, response) => response.writeHead(404).end());
http.setMaxListeners(0);
const PATHS = {
  '/socket.io': {},
  '/fast': { pingInterval: 300, pingTimeout: 300 },
  '/patient': { pingInterval: 300, pingTimeout: 60_000 },
  '/hasty': { upgradeTimeout: 300, connectTimeout: 300 },
  '/small': { maxHttpBufferSize: 1000 },
  '/websocket': { transports: ['websocket'] },
  '/polling': { transports: ['polling'] },
  '/fixed': { allowUpgrades: false },
  '/cookie': { cookie: true },
};

let log;
const doors = new Map();

function door(name) {
  if (!doors.has(name)) {
    const one = {};
    one.opened = new Promise((resolve) => (one.open = resolve));
    doors.set(name, one);
  }
  return doors.get(name);
}

function serve(socket) {
  // As in NestJS: what is null or undefined is not acknowledged.
  socket.on('echo', (value, ack) => typeof ack === 'function' && (value ?? null) !== null && ack(value));
  socket.on('say', (value) => socket.emit('said', value));
  socket.on('ask', (value) => socket.emit('question', value, (reply) => socket.emit('answered', reply)));
  socket.on('auth', (ack) => ack(socket.handshake.auth));
  socket.on('leave', () => socket.disconnect());
  socket.on('close', () => socket.disconnect(true));
  socket.on('burst', (count) => {
    for (let number = 0; number < count; number += 1) {
      socket.emit('number', number);
    }
  });
  socket.on('filling', (length) => socket.emit('filled', 'x'.repeat(length)));
  socket.on('7', (ack) => ack('seven'));
  socket.on('disconnect', (reason) => log.emit('left', socket.id, reason));
}

for (const [path, options] of Object.entries(PATHS)) {
  const io = new Server(http, { serveClient: false, path, ...options });
  log ??= io.of('/log');
  io.on('connection', serve);
  io.of('/chat').on('connection', serve);
  io.of('/closed').use((socket, next) => {
    const error = new Error('not you');
    error.data = { code: 7 };
    next(socket.handshake.auth.token === 'let me in' ? undefined : error);
  });
  io.of('/closed').on('connection', serve);
  io.of('/slow').use((socket, next) => void door(socket.handshake.auth.door).opened.then(() => next()));
  io.of('/slow').on('connection', serve);
  io.of('/door').on('connection', (socket) => {
    socket.on('open', (name, ack) => {
      door(name).open();
      ack('opened');
    });
  });
}

http.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`listening on ${http.address().port}`));
