/**
 * A server of a cluster, on `socket.io` with its Redis adapter: `REDIS_URL=redis://… NAME=n node dist/cluster/plain.js`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { adapterOf, connection, isListening, recovery } from './adapters.js';
import { listen, perform, stateOf } from './operations.js';
import type { Operation } from './operations.js';

const pubClient = connection();
const subClient = pubClient.duplicate();
await Promise.all([pubClient.connect(), subClient.connect()]);

const http = createServer();
const io = new Server(http, { adapter: adapterOf(pubClient, subClient), ...recovery });
const cluster = io.of('/cluster');
listen(cluster, process.env.NAME ?? '');
cluster.on('connection', (socket) => {
  socket.on('join', (rooms: string[], ack: (done: boolean) => void) => {
    socket.join(rooms);
    ack(true);
  });
  socket.on('set', (data: Record<string, unknown>, ack: (done: boolean) => void) => {
    Object.assign(socket.data, data);
    ack(true);
  });
  socket.on('state', (ack: (state: unknown) => void) => ack(stateOf(socket)));
});
io.of('/control').on('connection', (socket) => {
  socket.on('op', async (operation: Operation, ack: (result: unknown) => void) => {
    ack(await perform(cluster, pubClient, operation));
  });
});
await isListening(pubClient, cluster.adapter);
http.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on ${(http.address() as AddressInfo).port}`);
});
