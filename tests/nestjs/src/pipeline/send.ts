/** Emits to a client of either adapter. */
import type { Socket } from 'socket.io';
import type { WebSocket } from 'ws';

export type Client = Socket | WebSocket;

export function send(client: Client, event: string, data: unknown): void {
  if ('readyState' in client) {
    client.send(JSON.stringify({ event, data }));
  } else {
    client.emit(event, data);
  }
}
