import { Catch, Injectable, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import type {
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { concat, from, mergeMap, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { failure } from './failure.js';
import { log } from './log.js';
import { send } from './send.js';
import type { Client } from './send.js';

interface Kind {
  kind: string;
}

@Injectable()
export class ThrowingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    throw failure(context.switchToWs().getData<Kind>().kind);
  }
}

@Injectable()
export class AsyncThrowingGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await Promise.resolve();
    throw failure(context.switchToWs().getData<Kind>().kind);
  }
}

@Injectable()
export class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
export class AsyncRefusingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await Promise.resolve();
    return false;
  }
}

@Injectable()
export class ThrowingPipe implements PipeTransform {
  transform(value: Kind): never {
    throw failure(value.kind);
  }
}

@Injectable()
export class ThrowingBefore implements NestInterceptor {
  intercept(context: ExecutionContext): Observable<unknown> {
    throw failure(context.switchToWs().getData<Kind>().kind);
  }
}

@Injectable()
export class ThrowingAfter implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { kind } = context.switchToWs().getData<Kind>();
    return next.handle().pipe(mergeMap(() => throwError(() => failure(kind))));
  }
}

@Catch()
export class FailingFilter implements ExceptionFilter {
  catch(exception: unknown): void {
    log('the filter fails');
    throw exception;
  }
}

/** Each kind of exception from each kind of place. */
@WebSocketGateway()
export class ExceptionsGateway {
  @UseGuards(ThrowingGuard)
  @SubscribeMessage('fail/guard')
  guard(): string {
    return 'not reached';
  }

  @UseGuards(AsyncThrowingGuard)
  @SubscribeMessage('fail/guard-async')
  guardAsync(): string {
    return 'not reached';
  }

  @UseGuards(RefusingGuard)
  @SubscribeMessage('fail/guard-false')
  guardFalse(): string {
    return 'not reached';
  }

  @UseGuards(AsyncRefusingGuard)
  @SubscribeMessage('fail/guard-false-async')
  guardFalseAsync(): string {
    return 'not reached';
  }

  @SubscribeMessage('fail/pipe')
  pipe(@MessageBody(ThrowingPipe) _body: unknown): string {
    return 'not reached';
  }

  @UseInterceptors(ThrowingBefore)
  @SubscribeMessage('fail/interceptor-before')
  interceptorBefore(): string {
    return 'not reached';
  }

  @UseInterceptors(ThrowingAfter)
  @SubscribeMessage('fail/interceptor-after')
  interceptorAfter(@ConnectedSocket() client: Client): string {
    send(client, 'reached', 'the handler');
    return 'a result that is lost';
  }

  @SubscribeMessage('fail/handler')
  handler(@MessageBody('kind') kind: string): string {
    throw failure(kind);
  }

  @SubscribeMessage('fail/handler-async')
  async handlerAsync(@MessageBody('kind') kind: string): Promise<string> {
    await Promise.resolve();
    throw failure(kind);
  }

  @SubscribeMessage('fail/stream')
  stream(@MessageBody('kind') kind: string): Observable<object> {
    return concat(from([{ event: 'item', data: 1 }]), throwError(() => failure(kind)));
  }

  @UseFilters(FailingFilter)
  @SubscribeMessage('fail/filter')
  filter(@MessageBody('kind') kind: string): string {
    if (kind === 'none') return 'passed';
    throw failure(kind);
  }

  @UseFilters(FailingFilter)
  @SubscribeMessage('fail/filter-of-stream')
  filterOfStream(@MessageBody('kind') kind: string): Observable<object> {
    return concat(from([{ event: 'item', data: 1 }]), throwError(() => failure(kind)));
  }

  /** An exception names the body that it answers, whatever that is. */
  @SubscribeMessage('fail/whatever')
  whatever(): void {
    throw new WsException('refused');
  }

  @SubscribeMessage('fail/after-emitting')
  afterEmitting(@ConnectedSocket() client: Client): void {
    send(client, 'first', 1);
    throw new WsException('second');
  }
}
