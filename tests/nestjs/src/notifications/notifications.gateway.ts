import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayDisconnect } from '@nestjs/websockets';
import { Server, Socket } from 'socket.io';

export interface NewComment {
  postId: string;
  authorId: string;
  text: string;
}

@WebSocketGateway({ cors: { origin: ['http://localhost:3001', 'http://localhost:4200'], credentials: true } })
export class NotificationsGateway implements OnGatewayDisconnect {
  @WebSocketServer()
  server: Server;

  /** The socket of each connected user: the latest one, if a user came back before the old socket was gone. */
  private readonly users = new Map<string, Socket>();

  @SubscribeMessage('userConnect')
  handleUserConnect(@MessageBody('userId') userId: string, @ConnectedSocket() client: Socket): string {
    if (client.data.userId !== userId) {
      this.forget(client);
    }
    client.data.userId = userId;
    this.users.set(userId, client);
    this.emitPresence(userId);
    return `User ${userId} connected`;
  }

  handleDisconnect(client: Socket): void {
    this.forget(client);
  }

  /** Whether the user was connected, and so was told. */
  notifyUser(userId: string, comment: NewComment): boolean {
    const client = this.users.get(userId);
    client?.emit('newComment', comment);
    return client !== undefined;
  }

  /** Drops the user of this socket, but not one who is back with another socket. */
  private forget(client: Socket): void {
    const userId: string | undefined = client.data.userId;
    if (userId === undefined) {
      return;
    }
    if (this.users.get(userId)?.id === client.id) {
      this.users.delete(userId);
    }
    this.emitPresence(userId);
  }

  private emitPresence(userId: string): void {
    this.server.emit('presence', { userId, online: this.users.has(userId) });
  }
}
