/**
 * The benchmark's gateway in NestJS, with `WsAdapter`. `ws` has no rooms: those here are a map of sets, and what goes to
 * many is serialized once.
 * Run with: PORT=3000 NODE_ENV=production node dist/nestjs-ws.js
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayDisconnect, WsResponse } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer as Server } from 'ws';
import type { JoinRoom, Message, RoomMessage, SendMessage } from './messages.js';

@WebSocketGateway()
class BenchGateway implements OnGatewayDisconnect<WebSocket> {
  @WebSocketServer()
  server: Server;

  private readonly members = new Map<string, Set<WebSocket>>();
  private readonly rooms = new Map<WebSocket, Set<string>>();

  handleDisconnect(client: WebSocket): void {
    for (const room of this.rooms.get(client) ?? []) {
      const members = this.members.get(room);
      members?.delete(client);
      if (members?.size === 0) {
        this.members.delete(room);
      }
    }
    this.rooms.delete(client);
  }

  @SubscribeMessage('push')
  push(@MessageBody() body: Message): WsResponse<Message> {
    return { event: 'pop', data: body };
  }

  @SubscribeMessage('push_any')
  pushAny(@MessageBody() body: unknown): WsResponse<unknown> {
    return { event: 'pop', data: body };
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() body: Message): Message {
    return body;
  }

  @SubscribeMessage('join')
  join(@MessageBody() room: string, @ConnectedSocket() client: WebSocket): boolean {
    this.enter(room, client);
    return true;
  }

  @SubscribeMessage('cast')
  cast(@MessageBody() body: Message): void {
    this.send(this.server.clients, 'cast', body);
  }

  @SubscribeMessage('room')
  room(@MessageBody() body: RoomMessage): void {
    this.send(this.members.get(body.room) ?? [], 'room', body);
  }

  @SubscribeMessage('joinRoom')
  joinRoom(@MessageBody() { roomId }: JoinRoom, @ConnectedSocket() client: WebSocket): string {
    this.enter(roomId, client);
    return `Joined room ${roomId}`;
  }

  @SubscribeMessage('sendMessage')
  sendMessage(@MessageBody() { roomId, userName, message }: SendMessage): string {
    this.send(this.members.get(roomId) ?? [], 'roomMessage', `${userName}: ${message}`);
    return 'sent';
  }

  private enter(room: string, client: WebSocket): void {
    add(this.members, room, client);
    add(this.rooms, client, room);
  }

  private send(clients: Iterable<WebSocket>, event: string, data: unknown): void {
    const frame = JSON.stringify({ event, data });
    for (const client of clients) {
      if (client.readyState === client.OPEN) {
        client.send(frame);
      }
    }
  }
}

function add<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set) {
    set.add(value);
  } else {
    sets.set(key, new Set([value]));
  }
}

@Module({ providers: [BenchGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(Number(process.env.PORT), '0.0.0.0');
console.log('READY');
