import { UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { from } from 'rxjs';
import type { Observable } from 'rxjs';
import { failure } from './failure.js';
import { log } from './log.js';
import { LogFilter, LogGuard, LogInterceptor, LogPipe, LogValuePipe } from './orders.enhancers.js';
import type { Order } from './orders.enhancers.js';

/** Two enhancers of each kind on the gateway, two on the method, two on the parameter. */
@UseGuards(new LogGuard('gateway 1'), new LogGuard('gateway 2'))
@UseInterceptors(new LogInterceptor('gateway 1'), new LogInterceptor('gateway 2'))
@UsePipes(new LogPipe('gateway 1'), new LogPipe('gateway 2'))
@UseFilters(new LogFilter('gateway 1'), new LogFilter('gateway 2'))
@WebSocketGateway()
export class OrdersGateway {
  @UseGuards(new LogGuard('method 1'), new LogGuard('method 2'))
  @UseInterceptors(new LogInterceptor('method 1'), new LogInterceptor('method 2'))
  @UsePipes(new LogPipe('method 1'), new LogPipe('method 2'))
  @UseFilters(new LogFilter('method 1'), new LogFilter('method 2'))
  @SubscribeMessage('orders/all')
  all(@MessageBody(new LogPipe('parameter 1'), new LogPipe('parameter 2')) order: Order): string {
    log('handler');
    if (order.at === 'handler') throw failure(order.kind);
    return 'done';
  }

  @UseInterceptors(new LogInterceptor('method 1'))
  @SubscribeMessage('orders/async')
  async async(@MessageBody() order: Order): Promise<string> {
    log('handler starts');
    await Promise.resolve();
    log('handler ends');
    if (order.at === 'handler') throw failure(order.kind);
    return 'done';
  }

  @UseInterceptors(new LogInterceptor('method 1'))
  @SubscribeMessage('orders/stream')
  stream(@MessageBody() _order: Order): Observable<object> {
    log('handler');
    return from([1, 2].map((data) => ({ event: 'item', data })));
  }

  /** Without enhancers of its own: those of the gateway. */
  @SubscribeMessage('orders/gateway-only')
  gatewayOnly(@MessageBody() order: Order): string {
    log('handler');
    if (order.at === 'handler') throw failure(order.kind);
    return 'done';
  }
}

/** A method's pipes serve each of its parameters. */
@WebSocketGateway()
export class ParametersGateway {
  @UsePipes(LogValuePipe)
  @SubscribeMessage('orders/two-parameters')
  twoParameters(@MessageBody('a') a: string, @MessageBody('b', LogValuePipe) b: string): string {
    return `${a} ${b}`;
  }

  @UsePipes(LogValuePipe)
  @SubscribeMessage('orders/one-parameter')
  oneParameter(@MessageBody('a', LogValuePipe) a: string): string {
    return a;
  }
}

/** A gateway's pipes, too. */
@UsePipes(LogValuePipe)
@WebSocketGateway()
export class ParametersOfGatewayGateway {
  @SubscribeMessage('orders/gateway-pipe')
  whole(@MessageBody() body: unknown): string {
    return JSON.stringify(body);
  }

  @SubscribeMessage('orders/gateway-pipe-and-key')
  key(@MessageBody('a') a: string): string {
    return a;
  }

  @SubscribeMessage('orders/gateway-pipe-without-body')
  withoutBody(): string {
    return 'done';
  }
}
