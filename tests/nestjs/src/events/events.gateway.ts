import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { from, map } from 'rxjs';
import type { Observable } from 'rxjs';
import { Server, Socket } from 'socket.io';

interface Upload {
  name: string;
  content: Buffer;
}

interface StoredUpload extends Upload {
  size: number;
}

@WebSocketGateway({ cors: { origin: '*' } })
export class EventsGateway {
  @WebSocketServer()
  server: Server;

  /** A stream: every item is emitted to the sender. */
  @SubscribeMessage('events')
  findAll(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((item) => ({ event: 'events', data: item })));
  }

  /** A value: the acknowledgement. */
  @SubscribeMessage('identity')
  async identity(@MessageBody() data: number): Promise<number> {
    return data;
  }

  /** A `WsResponse`: an event to the sender. */
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): WsResponse<unknown> {
    return { event: 'echo', data };
  }

  /** Bytes as the whole body. */
  @SubscribeMessage('echoBytes')
  echoBytes(@MessageBody() data: Buffer): WsResponse<Buffer> {
    return { event: 'echoBytes', data };
  }

  /** Bytes within a body, acknowledged with bytes. */
  @SubscribeMessage('upload')
  upload(@MessageBody() { name, content }: Upload): StoredUpload {
    return { name, size: content.length, content };
  }

  @SubscribeMessage('subscribeUser')
  async subscribeUser(@MessageBody('userId') userId: string, @ConnectedSocket() client: Socket): Promise<string> {
    await client.join(`user:${userId}`);
    return `Subscribed to user:${userId}`;
  }

  @SubscribeMessage('notifyUser')
  notifyUser(@MessageBody('userId') userId: string, @MessageBody('text') text: string): string {
    this.server.to(`user:${userId}`).emit('notification', { userId, text });
    return `Notified user:${userId}`;
  }

  /** To everyone in the namespace, the sender included. Returns nothing, so nothing is acknowledged. */
  @SubscribeMessage('announce')
  announce(@MessageBody() text: string): void {
    this.server.emit('announcement', text);
  }
}
