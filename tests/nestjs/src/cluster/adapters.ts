/**
 * The adapter that a test asks for: `ADAPTER=sharded` with `MODE=dynamic`, `ADAPTER=streams`, or the one on common channels.
 * `RECOVERY=1` lets clients come back.
 */
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { createClient } from 'redis';

/** A connection whose name is that of this server. */
export function connection(): any {
  return createClient({ url: process.env.REDIS_URL, name: process.env.NAME });
}

export function adapterOf(pubClient: any, subClient: any): any {
  if (process.env.ADAPTER === 'streams') return createStreamsAdapter(pubClient, JSON.parse(process.env.MODE || '{}'));
  if (process.env.ADAPTER !== 'sharded') return createAdapter(pubClient, subClient);
  return createShardedAdapter(pubClient, subClient, { subscriptionMode: process.env.MODE as any });
}

export const recovery: any = process.env.RECOVERY ? { connectionStateRecovery: {} } : {};

/** The adapter subscribes and reads without anybody waiting for it: Redis tells when it does. */
export async function isListening(pubClient: any, adapter: any): Promise<void> {
  while ((await adapter.serverCount()) === 0 || !(await isReading(pubClient))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function isReading(pubClient: any): Promise<boolean> {
  if (process.env.ADAPTER !== 'streams') return true;
  const clients: string = await pubClient.sendCommand(['CLIENT', 'LIST']);
  return clients.split('\n').some((client) => client.includes(` name=${process.env.NAME} `) && client.includes(' cmd=xread '));
}
