import { UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RefusingGuard } from './exceptions.gateway.js';

/** Plain WebSocket has paths where Socket.IO has namespaces. */
const OPTIONS = process.env.ADAPTER === 'ws' ? { path: '/guarded' } : { namespace: 'guarded' };

/**
 * A guard on a gateway does not keep clients from connecting.
 *
 * There is no gateway whose `handleConnection` fails: NestJS ends with it.
 */
@UseGuards(RefusingGuard)
@WebSocketGateway(OPTIONS)
export class GuardedGateway {
  @SubscribeMessage('guarded')
  guarded(): string {
    return 'not reached';
  }
}
