/** The adapter that a test asks for: `ADAPTER=sharded` with `MODE=dynamic`, or the one on common channels. */
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';

export function adapterOf(pubClient: any, subClient: any): any {
  if (process.env.ADAPTER !== 'sharded') return createAdapter(pubClient, subClient);
  return createShardedAdapter(pubClient, subClient, { subscriptionMode: process.env.MODE as any });
}
