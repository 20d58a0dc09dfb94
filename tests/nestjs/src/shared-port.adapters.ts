/**
 * Adapters for a gateway that names the very port the app listens on.
 *
 * NestJS opens a second listener for such a gateway, so that `app.listen` fails with `EADDRINUSE`. With these
 * adapters the gateway shares the listener of the app, as if it had named no port.
 */
import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import type { ServerOptions } from 'socket.io';
import msgpackParser from 'socket.io-msgpack-parser';

/** `0` is how NestJS says "the listener of the app". */
const LISTENER_OF_THE_APP = 0;

export class SharedPortIoAdapter extends IoAdapter {
  constructor(app: INestApplication, private readonly appPort: number) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions) {
    // `PARSER=msgpack`: for all gateways, which share one server.
    const all = process.env.PARSER === 'msgpack' ? ({ ...options, parser: msgpackParser } as ServerOptions) : options;
    return super.createIOServer(port === this.appPort ? LISTENER_OF_THE_APP : port, all);
  }
}

export class SharedPortWsAdapter extends WsAdapter {
  constructor(app: INestApplication, private readonly appPort: number) {
    super(app);
  }

  override create(port: number, options?: Parameters<WsAdapter['create']>[1]) {
    return super.create(port === this.appPort ? LISTENER_OF_THE_APP : port, options);
  }
}
