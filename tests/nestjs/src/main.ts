/**
 * Serves one of the example apps: `PORT=3000 ADAPTER=io node dist/main.js <example>`; `cluster` needs a Redis at `REDIS_URL`.
 *
 * Knows the apps by name only; what they do stands in their own folders.
 */
import 'reflect-metadata';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type, WebSocketAdapter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SharedPortIoAdapter, SharedPortWsAdapter } from './shared-port.adapters.js';

type AdapterName = 'io' | 'ws' | 'redis';

/** Modules are imported on demand: the decorators of a gateway read `PORT` when its file is loaded. */
const EXAMPLES: Record<string, Partial<Record<AdapterName, () => Promise<Type>>>> = {
  events: {
    io: async () => (await import('./events/events.module.js')).EventsModule,
    ws: async () => (await import('./events/events-ws.module.js')).EventsWsModule,
  },
  chat: {
    io: async () => (await import('./chat/chat.module.js')).ChatModule,
  },
  channels: {
    io: async () => (await import('./channels/channels.module.js')).ChannelsModule,
    ws: async () => (await import('./channels/channels-ws.module.js')).ChannelsWsModule,
  },
  rooms: {
    io: async () => (await import('./rooms/rooms.module.js')).RoomsModule,
  },
  notifications: {
    io: async () => (await import('./notifications/notifications.module.js')).NotificationsModule,
  },
  cluster: {
    redis: async () => (await import('./cluster/cluster.module.js')).ClusterModule,
  },
  namespaces: {
    io: async () => (await import('./namespaces/namespaces.module.js')).NamespacesModule,
  },
  pipeline: {
    io: async () => (await import('./pipeline/pipeline.module.js')).PipelineModule,
    ws: async () => (await import('./pipeline/pipeline.module.js')).PipelineModule,
  },
};

/** A port that is free now, for `PORT=0`: a gateway that names its port must know it before it is declared. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function webSocketAdapter(name: AdapterName, app: INestApplication, port: number): Promise<WebSocketAdapter> {
  switch (name) {
    case 'io':
      return new SharedPortIoAdapter(app, port);
    case 'ws':
      return new SharedPortWsAdapter(app, port);
    case 'redis': {
      const { RedisIoAdapter } = await import('./cluster/redis-io.adapter.js');
      const adapter = new RedisIoAdapter(app);
      await adapter.connectToRedis();
      return adapter;
    }
  }
}

async function bootstrap(): Promise<void> {
  const example = process.argv[2] ?? '';
  // The first one that it has, unless the environment says otherwise.
  const adapter = (process.env.ADAPTER ?? Object.keys(EXAMPLES[example] ?? {})[0] ?? 'io') as AdapterName;
  const load = EXAMPLES[example]?.[adapter];
  if (!load) {
    throw new Error(`no example "${example}" for the adapter "${adapter}"; there are: ${Object.keys(EXAMPLES).join(', ')}`);
  }

  const port = Number(process.env.PORT ?? 3000) || (await freePort());
  process.env.PORT = String(port);

  const app = await NestFactory.create(await load());
  app.useWebSocketAdapter(await webSocketAdapter(adapter, app, port));
  await app.listen(port);
  console.log(`listening on ${port}`);
}

await bootstrap();
