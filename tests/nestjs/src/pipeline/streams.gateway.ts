import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { concat, EMPTY, finalize, from, map, merge, NEVER, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { log } from './log.js';

/** Observables: what they emit, how they end. */
@WebSocketGateway()
export class StreamsGateway {
  @SubscribeMessage('streams/values')
  values(): Observable<number> {
    return from([1, 2, 3]);
  }

  @SubscribeMessage('streams/falsy')
  falsy(): Observable<number | null> {
    return from([null, 0, 1]);
  }

  @SubscribeMessage('streams/responses')
  responses(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((data) => ({ event: 'item', data })));
  }

  @SubscribeMessage('streams/responses/async')
  async responsesAsync(): Promise<Observable<WsResponse<number>>> {
    await Promise.resolve();
    return from([1, 2, 3]).pipe(map((data) => ({ event: 'item', data })));
  }

  @SubscribeMessage('streams/unnamed')
  unnamed(): Observable<WsResponse<number>> {
    return from([1, 2]).pipe(map((data) => ({ event: '', data })));
  }

  @SubscribeMessage('streams/empty')
  empty(): Observable<number> {
    return EMPTY;
  }

  @SubscribeMessage('streams/fails-at-once')
  failsAtOnce(): Observable<number> {
    return throwError(() => new WsException('at once'));
  }

  @SubscribeMessage('streams/values/fail-midway')
  valuesFail(): Observable<number> {
    return concat(from([1, 2]), throwError(() => new WsException('midway')));
  }

  @SubscribeMessage('streams/responses/fail-midway')
  responsesFail(): Observable<WsResponse<number>> {
    const items = from([1, 2]).pipe(map((data) => ({ event: 'item', data })));
    return concat(items, throwError(() => new WsException({ code: 7 })), items);
  }

  @SubscribeMessage('streams/responses/fail-midway/error')
  responsesError(): Observable<WsResponse<number>> {
    const items = from([1, 2]).pipe(map((data) => ({ event: 'item', data })));
    return concat(items, throwError(() => new Error('secret')), items);
  }

  /** Goes on until the client is gone. */
  @SubscribeMessage('streams/endless')
  endless(): Observable<WsResponse<number>> {
    return merge(of({ event: 'item', data: 1 }), NEVER).pipe(finalize(() => log('the stream has stopped')));
  }
}
