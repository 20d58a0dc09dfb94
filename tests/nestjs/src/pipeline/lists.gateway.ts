import { UseGuards, UseInterceptors } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { log } from './log.js';
import { LogGuard, LogInterceptor } from './orders.enhancers.js';

/** The same decorator several times. */
@UseGuards(new LogGuard('gateway upper'))
@UseGuards(new LogGuard('gateway lower'))
@WebSocketGateway()
export class ListsGateway {
  @UseGuards(new LogGuard('method upper'))
  @UseGuards(new LogGuard('method lower'))
  @UseInterceptors(new LogInterceptor('method upper'))
  @UseInterceptors(new LogInterceptor('method lower'))
  @SubscribeMessage('lists/repeated')
  repeated(): string {
    log('handler');
    return 'done';
  }
}
