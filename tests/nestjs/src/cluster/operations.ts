/**
 * What a test asks of a server of a cluster, as an event of the namespace `control`; the servers in Rust know the same.
 *
 * Bytes are `{ "$bin": [1, 2] }`, since what is asked and answered is JSON.
 */
import { Emitter } from '@socket.io/redis-emitter';
import type { Namespace, Socket } from 'socket.io';

export interface Operation {
  op: string;
  /** `emitter`: by the emitter, as if this process served nobody. */
  via?: string;
  rooms?: string[];
  except?: string[];
  local?: boolean;
  volatile?: boolean;
  timeout?: number;
  event?: string;
  args?: unknown[];
  targets?: string[];
  close?: boolean;
}

export function withBuffers(value: any): any {
  if (Array.isArray(value)) return value.map(withBuffers);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value.$bin)) return Buffer.from(value.$bin);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withBuffers(member)]));
}

export function withoutBuffers(value: any): any {
  if (ArrayBuffer.isView(value)) return { $bin: [...(value as Uint8Array)] };
  if (Array.isArray(value)) return value.map(withoutBuffers);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutBuffers(member)]));
}

/** What other servers have told, since a test asked last. */
const heard: unknown[][] = [];

export function listen(server: Namespace, name: string): void {
  server.on('hello', (...args: unknown[]) => heard.push(args.map(withoutBuffers)));
  server.on('question', (arg: string, ack: (answer: string) => void) => ack(`${arg} from ${name}`));
}

export async function perform(server: Namespace, redis: any, operation: Operation): Promise<unknown> {
  const source: any = operation.via === 'emitter' ? new Emitter(redis).of(server.name) : server;
  let target: any = source;
  if (operation.rooms?.length) target = target.to(operation.rooms);
  if (operation.except?.length) target = target.except(operation.except);
  if (operation.local) target = target.local;
  if (operation.volatile) target = target.volatile;
  if (operation.timeout) target = target.timeout(operation.timeout);
  const event = operation.event ?? '';
  const args = withBuffers(operation.args ?? []);
  switch (operation.op) {
    case 'emit':
      target.emit(event, ...args);
      return true;
    case 'emitWithAck':
      try {
        return { responses: withoutBuffers(await target.emitWithAck(event, ...args)) };
      } catch (error: any) {
        return { error: error.message, responses: withoutBuffers(error.responses) };
      }
    case 'fetchSockets':
      return (await target.fetchSockets()).map(({ id, rooms, data, handshake }: any) => ({
        id,
        rooms: [...rooms],
        data,
        handshake: JSON.parse(JSON.stringify(handshake)),
      }));
    case 'socketsJoin':
      target.socketsJoin(operation.targets);
      return true;
    case 'socketsLeave':
      target.socketsLeave(operation.targets);
      return true;
    case 'disconnectSockets':
      target.disconnectSockets(operation.close);
      return true;
    case 'serverSideEmit':
      source.serverSideEmit(event, ...args);
      return true;
    case 'serverSideEmitWithAck':
      return withoutBuffers(await server.serverSideEmitWithAck(event, ...args));
    case 'heard':
      return heard.splice(0);
    case 'allRooms':
      return [...(await (server.adapter as any).allRooms())];
    case 'serverCount':
      return server.adapter.serverCount();
    default:
      throw new Error(`unknown operation ${operation.op}`);
  }
}

/** What a client that has come back has. */
export function stateOf(socket: Socket): unknown {
  return { recovered: socket.recovered, rooms: [...socket.rooms].filter((room) => room !== socket.id), data: socket.data };
}
