import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Namespace, Socket } from 'socket.io';

/** A namespace for each room. */
@WebSocketGateway({ namespace: /^\/room-[0-9]+$/, cors: { origin: '*' }, connectionStateRecovery: {} })
export class RoomsGateway {
  @WebSocketServer()
  server: Namespace;

  private inits = 0;

  afterInit(server: Namespace) {
    this.inits += 1;
    server.use((client, next) => {
      const banned = client.handshake.auth.banned;
      next(banned ? new Error(`banned from ${client.nsp.name}`) : undefined);
    });
  }

  @SubscribeMessage('where')
  where(@ConnectedSocket() client: Socket) {
    return { name: client.nsp.name, inits: this.inits };
  }

  @SubscribeMessage('join')
  join(@MessageBody() room: string, @ConnectedSocket() client: Socket): string {
    client.join(room);
    return room;
  }

  /** To the members of a room of this namespace. */
  @SubscribeMessage('say')
  say(@MessageBody() room: string, @ConnectedSocket() client: Socket): void {
    client.nsp.to(room).emit('said', client.nsp.name);
  }

  /** To all namespaces. */
  @SubscribeMessage('say to all')
  sayToAll(@MessageBody() text: string): void {
    this.server.emit('said', text);
  }

  @SubscribeMessage('fetch')
  async fetch(): Promise<string> {
    try {
      await this.server.fetchSockets();
      return 'fetched';
    } catch {
      return 'refused';
    }
  }
}
