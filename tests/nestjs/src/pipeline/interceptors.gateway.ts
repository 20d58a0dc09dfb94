import { Injectable, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { catchError, concat, delay, EMPTY, from, map, NEVER, of, retry, throwError, timeout, TimeoutError } from 'rxjs';
import type { Observable } from 'rxjs';
import { failure } from './failure.js';
import { log } from './log.js';

/** Doubles numbers. */
@Injectable()
export class DoubleInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<number>): Observable<unknown> {
    return next.handle().pipe(map((value) => value * 2));
  }
}

/** Doubles the data of `WsResponse`s. */
@Injectable()
export class DoubleDataInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<WsResponse<number>>): Observable<unknown> {
    return next.handle().pipe(map(({ event, data }) => ({ event, data: data * 2 })));
  }
}

/** The interceptor of NestJS's documentation: `{ data }`. */
@Injectable()
export class TransformInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data) => ({ data })));
  }
}

/** Undefined and null become an empty text. */
@Injectable()
export class ExcludeNullInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => value ?? ''));
  }
}

@Injectable()
export class NullInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map(() => null));
  }
}

/** Answers in the place of the handler. */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of('cached');
  }
}

@Injectable()
export class SilenceInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return EMPTY;
  }
}

@Injectable()
export class StreamInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return from([{ event: 'item', data: 1 }, { event: 'item', data: 2 }]);
  }
}

@Injectable()
export class EventInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ event: 'renamed', data })));
  }
}

@Injectable()
export class RetryInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(2));
  }
}

@Injectable()
export class TimeoutInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      timeout(50),
      catchError((error) => throwError(() => (error instanceof TimeoutError ? new WsException('took too long') : error))),
    );
  }
}

/** An error becomes an answer. */
@Injectable()
export class RescueInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError(() => of('rescued')));
  }
}

/** An error becomes another error. */
@Injectable()
export class ErrorsInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError(() => throwError(() => new WsException('another error'))));
  }
}

/** Waits before the handler runs, and again before the answer goes out. */
@Injectable()
export class AsyncInterceptor implements NestInterceptor {
  async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await Promise.resolve();
    log('before');
    return next.handle().pipe(delay(1));
  }
}

/** Interceptors that change, replace, repeat and limit what a handler does. */
@WebSocketGateway()
export class InterceptorsGateway {
  private attempts = 0;

  @UseInterceptors(DoubleInterceptor)
  @SubscribeMessage('interceptors/map')
  map(@MessageBody() value: number): number {
    return value;
  }

  @UseInterceptors(DoubleInterceptor)
  @SubscribeMessage('interceptors/map-async')
  async mapAsync(@MessageBody() value: number): Promise<number> {
    await Promise.resolve();
    return value;
  }

  @UseInterceptors(DoubleInterceptor)
  @SubscribeMessage('interceptors/map-stream')
  mapStream(): Observable<number> {
    return from([1, 2, 3]);
  }

  @UseInterceptors(DoubleDataInterceptor)
  @SubscribeMessage('interceptors/map-responses')
  mapResponses(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((data) => ({ event: 'item', data })));
  }

  @UseInterceptors(DoubleDataInterceptor)
  @SubscribeMessage('interceptors/map-failing-stream')
  mapFailingStream(): Observable<WsResponse<number>> {
    return concat(of({ event: 'item', data: 1 }), throwError(() => new WsException('midway')));
  }

  @UseInterceptors(TransformInterceptor, DoubleInterceptor)
  @SubscribeMessage('interceptors/transform')
  transform(@MessageBody() value: number): number {
    return value;
  }

  @UseInterceptors(TransformInterceptor)
  @SubscribeMessage('interceptors/transform-nothing')
  transformNothing(): void {}

  @UseInterceptors(TransformInterceptor)
  @SubscribeMessage('interceptors/transform-null')
  transformNull(): null {
    return null;
  }

  @UseInterceptors(TransformInterceptor)
  @SubscribeMessage('interceptors/transform-response')
  transformResponse(): WsResponse<number> {
    return { event: 'item', data: 1 };
  }

  @UseInterceptors(ExcludeNullInterceptor)
  @SubscribeMessage('interceptors/exclude-null')
  excludeNull(): null {
    return null;
  }

  @UseInterceptors(NullInterceptor)
  @SubscribeMessage('interceptors/to-null')
  toNull(): string {
    return 'something';
  }

  @UseInterceptors(CacheInterceptor)
  @SubscribeMessage('interceptors/replace')
  replace(): string {
    log('handler');
    return 'not cached';
  }

  @UseInterceptors(SilenceInterceptor)
  @SubscribeMessage('interceptors/silence')
  silence(): string {
    log('handler');
    return 'not silent';
  }

  @UseInterceptors(StreamInterceptor)
  @SubscribeMessage('interceptors/replace-by-stream')
  replaceByStream(): string {
    return 'no stream';
  }

  /** The result does not acknowledge, whatever becomes of it. */
  @UseInterceptors(DoubleInterceptor)
  @SubscribeMessage('interceptors/ack')
  ack(@Ack() ack: ((answer: unknown) => void) | undefined): number {
    ack?.('by hand');
    return 21;
  }

  @UseInterceptors(EventInterceptor)
  @SubscribeMessage('interceptors/to-response')
  toResponse(): number {
    return 1;
  }

  /** Is tried three times at most, and works at one of them. */
  @UseInterceptors(RetryInterceptor)
  @SubscribeMessage('interceptors/retry')
  retry(@MessageBody('works-at') worksAt: number): string {
    const attempt = (this.attempts % 3) + 1;
    this.attempts += attempt === worksAt ? 4 - attempt : 1;
    log(`attempt ${attempt}`);
    if (attempt !== worksAt) throw new WsException(`attempt ${attempt} failed`);
    return `attempt ${attempt} worked`;
  }

  @UseInterceptors(TimeoutInterceptor)
  @SubscribeMessage('interceptors/timeout')
  timeout(): Observable<never> {
    return NEVER;
  }

  @UseInterceptors(TimeoutInterceptor)
  @SubscribeMessage('interceptors/in-time')
  inTime(): string {
    return 'in time';
  }

  @UseInterceptors(TimeoutInterceptor)
  @SubscribeMessage('interceptors/timeout-and-failure')
  timeoutAndFailure(): never {
    throw new WsException('of the handler');
  }

  @UseInterceptors(RescueInterceptor)
  @SubscribeMessage('interceptors/rescue')
  rescue(@MessageBody('kind') kind: string): never {
    throw failure(kind);
  }

  @UseInterceptors(ErrorsInterceptor)
  @SubscribeMessage('interceptors/another-error')
  anotherError(@MessageBody('kind') kind: string): never {
    throw failure(kind);
  }

  @UseInterceptors(AsyncInterceptor)
  @SubscribeMessage('interceptors/async')
  async async(): Promise<string> {
    log('handler');
    await Promise.resolve();
    return 'done';
  }
}
