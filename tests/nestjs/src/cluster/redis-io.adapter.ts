/** The `RedisIoAdapter` that NestJS's documentation shows. */
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ServerOptions } from 'socket.io';
import { adapterOf, connection, recovery } from './adapters.js';

export class RedisIoAdapter extends IoAdapter {
  readonly pubClient = connection();
  private adapterConstructor: any;

  constructor(app: INestApplicationContext) {
    super(app);
  }

  async connectToRedis(): Promise<void> {
    const subClient = this.pubClient.duplicate();
    await Promise.all([this.pubClient.connect(), subClient.connect()]);
    this.adapterConstructor = adapterOf(this.pubClient, subClient);
  }

  createIOServer(port: number, options?: ServerOptions): any {
    const server = super.createIOServer(port, { ...options, ...recovery } as ServerOptions);
    server.adapter(this.adapterConstructor);
    return server;
  }
}
