import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Server } from 'socket.io';

/** The default namespace, from where another namespace is spoken to. */
@WebSocketGateway({ cors: { origin: '*' } })
export class LobbyGateway {
  @WebSocketServer()
  server: Server;

  /** To everyone in `/rooms`, and to nobody here. */
  @SubscribeMessage('announce')
  announce(@MessageBody() text: string): string {
    this.server.of('/rooms').emit('announcement', text);
    return 'Announced';
  }
}
