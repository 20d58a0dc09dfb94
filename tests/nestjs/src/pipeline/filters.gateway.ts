import { Catch, Injectable, UseFilters } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { BaseWsExceptionFilter, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { failure, NoSuchRoom, NoSuchUser, RoomIsFull } from './failure.js';
import { LogFilter, NoSuchRoomFilter } from './orders.enhancers.js';
import { send } from './send.js';

@Catch(WsException)
@Injectable()
export class ErrorEventFilter implements ExceptionFilter<WsException> {
  catch(exception: WsException, host: ArgumentsHost): void {
    send(host.switchToWs().getClient(), 'error-event', { message: exception.message, data: host.switchToWs().getData() });
  }
}

@Catch(NoSuchRoom, NoSuchUser)
@Injectable()
export class NothingThereFilter implements ExceptionFilter<NoSuchRoom | NoSuchUser> {
  catch(exception: NoSuchRoom | NoSuchUser, host: ArgumentsHost): void {
    const what = exception instanceof NoSuchRoom ? 'room' : 'user';
    send(host.switchToWs().getClient(), 'nothing-there', what);
  }
}

@Catch(RoomIsFull)
@Injectable()
export class RoomIsFullFilter implements ExceptionFilter<RoomIsFull> {
  catch(exception: RoomIsFull, host: ArgumentsHost): void {
    send(host.switchToWs().getClient(), 'room-is-full', exception.room);
  }
}

/** Says something first, and leaves the rest to the default. */
@Catch()
@Injectable()
export class DelegatingFilter extends BaseWsExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    send(host.switchToWs().getClient(), 'before', 'the default');
    super.catch(exception, host);
  }
}

@Catch(WsException)
@Injectable()
export class AsyncFilter implements ExceptionFilter<WsException> {
  async catch(exception: WsException, host: ArgumentsHost): Promise<void> {
    await Promise.resolve();
    send(host.switchToWs().getClient(), 'error-event', exception.message);
  }
}

/** Which filter is asked, and what it can do. */
@UseFilters(new LogFilter('gateway'), new NoSuchRoomFilter('gateway'))
@WebSocketGateway()
export class FiltersGateway {
  @SubscribeMessage('filters/gateway')
  gateway(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(new NoSuchRoomFilter('method'))
  @SubscribeMessage('filters/method-typed')
  methodTyped(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(new NoSuchRoomFilter('method 1'), new LogFilter('method 2'))
  @SubscribeMessage('filters/catch-all-last')
  catchAllLast(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(new LogFilter('method 1'), new NoSuchRoomFilter('method 2'))
  @SubscribeMessage('filters/catch-all-first')
  catchAllFirst(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(ErrorEventFilter)
  @SubscribeMessage('filters/ws-exception')
  wsException(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(NothingThereFilter)
  @SubscribeMessage('filters/two-types')
  twoTypes(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(ErrorEventFilter, RoomIsFullFilter)
  @SubscribeMessage('filters/subclass')
  subclass(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(DelegatingFilter)
  @SubscribeMessage('filters/delegating')
  delegating(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(new BaseWsExceptionFilter({ includeCause: false }))
  @SubscribeMessage('filters/without-cause')
  withoutCause(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(new BaseWsExceptionFilter({ causeFactory: (pattern, data) => ({ of: pattern, body: data }) }))
  @SubscribeMessage('filters/own-cause')
  ownCause(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @UseFilters(AsyncFilter)
  @SubscribeMessage('filters/async')
  async async(@MessageBody('kind') kind: string): Promise<void> {
    await Promise.resolve();
    throw failure(kind);
  }
}

/** Without filters on the gateway: what a method's do not handle is the app's, or the default's. */
@WebSocketGateway()
export class UnfilteredGateway {
  @UseFilters(new NoSuchRoomFilter('method'))
  @SubscribeMessage('filters/typed-only')
  typedOnly(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }

  @SubscribeMessage('filters/none')
  none(@MessageBody('kind') kind: string): void {
    throw failure(kind);
  }
}
