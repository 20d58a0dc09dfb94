import { Logger } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit } from '@nestjs/websockets';
import { Server, Socket } from 'socket.io';

/** On the port that the app listens on, named explicitly. */
@WebSocketGateway(Number(process.env.PORT), { cors: { origin: '*' } })
export class ChannelsGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  private readonly logger = new Logger(ChannelsGateway.name);

  @WebSocketServer()
  server: Server;

  afterInit(): void {
    this.logger.log('Gateway initialized');
  }

  handleConnection(client: Socket): void {
    this.logger.log(`Client connected: ${client.id}`);
  }

  /** Those who are left learn who went, and why. */
  handleDisconnect(client: Socket, reason?: string): void {
    this.logger.log(`Client disconnected: ${client.id} (${reason})`);
    this.server.emit('ClientDisconnected', { id: client.id, reason });
  }

  /** No parameter decorators: the client, then the body. */
  @SubscribeMessage('ClientToServer')
  handleMessage(_client: Socket, text: string): void {
    this.server.emit('ServerToClient', text);
  }

  /** The server hangs up; what was emitted before still arrives. */
  @SubscribeMessage('LeaveServer')
  handleLeave(client: Socket): void {
    client.emit('Goodbye', 'See you soon');
    client.disconnect(true);
  }
}
