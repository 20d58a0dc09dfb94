import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer, WsException } from '@nestjs/websockets';
import { Namespace, Socket } from 'socket.io';

interface RoomMessage {
  roomId: string;
  text: string;
}

/** How long a client may take to answer a question. */
const ANSWER_TIMEOUT_MS = 1000;

@WebSocketGateway({ namespace: 'rooms', cors: { origin: '*' } })
export class RoomsGateway {
  @WebSocketServer()
  server: Namespace;

  /** The body is a list of room ids; answers with every room that the client is in now. */
  @SubscribeMessage('enter_chat')
  enterChat(@MessageBody() roomIds: string[], @ConnectedSocket() client: Socket): string[] {
    client.join(roomIds);
    return this.roomsOf(client);
  }

  @SubscribeMessage('leave_chat')
  leaveChat(@MessageBody() roomId: string, @ConnectedSocket() client: Socket): string[] {
    client.leave(roomId);
    return this.roomsOf(client);
  }

  /** To everyone in the room, the sender included if it is in there. */
  @SubscribeMessage('send_message')
  sendMessage(@MessageBody() { roomId, text }: RoomMessage, @ConnectedSocket() client: Socket): void {
    this.server.in(roomId).emit('receive_message', { roomId, text, from: client.id });
  }

  /** To everyone in the room but the sender. */
  @SubscribeMessage('send_message_others')
  sendMessageToOthers(@MessageBody() { roomId, text }: RoomMessage, @ConnectedSocket() client: Socket): void {
    client.to(roomId).emit('receive_message', { roomId, text, from: client.id });
  }

  /** To everyone in the namespace but the sender. */
  @SubscribeMessage('broadcast')
  broadcast(@MessageBody() text: string, @ConnectedSocket() client: Socket): void {
    client.broadcast.emit('receive_broadcast', text);
  }

  /** Asks the client itself, and acknowledges with what it answered. */
  @SubscribeMessage('ask')
  async ask(@MessageBody('question') question: string, @ConnectedSocket() client: Socket): Promise<{ answer: string }> {
    try {
      const answer: string = await client.timeout(ANSWER_TIMEOUT_MS).emitWithAck('question', question);
      return { answer };
    } catch {
      throw new WsException('No answer');
    }
  }

  private roomsOf(client: Socket): string[] {
    return [...client.rooms].filter((room) => room !== client.id).sort();
  }
}
