import {
  DefaultValuePipe,
  Injectable,
  ParseArrayPipe,
  ParseBoolPipe,
  ParseEnumPipe,
  ParseFloatPipe,
  ParseIntPipe,
  ParseUUIDPipe,
  UsePipes,
} from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { from, map } from 'rxjs';
import type { Observable } from 'rxjs';
import { send } from './send.js';
import type { Client } from './send.js';

/** What the built-in pipes throw by default means nothing to WebSocket clients. */
const exceptionFactory = (error: string) => new WsException(error);

enum Colour {
  Red = 'red',
  Blue = 'blue',
}

/** A handler without parameter decorators has its pipes look at the client, too. */
@Injectable()
export class TrimPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

@Injectable()
export class ShoutPipe implements PipeTransform<string, Promise<string>> {
  async transform(value: string, metadata: ArgumentMetadata): Promise<string> {
    await Promise.resolve();
    if (value === '') throw new WsException(`${metadata.data ?? 'body'} is empty`);
    return `${value.toUpperCase()}!`;
  }
}

/** Doubles what is a number, leaves everything else alone. */
@Injectable()
export class DoublePipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'number' ? value * 2 : value;
  }
}

/** The built-in pipes, and pipes of one's own. */
@WebSocketGateway()
export class PipesGateway {
  @SubscribeMessage('pipes/int')
  int(@MessageBody('value', new ParseIntPipe({ exceptionFactory })) value: number): object {
    return { value };
  }

  @SubscribeMessage('pipes/int-of-body')
  intOfBody(@MessageBody(new ParseIntPipe({ exceptionFactory })) value: number): object {
    return { value };
  }

  @SubscribeMessage('pipes/int-default-exception')
  intDefaultException(@MessageBody('value', ParseIntPipe) value: number): object {
    return { value };
  }

  @SubscribeMessage('pipes/float')
  float(@MessageBody('value', new ParseFloatPipe({ exceptionFactory })) value: number): object {
    return { value };
  }

  @SubscribeMessage('pipes/bool')
  bool(@MessageBody('value', new ParseBoolPipe({ exceptionFactory })) value: boolean): object {
    return { value };
  }

  @SubscribeMessage('pipes/array')
  array(@MessageBody('value', new ParseArrayPipe({ items: String, exceptionFactory })) value: string[]): object {
    return { value };
  }

  @SubscribeMessage('pipes/array-of-numbers')
  arrayOfNumbers(
    @MessageBody('value', new ParseArrayPipe({ items: Number, separator: ';', exceptionFactory })) value: number[],
  ): object {
    return { value };
  }

  @SubscribeMessage('pipes/uuid')
  uuid(@MessageBody('value', new ParseUUIDPipe({ exceptionFactory })) value: string): object {
    return { value };
  }

  @SubscribeMessage('pipes/enum')
  enum(@MessageBody('value', new ParseEnumPipe(Colour, { exceptionFactory })) value: Colour): object {
    return { value };
  }

  @SubscribeMessage('pipes/default')
  default(@MessageBody('value', new DefaultValuePipe('a default')) value: string): object {
    return { value };
  }

  @SubscribeMessage('pipes/default-then-int')
  defaultThenInt(
    @MessageBody('value', new DefaultValuePipe(1), new ParseIntPipe({ exceptionFactory })) value: number,
  ): object {
    return { value };
  }

  @SubscribeMessage('pipes/chain')
  chain(@MessageBody('value', TrimPipe, ShoutPipe) value: string): object {
    return { value };
  }

  @SubscribeMessage('pipes/chain-of-body')
  chainOfBody(@MessageBody(TrimPipe, ShoutPipe) value: string): object {
    return { value };
  }

  @UsePipes(TrimPipe)
  @SubscribeMessage('pipes/method')
  method(@MessageBody('value', ShoutPipe) value: string): object {
    return { value };
  }

  @UsePipes(TrimPipe)
  @SubscribeMessage('pipes/method-without-decorators')
  methodWithoutDecorators(_client: Client, value: string): object {
    return { value };
  }

  @SubscribeMessage('pipes/async')
  async async(@MessageBody('value', new ParseIntPipe({ exceptionFactory })) value: number): Promise<object> {
    await Promise.resolve();
    return { value };
  }

  @SubscribeMessage('pipes/stream')
  stream(@MessageBody('value', new ParseIntPipe({ exceptionFactory })) value: number): Observable<object> {
    return from([value, value + 1]).pipe(map((data) => ({ event: 'item', data })));
  }

  @SubscribeMessage('pipes/ack')
  ack(
    @MessageBody('value', new ParseIntPipe({ exceptionFactory })) value: number,
    @ConnectedSocket() client: Client,
    @Ack() ack: ((answer: unknown) => void) | undefined,
  ): string {
    send(client, 'value', value);
    ack?.('by hand');
    return 'a result that does not acknowledge';
  }

  /** Both refuse: one of them is told. */
  @SubscribeMessage('pipes/two-fail')
  twoFail(
    @MessageBody('a', new ParseIntPipe({ exceptionFactory: () => new WsException('a is wrong') })) a: number,
    @MessageBody('b', new ParseIntPipe({ exceptionFactory: () => new WsException('b is wrong') })) b: number,
  ): object {
    return { a, b };
  }
}

/** A pipe of the whole gateway. */
@UsePipes(DoublePipe)
@WebSocketGateway()
export class GatewayPipesGateway {
  @SubscribeMessage('pipes/gateway')
  gateway(@MessageBody() value: unknown): object {
    return { value };
  }

  @SubscribeMessage('pipes/gateway-and-key')
  gatewayAndKey(@MessageBody('value') value: unknown): object {
    return { value };
  }

  @SubscribeMessage('pipes/gateway-without-body')
  gatewayWithoutBody(): string {
    return 'done';
  }
}
