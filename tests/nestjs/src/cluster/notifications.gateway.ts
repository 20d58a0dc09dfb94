/** The notifications on several servers: a user is a room, which all servers see, not an entry in a map of one process. */
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect } from '@nestjs/websockets';
import { Server, Socket } from 'socket.io';

export interface NewComment {
  postId: string;
  authorId: string;
  text: string;
}

/** All sockets of a user, on all servers. */
const roomOf = (userId: string): string => `user:${userId}`;

@WebSocketGateway()
export class NotificationsGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer()
  server: Server;

  handleConnection(client: Socket): void {
    client.emit('node', process.env.NODE ?? `nestjs-${process.pid}`);
  }

  @SubscribeMessage('userConnect')
  async handleUserConnect(@MessageBody('userId') userId: string, @ConnectedSocket() client: Socket): Promise<string> {
    const previous: string | undefined = client.data.userId;
    client.data.userId = userId;
    await client.join(roomOf(userId));
    if (previous !== undefined && previous !== userId) {
      await client.leave(roomOf(previous));
      await this.emitLeft(previous);
    }
    this.emitPresence(userId, true);
    return `User ${userId} connected`;
  }

  @SubscribeMessage('online')
  async handleOnline(): Promise<string[]> {
    const sockets = await this.server.fetchSockets().catch(() => this.server.local.fetchSockets());
    const users = sockets.map((socket) => socket.data.userId as string | undefined);
    return [...new Set(users.filter((userId) => userId !== undefined))].sort();
  }

  async handleDisconnect(client: Socket): Promise<void> {
    if (client.data.userId !== undefined) {
      await this.emitLeft(client.data.userId);
    }
  }

  /** Whether the user is connected somewhere, and so was told. */
  async notifyUser(userId: string, comment: NewComment): Promise<boolean> {
    const user = this.server.in(roomOf(userId));
    user.emit('newComment', comment);
    return (await user.fetchSockets()).length > 0;
  }

  /** A window of this user was closed: others may be open, here or on another server. */
  private async emitLeft(userId: string): Promise<void> {
    const user = this.server.in(roomOf(userId));
    const left = await user.fetchSockets().catch(() => user.local.fetchSockets());
    this.emitPresence(userId, left.length > 0);
  }

  private emitPresence(userId: string, online: boolean): void {
    this.server.emit('presence', { userId, online });
  }
}
