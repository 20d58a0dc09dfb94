/**
 * A server of a cluster, a NestJS app with its `RedisIoAdapter`: `REDIS_URL=redis://… NAME=n node dist/cluster/nest.js`.
 */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayInit } from '@nestjs/websockets';
import { Namespace, Socket } from 'socket.io';
import { isListening } from './adapters.js';
import { listen, perform, stateOf } from './operations.js';
import { RedisIoAdapter } from './redis-io.adapter.js';

let adapter: RedisIoAdapter;

@WebSocketGateway({ namespace: 'cluster' })
class ClusterGateway implements OnGatewayInit {
  @WebSocketServer() server: Namespace;

  afterInit(server: Namespace) {
    listen(server, process.env.NAME ?? '');
  }

  @SubscribeMessage('join')
  join(@MessageBody() rooms: string[], @ConnectedSocket() client: Socket) {
    client.join(rooms);
    return true;
  }

  @SubscribeMessage('set')
  set(@MessageBody() data: Record<string, unknown>, @ConnectedSocket() client: Socket) {
    Object.assign(client.data, data);
    return true;
  }

  @SubscribeMessage('state')
  state(@ConnectedSocket() client: Socket) {
    return stateOf(client);
  }
}

@WebSocketGateway({ namespace: 'control' })
class ControlGateway {
  constructor(private readonly cluster: ClusterGateway) {}

  @SubscribeMessage('op')
  op(@MessageBody() operation: any) {
    return perform(this.cluster.server, adapter.pubClient, operation);
  }
}

@Module({ providers: [ClusterGateway, ControlGateway] })
class ClusterModule {}

const app = await NestFactory.create(ClusterModule, { logger: ['error'] });
adapter = new RedisIoAdapter(app);
await adapter.connectToRedis();
app.useWebSocketAdapter(adapter);
await app.init();
const cluster = app.get(ClusterGateway).server;
await isListening(adapter.pubClient, cluster.adapter);
await app.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
console.log(`listening on ${(app.getHttpServer().address() as AddressInfo).port}`);
