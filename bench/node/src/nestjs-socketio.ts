/**
 * The benchmark's gateway in NestJS, with `IoAdapter`.
 * Run with: PORT=3000 NODE_ENV=production node dist/nestjs-socketio.js
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import type { JoinRoom, Message, RoomMessage, SendMessage } from './messages.js';

@WebSocketGateway()
class BenchGateway {
  @WebSocketServer()
  server: Server;

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
  join(@MessageBody() room: string, @ConnectedSocket() client: Socket): boolean {
    void client.join(room);
    return true;
  }

  @SubscribeMessage('cast')
  cast(@MessageBody() body: Message): void {
    this.server.emit('cast', body);
  }

  @SubscribeMessage('room')
  room(@MessageBody() body: RoomMessage): void {
    this.server.to(body.room).emit('room', body);
  }

  @SubscribeMessage('binary')
  binary(@MessageBody() body: Buffer): WsResponse<Buffer> {
    return { event: 'binary', data: body };
  }

  @SubscribeMessage('joinRoom')
  joinRoom(@MessageBody() { roomId }: JoinRoom, @ConnectedSocket() client: Socket): string {
    void client.join(roomId);
    return `Joined room ${roomId}`;
  }

  @SubscribeMessage('sendMessage')
  sendMessage(@MessageBody() { roomId, userName, message }: SendMessage): string {
    this.server.to(roomId).emit('roomMessage', `${userName}: ${message}`);
    return 'sent';
  }
}

@Module({ providers: [BenchGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
await app.listen(Number(process.env.PORT), '0.0.0.0');
console.log('READY');
