// The benchmark's server on socket.io, as its documentation has it. `REDIS_URL` puts it behind Redis, as one of several.
// Run with: PORT=3000 node socketio.mjs
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server);

if (process.env.REDIS_URL) {
  const [{ createAdapter }, { createClient }] = await Promise.all([import('@socket.io/redis-adapter'), import('redis')]);
  const pubClient = createClient({ url: process.env.REDIS_URL });
  const subClient = pubClient.duplicate();
  for (const client of [pubClient, subClient]) {
    client.on('error', (error) => console.error(error));
  }
  await Promise.all([pubClient.connect(), subClient.connect()]);
  io.adapter(createAdapter(pubClient, subClient));
}

io.on('connection', (socket) => {
  socket.on('push', (body) => socket.emit('pop', body));
  socket.on('push_any', (body) => socket.emit('pop', body));
  socket.on('echo', (body, ack) => ack(body));
  socket.on('join', (room, ack) => {
    socket.join(room);
    ack(true);
  });
  socket.on('cast', (body) => io.emit('cast', body));
  socket.on('room', (body) => io.to(body.room).emit('room', body));
  socket.on('binary', (body) => socket.emit('binary', body));
  socket.on('joinRoom', ({ roomId }, ack) => {
    socket.join(roomId);
    ack(`Joined room ${roomId}`);
  });
  socket.on('sendMessage', ({ roomId, userName, message }, ack) => {
    io.to(roomId).emit('roomMessage', `${userName}: ${message}`);
    ack('sent');
  });
});

server.listen(Number(process.env.PORT), '0.0.0.0', () => console.log('READY'));
