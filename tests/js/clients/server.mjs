/**
 * The model of `tests/bin/clients_app`: a server of socket.io itself, with which the checks are judged.
 *
 *     PORT=3000 node clients/server.mjs
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { allowEIO3: true, pingInterval: 500 });
const gone = io.of('/gone');

/** What every namespace can do. */
function serve(socket) {
  const namespace = socket.nsp;
  socket.emit('welcome', { id: socket.id, namespace: namespace.name, token: socket.handshake.auth.token ?? null });
  socket.on('name', (name, acknowledge) => {
    socket.data.name = name;
    acknowledge(name);
  });
  socket.on('echo', (body, acknowledge) => acknowledge(body));
  socket.on('say', (body) => socket.emit('said', body));
  socket.on('ask', async (question, acknowledge) => acknowledge(await socket.timeout(10_000).emitWithAck('question', question)));
  socket.on('ask for', async (file, acknowledge) => acknowledge(await socket.timeout(10_000).emitWithAck('file', file)));
  socket.on('join', (room, acknowledge) => {
    socket.join(room);
    acknowledge(room);
  });
  socket.on('leave', (room, acknowledge) => {
    socket.leave(room);
    acknowledge(room);
  });
  socket.on('to room', ({ room, body }) => namespace.to(room).emit(room, body));
  socket.on('to others', ({ room, body }) => socket.to(room).emit(room, body));
  socket.on('to all', ({ event, body }) => namespace.emit(event, body));
  socket.on('volatile', (body, acknowledge) => {
    socket.volatile.emit('volatile', body);
    acknowledge(body);
  });
  socket.on('disconnect me', () => {
    socket.emit('last words', socket.data.name);
    socket.disconnect();
  });
  socket.on('close me', () => {
    socket.emit('last words', socket.data.name);
    socket.disconnect(true);
  });
  socket.on('disconnect', (reason) => gone.emit('gone', { name: socket.data.name ?? null, reason }));
}

io.of('/admin').use((socket, next) => {
  const { token } = socket.handshake.auth;
  if (token === 'secret') {
    next();
  } else if (token === undefined) {
    next(new Error('no token'));
  } else {
    next(Object.assign(new Error('wrong token'), { data: { code: 401, token } }));
  }
});
for (const name of ['/', '/admin', '/other']) {
  io.of(name).on('connection', serve);
}
http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`listening on ${http.address().port}`));
