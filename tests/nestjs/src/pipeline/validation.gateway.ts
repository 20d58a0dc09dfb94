import { UsePipes, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsEmail, IsNumber, Length, Min, ValidateNested } from 'class-validator';

export class Address {
  @IsNumber()
  @Min(1)
  number: number;
}

export class SignUp {
  @IsEmail()
  email: string;

  @Length(3, 8)
  name: string;

  @ValidateNested()
  @Type(() => Address)
  address: Address;
}

/** class-validator's names of rules, as the `validator` crate names the same rules. */
const RULES: Record<string, string> = { isEmail: 'email', isLength: 'length', min: 'range' };

interface Broken {
  property: string;
  rules: string[];
  children: Broken[];
}

/** Properties and rules; the messages are each library's own. */
function broken(errors: ValidationError[]): Broken[] {
  const found = errors.map(({ property, constraints, children }) => ({
    property,
    rules: Object.keys(constraints ?? {}).map((rule) => RULES[rule] ?? rule).sort(),
    children: broken(children ?? []),
  }));
  return found.sort((one, other) => (one.property < other.property ? -1 : 1));
}

const exceptionFactory = (errors: ValidationError[]) => new WsException({ status: 'error', broken: broken(errors) });

/** Bodies with rules, checked for the whole gateway. */
@UsePipes(new ValidationPipe({ exceptionFactory }))
@WebSocketGateway()
export class ValidationGateway {
  @SubscribeMessage('validation/gateway')
  signUp(@MessageBody() { email, name, address }: SignUp): object {
    return { email, name, number: address.number };
  }

  @SubscribeMessage('validation/gateway-key')
  signUpUnderKey(@MessageBody('user') { email, name, address }: SignUp): object {
    return { email, name, number: address.number };
  }

  /** A body without rules passes. */
  @SubscribeMessage('validation/native')
  native(@MessageBody() text: string): object {
    return { text };
  }
}

/** Bodies with rules, checked where a method or a parameter says so. */
@WebSocketGateway()
export class ValidationByMethodGateway {
  @UsePipes(new ValidationPipe({ exceptionFactory }))
  @SubscribeMessage('validation/method')
  method(@MessageBody() { email, name, address }: SignUp): object {
    return { email, name, number: address.number };
  }

  @SubscribeMessage('validation/parameter')
  parameter(@MessageBody(new ValidationPipe({ exceptionFactory })) { email, name, address }: SignUp): object {
    return { email, name, number: address.number };
  }

  @UsePipes(new ValidationPipe({ exceptionFactory, whitelist: true }))
  @SubscribeMessage('validation/whitelist')
  whitelist(@MessageBody() body: Address): object {
    return { ...body };
  }

  @UsePipes(new ValidationPipe({ exceptionFactory, whitelist: true, forbidNonWhitelisted: true }))
  @SubscribeMessage('validation/forbid')
  forbid(@MessageBody() body: SignUp): object {
    return { name: body.name };
  }

  /** Without a pipe nothing is checked. */
  @SubscribeMessage('validation/none')
  none(@MessageBody() body: Address): object {
    return { number: body.number };
  }

  @UsePipes(ValidationPipe)
  @SubscribeMessage('validation/default-exception')
  defaultException(@MessageBody() body: Address): object {
    return { number: body.number };
  }
}
