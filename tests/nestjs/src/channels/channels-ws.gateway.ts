import { Logger } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit } from '@nestjs/websockets';
import { Server, WebSocket } from 'ws';

/** `ChannelsGateway` for plain WebSocket: clients have no id, and the reason of a disconnect is its close code. */
@WebSocketGateway(Number(process.env.PORT))
export class ChannelsWsGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  private readonly logger = new Logger(ChannelsWsGateway.name);

  @WebSocketServer()
  server: Server;

  afterInit(): void {
    this.logger.log('Gateway initialized');
  }

  handleConnection(): void {
    this.logger.log('Client connected');
  }

  handleDisconnect(_client: WebSocket, reason?: number | string): void {
    this.logger.log(`Client disconnected (${reason})`);
    this.emitToAll('ClientDisconnected', { reason });
  }

  @SubscribeMessage('ClientToServer')
  handleMessage(_client: WebSocket, text: string): void {
    this.emitToAll('ServerToClient', text);
  }

  @SubscribeMessage('LeaveServer')
  handleLeave(client: WebSocket): void {
    client.send(JSON.stringify({ event: 'Goodbye', data: 'See you soon' }));
    client.close(1000);
  }

  private emitToAll(event: string, data: unknown): void {
    for (const client of this.server.clients) {
      if (client.readyState === WebSocket.OPEN) {
        client.send(JSON.stringify({ event, data }));
      }
    }
  }
}
