import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, Socket } from 'socket.io';

interface Stream {
  count: number;
  /** A room, or nothing for the client alone. */
  room?: string;
}

/** Clients that are cut off come back to what they had. */
@WebSocketGateway({ cors: { origin: '*' }, connectionStateRecovery: {} })
export class MainGateway {
  @WebSocketServer()
  server: Server;

  @SubscribeMessage('prepare')
  prepare(@MessageBody() room: string, @ConnectedSocket() client: Socket): string {
    client.join(room);
    client.data.name = 'Ann';
    client.emit('prepared', room);
    return room;
  }

  @SubscribeMessage('state')
  state(@ConnectedSocket() client: Socket) {
    const rooms = [...client.rooms].filter((room) => room !== client.id).sort();
    return { id: client.id, recovered: client.recovered, rooms, name: client.data.name ?? null };
  }

  /** Numbers from 0 on, whether the client is there or not. */
  @SubscribeMessage('stream')
  async stream(@MessageBody() { count, room }: Stream, @ConnectedSocket() client: Socket): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      if (room) {
        this.server.to(room).emit('number', number);
        this.server.to('another room').emit('number', 'not for those here');
        this.server.except(room).emit('number', 'not for those here');
      } else {
        client.emit('number', number);
      }
      if (number % 5 === 0) {
        await sleep(1);
      }
    }
  }

  @SubscribeMessage('bytes')
  bytes(@ConnectedSocket() client: Socket): void {
    client.emit('bytes', Buffer.from([1, 2, 3]));
  }

  /** What is not kept: volatile events, and those that ask for an acknowledgement. */
  @SubscribeMessage('without offset')
  withoutOffset(@ConnectedSocket() client: Socket): void {
    client.volatile.emit('volatile', 1);
    client.emit('asking', 1, () => {});
    client.emit('ordinary', 1);
  }
}
