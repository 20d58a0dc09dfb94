import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { from, map } from 'rxjs';
import type { Observable } from 'rxjs';
import { Server, WebSocket } from 'ws';

/** The part of `EventsGateway` that plain WebSocket can do: no rooms, no acknowledgements. */
@WebSocketGateway()
export class EventsWsGateway {
  @WebSocketServer()
  server: Server;

  @SubscribeMessage('events')
  findAll(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((item) => ({ event: 'events', data: item })));
  }

  @SubscribeMessage('identity')
  async identity(@MessageBody() data: number): Promise<number> {
    return data;
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): WsResponse<unknown> {
    return { event: 'echo', data };
  }

  @SubscribeMessage('announce')
  announce(@MessageBody() text: string): void {
    for (const client of this.server.clients) {
      if (client.readyState === WebSocket.OPEN) {
        client.send(JSON.stringify({ event: 'announcement', data: text }));
      }
    }
  }
}
