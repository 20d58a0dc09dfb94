/** Enhancers of each kind that say in the log when they run. */
import { Catch } from '@nestjs/common';
import type {
  ArgumentMetadata,
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import { catchError, tap, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { failure, NoSuchRoom } from './failure.js';
import { log, MARKER } from './log.js';
import { send } from './send.js';

/** What a message says about itself: where it shall fail. The log names the pipes that see such a body. */
export interface Order {
  order: true;
  at?: string;
  kind: string;
}

function failHere(order: Order | undefined, here: string): void {
  if (order?.at === here) {
    log(`${here} fails`);
    throw failure(order.kind);
  }
}

export class LogGuard implements CanActivate {
  constructor(private readonly name: string) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.switchToWs().getPattern() === MARKER) return true;
    log(`guard ${this.name}`);
    failHere(context.switchToWs().getData<Order>(), `guard ${this.name}`);
    return true;
  }
}

export class LogInterceptor implements NestInterceptor {
  constructor(private readonly name: string) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.switchToWs().getPattern() === MARKER) return next.handle();
    const order = context.switchToWs().getData<Order>();
    log(`interceptor ${this.name} before`);
    failHere(order, `interceptor ${this.name} before`);
    return next.handle().pipe(
      catchError((error) => {
        log(`interceptor ${this.name} sees a failure`);
        return throwError(() => error);
      }),
      tap(() => {
        log(`interceptor ${this.name} after`);
        failHere(order, `interceptor ${this.name} after`);
      }),
    );
  }
}

export class LogPipe implements PipeTransform {
  constructor(private readonly name: string) {}

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const order = value as Order | undefined;
    if (metadata.type !== 'body' || !order?.order) return value;
    log(`pipe ${this.name}`);
    failHere(order, `pipe ${this.name}`);
    return value;
  }
}

/** Says in the log what passes. */
export class LogValuePipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'body') log(`${metadata.data ?? 'body'}: ${JSON.stringify(value)}`);
    return value;
  }
}

/** Handles every error. */
@Catch()
export class LogFilter implements ExceptionFilter {
  constructor(private readonly name: string) {}

  catch(_exception: unknown, host: ArgumentsHost): void {
    log(`filter ${this.name}`);
    send(host.switchToWs().getClient(), 'caught', { by: this.name, pattern: host.switchToWs().getPattern() });
  }
}

/** Handles one type of error. */
@Catch(NoSuchRoom)
export class NoSuchRoomFilter implements ExceptionFilter {
  constructor(private readonly name: string) {}

  catch(_exception: NoSuchRoom, host: ArgumentsHost): void {
    log(`filter ${this.name} for NoSuchRoom`);
    send(host.switchToWs().getClient(), 'caught', { by: this.name, what: 'no such room' });
  }
}
