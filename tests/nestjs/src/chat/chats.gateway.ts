import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { Namespace, Socket } from 'socket.io';

@WebSocketGateway({ namespace: 'chats', cors: { origin: '*' } })
export class ChatsGateway implements OnGatewayConnection {
  @WebSocketServer()
  server: Namespace;

  handleConnection(client: Socket): void {
    client.emit('welcome', `Welcome, ${client.id}!`);
  }

  /** To everyone, the sender included; the sender gets an acknowledgement as well. */
  @SubscribeMessage('message')
  handleMessage(@MessageBody() message: string): string {
    this.server.emit('message', message);
    return 'Message received';
  }

  @SubscribeMessage('joinRoom')
  handleJoinRoom(
    @MessageBody('roomId') roomId: string,
    @MessageBody('userName') userName: string,
    @ConnectedSocket() client: Socket,
  ): string {
    client.join(roomId);
    this.server.to(roomId).emit('roomMessage', `${userName} has joined room ${roomId}`);
    return `Joined room ${roomId}`;
  }

  /** To everyone in the room. Returns nothing, so nothing is acknowledged. */
  @SubscribeMessage('chatMessage')
  handleChatMessage(
    @MessageBody('roomId') roomId: string,
    @MessageBody('userName') userName: string,
    @MessageBody('message') message: string,
  ): void {
    this.server.to(roomId).emit('chatMessage', { roomId, userName, message });
  }
}
